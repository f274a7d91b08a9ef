"""
One sync from its first step to its last: the lock, the record in `sync_runs`, and the events in the log.

What belongs here: what is true of a sync as a whole. What does not: the steps themselves (`sync.py`),
and who starts one (Dagster's assets in `defs/`).
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import structlog

from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import HunterError, PartnerCenterError
from hunter_pipeline.pipeline.steps import Pull, Stream
from hunter_pipeline.warehouse import raw_referrals, sync_runs
from hunter_pipeline.warehouse.connection import Connection, database_errors

FLAG_DISABLED = "feature_flag_disabled"
IN_PROGRESS = "sync_in_progress"
INTERRUPTED = "interrupted"
UNEXPECTED = "unexpected_error"


def stream_of(settings: Settings) -> Stream:
    """The stream that the settings name; before anybody is configured, one without a tenant."""
    return Stream(settings.partner_center_tenant_id or "", settings.partner_center_direction)


class SyncRun:
    """
    A sync under way, on a connection of its own that holds the lock.

    The pages are landed on that very connection: a process that loses the lock cannot write either.
    """

    def __init__(self, connection: Connection, settings: Settings, run_id: str) -> None:
        self.connection = connection
        self.settings = settings
        self.run_id = run_id
        self.stream = stream_of(settings)
        self.pulled: Pull | None = None
        self.interrupted: list[str] = []
        """Runs that had died before this one; known once it has begun."""
        self._is_open = False
        self._error: dict[str, Any] | None = None
        self._reason: str | None = None
        structlog.contextvars.bind_contextvars(run_id=run_id)

    def begin(self, mode: str) -> str | None:
        """
        Take the lock and write the sync down; returns None, or the reason why nothing is to be done.

        A skip is recorded and logged as well. Raises: DatabaseError.
        """
        with database_errors():
            reason = self._why_not()
            if reason is not None:
                watermark = raw_referrals.watermark(self.connection, self.stream.name)
                sync_runs.skip_run(self.connection, self.run_id, mode=mode, reason=reason, watermark=watermark)
            else:
                self.interrupted = sync_runs.open_run(self.connection, self.run_id, mode)
                self._is_open = True
            self.connection.commit()
        if reason is not None:
            log.info("partner_center_sync_skipped", reason=reason, mode=mode)
        else:
            log.info("partner_center_sync_started", mode=mode)
        return reason

    def _why_not(self) -> str | None:
        if not self.settings.partner_center_enabled:
            return FLAG_DISABLED
        return None if sync_runs.try_sync_lock(self.connection) else IN_PROGRESS

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Whatever ends a step with an error ends the sync with it: it is noted and goes on rising."""
        try:
            with database_errors():
                yield
                self.connection.commit()  # what was read at the end of a step holds nothing open during the next ones
        except HunterError as error:
            self.fail(error, step=name)
            raise
        except Exception:
            self._reason = UNEXPECTED  # a fault of ours: Dagster shows it, the record must not say "running" for ever
            raise
        except BaseException:
            self._reason = INTERRUPTED  # Ctrl-C, or a run that was terminated
            raise

    def fail(self, error: HunterError, *, step: str) -> None:
        """Note why the sync failed, and say so in the log."""
        self._error = error.summary()
        facts: dict[str, Any] = {"step": step, "error_type": type(error).__name__, "error": error.message}
        if isinstance(error, PartnerCenterError):
            facts |= {name: getattr(error, name) for name in ("status_code", "request_id", "attempt", "retry_after")}
        log.error("partner_center_sync_failed", hint=error.hint, **facts)

    def finish(self) -> dict[str, Any] | None:
        """Close the record and log the summary; returns it, None where no sync was begun. Raises: DatabaseError."""
        structlog.contextvars.unbind_contextvars("run_id")
        if not self._is_open:
            return None
        failed = self._error is not None or self._reason is not None
        with database_errors():
            self.connection.rollback()  # what a failing step left open
            sync_runs.close_run(
                self.connection,
                self.run_id,
                status="failed" if failed else "success",
                reason=self._reason,
                error=self._error,
            )
            self.connection.commit()
            summary = sync_runs.summary(self.connection, self.run_id)
            self.connection.commit()
        if summary is not None:
            log_summary(summary)
        return summary


def log_summary(summary: dict[str, Any]) -> None:
    """The event that monitoring counts by: the summary's fields, `duration`, and the unchanged as `skipped`."""
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
