"""What the alerts ask the stored tables; nothing of it is personal data."""

from datetime import datetime
from typing import Any

from hunter_pipeline.warehouse.connection import Connection, queries


def last_failure(connection: Connection) -> dict[str, Any] | None:
    """
    `run_id`, `reason`, `error_type` and `error_message` of the failure that counts now, None where syncs succeed.

    It is the newest sync that ended, or one of the last ten minutes that a success has followed: a failure between
    two looks is not overlooked, and one that comes and goes is one.
    """
    last = queries().last_ended_sync(connection)
    return last if last and last["status"] == "failed" else queries().last_failed_sync(connection)


def first_sync_started_at(connection: Connection) -> datetime | None:
    """When the first sync that is recorded began."""
    return queries().first_sync_started_at(connection)


def expiring_marks(connection: Connection) -> dict[str, datetime]:
    """A short mark of each unanswered referral that expires within 72 hours, and when it does; the next one first."""
    return {row["mark"]: row["expires_at"] for row in queries().expiring_marks(connection)}


def quarantined_lately(connection: Connection) -> dict[str, Any]:
    """`payloads` set aside within 24 hours, their `reasons` and the newest one's `run_id`."""
    return queries().quarantined_lately(connection)


def skipped_in_a_row(connection: Connection) -> dict[str, Any]:
    """Return `runs` skipped because of another sync since the last one ended, `since` when, and a `run_id`."""
    return queries().skipped_in_a_row(connection)
