"""Test the list of referrals, its query options and pages, and a single referral."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hunter_pipeline.sandbox import timestamps
from hunter_pipeline_tests.sandbox.conftest import CLIENT_REQUEST_ID, REFERRALS, Client, StartSandbox

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_pages_hold_every_incoming_referral_exactly_once(full: Client) -> None:
    """Four pages of 200 hold the 739 Incoming referrals."""
    pages = list(full.pages({"$filter": "direction eq 'Incoming'", "$top": "200", "$orderby": "updatedDateTime desc"}))
    ids = [row["id"] for page in pages for row in page["value"]]
    assert [page["@odata.count"] for page in pages] == [200, 200, 200, 139]
    assert (len(ids), len(set(ids))) == (739, 739)
    assert "@odata.nextLink" not in pages[-1]


def test_list_without_a_filter_has_outgoing_referrals_too(full: Client) -> None:
    """There are 61 Outgoing referrals, and a page holds 100 unless `$top` says otherwise."""
    assert len(full.rows()) == 800
    assert len(full.rows(filter="direction eq 'Outgoing'")) == 61
    assert len(full.get({}).json()["value"]) == 100


def test_next_link_has_the_documented_form(full: Client) -> None:
    """The link is plain http, lacks /engagements, and its token is escaped in lower case."""
    link = full.get({"$top": "5"}).json()["@odata.nextLink"]
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == (
        "http",
        full.sandbox.url.removeprefix("https://"),
        "/v1.0/referrals",
    )
    assert parts.query.startswith("$skiptoken=%2bRID")
    assert "%2f" in parts.query
    assert parse_qs(parts.query)["$skiptoken"][0].startswith("+RID:~")


def test_next_link_can_name_another_host(start: StartSandbox) -> None:
    """The real API prints its own host, which a client of the sandbox must not call."""
    client = start(next_link_host="api.partner.microsoft.com")
    link = client.get({"$top": "5"}).json()["@odata.nextLink"]
    assert link.startswith("http://api.partner.microsoft.com/v1.0/referrals?")


def test_next_link_counts_with_skip_when_the_options_say_so(start: StartSandbox) -> None:
    client = start(referrals=25, skip_links=True)
    link = parse_qs(urlsplit(client.get({"$top": "10"}).json()["@odata.nextLink"]).query)
    assert link == {"$skip": ["10"], "$top": ["10"]}
    ids = [row["id"] for row in client.rows(filter="direction eq 'Incoming'", top="10")]
    assert (len(ids), len(set(ids))) == (25, 25)


def test_skip_token_keeps_filter_and_order(full: Client) -> None:
    rows = full.rows(filter="status eq 'Active'", orderby="updatedDateTime asc", top="50")
    dates = [timestamps.sort_key(row["updatedDateTime"]) for row in rows]
    assert len(rows) > 150
    assert {row["status"] for row in rows} == {"Active"}
    assert dates == sorted(dates, key=str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "status eq 'New' and qualification eq 'SalesQualified'",
            lambda r: (r["status"], r["qualification"]) == ("New", "SalesQualified"),
        ),
        (
            "customerProfile/address/country eq 'TR'",
            lambda r: (r["customerProfile"]["address"] or {}).get("country") == "TR",
        ),
        ("status eq 'New' or status eq 'Closed'", lambda r: r["status"] in {"New", "Closed"}),
        (
            "(status eq 'New' or status eq 'Closed') and qualification ne 'Direct'",
            lambda r: r["status"] in {"New", "Closed"} and r["qualification"] != "Direct",
        ),
        (
            "status eq 'New' or status eq 'Closed' and qualification eq 'Direct'",
            lambda r: r["status"] == "New" or (r["status"], r["qualification"]) == ("Closed", "Direct"),
        ),
        ("status eq 'O''Dell'", lambda _: False),
        ("direction ne 'Outgoing'", lambda r: r.get("direction") != "Outgoing"),
    ],
)
def test_filter_selects_matching_referrals(full: Client, text: str, expected: Any) -> None:
    """Comparison, and, or, parentheses, paths and doubled quotes mean what OData says."""
    wanted = {key for key, row in full.sandbox.world.referrals.items() if expected(row)}
    assert {row["id"] for row in full.rows(filter=text)} == wanted


@pytest.mark.parametrize("operator", ["ge", "gt", "le", "lt"])
def test_filter_by_updated_date_compares_times(full: Client, operator: str) -> None:
    """Timestamps compare as times, with any number of fraction digits."""
    referrals = full.sandbox.world.referrals
    middle = sorted(row["updatedDateTime"] for row in referrals.values())[400]
    edge = timestamps.sort_key(middle) or ""
    compare = {"ge": edge.__le__, "gt": edge.__lt__, "le": edge.__ge__, "lt": edge.__gt__}[operator]
    wanted = {key for key, row in referrals.items() if compare(timestamps.sort_key(row["updatedDateTime"]) or "")}
    assert {row["id"] for row in full.rows(filter=f"updatedDateTime {operator} {middle}")} == wanted
    assert 0 < len(wanted) < 800


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2024-02-29", "2024-02-29T00:00:00.000000000"),
        ("2024-02-29T10:30Z", "2024-02-29T10:30:00.000000000"),
        ("2024-02-29T10:30:05.1234567Z", "2024-02-29T10:30:05.123456700"),
        ("2024-02-29T01:30:05.5+02:00", "2024-02-28T23:30:05.500000000"),
        ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00.000000000"),
        ("2024-13-45T00:00:00-02:00", "2024-13-45T00:00:00.000000000"),
        ("yesterday", None),
        (7, None),
    ],
)
def test_timestamps_have_a_sort_key_in_utc(timestamp: object, expected: str | None) -> None:
    assert timestamps.sort_key(timestamp) == expected


@pytest.mark.parametrize("quote", ["'", ""])
def test_filter_by_engagement_accepts_a_guid_with_and_without_quotes(full: Client, quote: str) -> None:
    """Microsoft prints both spellings."""
    engagements = [row["engagementId"] for row in full.sandbox.world.referrals.values()]
    shared = next(name for name in engagements if engagements.count(name) > 1)
    rows = full.rows(filter=f"engagementId eq {quote}{shared}{quote}")
    assert len(rows) == engagements.count(shared)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ({"$filter": "name eq 'x'"}, "$filter"),
        ({"$filter": "createdDateTime ge 2024-01-01T00:00:00Z"}, "$filter"),
        ({"$filter": "updatedDateTime ge '2024-01-01T00:00:00Z'"}, "$filter"),
        ({"$filter": "updatedDateTime ge yesterday"}, "$filter"),
        ({"$filter": "updatedDateTime ge 2024-13-45T00:00:00Z"}, "$filter"),
        ({"$filter": "updatedDateTime ge 2024-13-45T00:00:00-02:00"}, "$filter"),
        ({"$filter": "status gt 'New'"}, "$filter"),
        ({"$filter": "status eq New"}, "$filter"),
        ({"$filter": "status eq 'New"}, "$filter"),
        ({"$filter": "status eq"}, "$filter"),
        ({"$filter": "(status eq 'New'"}, "$filter"),
        ({"$filter": "status eq 'New' status"}, "$filter"),
        ({"$filter": "contains(name,'x')"}, "$filter"),
        ({"$orderby": "name"}, "$orderby"),
        ({"$orderby": "updatedDateTime down"}, "$orderby"),
        ({"$top": "0"}, "$top"),
        ({"$top": "201"}, "$top"),
        ({"$top": "many"}, "$top"),
        ({"$select": "id,website"}, "$select"),
        ({"$skiptoken": "nonsense"}, "$skiptoken"),
        ({"$search": "x"}, "$search"),
    ],
)
def test_undocumented_query_option_is_refused(full: Client, query: dict[str, str], target: str) -> None:
    """The response is `400 invalidRequest` with nested inner errors, and names the option."""
    response = full.get(query)
    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["code"], error["target"]) == ("invalidRequest", target)
    assert error["innerError"]["innerError"]["code"] == "invalidRequest"


def test_filters_are_refused_when_the_options_say_so(start: StartSandbox) -> None:
    """The filter by date alone, or every filter, is refused; ordering by date still works."""
    dated = {"$filter": "direction eq 'Incoming' and updatedDateTime ge 2024-01-01T00:00:00Z"}
    plain = {"$filter": "direction eq 'Incoming'", "$orderby": "updatedDateTime desc"}
    some, every = start(refuse_updated_filter=True), start(refuse_all_filters=True)
    assert [some.get(dated).status_code, some.get(plain).status_code] == [400, 200]
    assert [every.get(plain).status_code, every.get({"$orderby": "updatedDateTime desc"}).status_code] == [400, 200]


def test_select_returns_the_named_properties_on_every_page(full: Client) -> None:
    assert {tuple(row) for row in full.rows(select="id,updatedDateTime")} == {("id", "updatedDateTime")}


def test_referral_is_found_by_its_id(full: Client) -> None:
    """The referral has an eTag in double quotes; an unknown id is 404."""
    referral_id = next(iter(full.sandbox.world.referrals))
    found = full.get(path=f"{REFERRALS}/{referral_id}").json()
    assert found["id"] == referral_id
    assert found["eTag"].startswith('"')
    missing = full.get(path=f"{REFERRALS}/00000000-0000-0000-0000-000000000000")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "itemNotFound")


@pytest.mark.parametrize("path", ["/v1.0/referrals", "/v1.0/engagements", "/v2.0/engagements/referrals", "/nowhere"])
def test_other_paths_are_not_found(full: Client, path: str) -> None:
    """The path that nextLink prints does not exist either."""
    response = full.get(path=path)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "itemNotFound")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", REFERRALS), ("GET", "/sandbox/change"), ("GET", REFERRALS + "/")]
)
def test_other_methods_and_a_trailing_slash_are_not_found(full: Client, method: str, path: str) -> None:
    response = full.call(method, path, allow_redirects=False)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "itemNotFound")


def test_every_response_has_a_request_id_and_repeats_the_callers(full: Client) -> None:
    """Request-ID is new for each response and client-request-id comes back, in errors too."""
    responses = [full.get(), full.get({"$top": "0"}), full.get(Authorization=None)]
    assert len({response.headers["Request-ID"] for response in responses}) == 3
    assert all(GUID.fullmatch(response.headers["Request-ID"]) for response in responses)
    assert {response.headers["client-request-id"] for response in responses} == {CLIENT_REQUEST_ID}


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x.y.z", "Bearer ü", "Basic YTpi"])
def test_request_without_a_valid_token_is_unauthenticated(full: Client, header: str | None) -> None:
    response = full.get(Authorization=None if header is None else header.encode())
    assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")


def test_client_request_id_is_required(full: Client) -> None:
    headers: dict[str, Any] = {"client-request-id": None}
    response = full.get(**headers)
    assert (response.status_code, response.json()["error"]["target"]) == (400, "client-request-id")
