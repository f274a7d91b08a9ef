"""Test the canonical domain: the documented table, the ways people write hosts, and properties of any text."""

import gc
import sys
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunter_pipeline.referrals.addresses import MAX_FIELD
from hunter_pipeline.referrals.canonical_domain import canonical_domain, refusal_reason, resolve
from hunter_pipeline.referrals.domain_lists import domain_lists, is_consumer_name, public_suffixes
from hunter_pipeline_tests.referrals.strategies import any_text, host_like_text

OWN = ["https://www.FourthCoffee.com/", "*.gmx.net", "not a domain"]

CONTRACT = [
    ("https://www.Contoso.com:443/a?b#c", "contoso.com", None),
    ("CONTOSO.COM.", "contoso.com", None),
    ("Sue <sue@mail.contoso.com>", "contoso.com", None),
    ("sue@firma.com.tr", "firma.com.tr", None),
    ("http://shop.firma.com.tr", "firma.com.tr", None),
    ("müller.de", "xn--mller-kva.de", None),
    ("xn--mller-kva.de", "xn--mller-kva.de", None),
    ("contoso.mail.onmicrosoft.com", "contoso.onmicrosoft.com", None),
    ("sue@gmail.com", None, "consumer"),
    ("a@mailinator.com", None, "disposable"),
    ("sue@fourthcoffee.com", None, "own"),
    ("x@microsoft.com", None, "own"),
    ("192.168.1.1", None, "ip_address"),
    ("[::1]", None, "ip_address"),
    ("http://10.0.0.1/", None, "ip_address"),
    ("a@example.com", None, "reserved"),
    ("x.test", None, "reserved"),
    ("localhost", None, "reserved"),
    ("host.local", None, "reserved"),
    ("com.tr", None, "public_suffix"),
    ("github.io", None, "public_suffix"),
    ("onmicrosoft.com", None, "public_suffix"),
    ("", None, "invalid"),
    ("n/a", None, "invalid"),
    ("-", None, "invalid"),
    ("a b", None, "invalid"),
    ("@", None, "invalid"),
    ("contoso", None, "invalid"),
    ("none@none.com", None, "placeholder"),
    ("test@test.com", None, "placeholder"),
    ("yok@yok.com", None, "placeholder"),
    ("a@gmial.com", None, "consumer"),
    ("a@outlook.co", None, "consumer"),
    ("a@hs01.kep.tr", None, "consumer"),
    ("a@arubapec.it", None, "consumer"),
    ("https://x.my.salesforce.com/0061x00000ABC", None, "platform"),
    ("https://x.crm4.dynamics.com/main.aspx", None, "platform"),
    ("https://app.hubspot.com/contacts/123", None, "platform"),
    ("https://www.linkedin.com/company/x", None, "platform"),
    ("https://sites.google.com/view/x", None, "platform"),
    ("https://www.etsy.com/shop/x", None, "platform"),
    ("BİLGİ@GİRİSİM.COM.TR", "girisim.com.tr", None),
    ("sue_x-corp.com#EXT#@fourthcoffee.onmicrosoft.com", "x-corp.com", None),
    ("a@gmail.com; b@x-corp.com", "x-corp.com", None),
    ("http://my_shop.x-corp.com/", "x-corp.com", None),
]


