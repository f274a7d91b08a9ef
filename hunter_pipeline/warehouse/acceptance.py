"""Run the queries of the acceptance tests."""

from typing import Any

from hunter_pipeline.warehouse.connection import Connection, fetch_all, fetch_row, fetch_value


def referral_counts(connection: Connection) -> tuple[int, int]:
    """Return the number of rows and of distinct referral ids in partner_center_referrals."""
    found = fetch_row(connection, "referral_counts")
    return found["referrals"], found["referral_ids"]


def come_since(connection: Connection, run_id: str, watermark: str | None) -> list[dict[str, Any]]:
    """
    Return `referral_id` and `is_newer` of the rows that were inserted after a sync had ended.

    is_newer: whether upstream changed the referral after the sync's watermark; true for all rows if it is None.
    """
    return fetch_all(connection, "referrals_come_since", run_id=run_id, watermark=watermark)


def count_changed_upstream_since(connection: Connection, watermark: str) -> int:
    """Return how many referrals upstream changed after a watermark."""
    return int(fetch_value(connection, "count_changed_upstream_since", watermark=watermark))


def quarantined_by(connection: Connection, run_id: str) -> tuple[int, list[str]]:
    """Return how many payloads a sync put into quarantine, and the distinct reasons."""
    reasons = [row["reason"] for row in fetch_all(connection, "quarantine_reasons", run_id=run_id)]
    return int(fetch_value(connection, "count_quarantined_by_run", run_id=run_id)), reasons


def counts(connection: Connection) -> dict[str, int]:
    """Return the number of rows of each table, and of distinct referrals in raw_referrals."""
    return fetch_row(connection, "acceptance_counts")
