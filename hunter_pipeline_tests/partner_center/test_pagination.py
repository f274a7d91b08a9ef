"""Test the JSON of a page: unusual numbers, bytes and nesting, and the links to the next page."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from hunter_pipeline.errors import PartnerCenterResponseError
from hunter_pipeline.partner_center.pagination import Page, next_query, read_page
from hunter_pipeline.partner_center.responses import ApiResponse
from hunter_pipeline_tests.partner_center.pages import parsed_items

TOO_DEEP = 5_000


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def response(body: bytes | str) -> ApiResponse:
    raw = body if isinstance(body, bytes) else body.encode()
    return ApiResponse(200, CaseInsensitiveDict({"Request-ID": "id-1"}), raw, attempt=1)


def items(body: bytes | str) -> list[object]:
    return parsed_items(read_page(response(body), 1))


def test_numbers_keep_their_digits() -> None:
    """Fractions are decimals, infinities are floats, and no number is too long."""
    long = "9" * 5000
    values = items(f'{{"value": [0.10, 12345678901234567890, NaN, -Infinity, 1e999999999999999999999, {long}, 1E2]}}')
    assert [str(value) for value in values[:2]] == ["0.10", "12345678901234567890"]
    assert [str(value) for value in values[2:5]] == ["nan", "-inf", "inf"]
    assert values[5] == Decimal(long)
    assert isinstance(values[6], Decimal)


def test_unusual_text_is_read() -> None:
    """NUL, a lone surrogate, invalid UTF-8, a repeated key and two megabytes are items."""
    assert items(b'{"value": ["\\u0000", "\\ud800", "\xff", {"a": 1, "a": 2}]}') == ["\0", "\ud800", "\ufffd", {"a": 2}]
    assert len(str(items(json.dumps({"value": ["x" * 2_000_000]}))[0])) == 2_000_000


def depth_of(item: object) -> int:
    """Return how many lists are nested under "x"."""
    levels, value = 0, item["x"] if isinstance(item, dict) else None
    while isinstance(value, list):
        levels, value = levels + 1, value[0]
    return levels


@pytest.mark.parametrize(("depth", "is_text"), [(10, False), (490, False), (1_000, True), (TOO_DEEP, True)])
def test_item_is_returned_as_text_when_it_is_nested_too_deep(depth: int, *, is_text: bool) -> None:
    """The items around it, with brackets in their strings, are objects."""
    deep = '{"id": "deep", "x": ' + "[" * depth + '"]}\\""' + "]" * depth + "}"
    before, after = {"id": "a", "s": '}],{"value":[ \\'}, {"id": "b", "value": [1, [2], {}]}
    values = f"[{json.dumps(before)}, {deep} ,{json.dumps(after)}]"
    page = read_page(response(f'{{"a": {{"value": [0]}}, "value" : {values}, "@odata.nextLink": "?x=1"}}'), 1)
    first, middle, last = parsed_items(page)
    assert [first, last] == [before, after]
    assert middle == deep if is_text else depth_of(middle) == depth
    assert page.next_link == "?x=1"


@pytest.mark.parametrize(
    "members", ['"x": DEEP, "value": [1]', '"value": [1], "x": DEEP', '"x": [0, {"y": DEEP}], "value": [1]']
)
def test_page_is_read_when_another_member_is_nested_too_deep(members: str) -> None:
    assert items("{" + members.replace("DEEP", nested(TOO_DEEP)) + "}") == [1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(JSON, max_size=5), st.booleans(), st.sampled_from([None, 2]))
def test_items_beside_a_deep_one_are_unchanged(values: list[object], is_ascii: bool, indent: int | None) -> None:
    page = {"first": values, "value": [*values, "DEEP", *values], "last": values}
    body = json.dumps(page, ensure_ascii=is_ascii, indent=indent)
    deep = nested(TOO_DEEP)
    expected = items(body.encode("utf-8", "replace"))
    expected[len(values)] = deep
    assert items(body.replace('"DEEP"', deep).encode("utf-8", "replace")) == expected


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "7", '"x"', "[]", "{}", '{"value": {}}', '{"value": null}', '{"value": [1,]}', "<html>", "\x00",
        '{"value": [1]', "[" * TOO_DEEP, '{"value": [' + "[" * TOO_DEEP, "]" * TOO_DEEP, nested(TOO_DEEP),
        '{"value": [' + nested(TOO_DEEP) + ", oops]}",
        '{"value": ' + nested(TOO_DEEP).replace("[", '{"a":').replace("]", "}"),
    ],
)  # fmt: skip
def test_anything_but_a_page_is_a_response_error(body: str) -> None:
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
def test_next_query_is_verbatim_when_the_host_is_ours(link: str | None, query: str | None) -> None:
    """The link may name our host, the documented one or none."""
    linked = response(json.dumps({"value": [], "@odata.nextLink": link}))
    assert next_query(linked, read_page(linked, 1), "https://PC.example:8443") == query


@pytest.mark.parametrize(
    "link",
    [
        7, True, ["?x=1"], {}, "https://pc.example/", "https://pc.example/?", "not a link",
        "https://evil.example/?x=1", "https://pc.example:8444/?x=1", "https://api.partner.microsoft.com:8443/?x=1",
        "//evil.example/?x=1", "https://api.partner.microsoft.com@evil.example/?x=1", "https://pc.example.evil.example/?x=1",
        "http://[bad/?x=1", "https://[::1]/?x=1", "https://pc.example:x/?x=1",
    ],
)  # fmt: skip
def test_next_link_is_a_response_error_when_it_leads_elsewhere(link: object) -> None:
    """No text, no query or another host."""
    linked = response(json.dumps({"value": [], "@odata.nextLink": link}))
    with pytest.raises(PartnerCenterResponseError):
        next_query(linked, read_page(linked, 1), "https://pc.example")


def test_fingerprint_depends_on_ids_and_versions_only() -> None:
    page = Page(1, [{"id": "a", "updatedDateTime": "1", "name": "x"}, "b"])
    assert page.fingerprint == Page(2, [{"id": "a", "updatedDateTime": "1", "name": "y"}, "b"]).fingerprint
    others = ([], [{"id": "a", "updatedDateTime": "2"}, "b"], [{"id": "c", "updatedDateTime": "1"}, "b"], ["b"])
    assert len({page.fingerprint, *(Page(1, list(other)).fingerprint for other in others)}) == 5


def test_fingerprint_exists_for_any_items() -> None:
    """Ids that are lists, items that are no referrals, and nesting at the limit of what the parser reads."""
    for depth in range(0, 1000, 7):
        text = f'{{"value": [[{nested(depth)}], {{"id": [{nested(depth)}]}}, null, "x", NaN]}}'
        assert isinstance(read_page(response(text), 1).fingerprint, int)


@pytest.mark.parametrize("link", ["", None])
def test_empty_next_link_is_the_end(link: object) -> None:
    last = response(json.dumps({"value": [], "@odata.nextLink": link}))
    assert next_query(last, read_page(last, 1), "https://pc.example") is None


@pytest.mark.parametrize(
    "name", ["@odata.nextLink", "odata.nextLink", "@nextLink", "nextLink", "@odata.nextlink", "next"]
)
def test_next_link_is_found_in_any_spelling(name: str) -> None:
    linked = response(json.dumps({"value": [], name: "https://pc.example/?$skiptoken=a"}))
    assert next_query(linked, read_page(linked, 1), "https://pc.example") == "$skiptoken=a"


def test_page_with_an_error_object_is_a_response_error() -> None:
    with pytest.raises(PartnerCenterResponseError, match="holds an error"):
        read_page(response(json.dumps({"value": [], "error": {"code": "x"}})), 1)