@pytest.mark.parametrize(("text", "domain", "reason"), CONTRACT)
def test_canonical_domain_follows_the_documented_table(text: str, domain: str | None, reason: str | None) -> None:
    assert (canonical_domain(text, own=OWN), refusal_reason(text, own=OWN)) == (domain, reason)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("HTTP://sue:p@ss@Contoso.com:8080/x", "contoso.com"),
        ("//contoso.com/x", "contoso.com"),
        ("http:\\\\contoso.com\\x", "contoso.com"),
        ("http:contoso.com", "contoso.com"),
        ("https://https://contoso.com", "contoso.com"),
        ("contoso.com:443", "contoso.com"),
        ("contoso.com?x=a@fabrikam.com", "contoso.com"),
        ("https://contoso.com/@fabrikam.com", "contoso.com"),
        ("https://contoso.com and more", "contoso.com"),
        ("mailto:sue@contoso.com?subject=a@fabrikam.com", "contoso.com"),
        ("SMTP:sue@contoso.com", "contoso.com"),
        ('"Smith, Sue" <sue@contoso.com>', "contoso.com"),
        ('"a <b@fabrikam.com>" <sue@contoso.com>', "contoso.com"),
        ('"sue smith"@contoso.com', "contoso.com"),
        ("Sue Smith sue@contoso.com", "contoso.com"),
        ("(sue@contoso.com)", "contoso.com"),
        ("n/a@contoso.com", "contoso.com"),
        ("sue@contoso.com; joe@fabrikam.com", "contoso.com"),
        ("sue@contoso.com, joe@fabrikam.com", "contoso.com"),
        ("contoso.com, fabrikam.com", "contoso.com"),
        ("@contoso.com", "contoso.com"),
        ("\ufeff contoso.com\u200b", "contoso.com"),
        ("ｃｏｎｔｏｓｏ．ｃｏｍ", "contoso.com"),
        ("sue＠contoso。com", "contoso.com"),
        ("con\u00adtoso.com", "contoso.com"),
        ("straße.de", "xn--strae-oqa.de"),
        ("STRASSE.de", "strasse.de"),
        ("例え.テスト.co.jp", "xn--zckzah.co.jp"),
        ("old--hyphens.com", "old--hyphens.com"),
        ("www.ck", "www.ck"),
        ("shop.contoso.brandnew", "contoso.brandnew"),
        ("foo.github.io", "foo.github.io"),
        ("www.foo.wordpress.com", "foo.wordpress.com"),
        ("foo.sharepoint.com", "foo.sharepoint.com"),
        ("contoso.dynamics.com", "contoso.dynamics.com"),
        ("x.contoso.mail.onmicrosoft.com", "contoso.onmicrosoft.com"),
        ("hotmail2.onmicrosoft.com", "hotmail2.onmicrosoft.com"),
        ("example.com.tr", "example.com.tr"),
        ("a@alibaba.com", "alibaba.com"),
        ("a@gmail.com, Sue <sue@contoso.com>", "contoso.com"),
        ("a@gmail.com\nsue@contoso.com", "contoso.com"),
        ("a@gmail.com|sue@contoso.com", "contoso.com"),
        ("a@gmail.com/sue@contoso.com", "contoso.com"),
        ("Ayşe <a@gmail.com>; Sue <sue@contoso.com>", "contoso.com"),
        ("[sue@contoso.com]", "contoso.com"),
        ("{sue@contoso.com}", "contoso.com"),
        ("sue@contoso.com(work)", "contoso.com"),
        ("https://www.facebook.com/x; https://contoso.com/tr", "contoso.com"),
        ("sue%40contoso.com", "contoso.com"),
        ("sue%2540contoso.com", "contoso.com"),
        ("sue&#64contoso.com", "contoso.com"),
        ("sue [at] contoso [dot] com", "contoso.com"),
        ("sue(at)contoso(nokta)com", "contoso.com"),
        ("sue  @  contoso.com", "contoso.com"),
        ("sue\u00a0@contoso.com", "contoso.com"),
        ("sue﹫contoso.com", "contoso.com"),
        ("gi̇ri̇si̇m.com.tr", "girisim.com.tr"),
        ("sue_o_neil_contoso.com%23EXT%23@x.onmicrosoft.com", "contoso.com"),
        ("_dmarc.contoso.com", "contoso.com"),
        ("my_shop.müller.de", "xn--mller-kva.de"),
        ("okul1.meb.k12.tr", "okul1.meb.k12.tr"),
        ("contoso.jimdosite.com", "contoso.jimdosite.com"),
        ("sue@etsy.com", "etsy.com"),
        ("etsy.com", "etsy.com"),
        ("https://www.etsy.com/", "etsy.com"),
        ("hp@hp.com", "hp.com"),
        ("test@contoso.com", "contoso.com"),
        ("sue@gail.co.in", "gail.co.in"),
        ("sue@mail.contoso.com", "contoso.com"),
        (f"https://contoso.com/{'a' * 2_000_000}", "contoso.com"),
        ("  " * 1_000_000 + "sue@contoso.com", "contoso.com"),
    ],
    ids=count(),
)
def test_domain_is_found_in_every_form_of_a_host(text: str, domain: str) -> None:
    """URLs, addresses, display names, several addresses and Unicode forms."""
    assert resolve(text, own=OWN) == (domain, None, not domain.endswith("brandnew"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sue@[10.0.0.1]", "ip_address"),
        ("sue@[IPv6:2001:db8::1]", "ip_address"),
        ("http://[::1]:8080/", "ip_address"),
        ("fe80::1%eth0", "ip_address"),
        ("127.1", "ip_address"),
        ("0x7f.0.0.1", "ip_address"),
        ("0177.0.0.01", "ip_address"),
        ("１２７.0.0.1", "ip_address"),
        ("192.168.1.256", "invalid"),
        ("1.2.3.4.5", "invalid"),
        ("09.1", "invalid"),
        ("12345", "invalid"),
        ("contoso.123", "invalid"),
        ("[contoso.com]", "invalid"),
        ("a:b:c", "invalid"),
        ("ACME.CRM01", "invalid"),
        ("n.a.", "invalid"),
        ("contoso..com", "invalid"),
        (".contoso.com", "invalid"),
        ("contoso.com..", "invalid"),
        ("-contoso.com", "invalid"),
        ("con_toso.com", "invalid"),
        ("con_toso.co.uk", "invalid"),
        ("my_shop.github.io", "invalid"),
        ("xn--a.com", "invalid"),
        ("i❤.ws", "invalid"),
        ("😀.com", "invalid"),
        ("con\0toso.com", "invalid"),
        ("\ud800.com", "invalid"),
        ("contoso℀.com", "invalid"),
        ("contoso.com fabrikam.com", "invalid"),
        ("javascript:alert(1)", "invalid"),
        (f"{'a' * 64}.com", "invalid"),
        (".".join(["a" * 60] * 5) + ".com", "invalid"),
        ("a" * 4090 + "@contoso.com", "invalid"),
        ("host.internal", "reserved"),
        ("1.168.192.in-addr.arpa", "reserved"),
        ("mail.example.org", "reserved"),
        ("abc.onion", "reserved"),
        ("com", "public_suffix"),
        ("foo.ck", "public_suffix"),
        ("www.wordpress.com", "public_suffix"),
        ("mail.onmicrosoft.com", "public_suffix"),
        ("sue@gmx.net", "own"),
        ("gmail.con", "consumer"),
        ("https://www.facebook.com/contoso", "platform"),
        ("facebook.com/contoso", "platform"),
        ("contoso.crm4.dynamics.com", "platform"),
        ("https://contoso.pipedrive.com", "platform"),
        ("support@contoso.zendesk.com", "platform"),
        ("https://www.amazon.de/stores/contoso", "platform"),
        ("sue@h2345678.stratoserver.net", "platform"),
        ("sue@secureserver.net", "platform"),
        ("sue@fourthcoffee.onmicrosoft.com", "own"),
        ("sue@eu.microsoft.co.jp", "own"),
        ("abc@abc.com", "placeholder"),
        ("1234@1234.com", "placeholder"),
        ("nomail@nomail.com.tr", "placeholder"),
        ("a@i.softbank.jp", "consumer"),
        ("a@internode.on.net", "consumer"),
        ("a@tampabay.rr.com", "consumer"),
        ("a@pec.cgn.it", "consumer"),
        ("a@yahoo.con.tr", "consumer"),
        ("a@gmail.com; b@hotmail.com", "consumer"),
        ("x@courriel.fr.nf", "disposable"),
    ],
    ids=count(),
)
def test_text_that_names_no_customer_is_refused_with_a_reason(text: str, reason: str) -> None:
    """IP addresses, private names, shared hosts and typing errors have different reasons."""
    assert resolve(text, own=OWN)[:2] == (None, reason)


