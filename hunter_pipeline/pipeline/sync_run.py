"""Manage a sync from start to end: its lease, its row in `sync_runs`, and its log events."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import structlog

from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import DatabaseError, HunterError, PartnerCenterError
from hunter_pipeline.pipeline.extract_state import Stream
from hunter_pipeline.warehouse import sync_cursors, sync_runs
from hunter_pipeline.warehouse.connection import Connection, Warehouse, database_errors
from hunter_pipeline.warehouse.sync_lease import Lease

# The name of Dagster's job and its run configurations, here for callers that do not import Dagster: the API starts
# runs by name.
SYNC_JOB = "sync_partner_center_referrals"
FULL_RUN_CONFIG: dict[str, Any] = {"ops": {"raw_referrals": {"config": {"mode": "full"}}}}
# Selects the console logger of `definitions.py`; Dagster's default logger repeats every event.
QUIET_RUN_CONFIG: dict[str, Any] = {"loggers": {"console": {"config": {}}}}

FLAG_DISABLED = "feature_flag_disabled"
IN_PROGRESS = "sync_in_progress"
INTERRUPTED = "interrupted"
UNEXPECTED = "unexpected_error"
# Seconds that a full read waits for a running sync.
WAIT_SECONDS = 900.0


class SyncRun:
    """
    A sync, which holds the lease from `begin` to `finish`.

    interrupted: ids of earlier syncs that were interrupted; set by `begin`.
    """

    def __init__(self, warehouse: Warehouse, settings: Settings, run_id: str) -> None:
        self.run_id = run_id
        self.interrupted: list[str] = []
        self._warehouse = warehouse
        self._settings = settings
        self._is_open = False
        self._error: dict[str, Any] | None = None
        self._reason: str | None = None
        self._lease = Lease(warehouse, run_id)
        structlog.contextvars.bind_contextvars(run_id=run_id)

    def begin(self, mode: str) -> str | None:
        """
        Acquire the lease and record the sync; return None, or the reason if it is skipped.

        A full read waits for a running sync instead of being skipped. A skip is recorded and logged as well.
        Raises: DatabaseError, also if a full read has waited too long.
        """
        with self._warehouse.connection() as connection:
            reason = self._skip_reason(connection, mode)
            if reason is None:
                self.interrupted = sync_runs.open_run(connection, self.run_id, mode)
                self._is_open = True
            else:
                stream = Stream.from_settings(self._settings).name
                watermark = sync_cursors.watermark(connection, stream)
                sync_runs.skip_run(connection, self.run_id, mode=mode, reason=reason, watermark=watermark)
        if reason is None:
            log.info("partner_center_sync_started", mode=mode)
        else:
            log.info("partner_center_sync_skipped", reason=reason, mode=mode)
        return reason

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Record an error of the step as that of the sync, and raise it again."""
        try:
            with database_errors():
                yield
        except HunterError as error:
            self.fail(error, step=name)
            raise
        except Exception:
            self._reason = UNEXPECTED  # a bug: Dagster shows it, and the row must not keep the status "running"
            raise
        except BaseException:
            self._reason = INTERRUPTED  # Ctrl-C, or a run that was terminated
            raise

    def fail(self, error: HunterError, *, step: str) -> None:
        """Record why the sync failed, and log it."""
        self._error = error.summary()
        facts: dict[str, Any] = {"step": step, "error_type": type(error).__name__, "error": error.message}
        if isinstance(error, PartnerCenterError):
            facts |= {name: getattr(error, name) for name in ("status_code", "request_id", "attempt", "retry_after")}
        log.error("partner_center_sync_failed", hint=error.hint, **facts)

    def finish(self) -> dict[str, Any] | None:
        """Record the end, release the lease, and log and return the summary. Raises: DatabaseError."""
        structlog.contextvars.unbind_contextvars("run_id")
        if not self._is_open:
            return None
        failed = self._error is not None or self._reason is not None
        with self._warehouse.connection() as connection:
            sync_runs.close_run(
                connection,
                self.run_id,
                status="failed" if failed else "success",
                reason=self._reason,
                error=self._error,
            )
            connection.commit()
            self._lease.release(connection)
            summary = sync_runs.summary(connection, self.run_id)
        if summary is not None:
            log_summary(summary)
        return summary

    def _skip_reason(self, connection: Connection, mode: str) -> str | None:
        if not self._settings.partner_center_enabled:
            return FLAG_DISABLED
        if mode != "full":
            return None if self._lease.acquire(connection) else IN_PROGRESS
        if not self._lease.wait(connection, WAIT_SECONDS, lambda: log.info("partner_center_sync_waits")):
            error = DatabaseError(
                f"A full read has waited {WAIT_SECONDS // 60:.0f} minutes for the sync under way, which has not ended.",
                hint="Look at that sync's run in Dagster; terminate it if it hangs.",
            )
            sync_runs.refuse_run(connection, self.run_id, mode=mode, reason=IN_PROGRESS, error=error.summary())
            connection.commit()
            raise error
        return None


def log_summary(summary: dict[str, Any]) -> None:
    """Log the event for monitoring: the summary's fields, `duration`, and `unchanged` as `skipped`."""
    facts = {name: value for name, value in summary.items() if name not in ("duration_seconds", "error")}
    error: dict[str, Any] = summary["error"] or {}
    log.info(
        "partner_center_sync_summary",
        **facts,
        duration=summary["duration_seconds"],
        skipped=summary["unchanged"],
        skipped_reason="already_exists" if summary["unchanged"] else None,
        error_type=error.get("type"),
    )
