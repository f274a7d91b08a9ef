"""Test the views of leads, their scores, and the history of statuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from hunter_pipeline.warehouse import leads_ready
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline.warehouse.list_queries import Filters

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=400)
KIM = {"name": "Kim", "email": None, "phone": None, "title": None}


def put(connection: Connection, referral_id: str, **columns: Any) -> None:
    """Insert a referral of contoso.com that is Active, old and scores nothing by default."""
    row = {
        "referral_id": referral_id, "content_hash": "h", "domain": "contoso.com", "status": "Active",
        "source_created_at": OLD, "source_updated_at": OLD, **columns,
    }  # fmt: skip
    row = {name: Jsonb(value) if name == "contacts" else value for name, value in row.items()}
    names = ", ".join(row)
    values = ", ".join(f"%({name})s" for name in row)
    connection.execute(f"insert into partner_center_referrals ({names}) values ({values})", row)  # type: ignore[call-overload]


def all_leads(connection: Connection) -> list[dict[str, Any]]:
    """Return all leads, the most urgent first."""
    return leads_ready.page(connection, Filters()).items


def only(connection: Connection) -> dict[str, Any]:
    """Return the only lead."""
    [lead] = all_leads(connection)
    return lead


def test_related_leads_share_tenant_or_company(connection: Connection) -> None:
    put(connection, "own", azure_tenant_id="t", company_key="contoso DE")
    put(connection, "of-tenant", domain="contoso.de")
    put(connection, "newer-of-tenant", domain="contoso.de", source_created_at=NOW)
    put(connection, "of-name", domain=None, company_key="contoso DE", company_name="Contoso")
    put(connection, "other", domain="other.com", company_key="other DE")
    for domain, tenant in (("contoso.com", "t"), ("contoso.de", "t"), ("other.com", "u")):
        connection.execute("insert into companies (domain, azure_tenant_id) values (%s, %s)", (domain, tenant))
    related = {row["referral_id"]: row["same_tenant"] for row in leads_ready.related(connection, "contoso.com")}
    assert related == {"newer-of-tenant": True, "of-name": False}


IN_HOURS = timedelta(hours=1)
RECENT = NOW - timedelta(days=7)
OPEN = (5, "open referral")
# Columns of a referral, and the points with their reasons that they add to those of an Active one that is old.
RULES: dict[str, tuple[dict[str, Any], list[tuple[int, str]]]] = {
    "nothing": ({"source_created_at": None}, [OPEN]),
    "old": ({"deal_value_base": 10_000}, [(7, "size of the deal"), (-7, "no news for a long time"), OPEN]),
    "close date long past": (
        {"source_created_at": None, "deal_value_base": 1_000_000, "expected_close_at": NOW - timedelta(days=31)},
        [(14, "size of the deal"), (-14, "no news for a long time"), OPEN],
    ),
    "asked days ago": (
        {"customer_requested_contact": True, "source_created_at": NOW - timedelta(days=7)},
        [(10, "customer asked to be called"), (5, "received in the last 14 days"), OPEN],
    ),
    "asked days ago and still waits": (
        {"status": "New", "customer_requested_contact": True, "source_created_at": None},
        [(20, "customer asked to be called and is still waiting"), (10, "not answered yet"), OPEN],
    ),
    "expires in seven and a half days": (
        {"status": "New", "source_created_at": None, "expires_at": NOW + timedelta(days=7, hours=12)},
        [(10, "not answered yet"), (7, "expires soon"), OPEN],
    ),
    "expires in 25 hours": (
        {"status": "New", "source_created_at": None, "expires_at": NOW + timedelta(hours=25)},
        [(28, "expires soon"), (10, "not answered yet"), OPEN],
    ),
    "answered, so it does not expire": ({"source_created_at": None, "expires_at": NOW + IN_HOURS}, [OPEN]),
    "sales": ({"source_created_at": None, "qualification": "SalesQualified"}, [(9, "sales qualified"), OPEN]),
    "marketing": (
        {"source_created_at": None, "qualification": "MarketingQualified"}, [OPEN, (4, "marketing qualified")]
    ),
    "enquiry": ({"source_created_at": None, "qualification": "Direct"}, [(5, "enquiry from a customer"), OPEN]),
    "worth little": ({"source_created_at": None, "deal_value_base": 100}, [OPEN]),
    "worth 10,000 dollars": ({"source_created_at": None, "deal_value_base": 10_000}, [(7, "size of the deal"), OPEN]),
    "worth millions": ({"source_created_at": None, "deal_value_base": 5_000_000}, [(14, "size of the deal"), OPEN]),
    "closes in 45 days": (
        {"source_created_at": None, "expected_close_at": NOW + timedelta(days=45)},
        [OPEN, (4, "expected to close within 90 days")],
    ),
    "reachable": ({"source_created_at": None, "contact_rank": 1}, [(6, "somebody to call or write to"), OPEN]),
}  # fmt: skip


@pytest.mark.parametrize("case", RULES)
def test_each_rule_adds_its_points(connection: Connection, case: str) -> None:
    columns, expected = RULES[case]
    put(connection, "a", **columns)
    lead = only(connection)
    assert list(zip(lead["score_points"], lead["score_reasons"], strict=True)) == expected
    assert lead["score"] == sum(points for points, _ in expected)


@pytest.mark.parametrize(
    ("columns", "reason", "lowest", "highest"),
    [
        ({"status": "New", "expires_at": NOW + IN_HOURS}, "expires within 24 hours", 85, 100),
        (
            {"customer_requested_contact": True, "source_created_at": NOW - timedelta(hours=71)},
            "customer asked to be called in the last 72 hours", 70, 84,
        ),
        ({"status": "New", "expires_at": NOW - IN_HOURS}, "has expired", 0, 3),
        ({"consent_to_contact": False, "deal_value_base": 1_000_000}, "customer does not want to be contacted", 0, 3),
        ({"is_spam": True, "customer_requested_contact": True, "source_created_at": NOW}, "marked as spam", 0, 3),
        ({"is_spam": True, "status": "New", "expires_at": NOW + IN_HOURS}, "marked as spam", 0, 3),
    ],
)  # fmt: skip
def test_state_sets_the_range_of_the_score_and_is_the_first_reason(
    connection: Connection, columns: dict[str, Any], reason: str, lowest: int, highest: int
) -> None:
    put(connection, "a", **columns)
    lead = only(connection)
    assert lead["score_reasons"][0] == reason
    assert lowest <= lead["score"] <= highest
    assert sum(lead["score_points"]) == lead["score"]
    assert lead["contact_allowed"] == columns.get("consent_to_contact", True)


def test_changed_weight_applies_immediately(connection: Connection) -> None:
    put(connection, "a", source_created_at=None, qualification="SalesQualified")
    connection.execute("update lead_scoring_rules set weight = 30 where name = 'sales_qualified'")
    connection.execute("update lead_scoring_rules set weight = 0 where name = 'open'")
    assert (only(connection)["score_points"], only(connection)["score_reasons"]) == ([30], ["sales qualified"])


def test_score_is_limited_and_names_the_limit(connection: Connection) -> None:
    put(connection, "a", source_created_at=None, qualification="SalesQualified")
    connection.execute("update lead_scoring_rules set weight = 100 where name = 'sales_qualified'")
    lead = only(connection)
    assert (lead["score"], lead["score_points"]) == (69, [100, -36, 5])
    assert lead["score_reasons"] == ["sales qualified", "limit of the score", "open referral"]


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("insert into lead_scoring_rules values ('luck', 5, 'luck', 'şans')", "luck"),
        ("update lead_scoring_rules set weight = null where name = 'recent'", "recent"),
        ("update lead_scoring_rules set weight = 'NaN' where name = 'recent'", "recent"),
        ("update lead_scoring_rules set weight = 'Infinity' where name = 'recent'", "recent"),
        ("update lead_scoring_rules set description = '' where name = 'recent'", "recent"),
        ("delete from lead_scoring_rules where name = 'recent'", "recent"),
    ],
)
def test_constraint_refuses_a_wrong_rule(connection: Connection, statement: str, named: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match=named):
        connection.execute(statement)  # type: ignore[call-overload]


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
        ({"status": "New", "domain": None}, True),
    ],
)
def test_lead_has_an_open_referral(connection: Connection, columns: dict[str, Any], is_lead: bool) -> None:
    """Open means New or Active and not missing."""
    put(connection, "a", **columns)
    assert bool(all_leads(connection)) == is_lead


def test_domain_has_one_row_with_its_primary_referral(connection: Connection) -> None:
    """It is the open referral with the highest score, then the newest; the others are counted."""
    before = NOW - timedelta(days=50)
    put(connection, "old", source_created_at=before, referral_type="co-sell", deal_value=1, deal_value_base=10_000)
    worth = {"deal_value": 2, "deal_value_base": 10_000, "currency": "EUR"}
    put(connection, "new", source_created_at=before + IN_HOURS, referral_type="marketplace", **worth)
    put(connection, "low", source_created_at=NOW - timedelta(days=30), referral_type="co-sell")
    put(connection, "done", status="Closed", source_created_at=NOW, referral_type="solution-provider", deal_value=9)
    put(connection, "gone", missing_since=NOW, source_created_at=NOW, deal_value=9, status="New")
    put(connection, "else", domain="fabrikam.com")
    lead, other = all_leads(connection)
    assert lead["primary_referral_id"] == "new"
    assert (lead["referral_type"], lead["deal_value"], lead["currency"]) == ("marketplace", 2, "EUR")
    assert (lead["referral_count"], lead["open_referral_count"]) == (4, 3)
    assert lead["referral_ids"] == ["done", "low", "new", "old"]
    assert lead["referral_types"] == ["co-sell", "marketplace", "solution-provider"]
    assert (other["domain"], other["referral_types"], other["lead_key"]) == ("fabrikam.com", [], "fabrikam.com")


def test_equal_scores_are_ordered_by_age_and_id(connection: Connection) -> None:
    """The order is newest created, newest updated, smallest id."""
    put(connection, "b")
    put(connection, "a")
    assert only(connection)["primary_referral_id"] == "a"
    put(connection, "c", source_updated_at=OLD + IN_HOURS)
    assert only(connection)["primary_referral_id"] == "c"
    put(connection, "d", source_created_at=OLD + IN_HOURS)
    assert only(connection)["primary_referral_id"] == "d"


def test_lead_without_a_domain_is_an_engagement(connection: Connection) -> None:
    """Both copies of an engagement are one lead; a referral without an engagement is a lead of its own."""
    put(connection, "a", domain=None, engagement_id="E1", company_name="Contoso")
    put(connection, "b", domain=None, engagement_id="E1", company_name="Contoso")
    put(connection, "c", domain=None)
    engagement, alone = sorted(all_leads(connection), key=lambda lead: lead["lead_key"])
    assert (engagement["lead_key"], alone["lead_key"]) == ("engagement:E1", "referral:c")
    assert (engagement["domain"], engagement["canonical_name"]) == (None, "Contoso")
    assert (engagement["referral_count"], engagement["open_referral_count"]) == (1, 1)
    assert engagement["referral_ids"] == ["a", "b"]


def test_copies_of_an_engagement_count_once(connection: Connection) -> None:
    put(connection, "a", engagement_id="E1")
    put(connection, "b", engagement_id="E1", status="Closed")
    put(connection, "c", engagement_id="E2")
    lead = only(connection)
    assert (lead["referral_count"], lead["open_referral_count"], len(lead["referral_ids"])) == (2, 2, 3)


def test_contact_is_of_the_primary_referral_unless_another_is_easier_to_reach(connection: Connection) -> None:
    put(connection, "a", contact_name="A", contact_phone="1", contact_rank=1, deal_value_base=1_000_000)
    put(connection, "b", contact_name="B", contact_email="b@gmail.com", contact_rank=2)
    lead = only(connection)
    assert (lead["primary_referral_id"], lead["contact_name"], lead["contact_email"]) == ("a", "B", "b@gmail.com")
    connection.execute("update partner_center_referrals set contact_rank = 2 where referral_id = 'a'")
    assert (only(connection)["contact_name"], only(connection)["contact_phone"]) == ("A", "1")


def test_lead_has_a_name_before_its_company_is_computed(connection: Connection) -> None:
    """The name comes from the referral while `companies` lacks the domain."""
    put(connection, "a", company_name="Contoso Ltd", country="GB")
    lead = only(connection)
    assert (lead["canonical_name"], lead["country"], lead["company_id"]) == ("Contoso Ltd", "GB", None)


def test_ties_break_by_value_then_by_expiry(connection: Connection) -> None:
    put(connection, "1", domain="d.com")
    put(connection, "2", domain="c.com")
    put(connection, "3", domain="b.com", expires_at=NOW)
    put(connection, "4", domain="a.com", deal_value_base=1)
    assert [lead["domain"] for lead in all_leads(connection)] == ["a.com", "b.com", "c.com", "d.com"]
    assert leads_ready.count_urgent(connection) == 0


def test_sample_contains_no_personal_data(connection: Connection) -> None:
    """The sample in Dagster's web UI has no column about a person."""
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


def test_status_history_has_a_row_per_status(connection: Connection) -> None:
    """Each change of status or substatus is a row in order of time; the last one has no end."""
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
