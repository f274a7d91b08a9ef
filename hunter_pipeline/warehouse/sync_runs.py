"""Read and write the table `sync_runs`: one row per sync."""

import json
from typing import Any, NamedTuple

from hunter_pipeline.warehouse.connection import (
    Connection,
    Row,
    execute,
    fetch_all,
    fetch_one,
    fetch_row,
    fetch_value,
)


class WeeklyVolume(NamedTuple):
    """New referrals of the last seven days and of a usual week (None before four weeks have passed)."""

    last: int
    usual: float | None


class DomainShares(NamedTuple):
    """Shares of referrals without a domain, 0 to 1: in the last full read, and usually; None if there was none."""

    last: float | None
    usual: float | None


def open_run(connection: Connection, run_id: str, mode: str) -> list[str]:
    """
    Record a sync as running and return the ids of those that were interrupted.

    The caller holds the lease, so every other row with the status "running" belongs to a process that died.
    """
    interrupted = [row["run_id"] for row in fetch_all(connection, "close_interrupted", run_id=run_id)]
    execute(connection, "open_run", run_id=run_id, mode=mode)
    return interrupted


def skip_run(connection: Connection, run_id: str, *, mode: str, reason: str, watermark: str | None) -> None:
    """Record a skipped sync and its reason."""
    execute(connection, "skip_run", run_id=run_id, mode=mode, reason=reason, watermark=watermark)


def refuse_run(connection: Connection, run_id: str, *, mode: str, reason: str, error: dict[str, Any]) -> None:
    """Record a sync that failed before it could begin."""
    execute(connection, "refuse_run", run_id=run_id, mode=mode, reason=reason, error=json.dumps(error))


def record_extract(connection: Connection, run_id: str, **counts: Any) -> None:
    """Store `mode`, `fetched`, `quarantined`, `pages`, `requests`, `retries` and `watermark`."""
    execute(connection, "record_extract", run_id=run_id, **counts)


def record_merge(connection: Connection, run_id: str, **counts: int) -> None:
    """Store `new`, `updated`, `without_domain` and `missing`, and the difference `unchanged`."""
    execute(connection, "record_merge", run_id=run_id, **counts)


def close_run(
    connection: Connection, run_id: str, *, status: str, reason: str | None, error: dict[str, Any] | None
) -> None:
    """Record how the sync ended: 'success' or 'failed'."""
    text = None if error is None else json.dumps(error)
    execute(connection, "close_run", run_id=run_id, status=status, reason=reason, error=text)


def summary(connection: Connection, run_id: str) -> Row | None:
    """Return the summary of a sync, or None if it was not recorded."""
    return fetch_one(connection, "run_summary", run_id=run_id)


def running_sync(connection: Connection) -> str | None:
    """Return the id of the newest sync with the status "running", or None."""
    return fetch_value(connection, "running_sync")


def last_success(connection: Connection) -> Row | None:
    """Return `run_id`, `finished_at` and `age_seconds` of the newest sync that succeeded."""
    return fetch_one(connection, "last_success")


def last_run(connection: Connection) -> Row | None:
    """Return `run_id`, `status`, `reason`, `mode`, `started_at` and `finished_at` of the newest sync."""
    return fetch_one(connection, "last_run")


def weekly_volume(connection: Connection) -> WeeklyVolume:
    """Return how many new referrals the last week brought, and a week of the four before."""
    return WeeklyVolume(**fetch_row(connection, "weekly_volume"))


def shares_without_domain(connection: Connection) -> DomainShares:
    """Return the shares of referrals without a domain."""
    return DomainShares(**fetch_row(connection, "shares_without_domain"))


def recent(connection: Connection, limit: int) -> list[Row]:
    """Return the summaries of the last syncs with `started_at` and `finished_at`, the newest first."""
    return fetch_all(connection, "recent_syncs", at_most=limit)


def numbers(connection: Connection) -> Row:
    """Return syncs by outcome, `success_seconds`, `retries`, `quarantined`, and `age_seconds` of the last success."""
    return fetch_row(connection, "sync_numbers")
