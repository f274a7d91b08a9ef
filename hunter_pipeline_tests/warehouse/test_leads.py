"""The two views: what is a lead, how it is scored, and which status a referral had when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from hunter_pipeline.warehouse import leads_ready
from hunter_pipeline.warehouse.connection import Connection

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=400)
KIM = {"name": "Kim", "email": None, "phone": None, "title": None}


def put(connection: Connection, referral_id: str, **columns: Any) -> None:
    """A referral of contoso.com, Active and old, that scores nothing unless the columns say so."""
    row = {
        "referral_id": referral_id, "content_hash": "h", "domain": "contoso.com", "status": "Active",
        "source_created_at": OLD, "source_updated_at": OLD, **columns,
    }  # fmt: skip
    row = {name: Jsonb(value) if name == "contacts" else value for name, value in row.items()}
    names = ", ".join(row)
    values = ", ".join(f"%({name})s" for name in row)
    connection.execute(f"insert into partner_center_referrals ({names}) values ({values})", row)  # type: ignore[call-overload]


def only(connection: Connection) -> dict[str, Any]:
    """The only lead."""
    [lead] = leads_ready.leads_ready(connection)
    return lead


IN_HOURS = timedelta(hours=1)
SCORES: dict[str, tuple[dict[str, Any], list[tuple[int, str]]]] = {
    "nothing": ({}, []),
    "urgent request": (
        {"customer_requested_contact": True, "source_created_at": NOW - timedelta(hours=71)},
        [(40, "customer asked to be contacted in the last 72 hours"), (10, "at most a week old")],
    ),
    "request that has aged": (
        {"customer_requested_contact": True, "source_created_at": NOW - timedelta(hours=73)},
        [(15, "customer asked to be contacted"), (10, "at most a week old")],
    ),
    "request without a date": (
        {"customer_requested_contact": True, "source_created_at": None},
        [(15, "customer asked to be contacted")],
    ),
    "no request": ({"customer_requested_contact": False, "source_created_at": None}, []),
    "expires in hours": (
        {"status": "New", "expires_at": NOW + timedelta(hours=71)},
        [(20, "expires within 72 hours"), (15, "not answered yet")],
    ),
    "expires in days": (
        {"status": "New", "expires_at": NOW + timedelta(days=6)},
        [(15, "not answered yet"), (10, "expires within a week")],
    ),
    "expires later": ({"status": "New", "expires_at": NOW + timedelta(days=8)}, [(15, "not answered yet")]),
    "has expired": ({"status": "New", "expires_at": NOW - timedelta(days=1)}, [(15, "not answered yet")]),
    "answered, so it does not expire": ({"expires_at": NOW + IN_HOURS}, []),
    "sales": ({"qualification": "SalesQualified"}, [(15, "sales qualified")]),
    "marketing": ({"qualification": "MarketingQualified"}, [(8, "marketing qualified")]),
    "young": ({"source_created_at": NOW - timedelta(days=6)}, [(10, "at most a week old")]),
    "valued": ({"deal_value": 1}, [(10, "deal value is known")]),
    "worthless": ({"deal_value": 0}, []),
    "a mailbox": ({"contacts": [KIM | {"email": "kim@contoso.com"}]}, [(10, "somebody to contact")]),
    "a telephone": ({"contacts": [KIM | {"phone": "1"}]}, [(10, "somebody to contact")]),
    "a name only": ({"contacts": [KIM]}, []),
    "everything": (
        {
            "status": "New", "customer_requested_contact": True, "source_created_at": NOW - IN_HOURS,
            "expires_at": NOW + IN_HOURS, "qualification": "SalesQualified", "deal_value": 5,
            "contacts": [KIM | {"phone": "1"}],
        },
        [
            (40, "customer asked to be contacted in the last 72 hours"), (20, "expires within 72 hours"),
            (15, "not answered yet"), (15, "sales qualified"), (10, "at most a week old"),
            (10, "deal value is known"), (10, "somebody to contact"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SCORES)
def test_each_rule_of_the_score(connection: Connection, case: str) -> None:
    """The points of the rules that hold, at most 100, with their reasons, the weightiest first."""
    columns, rules = SCORES[case]
    put(connection, "a", **columns)
    lead = only(connection)
    assert lead["score"] == min(100, sum(points for points, _ in rules))
    assert lead["score_reasons"] == [reason for _, reason in rules]


def test_a_company_on_microsoft_365_scores(connection: Connection) -> None:
    """The provider is the company's, and worth five points."""
    put(connection, "a")
    connection.execute(
        "insert into companies (domain, canonical_name, country, provider)"
        " values ('contoso.com', 'Contoso', 'DE', 'M365')"
    )
    lead = only(connection)
    assert (lead["score"], lead["score_reasons"]) == (5, ["company is on Microsoft 365"])
    assert (lead["canonical_name"], lead["country"], lead["provider"]) == ("Contoso", "DE", "M365")
    assert lead["company_id"] is not None


@pytest.mark.parametrize(
    ("columns", "is_lead"),
    [
        ({"status": "New"}, True),
        ({"status": "Active"}, True),
        ({"status": "Closed"}, False),
        ({"status": "None"}, False),
        ({"status": None}, False),
        ({"status": "Paused"}, False),
        ({"status": "New", "missing_since": NOW}, False),
        ({"status": "New", "domain": None}, False),
    ],
)
def test_what_is_a_lead(connection: Connection, columns: dict[str, Any], is_lead: bool) -> None:
    """A domain with a referral that is New or Active and not missing."""
    put(connection, "a", **columns)
    assert bool(leads_ready.leads_ready(connection)) == is_lead


