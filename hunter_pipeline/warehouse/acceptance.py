"""What the acceptance tests ask the stored tables."""

from typing import Any

from hunter_pipeline.warehouse.connection import Connection, queries


def referral_counts(connection: Connection) -> tuple[int, int]:
    """Rows of partner_center_referrals, and how many referral ids they have."""
    found = queries().referral_counts(connection)
    return found["referrals"], found["referral_ids"]


def come_since(connection: Connection, run_id: str, watermark: str | None) -> list[dict[str, Any]]:
    """
    `referral_id` of the rows that were made after a sync had ended, and `is_newer`.

    is_newer: whether upstream changed the referral after the sync's watermark; None as watermark: all are.
    """
    return list(queries().referrals_come_since(connection, run_id=run_id, watermark=watermark))


def count_changed_upstream_since(connection: Connection, watermark: str) -> int:
    """Referrals that upstream says it changed after a watermark."""
    return int(queries().count_changed_upstream_since(connection, watermark=watermark))


def quarantined_by(connection: Connection, run_id: str) -> tuple[int, list[str]]:
    """How many payloads a sync put into quarantine, and the distinct reasons."""
    reasons = [row["reason"] for row in queries().quarantine_reasons(connection, run_id=run_id)]
    return int(queries().count_quarantined_by_run(connection, run_id=run_id)), reasons


def misplaced_leads(connection: Connection) -> list[dict[str, Any]]:
    """`lead_key` and `is_lead` where leads_ready and the open referrals disagree; at most 20."""
    return list(queries().misplaced_leads(connection))


def counts(connection: Connection) -> dict[str, int]:
    """Rows of each table, and distinct referrals of raw_referrals."""
    return queries().acceptance_counts(connection)
