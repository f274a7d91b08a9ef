"""Lists, details and exports of referrals and leads over HTTP."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import openpyxl
import psycopg
import pytest
import requests

from hunter_pipeline.warehouse import leads_ready, listing, raw_referrals, sync_runs
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.warehouse.list_queries import Filters
from hunter_pipeline.web import exports
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.web.seed import NOW, referral_row, seeded_database
from hunter_pipeline_tests.web.services import run_service

ROWS = 60
REFERRALS = "/api/v1/partner-center/referrals"
LEADS = "/api/v1/leads"
ODD = [
    referral_row(900, company_name="İSTANBUL Çelik A.Ş.", name="100%_sure \\ deal", domain=None, status="Paused"),
    referral_row(901, company_name="=1+1", domain="formula.com", status="New"),
    referral_row(902, company_name="Gone Ltd", missing_since=NOW, status="New"),
]
Get = Callable[..., Any]


@pytest.fixture(scope="module")
def base(server: Server) -> Iterator[str]:
    with seeded_database(server, [*map(referral_row, range(ROWS)), *ODD]) as settings, run_service(settings) as url:
        with psycopg.connect(settings.database_url.get_secret_value() if settings.database_url else "") as connection:
            connection.execute("insert into companies (domain, canonical_name) values ('company1.com', 'Company One')")
            connection.execute(
                "insert into raw_referrals (referral_id, payload, content_hash, source_updated_key)"
                """ values ('referral-003', '{"status": "New"}', 'a', '1'),"""
                """ ('referral-003', '{"status": "Active", "deep": {"x": 1}}', 'b', '2')"""
            )
        with Warehouse.from_settings(settings).connection() as connection:
            raw_referrals.repair_newest_versions(connection)
        yield url


@pytest.fixture
def get(base: str) -> Get:
    def ask(path: str, *, expect: int = 200, **query: Any) -> Any:
        answer = requests.get(base + path, params=query, timeout=30)
        assert answer.status_code == expect, answer.text[:300]
        return answer.json()

    return ask


def ids(page: dict[str, Any]) -> list[str]:
    return [item["referral_id"] for item in page["items"]]


def test_referrals_default_to_a_page_of_fifty_newest_first(get: Get):
    """Contacts are left out, and money is a number."""
    first = get(REFERRALS)
    assert (first["total"], first["page"], first["page_size"], len(first["items"])) == (ROWS + 3, 1, 50, 50)
    assert ids(first)[:3] == ["referral-001", "referral-002", "referral-003"]
    assert "contacts" not in first["items"][0]
    assert first["items"][0]["deal_value"] == 10
    assert tuple(first["items"][0]) == exports.REFERRAL_COLUMNS


@pytest.mark.parametrize("sort", listing.SORTS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_contain_every_referral_once_in_each_order(get: Get, sort: str, order: str):
    """Referrals without a value in the sorted column come last."""
    pages = [get(REFERRALS, sort=sort, order=order, page=page, page_size=20) for page in (1, 2, 3, 4, 5)]
    found = [item for page in pages for item in page["items"]]
    assert len({item["referral_id"] for item in found}) == len(found) == ROWS + 3
    assert {page["total"] for page in pages} == {ROWS + 3}
    plain = [
        item[sort] for item in found if item["referral_id"] < "referral-900"
    ]  # the order of other letters depends on the server
    known = [value.lower() if isinstance(value, str) else value for value in plain if value is not None]
    assert plain[len(known) :] == [None] * (len(plain) - len(known))
    assert known == sorted(known, reverse=order == "desc")


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        ({"referral_type": "co-sell"}, lambda item: item["referral_type"] == "co-sell"),
        ({"status": "Closed"}, lambda item: item["status"] == "Closed"),
        (
            {"referral_type": "marketplace", "status": "New"},
            lambda item: (item["referral_type"], item["status"]) == ("marketplace", "New"),
        ),
        ({"q": "COMPANY 01"}, lambda item: "01" in item["referral_id"]),
        ({"q": "deal KIM17@"}, lambda item: item["referral_id"] == "referral-017"),
        ({"referral_type": "", "status": "", "q": " "}, lambda item: True),
        ({"status": "new"}, lambda item: False),
        ({"q": "istanbul"}, lambda item: item["referral_id"] == "referral-900"),
        ({"q": "İSTANBUL çelik"}, lambda item: item["referral_id"] == "referral-900"),
        ({"q": "100%_SURE"}, lambda item: item["referral_id"] == "referral-900"),
        ({"q": "\\"}, lambda item: item["referral_id"] == "referral-900"),
        ({"q": "_"}, lambda item: item["referral_id"] == "referral-900"),
        ({"q": "'; drop table companies; --"}, lambda item: False),
    ],
)
def test_filters_and_search_select_rows(get: Get, query: dict[str, str], passes: Callable[[dict[str, Any]], bool]):
    """A search ignores case and treats no character as a wildcard."""
    everything = get(REFERRALS, page_size=200)["items"]
    wanted = {item["referral_id"] for item in everything if passes(item)}
    found = get(REFERRALS, page_size=200, **query)
    assert set(ids(found)) == wanted
    assert found["total"] == len(wanted)


def test_page_after_the_last_one_is_empty_and_has_the_total(get: Get):
    for query in ({}, {"q": "deal"}, {"status": "New"}):
        assert get(REFERRALS, page=500, **query)["items"] == []
        assert get(REFERRALS, page=500, **query)["total"] == get(REFERRALS, **query)["total"] > 0


def test_referral_detail_includes_the_payload_on_request(get: Get):
    found = get(f"{REFERRALS}/referral-003")
    assert found["contacts"] == [
        {"name": "Kim 3", "email": "kim3@company.com", "phone": None, "title": None, "email_text": None}
    ]
    assert found["company"]["canonical_name"] == "Company One"
    assert [(period["status"], period["valid_to"] is None) for period in found["history"]] == [
        ("New", False), ("Active", True)
    ]  # fmt: skip
    assert "payload" not in found
    assert get(f"{REFERRALS}/referral-003", include_raw="true")["payload"] == {"status": "Active", "deep": {"x": 1}}
    assert get(f"{REFERRALS}/referral-900", include_raw="true")["payload"] is None
    assert get(f"{REFERRALS}/nobody", expect=404)["error"] == "not_found"


def test_leads_are_complete_without_paging_and_in_pages(get: Get):
    """The most urgent lead comes first."""
    everything = get(LEADS)
    assert everything["total"] == len(everything["items"]) == everything["page_size"] > 20
    scores = [lead["score"] for lead in everything["items"]]
    assert scores == sorted(scores, reverse=True)
    pages = [get(LEADS, page=page, page_size=7) for page in range(1, everything["total"] // 7 + 2)]
    assert [lead for page in pages for lead in page["items"]] == everything["items"]
    assert {page["total"] for page in pages} == {everything["total"]}
    assert get(LEADS, page=1)["page_size"] == 50
    assert (get(LEADS, page=99, page_size=5)["total"], get(LEADS, page=99)["items"]) == (everything["total"], [])


@pytest.mark.parametrize("sort", leads_ready.SORTS)
def test_leads_are_the_same_in_each_order(get: Get, sort: str):
    """The filters apply to the columns that are shown."""
    everything = {lead["domain"]: lead for lead in get(LEADS)["items"]}
    for order in ("asc", "desc"):
        found = get(LEADS, sort=sort, order=order, page_size=200)["items"]
        assert {lead["domain"]: lead for lead in found} == everything
    new = get(LEADS, sort=sort, status="New", referral_type="co-sell")["items"]
    wanted = {
        name for name, lead in everything.items() if (lead["status"], lead["referral_type"]) == ("New", "co-sell")
    }
    assert {lead["domain"] for lead in new} == wanted
    assert [lead["domain"] for lead in get(LEADS, q="FORMULA", sort=sort, page_size=9)["items"]] == ["formula.com"]


@pytest.mark.parametrize(("path", "columns"), [(LEADS, exports.LEAD_COLUMNS), (REFERRALS, exports.REFERRAL_COLUMNS)])
@pytest.mark.parametrize("query", [{}, {"status": "New"}, {"q": "=1+1"}, {"q": "no such thing"}])
def test_exports_contain_the_filtered_rows(get: Get, base: str, path: str, columns: tuple[str, ...], query: Any):
    """CSV and Excel have the list's rows in its order and no formulas."""
    answer = requests.get(f"{base}{path}/export", params={"format": "csv", **query}, timeout=30)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    listed = get(path, page_size=200, **query)["items"]
    key = "domain" if path == LEADS else "referral_id"
    assert [line[key] for line in rows] == [item[key] for item in listed]
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.decode("utf-8-sig").splitlines()[0] == ",".join(columns)
    assert "=1+1" not in [value for line in rows for value in line.values()]
    book = requests.get(f"{base}{path}/export", params={"format": "xlsx", **query}, timeout=30)
    header, *lines = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets[0].iter_rows()
    assert not {str(cell.value) for cell in header} & set(columns)  # headings for people
    assert len(lines) == len(rows)
    assert all(cell.data_type != "f" for line in lines for cell in line)
    assert re.fullmatch(r'attachment; filename="\w+-\d{4}-\d\d-\d\d\.xlsx"', book.headers["content-disposition"])


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=99999999999999999999", "page=x", "page_size=0", "page_size=201", "q=%00", "status=a%00",
     "q=" + "x" * 201, "sort=1;drop", "order=up", "referral_type=" + "%F0%9F%92%A5" * 101],
)  # fmt: skip
def test_invalid_parameter_is_named_but_not_repeated(get: Get, query: str, base: str):
    answer = requests.get(f"{base}{REFERRALS}?{query}", timeout=30)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "detail", "hint"}
    assert answer.json()["detail"].startswith(query.split("=", maxsplit=1)[0])
    assert "xxx" not in answer.text