def test_one_row_a_domain_with_its_primary_referral(connection: Connection) -> None:
    """The open referral of the highest score, then the newest, speaks for the company; the others are counted."""
    put(connection, "old", source_created_at=OLD, referral_type="co-sell", deal_value=1, substatus="Accepted")
    put(connection, "new", source_created_at=OLD + IN_HOURS, referral_type="marketplace", deal_value=2, currency="EUR")
    put(connection, "low", source_created_at=NOW - timedelta(days=30), referral_type="co-sell")
    put(connection, "done", status="Closed", source_created_at=NOW, referral_type="solution-provider", deal_value=9)
    put(connection, "gone", missing_since=NOW, source_created_at=NOW, deal_value=9, status="New")
    put(connection, "else", domain="fabrikam.com")
    lead, other = leads_ready.leads_ready(connection)
    assert lead["primary_referral_id"] == "new"
    assert (lead["referral_type"], lead["deal_value"], lead["currency"]) == ("marketplace", 2, "EUR")
    assert (lead["referral_count"], lead["open_referral_count"]) == (4, 3)
    assert lead["referral_ids"] == ["done", "low", "new", "old"]
    assert lead["referral_types"] == ["co-sell", "marketplace", "solution-provider"]
    assert (other["domain"], other["referral_types"], other["score_reasons"]) == ("fabrikam.com", [], [])


def test_equal_scores_go_by_age_and_then_by_id(connection: Connection) -> None:
    """The choice is the same however the rows lie: newest created, newest updated, smallest id."""
    put(connection, "b")
    put(connection, "a")
    assert only(connection)["primary_referral_id"] == "a"
    put(connection, "c", source_updated_at=OLD + IN_HOURS)
    assert only(connection)["primary_referral_id"] == "c"
    put(connection, "d", source_created_at=OLD + IN_HOURS)
    assert only(connection)["primary_referral_id"] == "d"


@pytest.mark.parametrize(
    ("contacts", "chosen"),
    [
        ([], (None, None, None)),
        ([KIM | {"name": "A"}, KIM | {"name": "B"}], ("A", None, None)),
        ([KIM | {"name": "A"}, KIM | {"name": "B", "phone": "2"}], ("B", None, "2")),
        (
            [KIM | {"name": "A", "phone": "1"}, KIM | {"name": "B", "email": "b@contoso.com"}],
            ("B", "b@contoso.com", None),
        ),
        (
            [
                KIM | {"name": "A", "email": "a@contoso.com"},
                KIM | {"name": "B", "email": "b@contoso.com", "phone": "2"},
            ],
            ("B", "b@contoso.com", "2"),
        ),
    ],
)
def test_whom_to_contact(connection: Connection, contacts: list[Any], chosen: tuple[Any, ...]) -> None:
    """Who has an address, then who has a number, then the first; the columns are one person's."""
    put(connection, "a", contacts=contacts)
    lead = only(connection)
    assert (lead["contact_name"], lead["contact_email"], lead["contact_phone"]) == chosen


def test_a_lead_has_a_name_before_its_company_has(connection: Connection) -> None:
    """Where `companies` does not know the domain yet, the referral's own words stand in."""
    put(connection, "a", company_name="Contoso Ltd", country="GB")
    lead = only(connection)
    assert (lead["canonical_name"], lead["country"], lead["company_id"]) == ("Contoso Ltd", "GB", None)


def test_the_most_urgent_lead_comes_first(connection: Connection) -> None:
    """By score, then by what expires first, then by domain."""
    put(connection, "1", domain="d.com")
    put(connection, "2", domain="c.com")
    put(connection, "3", domain="b.com", expires_at=NOW)
    put(connection, "4", domain="a.com", deal_value=1)
    assert [lead["domain"] for lead in leads_ready.leads_ready(connection)] == ["a.com", "b.com", "c.com", "d.com"]
    assert leads_ready.count_urgent(connection) == 0


def test_the_sample_names_nobody(connection: Connection) -> None:
    """What is shown to whoever watches the pipeline has no column of a person."""
    for number in range(7):
        put(connection, str(number), domain=f"{number}.com", contacts=[KIM | {"email": "kim@contoso.com"}])
    sample = leads_ready.sample(connection)
    assert len(sample) == 5
    assert not {name for name in sample[0] if name.startswith("contact")}
    assert "kim" not in repr(sample).casefold()


def _version(connection: Connection, key: str, status: str | None, substatus: str | None) -> None:
    connection.execute(
        "insert into raw_referrals (referral_id, payload, content_hash, source_updated_at, source_updated_key)"
        " values ('a', %s, md5(random()::text), %s::timestamptz, %s)",
        (Jsonb({"status": status, "substatus": substatus}), key or None, key),
    )


def test_the_history_of_a_status(connection: Connection) -> None:
    """One row per change of status or substatus, in order of time; other changes make none, the last one is open."""
    for key, status, substatus in (
        ("2025-01-04T00:00:00.0000000Z", "Closed", "Won"),
        ("2025-01-01T00:00:00.0000000Z", "New", "Pending"),
        ("2025-01-02T00:00:00.0000000Z", "New", "Pending"),
        ("2025-01-02T12:00:00.0000000Z", "New", "Received"),
        ("2025-01-03T00:00:00.0000000Z", "Active", None),
    ):
        _version(connection, key, status, substatus)
    found = connection.execute("select * from referral_status_history order by valid_from").fetchall()
    days = [datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 2, 12, tzinfo=UTC)]
    days += [datetime(2025, 1, 3, tzinfo=UTC), datetime(2025, 1, 4, tzinfo=UTC)]
    assert [(row["status"], row["substatus"]) for row in found] == [
        ("New", "Pending"), ("New", "Received"), ("Active", None), ("Closed", "Won")
    ]  # fmt: skip
    assert [row["valid_from"] for row in found] == days
    assert [row["valid_to"] for row in found] == [*days[1:], None]
