"""What the list of referrals answers."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hunter_pipeline.sandbox import timestamps
from hunter_pipeline_tests.sandbox.conftest import REFERRALS, Client, Start

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_paging_reads_every_incoming_referral_exactly_once(full: Client) -> None:
    """Four pages of 200 hold the 739 incoming referrals, each once."""
    pages = list(full.pages({"$filter": "direction eq 'Incoming'", "$top": "200", "$orderby": "updatedDateTime desc"}))
    ids = [row["id"] for page in pages for row in page["value"]]
    assert [page["@odata.count"] for page in pages] == [200, 200, 200, 139]
    assert (len(ids), len(set(ids))) == (739, 739)
    assert "@odata.nextLink" not in pages[-1]


def test_without_a_filter_outgoing_ones_show_too(full: Client) -> None:
    """61 outgoing referrals lie on top, and a page holds 100 unless told otherwise."""
    assert len(full.rows()) == 800
    assert len(full.rows(filter="direction eq 'Outgoing'")) == 61
    assert len(full.get({}).json()["value"]) == 100


def test_next_link_has_the_documented_form(full: Client) -> None:
    """The link is plain http, lacks /engagements, and its token is escaped."""
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


def test_next_link_can_name_microsofts_host(start: Start) -> None:
    """The host in the link can be the real one, which a client must not call."""
    client = start(next_link_host="api.partner.microsoft.com")
    assert (
        client.get({"$top": "5"})
        .json()["@odata.nextLink"]
        .startswith("http://api.partner.microsoft.com/v1.0/referrals?")
    )


def test_the_token_carries_filter_and_order(full: Client) -> None:
    """Following pages keep the filter and the order of the first."""
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
def test_filters_select_what_they_say(full: Client, text: str, expected) -> None:
    """Comparison, and, or, parentheses, paths and doubled quotes mean what OData says."""
    wanted = {key for key, row in full.sandbox.world.referrals.items() if expected(row)}
    assert {row["id"] for row in full.rows(filter=text)} == wanted


@pytest.mark.parametrize("operator", ["ge", "gt", "le", "lt"])
def test_updated_filter_compares_moments(full: Client, operator: str) -> None:
    """`updatedDateTime` compares as a moment, whatever the number of fraction digits."""
    world = full.sandbox.world.referrals
    middle = sorted(row["updatedDateTime"] for row in world.values())[400]
    edge = timestamps.sort_key(middle) or ""
    compare = {"ge": edge.__le__, "gt": edge.__lt__, "le": edge.__ge__, "lt": edge.__gt__}[operator]
    wanted = {key for key, row in world.items() if compare(timestamps.sort_key(row["updatedDateTime"]) or "")}
    assert {row["id"] for row in full.rows(filter=f"updatedDateTime {operator} {middle}")} == wanted
    assert 0 < len(wanted) < 800


@pytest.mark.parametrize("quote", ["'", ""])
def test_engagement_filter_takes_a_quoted_or_bare_guid(full: Client, quote: str) -> None:
    """Referrals that share an engagement are found by it, in both of the printed spellings."""
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
        ({"$skip": "5"}, "$skip"),
    ],
)
def test_what_is_not_documented_is_refused(full: Client, query: dict[str, str], target: str) -> None:
    """Anything else is `400 invalidRequest` with a nested inner error that names the option."""
    answer = full.get(query)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert (error["code"], error["target"]) == ("invalidRequest", target)
    assert error["innerError"]["innerError"]["code"] == "invalidRequest"


def test_filters_can_be_refused(start: Start) -> None:
    """A tenant may refuse the filter by date, or every filter, and still order by date."""
    dated = {"$filter": "direction eq 'Incoming' and updatedDateTime ge 2024-01-01T00:00:00Z"}
    plain = {"$filter": "direction eq 'Incoming'", "$orderby": "updatedDateTime desc"}
    some, every = start(refuse_updated_filter=True), start(refuse_all_filters=True)
    assert [some.get(dated).status_code, some.get(plain).status_code] == [400, 200]
    assert [every.get(plain).status_code, every.get({"$orderby": "updatedDateTime desc"}).status_code] == [400, 200]


def test_select_returns_only_what_was_asked_for(full: Client) -> None:
    """`$select` leaves out the rest, on following pages too."""
    assert {tuple(row) for row in full.rows(select="id,updatedDateTime")} == {("id", "updatedDateTime")}


def test_one_referral_by_id(full: Client) -> None:
    """A referral is found by its id with its eTag in double quotes, another id is 404."""
    referral_id = next(iter(full.sandbox.world.referrals))
    found = full.get(path=f"{REFERRALS}/{referral_id}").json()
    assert found["id"] == referral_id
    assert found["eTag"].startswith('"')
    missing = full.get(path=f"{REFERRALS}/00000000-0000-0000-0000-000000000000")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "itemNotFound")


@pytest.mark.parametrize("path", ["/v1.0/referrals", "/v1.0/engagements", "/v2.0/engagements/referrals", "/nowhere"])
def test_other_paths_are_not_found(full: Client, path: str) -> None:
    """There is nothing where nextLink points, nor anywhere else."""
    answer = full.get(path=path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "itemNotFound")


def test_every_answer_has_an_id_and_repeats_the_callers(full: Client) -> None:
    """Request-ID is new each time and client-request-id comes back, in errors too."""
    answers = [full.get(), full.get({"$top": "0"}), full.get(Authorization=None)]
    assert len({answer.headers["Request-ID"] for answer in answers}) == 3
    assert all(GUID.fullmatch(answer.headers["Request-ID"]) for answer in answers)
    assert {answer.headers["client-request-id"] for answer in answers} == {"5c1b1c5e-0000-4000-8000-000000000001"}


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x.y.z", "Bearer ü", "Basic YTpi"])
def test_without_a_good_token_the_answer_is_401(full: Client, header: str | None) -> None:
    """A missing, malformed or forged token is `unauthenticated`."""
    answer = full.get(Authorization=None if header is None else header.encode())
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


def test_client_request_id_is_required(full: Client) -> None:
    """A call without client-request-id is an invalid request."""
    headers: dict[str, Any] = {"client-request-id": None}
    answer = full.get(**headers)
    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "client-request-id")