def test_unusual_ids_are_client_errors(base: str):
    """An id with a NUL or of excessive length is 422, an unknown one 404."""
    for path in (REFERRALS, "/api/referrals/sync"):
        assert requests.get(f"{base}{path}/a%00b", timeout=30).status_code == 422
        assert requests.get(f"{base}{path}/{'x' * 201}", timeout=30).status_code == 422
    assert requests.get(f"{base}{REFERRALS}/%F0%9F%92%A5'%20or%201=1", timeout=30).status_code == 404
    assert requests.get(f"{base}/no/such/page", timeout=30).json()["error"] == "not_found"
    assert requests.delete(f"{base}{REFERRALS}", timeout=30).json()["error"] == "method_not_allowed"


def test_chart_data_and_filter_values_are_counted_in_the_database(base: str, server: Server):
    with seeded_database(server, [referral_row(number) for number in range(1, 13)]) as settings:
        with Warehouse.from_settings(settings).connection() as connection:
            counts = {line["status"]: line["count"] for line in listing.funnel(connection)}
            days = listing.expiring(connection, [NOW + timedelta(days=number) for number in range(21)])
            known = listing.known_values(connection)
            assert sync_runs.recent(connection, 5) == []
        assert counts == {"New": 4, "Active": 4, "Closed": 4}
        assert len(days) == 20
        assert sum(day["count"] for day in days) == sum(1 for n in range(1, 13) if n % 3 == 0 and n % 4)
        assert known["status"] == ["None", "New", "Active", "Closed"]


