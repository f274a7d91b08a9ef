"""Filters, search, orders and dates of the lead desk and of the API, on a database of known referrals."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from psycopg.types.json import Jsonb

from hunter_pipeline.config.settings import Settings
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.web.seed import referral_row, seeded_database
from hunter_pipeline_tests.web.services import run_service

NOW = datetime.now(UTC)
LEADS, REFERRALS = "/api/v1/leads", "/api/v1/partner-center/referrals"


def row(key: str, **changes: Any) -> dict[str, Any]:
    """Return an open referral of its own company, with nothing that a filter asks for."""
    plain = {"referral_id": key, "domain": f"{key}.com", "company_name": key, "name": f"Deal of {key}"}
    plain |= {"status": "New", "referral_type": "co-sell", "country": "DE", "contacts": Jsonb([])}
    plain |= {"expires_at": None, "deal_value": None, "source_created_at": NOW - timedelta(days=20)}
    return referral_row(1, **{**plain, **changes})


def person(**fields: str) -> Jsonb:
    return Jsonb([{"name": None, "email": None, "phone": None, "title": None, "email_text": None, **fields}])


ROWS = [
    row("gumus", company_name="Gümüşkent İnşaat", domain="xn--gmkent-3yab50g.com.tr", country="TR", city="Isparta"),
    row("sydney", company_name="Sydney Foods", country="AU", contacts=person(name="Ann Ås", phone="+61 5 5501 62")),
    row("strasse", company_name="Straße & Søn", solutions=["Microsoft Sentinel"]),
    row("soon", company_name="Soon", expires_at=NOW + timedelta(hours=5)),
    row("later", company_name="Later", expires_at=NOW + timedelta(days=5)),
    row("expired", company_name="Expired", expires_at=NOW - timedelta(hours=1)),
    row("asked", company_name="Asked", customer_requested_contact=True),
    row("rich", company_name="Rich", deal_value=60_000, deal_value_base=60_000, currency="USD", status="Active"),
    row("fresh", company_name="Fresh", source_created_at=NOW - timedelta(minutes=5)),
]


@pytest.fixture(scope="module")
def settings(server: Server) -> Iterator[Settings]:
    with seeded_database(server, ROWS) as settings:
        yield settings


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    with run_service(settings) as url:
        yield url


def companies(url: str, **query: str) -> tuple[set[str], set[str]]:
    """Return the primary referrals of the leads and the referrals that the API lists for a query."""
    leads, referrals = (requests.get(url + path, params=query, timeout=30).json() for path in (LEADS, REFERRALS))
    return (
        {lead["primary_referral_id"] for lead in leads["items"]},
        {referral["referral_id"] for referral in referrals["items"]},
    )


def shown(page: str) -> set[str]:
    """Return the leads of a page of the desk."""
    return set(re.findall(r'id="lead-(\w+)" href', page))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gumuskent", "gumus"), ("gümüşkent", "gumus"), ("GÜMÜŞKENT", "gumus"), ("xn--gmkent-3yab50g.com.tr", "gumus"),
        ("GÜMÜŞKENT.com.tr", "gumus"), ("INSAAT", "gumus"), ("ısparta", "gumus"), ("turkey", "gumus"),
        ("Avustralya", "sydney"), ("615550162", "sydney"), ("+61 5 5501 62", "sydney"), ("+61-555-01 62", "sydney"),
        ("ann as", "sydney"), ("strasse", "strasse"), ("STRASSE son", "strasse"), ("sentinel", "strasse"),
        ("Deal strasse", "strasse"),
    ],
)  # fmt: skip
def test_search_folds_accents_case_numbers_and_idns_in_both_lists(url: str, text: str, found: str):
    assert companies(url, q=text) == ({found}, {found})
    assert shown(requests.get(url, params={"q": text}, timeout=30).text) == {found}


@pytest.mark.parametrize("text", ["100%", "_____", "\\", "xn--", "6155501629", "gumus sydney"])
def test_search_finds_nothing_else(url: str, text: str):
    found = {"gumus"} if text == "xn--" else set[str]()
    assert companies(url, q=text) == (found, found)


@pytest.mark.parametrize(
    ("query", "parameters", "found"),
    [
        ({"country": "AU"}, {"country": "AU"}, {"sydney"}),
        ({"expires": "24h"}, {"expires_before": (NOW + timedelta(hours=24)).isoformat()}, {"soon"}),
        ({"expires": "7d"}, {"expires_before": (NOW + timedelta(days=7)).isoformat()}, {"soon", "later"}),
        ({"value": "50000"}, {"min_value": "50000"}, {"rich"}),
        ({"value": "60001"}, {"min_value": "60001"}, set()),
        ({"show": "asked"}, {"contact_requested": "true"}, {"asked"}),
        ({"show": "new"}, {"created_after": (NOW - timedelta(days=1)).isoformat()}, {"fresh"}),
        ({"show": "new", "country": "AU"}, {"created_after": NOW.isoformat()}, set()),
    ],
)
def test_filters_apply_to_both_lists(url: str, query: dict[str, str], parameters: dict[str, str], found: set[str]):
    assert companies(url, **parameters) == (found, found)
    page = requests.get(url, params=query, timeout=30).text
    assert shown(page) == found == set(re.findall(r'id="row-(\w+)" href', page))


def test_expires_today_ends_at_midnight_of_the_readers_zone(server: Server):
    """What expires five minutes before and after that midnight shows it."""
    zone = "Pacific/Kiritimati"  # UTC+14
    midnight = (NOW + timedelta(hours=14)).replace(hour=0, minute=0, second=0) + timedelta(days=1, hours=-14)
    rows = [row(f"r{minutes}", expires_at=midnight + timedelta(minutes=minutes)) for minutes in (-1, 1)]
    with seeded_database(server, rows) as settings, run_service(settings) as url:
        page = requests.get(url, params={"show": "today"}, cookies={"zone": zone}, timeout=30).text
        assert shown(page) <= {"r-1"}
        assert 'name="expires_before"' in page
        assert midnight.replace(microsecond=0).isoformat() in page
        assert f"time zone {zone}" in page


def test_new_since_means_since_the_day_of_the_last_visit(url: str):
    """Several visits of one day count as one; without any it is yesterday."""
    first = requests.get(url, timeout=30)
    yesterday, today = NOW.date() - timedelta(days=1), NOW.date()
    assert "New since yesterday" in first.text
    assert first.cookies["visits"] == f"{yesterday}.{today}"
    earlier = f"{today - timedelta(days=9)}.{today - timedelta(days=3)}"
    later = requests.get(url, cookies={"visits": earlier}, timeout=30)
    assert later.cookies["visits"] == f"{today - timedelta(days=3)}.{today}"
    again = requests.get(url, cookies={"visits": str(later.cookies["visits"])}, timeout=30)
    assert again.cookies["visits"] == later.cookies["visits"]
    assert "New since yesterday" not in again.text
    assert "New since yesterday" in requests.get(url, cookies={"visits": "x.2026-99-99"}, timeout=30).text


@pytest.mark.parametrize("zone", ["../../etc/passwd", "x" * 300, "Europe", "%00", "Mars/Olympus"])
def test_unknown_time_zone_is_utc(url: str, zone: str):
    page = requests.get(url, headers={"Cookie": f"zone={zone}"}, timeout=30)
    assert (page.status_code, "time zone UTC" in page.text) == (200, True)


@pytest.mark.parametrize("query", ["expires=0001-01-01", "expires=9999-12-31", "expires=x", "value=-1", "show=x"])
def test_invalid_filter_is_ignored(url: str, query: str):
    assert len(shown(requests.get(f"{url}/?{query}", timeout=30).text)) == len(ROWS)


def test_leads_are_sorted_by_each_of_their_columns(url: str):
    """A click on the column in use reverses the order, which the address keeps."""
    page = requests.get(url, timeout=30).text
    columns = re.findall(r'id="lead-sort-(\w+)"', page)
    assert len(columns) == 10
    for column in columns:
        orders = [
            re.findall(
                r'id="lead-(\w+)" href', requests.get(f"{url}/?lead_sort={column}&lead_dir={way}", timeout=30).text
            )
            for way in ("asc", "desc")
        ]
        assert set(orders[0]) == set(orders[1]) == {each["referral_id"] for each in ROWS}
    by_name = requests.get(f"{url}/?lead_sort=canonical_name", timeout=30).text
    assert re.findall(r'id="lead-(\w+)" href', by_name)[:2] == ["asked", "expired"]
    assert "lead_sort=canonical_name&amp;lead_dir=desc" in by_name


def test_page_has_twenty_leads_and_fifty_for_printing(server: Server):
    rows = [row(f"r{number}") for number in range(70)]
    with seeded_database(server, rows) as settings, run_service(settings) as url:
        page = requests.get(url, timeout=30).text
        second = requests.get(f"{url}/?leads=4", timeout=30).text
    on_screen, _, further = page.partition('<template id="further-leads">')
    assert len(shown(on_screen)) == 20
    assert len(shown(further)) == 30
    assert len(shown(second)) == 10


def test_row_says_who_what_why_until_when_and_how(server: Server):
    rows = [
        row(
            "r",
            company_name="Müller GmbH",
            domain="xn--mller-kva.de",
            name="Copilot rollout",
            solutions=["Copilot", "Teams"],
            customer_requested_contact=True,
            qualification="SalesQualified",
            deal_value=0,
            currency="EUR",
            expires_at=NOW + timedelta(days=3, hours=1),
            contact_name="Kim Ak",
            contact_email="kim@müller.de",
            contact_phone="+49 (89) 555-0123",
            contact_rank=3,
        )
    ]
    with seeded_database(server, rows) as settings, run_service(settings) as url:
        page = requests.get(url, timeout=30).text
    lead = page.partition('<li class="lead">')[2].partition("</li>")[0]
    for part in ("Copilot rollout", "Copilot, Teams", "müller.de", 'href="tel:+49895550123"', "in 3 days"):
        assert part in lead
    assert 'href="mailto:kim@müller.de"' in lead
    assert lead.count("data-copy=") == 2
    assert len(re.findall("<span>", lead.partition('class="reasons"')[2].partition("</p>")[0])) == 3
    assert "€" not in lead
    assert 'class="expiry"' in lead  # not red, which the class "expiry soon" is


def test_unknown_address_is_a_page_for_a_browser_and_json_for_others(url: str):
    page = requests.get(f"{url}/nope", headers={"Accept": "text/html", "Accept-Language": "tr"}, timeout=30)
    assert (page.status_code, "Bu sayfa yok" in page.text) == (404, True)
    other = requests.get(f"{url}/nope", timeout=30)
    assert (other.status_code, other.json()["error"]) == (404, "not_found")