_CONSUMER = """
gmail.com googlemail.com hotmail.com hotmail.com.tr hotmail.co.uk hotmail.fr outlook.com outlook.com.tr outlook.de
live.com live.nl msn.com yahoo.com yahoo.co.jp yahoo.de yahoo.com.tr ymail.com rocketmail.com icloud.com me.com mac.com
aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de mail.ru list.ru yandex.ru yandex.com.tr ya.ru
ukr.net qq.com 163.com 126.com sina.com sohu.com foxmail.com naver.com hanmail.net daum.net docomo.ne.jp ezweb.ne.jp
mynet.com ttmail.com orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it
wp.pl o2.pl onet.pl interia.pl proton.me protonmail.com pm.me tutanota.com fastmail.com hey.com zoho.com
seznam.cz abv.bg bluewin.ch
telenet.be ziggo.nl btinternet.com comcast.net verizon.net att.net shaw.ca bigpond.com xtra.co.nz rediffmail.com
walla.co.il uol.com.br bol.com.br terra.com.br sapo.pt telefonica.net
"""


@pytest.mark.parametrize("host", _CONSUMER.split())
def test_consumer_mail_of_many_countries_is_refused(host: str) -> None:
    """Two customers with the same provider must not become one company."""
    assert refusal_reason(f"sue@{host}") == "consumer"


_MISSPELT = """
gmial.com gamil.com gmaill.com gmai.com gnail.com gmil.com gmaul.com gmail.comm gmail.con gmail.co gmail.comtr
hotmial.com hotmai.com hotmal.com hotnail.com hotmail.cm hormail.com.tr hotmaill.de yahooo.com yaho.com yhoo.com
outlok.com outllook.com outlook.con outloook.fr iclod.com icoud.com googlemial.com yandx.com protonmial.com
"""


@pytest.mark.parametrize("host", _MISSPELT.split())
def test_misspelt_consumer_mail_is_refused(host: str) -> None:
    """One typing error away from a big provider: letters swapped, left out, doubled or hit beside their key."""
    assert refusal_reason(f"sue@{host}") == "consumer"