ROWS_READ = """
select seq_tup_read + idx_tup_fetch as rows from pg_stat_xact_user_tables where relname = 'partner_center_referrals'
"""


def test_page_of_ten_thousand_referrals_reads_its_own_rows(server: Server):
    """The first page and the last read 50 rows each, through an index; a search reads each row once."""
    with (
        seeded_database(server, [referral_row(0)]) as settings,
        Warehouse.from_settings(settings).connection() as connection,
    ):
        connection.autocommit = True
        connection.execute(
            "insert into partner_center_referrals"
            " (referral_id, content_hash, company_name, status, source_updated_at)"
            " select 'r' || n, 'h', 'Company ' || n, 'New', now() - n * interval '1 minute'"
            " from generate_series(1, 9999) as n"
        )
        connection.execute("vacuum analyze partner_center_referrals")
        cases: list[tuple[dict[str, Any], int]] = [
            ({}, 50),
            ({"page": 200}, 50),
            ({"filters": Filters(q="company 99")}, 10_000 + 50),
        ]
        with connection.transaction():
            read_before = 0
            for query, limit in cases:
                found = listing.page(connection, query.pop("filters", Filters()), page_size=50, **query)
                assert found.items
                [counted] = connection.execute(ROWS_READ).fetchall()
                assert counted["rows"] - read_before <= limit
                read_before = counted["rows"]
