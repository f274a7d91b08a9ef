"""Run the queries of the alerts, which return no personal data except companies' names."""

from datetime import datetime
from typing import Any

from hunter_pipeline.warehouse.connection import Connection, Row, fetch_all, fetch_one, fetch_row, fetch_value


def last_failure(connection: Connection) -> dict[str, Any] | None:
    """
    Return `run_id`, `reason`, `error_type` and `error_message` of the current failure, None if syncs succeed.

    The failure is that of the newest finished sync. One of the last ten minutes counts even if a success followed, so
    that a failure between two ticks of the sensor is alerted as well.
    """
    last = fetch_one(connection, "last_ended_sync")
    return last if last and last["status"] == "failed" else fetch_one(connection, "last_failed_sync")


def first_sync_started_at(connection: Connection) -> datetime | None:
    """Return when the first recorded sync began."""
    return fetch_value(connection, "first_sync_started_at")


def expiring_marks(connection: Connection) -> dict[str, datetime]:
    """Return `mark` (a hash) and expiry of each unanswered referral that expires within 72 hours, earliest first."""
    return {row["mark"]: row["expires_at"] for row in fetch_all(connection, "expiring_marks")}


def quarantined_lately(connection: Connection) -> dict[str, Any]:
    """Return `payloads` quarantined within 24 hours, their `reasons` and the `run_id` of the newest."""
    return fetch_row(connection, "quarantined_lately")


def skipped_in_a_row(connection: Connection) -> dict[str, Any]:
    """Return the number of `runs` skipped since the last finished sync, the first time (`since`) and a `run_id`."""
    return fetch_row(connection, "skipped_in_a_row")


def lead_event_rows(connection: Connection, *, since: datetime) -> list[Row]:
    """
    Return the events that sellers are notified of: `kind`, `mark` and the referral without its contacts.

    since: leads stored and changes made before this time are left out.
    """
    return fetch_all(connection, "lead_events", since=since)
