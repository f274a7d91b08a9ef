"""Test the metrics of answers: response time, expired referrals and win rates, by type and country."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hunter_pipeline.warehouse import lead_metrics
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline_tests.warehouse.test_leads import put

CREATED = datetime.now(UTC) - timedelta(days=30)


def answered(hours: float, **columns: Any) -> dict[str, Any]:
    """Return the columns of a referral that was accepted so many hours after its creation."""
    return {"source_created_at": CREATED, "accepted_at": CREATED + timedelta(hours=hours), **columns}


def metrics(connection: Connection, dimension: str = "all", value: str | None = None) -> dict[str, Any]:
    [row] = [row for row in lead_metrics.read(connection) if (row["dimension"], row["value"]) == (dimension, value)]
    return row


def test_response_time_counts_late_and_missing_answers(connection: Connection) -> None:
    """An answer that can still come in time counts neither way; a decline is an answer, dated by its close."""
    put(connection, "a", **answered(4))
    put(connection, "b", **answered(30))
    put(connection, "c", status="Closed", substatus="Declined", source_created_at=CREATED, closed_at=CREATED)
    put(connection, "waiting", status="New", source_created_at=CREATED)
    put(connection, "young", status="New", source_created_at=datetime.now(UTC) - timedelta(hours=2))
    found = metrics(connection)
    assert (found["referrals"], found["answered"], found["median_hours"]) == (5, 3, Decimal("4.0"))
    assert found["share_in_24_hours"] == Decimal("0.500")


def test_expired_referrals_are_counted_with_their_value(connection: Connection) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    put(connection, "expired", status="Closed", substatus="Expired", source_created_at=CREATED, deal_value_base=1000)
    put(connection, "just expired", status="New", source_created_at=CREATED, expires_at=past, deal_value_base=200)
    put(connection, "answered", **answered(4, deal_value_base=5000))
    found = metrics(connection)
    assert (found["expired"], found["expired_value"], found["share_expired"]) == (2, 1200, Decimal("0.667"))


def test_win_rate_is_known_by_type_and_country(connection: Connection) -> None:
    for number, (kind, country, result) in enumerate(
        [("co-sell", "DE", "Won"), ("co-sell", "TR", "Lost"), ("marketplace", "DE", "Won"), (None, "DE", "Accepted")]
    ):
        put(connection, str(number), **answered(4, substatus=result, referral_type=kind, country=country))
    assert metrics(connection)["win_rate"] == Decimal("0.667")
    assert metrics(connection, "referral_type", "co-sell")["win_rate"] == Decimal("0.500")
    assert metrics(connection, "country", "DE")["win_rate"] == 1
    assert metrics(connection, "referral_type", None)["win_rate"] is None
    numbers = lead_metrics.numbers(lead_metrics.read(connection))
    assert (numbers["won"], numbers["win_rate_co-sell"], numbers["median_hours"]) == (2.0, 0.5, 4.0)


def test_copies_count_once_and_other_referrals_not(connection: Connection) -> None:
    put(connection, "ours", **answered(4, engagement_id="e"))
    put(connection, "theirs", **answered(9, engagement_id="e", source_updated_at=CREATED - timedelta(days=400)))
    put(connection, "sent", **answered(9, direction="Outgoing"))
    put(connection, "gone", **answered(9, missing_since=CREATED))
    put(connection, "spam", **answered(9, is_spam=True))
    put(connection, "old", status="New")
    assert metrics(connection)["referrals"] == 1


def test_no_referrals_have_no_shares(connection: Connection) -> None:
    found = metrics(connection)
    assert (found["referrals"], found["median_hours"], found["win_rate"]) == (0, None, None)
