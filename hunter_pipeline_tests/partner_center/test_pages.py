"""Reading a page's JSON: odd numbers, odd bytes, odd nesting, odd links."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from hunter_pipeline.errors import PartnerCenterResponseError
from hunter_pipeline.partner_center.pagination import query_of, read_page
from hunter_pipeline.partner_center.responses import Answer, code_of

DEEP = "[" * 100_000


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def page_of(body: bytes | str) -> Answer:
    raw = body if isinstance(body, bytes) else body.encode()
    return Answer(200, CaseInsensitiveDict({"Request-ID": "id-1"}), raw, attempt=1)


def items(body: bytes | str) -> list[object]:
    return read_page(page_of(body), 1).items


def test_numbers_keep_their_digits() -> None:
    """Fractions are decimals, infinities floats, and no number is too long."""
    long = "9" * 5000
    got = items(f'{{"value": [0.10, 12345678901234567890, NaN, -Infinity, 1e999999999999999999999, {long}, 1E2]}}')
    assert [str(value) for value in got[:2]] == ["0.10", "12345678901234567890"]
    assert [str(value) for value in got[2:5]] == ["nan", "-inf", "inf"]
    assert got[5] == Decimal(long)
    assert isinstance(got[6], Decimal)


def test_odd_text_is_read() -> None:
    """NUL, lone surrogates, bytes that are no UTF-8, doubled keys, two megabytes: all are items."""
    assert items(b'{"value": ["\\u0000", "\\ud800", "\xff", {"a": 1, "a": 2}]}') == ["\0", "\ud800", "\ufffd", {"a": 2}]
    assert len(str(items(json.dumps({"value": ["x" * 2_000_000]}))[0])) == 2_000_000


def depth_of(item: object) -> int:
    """Return how many lists lie in each other under "x"."""
    levels, value = 0, item["x"] if isinstance(item, dict) else None
    while isinstance(value, list):
        levels, value = levels + 1, value[0]
    return levels


@pytest.mark.parametrize("depth", [10, 1_000, 5_000, 100_000])
def test_a_deep_referral_spoils_only_itself(depth: int) -> None:
    """
    One that nests too deeply comes as its own text; those around it, brackets in strings included, as objects.

    How deep is too deep is the interpreter's: some 1,000 levels for Python 3.11, 10,000 for 3.13.
    """
    deep = '{"id": "deep", "x": ' + "[" * depth + '"]}\\""' + "]" * depth + "}"
    before, after = {"id": "a", "s": '}],{"value":[ \\'}, {"id": "b", "value": [1, [2], {}]}
    values = f"[{json.dumps(before)}, {deep} ,{json.dumps(after)}]"
    text = f'{{"a": {{"value": [0]}}, "value" : {values}, "@odata.nextLink": "?x=1"}}'
    page = read_page(page_of(text), 1)
    assert [page.items[0], page.items[2]] == [before, after]
    is_text = isinstance(page.items[1], str)
    assert str(page.items[1]).strip() == deep if is_text else depth_of(page.items[1]) == depth
    assert is_text or depth < 100_000
    assert not is_text or depth > 10
    assert page.next_link == "?x=1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(JSON, max_size=5), st.booleans(), st.sampled_from([None, 2]))
def test_whatever_stands_beside_a_deep_referral_is_read_as_ever(values: list[object], plain: bool, indent: int) -> None:
    """Cut out piece by piece, every other item is what the parser would have made of it."""
    body = json.dumps({"first": values, "value": [*values, "DEEP"], "last": values}, ensure_ascii=plain, indent=indent)
    deep = nested(100_000)
    assert (
        items(body.replace('"DEEP"', deep).encode("utf-8", "replace"))[: len(values)]
        == items(body.encode("utf-8", "replace"))[: len(values)]
    )


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "7", '"x"', "[]", "{}", '{"value": {}}', '{"value": null}', '{"value": [1,]}', "<html>",
        '{"value": [1]',
        DEEP, '{"value": [' + DEEP, '{"x": ' + nested(100_000) + ', "value": []}', "\x00",
        '{"value": [' + nested(5_000) + ", oops]}", '{"value": [' + nested(100_000) + ", oops]}",
    ],
)  # fmt: skip
def test_what_is_no_page_is_a_response_error(body: str) -> None:
    """Anything but an object with a list named value, however deep."""
    with pytest.raises(PartnerCenterResponseError) as caught:
        items(body)
    assert caught.value.request_id == "id-1"


@pytest.mark.parametrize(
    ("link", "query"),
    [
        (None, None),
        ("http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=a%2Bb", "$skiptoken=a%2Bb"),
        ("https://pc.example:8443/other?x=1#frag", "x=1"),
        ("http://pc.example/other?x=1", "x=1"),
        ("HTTPS://API.Partner.Microsoft.COM?x=?&y", "x=?&y"),
        ("?x=1", "x=1"),
        ("/v1.0/engagements/referrals?x=1", "x=1"),
    ],
)
def test_only_the_query_of_a_link_is_taken(link: str | None, query: str | None) -> None:
    """From our host, the documented one or none; verbatim."""
    answer = page_of(json.dumps({"value": [], "@odata.nextLink": link}))
    assert query_of(answer, read_page(answer, 1), "https://PC.example:8443") == query


@pytest.mark.parametrize(
    "link",
    [
        "", 7, True, ["?x=1"], {}, "https://pc.example/", "https://pc.example/?", "not a link",
        "https://evil.example/?x=1", "https://pc.example:8444/?x=1", "https://api.partner.microsoft.com:8443/?x=1",
        "//evil.example/?x=1", "https://api.partner.microsoft.com@evil.example/?x=1", "https://pc.example.evil.example/?x=1",
        "http://[bad/?x=1", "https://[::1]/?x=1",
    ],
)  # fmt: skip
def test_a_link_that_leads_elsewhere_is_an_error(link: object) -> None:
    """No text, no query, another host: the reading ends."""
    answer = page_of(json.dumps({"value": [], "@odata.nextLink": link}))
    with pytest.raises(PartnerCenterResponseError):
        query_of(answer, read_page(answer, 1), "https://pc.example")


def test_only_identifiers_are_quoted_as_codes() -> None:
    """A code is short and plain, or it is not shown."""
    assert [code_of(value) for value in ("accessDenied", 900421, "900421")] == ["accessDenied", "900421", "900421"]
    assert {code_of(value) for value in ("a b", "sue@x.com", "x" * 65, True, None, {}, -1, 10**20)} == {None}