@pytest.mark.parametrize(
    "domain",
    ["email.de", "cloud.com", "ucloud.com", "olive.com", "hotrail.com", "gmx-engineering.de", "gail.com", "yahoot.de"],
)
def test_name_that_only_resembles_consumer_mail_is_not_taken_for_a_typing_error(domain: str) -> None:
    label, _, suffix = domain.partition(".")
    assert not is_consumer_name(label, suffix)


def test_lists_of_consumer_mail_contain_no_suffix_under_which_companies_have_names() -> None:
    """Only registered mail does: each of its providers has a name below kep.tr."""
    lists = domain_lists()
    assert not lists.consumer_domains & lists.shared_hosts
    suffixes = {host for host in lists.consumer_domains if public_suffixes().publicsuffix(host) == host}
    assert suffixes == {"kep.tr"}


@pytest.mark.parametrize("host", sorted(domain_lists().shared_hosts))
def test_shared_host_is_a_suffix(host: str) -> None:
    """A name below a shared host is a customer's, the host alone is not."""
    assert resolve(host).reason == "public_suffix"
    assert resolve(f"www.contoso.{host}").domain == f"contoso.{host}"


@pytest.mark.parametrize("host", ["contoso.com", "fabrikam.com", "woodgrovebank.com", "northwindtraders.com"])
def test_companies_of_microsofts_samples_are_customers(host: str) -> None:
    """The lists contain none of the names in Microsoft's samples."""
    assert canonical_domain(f"sue@{host}") == host


@pytest.mark.parametrize(
    ("text", "domain"), [("ACME.NORTH", None), ("acme.de", "acme.de"), ("a@acme.north", "acme.north")]
)
def test_bare_text_needs_a_known_suffix_in_fields_of_other_systems(text: str, domain: str | None) -> None:
    assert resolve(text, bare_needs_known_tld=True).domain == domain


@pytest.mark.parametrize("value", [None, 7, b"contoso.com", ["contoso.com"]])
def test_value_that_is_not_text_is_invalid(value: object) -> None:
    assert refusal_reason(value) == "invalid"  # pyright: ignore[reportArgumentType] -- the point of the test


def test_own_domain_may_be_a_single_text() -> None:
    assert refusal_reason("sue@fourthcoffee.com", own="fourthcoffee.com") == "own"


@given(host_like_text | any_text)
def test_canonical_domain_of_a_canonical_domain_is_itself(text: str) -> None:
    """Any text has a domain or a reason; a domain alone, in a URL or in an address is its own domain."""
    domain, reason, _ = resolve(text, own=OWN)
    assert (domain is None) != (reason is None)
    if domain is not None:
        assert domain == domain.lower() and domain.isascii() and len(domain) <= 253 and "." in domain
        for form in (domain, f"https://{domain}/", f"Sue <sue@{domain}>", domain.upper()):
            assert canonical_domain(form, own=OWN) == domain


@given(
    st.from_regex(r"xn--[a-z0-9-]{0,40}\.com", fullmatch=True) | st.from_regex(r"[0-9a-fx.:\[\]]{1,30}", fullmatch=True)
)
def test_malformed_labels_and_ip_addresses_do_not_raise(text: str) -> None:
    domain, reason, _ = resolve(text)
    assert (domain is None) != (reason is None)


@pytest.mark.parametrize(
    "piece", ["a.", "@", "<", '"', "http:", " ,", "xn--", "İ", "1.", '"<', "://", "[:"], ids=count()
)
def test_work_is_bounded_for_texts_of_megabytes(piece: str) -> None:
    """Only the beginning of a text is read."""
    short, long = (piece * (length // len(piece)) for length in (2 * MAX_FIELD, 2_000_000))
    assert resolve(long) == resolve(short)  # fills the caches, too
    assert calls_of(lambda: resolve(long)) == calls_of(lambda: resolve(short)) < 500


def test_work_for_an_address_does_not_grow_with_their_number() -> None:
    """The addresses are at distinct companies, so that no cache helps."""

    def work(numbers: range) -> int:
        texts = [f"sue{number}@mail.company{number}.com.tr" for number in numbers]
        return calls_of(lambda: [canonical_domain(text, own=OWN) for text in texts])

    work(range(1000, 1001))  # reads the lists
    first = work(range(1001, 1101))
    assert work(range(2000, 9000)) < 75 * first
    assert work(range(9001, 9101)) == first < 30_000


def calls_of(work: Callable[[], object]) -> int:
    """Return how many function calls some work takes: unlike its time, the same on every machine."""
    count_of_calls = 0

    def look(_frame: object, event: str, _argument: object) -> None:
        nonlocal count_of_calls
        count_of_calls += event in ("call", "c_call")

    gc.disable()  # finalizers may be called at any time
    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count_of_calls
