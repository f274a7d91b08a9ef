"""Test e-mail addresses in every spelling: their canonical form, and where they are found in text and JSON."""

import json
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunter_pipeline.referrals.addresses import addresses_in, ascii_host, canonical_address, decode_entities
from hunter_pipeline.referrals.canonical_domain import canonical_domain
from hunter_pipeline_tests.referrals.strategies import any_text, host_like_text

# Every spelling of one address that a payload may have.
SPELLINGS = [
    "sue@fabrikam.com",
    "  SUE@Fabrikam.COM. ",
    "sue＠fabrikam.com",
    "ＳＵＥ＠ＦＡＢＲＩＫＡＭ．ＣＯＭ",
    "su\u200be@fab\u00adrikam.com",
    "\ufeffsue@fabrikam.com\u200e",
    "su\u200de@fabri\u200ckam.com",
    "SUE@FABRİKAM.COM",
    "sue&#64;fabrikam.com",
    "sue&#x40;fabrikam&period;com",
    "sue&amp;#64;fabrikam.com",
    "sue%40fabrikam.com",
    "sue%EF%BC%A0fabrikam.com",
    "sue [at] fabrikam.com",
    "sue(AT)fabrikam.com",
    "sue @ fabrikam.com",
    "sue\u00a0@  fabrikam.com",
    "sue&#64fabrikam.com",
    "sue&commat;fabrikam.com",
    "sue%2540fabrikam.com",
    "sue﹫fabrikam.com",
    "su\u2062e@fabrikam.com",
    "sue@fabri̇kam.com",
    "sue{at}fabrikam.com",
    "sue [at] fabrikam [dot] com",
    "sue_fabrikam.com#EXT#@contoso.onmicrosoft.com",
]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        *((spelling, "sue@fabrikam.com") for spelling in SPELLINGS),
        ("sue@Müller.de", "sue@xn--mller-kva.de"),
        ("sue@xn--mller-kva.de", "sue@xn--mller-kva.de"),
        ("BİLGİ@GİRİSİM.COM.TR", "bilgi@girisim.com.tr"),
        ("o'neil@fabrikam.com", "o'neil@fabrikam.com"),
        ("r&d@fabrikam.com", "r&d@fabrikam.com"),
        ("sue@my_shop.fabrikam.com", "sue@my_shop.fabrikam.com"),
    ],
    ids=count(),
)
def test_canonical_address_is_the_same_for_every_spelling(text: str, address: str) -> None:
    assert canonical_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("sue", "", "@", "@fabrikam.com", "sue@", "sue@localhost", "sue b@fabrikam.com", "a@b@c.com"),
        *("sue@fabrikam.com, bob@fabrikam.com", "Sue <sue@fabrikam.com>", f"{'s' * 201}@fabrikam.com"),
        *("sue@fabrikam.com/x", "\ud800@\udc00"),
    ],
    ids=count(),
)
def test_canonical_address_is_none_for_anything_but_one_address(text: str) -> None:
    assert canonical_address(text) is None


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "text", ["{}", "Write to {}, please.", "({})", "<{}>;bob@x.com", "bob@x.com,{}", "mailto:{}?subject=x", "to={}&x=1"]
)
def test_address_is_found_within_text_and_json_in_every_spelling(text: str, spelling: str) -> None:
    """A text, its JSON, JSON within JSON, and JSON with characters that are not escaped."""
    found = text.format(spelling.strip())
    value = {"notes": f"Hello\n{found}\nBye"}
    forms = [found, json.dumps(value), json.dumps(json.dumps(value)), json.dumps(value, ensure_ascii=False)]
    assert ["sue@fabrikam.com" in set(addresses_in(form)) for form in forms] == [True] * 4


def test_domain_is_read_from_every_spelling_in_which_an_address_is_recognized() -> None:
    assert {canonical_domain(spelling) for spelling in SPELLINGS} == {"fabrikam.com"}


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("sue@fabrikam.com and bob@x.co.uk", {"sue@fabrikam.com", "bob@x.co.uk"}),
        ("sue@fabrikam.com.tr", {"sue@fabrikam.com.tr"}),
        ("jean-luc@fabrikam.com", {"jean-luc@fabrikam.com"}),
        ("-sue@fabrikam.com", {"-sue@fabrikam.com", "sue@fabrikam.com"}),
        (json.dumps("DOMAIN\\sue@fabrikam.com"), {"sue@fabrikam.com", "ue@fabrikam.com"}),
        ("@fabrikam, @ 5 o'clock, a@b, 1 @ 2.50 EUR", {"1@2.50"}),
        ("@" * 1000, set()),
    ],
    ids=count(),
)
def test_addresses_begin_and_end_where_people_see_them(text: str, addresses: set[str]) -> None:
    assert set(addresses_in(text)) == addresses


def test_addresses_are_also_found_in_the_form_of_earlier_releases() -> None:
    """Their hashes are stored: `İ` was `i` with a combining dot."""
    assert {"bilgi@girisim.com.tr", "bi̇lgi̇@xn--girisim-7hecc.com.tr"} <= set(addresses_in("BİLGİ@GİRİSİM.COM.TR"))


def test_addresses_are_also_found_under_the_name_that_entra_gives_a_guest() -> None:
    """Earlier releases stored the hash of that name."""
    guest = "sue_x.com#EXT#@contoso.onmicrosoft.com"
    assert {"sue@x.com", "sue_x.com#ext#@contoso.onmicrosoft.com"} <= set(addresses_in(guest))


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("PRINT&COPY CENTER", "PRINT&COPY CENTER"),
        ("R&DEGREES; B&notes;", "R&DEGREES; B&notes;"),
        ("Smith &amp; Sons", "Smith & Sons"),
        ("Smith &amp;amp; Wesson", "Smith & Wesson"),
        ("M&#252;ller &#8211; S&#xf6;hne", "Müller – Söhne"),
        ("AT&T", "AT&T"),
    ],
)
def test_entities_are_decoded_when_they_end_with_a_semicolon(text: str, decoded: str) -> None:
    assert decode_entities(text) == decoded


@pytest.mark.parametrize(
    ("host", "ascii_form"),
    [
        ("Müller.DE.", "xn--mller-kva.de"),
        ("old--hyphens.com", "old--hyphens.com"),
        ("نامه\u200cای.com", "xn--mgba3gch31f060k.com"),
        ("con\u200dtoso.com", "contoso.com"),
        ("my_shop.contoso.com", "my_shop.contoso.com"),
        *((host, None) for host in ("", "con_toso.com", "-a.com", "a..com", "😀.com", "x" * 64, "a." * 200 + "com")),
    ],
    ids=count(),
)
def test_ascii_host_maps_what_dns_and_idna_allow(host: str, ascii_form: str | None) -> None:
    assert ascii_host(host) == ascii_form


@given(host_like_text | any_text | st.emails())
def test_canonical_address_is_found_in_its_text_and_is_its_own_canonical_form(text: str) -> None:
    address = canonical_address(text)
    found = set(addresses_in(text))
    if address is not None:
        assert address in found
        assert "%" in text or canonical_address(address) == address
