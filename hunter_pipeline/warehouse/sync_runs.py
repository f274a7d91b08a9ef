"""The record of each sync, and the lock that lets one run at a time."""

import json
from typing import Any

from hunter_pipeline.warehouse.connection import Connection, queries

SYNC_LOCK = 4_276_180_391_552_002
"""An arbitrary number that only the sync's advisory lock has."""
STEP_LOCK = 4_276_180_391_552_003
"""Likewise, for the steps that rewrite tables: two at once would meet in the same rows."""


def try_sync_lock(connection: Connection) -> bool:
    """Take the lock for as long as the connection lives; False where another sync has it."""
    return bool(queries().try_sync_lock(connection, key=SYNC_LOCK))


def sync_is_running(connection: Connection) -> bool:
    """Whether any process holds the lock."""
    return bool(queries().sync_lock_is_held(connection, key=SYNC_LOCK))


def take_turn(connection: Connection) -> None:
    """Wait until no other process rewrites the tables behind raw_referrals; lasts until the transaction's end."""
    queries().take_turn(connection, key=STEP_LOCK)


def open_run(connection: Connection, run_id: str, mode: str) -> list[str]:
    """
    Write the sync down as running; the lock is held, so whatever else says "running" has died.

    Returns the ids of those that have.
    """
    interrupted = [row["run_id"] for row in queries().close_interrupted(connection, run_id=run_id)]
    queries().open_run(connection, run_id=run_id, mode=mode)
    return interrupted


def skip_run(connection: Connection, run_id: str, *, mode: str, reason: str, watermark: str | None) -> None:
    """Write down that a sync was asked for and why it did nothing."""
    queries().skip_run(connection, run_id=run_id, mode=mode, reason=reason, watermark=watermark)


def record_pull(connection: Connection, run_id: str, **counts: Any) -> None:
    """Keep `mode`, `fetched`, `quarantined`, `pages`, `requests`, `retries` and `watermark`."""
    queries().record_pull(connection, run_id=run_id, **counts)


def record_merge(connection: Connection, run_id: str, **counts: int) -> None:
    """Keep `new`, `updated`, `unchanged`, `without_domain` and `missing`."""
    queries().record_merge(connection, run_id=run_id, **counts)


def close_run(
    connection: Connection, run_id: str, *, status: str, reason: str | None, error: dict[str, Any] | None
) -> None:
    """Write down how the sync ended: 'success' or 'failed'."""
    queries().close_run(
        connection, run_id=run_id, status=status, reason=reason, error=None if error is None else json.dumps(error)
    )


def summary(connection: Connection, run_id: str) -> dict[str, Any] | None:
    """The summary of the contract, None where no such sync was recorded."""
    return queries().run_summary(connection, run_id=run_id)


def running(connection: Connection) -> str | None:
    """The id of the newest sync that says "running", None where none does."""
    return queries().running_sync(connection)


def last_success(connection: Connection) -> dict[str, Any] | None:
    """`run_id`, `finished_at` and `age_seconds` of the newest sync that succeeded."""
    return queries().last_success(connection)


def last_run(connection: Connection) -> dict[str, Any] | None:
    """`run_id`, `status`, `reason`, `mode`, `started_at` and `finished_at` of the newest sync."""
    return queries().last_run(connection)
