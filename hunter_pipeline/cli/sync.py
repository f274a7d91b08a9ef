"""`hunter sync`: one sync now, in this process, recorded in Dagster like any run."""

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Annotated, Any, NamedTuple, TextIO, cast

import typer

from hunter_pipeline import errors
from hunter_pipeline.cli.progress import spinner
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.errors import HunterError

_SKIP_REASONS = {
    "feature_flag_disabled": "HUNTER_PARTNER_CENTER_ENABLED=true turns it on",
    "sync_in_progress": "another sync is running",
}
_STATEMENT_WARNING = "Exception while writing logger call to event log"
_RUN_HINT = "See the run in Dagster: `hunter up`, then /runs/{run_id}."
_COUNTS = ("fetched", "new", "updated", "unchanged", "quarantined", "without_domain", "missing")


class SyncResult(NamedTuple):
    """The summary of a sync and, if it failed, how to fix that and the traceback."""

    summary: dict[str, Any]
    hint: str | None = None
    traceback: str | None = None


def sync(
    context: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="Read everything, and mark what is gone upstream.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one line of JSON.")] = False,
) -> int:
    """
    Run one sync now, in this process.

    It is recorded in Dagster like any run. Logs go to standard error.
    """
    try:
        settings = load_settings()
        configure_logs(settings)
        result = run_sync(settings, full=full)
    except HunterError as error:
        if as_json:
            print(json.dumps(_failed_summary(error, full=full)))
        raise
    if context.obj and result.traceback:
        print(result.traceback, file=sys.stderr)  # --debug
    return print_result(result, as_json=as_json)


def run_sync(settings: Settings, *, full: bool) -> SyncResult:
    """
    Run one sync in this process, and return its result even if it failed.

    Raises: ConfigurationError or DatabaseError if it could not start.
    """
    if settings.partner_center_enabled:
        settings.require_partner_center()
    with spinner("Preparing the database"):
        from hunter_pipeline.definitions import defs  # noqa: PLC0415 - Dagster takes a second to import
        from hunter_pipeline.defs.dead_runs import process_tag  # noqa: PLC0415
        from hunter_pipeline.defs.schedules import FULL, JOB, QUIET  # noqa: PLC0415
        from hunter_pipeline.local import dagster_instance  # noqa: PLC0415
        from hunter_pipeline.warehouse import sync_runs  # noqa: PLC0415
        from hunter_pipeline.warehouse.connection import Warehouse  # noqa: PLC0415

        dagster_instance.prepare(settings)
    # Dagster warns about the missing check results of a skipped sync
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    # dagster-postgres logs each retry with its statement to the root logger
    logging.getLogger().addHandler(logging.NullHandler())
    with dagster_instance.open_instance() as dagster, spinner("Syncing with Partner Center"), hide_statements():
        job = defs.resolve_job_def(JOB)
        result = job.execute_in_process(
            run_config=QUIET | (FULL if full else {}),
            instance=dagster,
            tags={"hunter/started_by": "cli", **process_tag()},
            raise_on_error=False,
        )
    with Warehouse.from_settings(settings).connection() as connection:
        summary = sync_runs.summary(connection, result.run_id)
    if summary is None or summary["status"] == "running":
        raise errors.DatabaseError(
            "The sync could not be recorded.", hint="Check the database; `hunter doctor` shows whether it is reachable."
        )
    return _result(summary, result.all_events)


def _result(summary: dict[str, Any], events: Iterable[Any]) -> SyncResult:
    """Add the hint and the traceback of the step that failed, which are in Dagster's events."""
    failure = next((event.step_failure_data for event in events if event.is_step_failure), None)
    if failure is None:
        return SyncResult(summary)
    hint = failure.user_failure_data.metadata.get("what_to_do") if failure.user_failure_data else None
    traceback = failure.error.to_string() if failure.error else None
    return SyncResult(summary, str(hint.value) if hint else None, traceback)


def print_result(result: SyncResult, *, as_json: bool) -> int:
    """Print the result of a sync; return its exit code."""
    summary, hint, _ = result
    error = summary["error"]
    if as_json:
        print(json.dumps(summary, default=str))
    elif summary["status"] == "success":
        print(format_summary(summary))
    elif summary["status"] == "skipped":
        print(f"Skipped: {summary['reason']} ({_SKIP_REASONS[summary['reason']]}).")
    if summary["reason"] == "interrupted":
        raise KeyboardInterrupt  # Dagster has caught it
    if summary["status"] == "failed":
        message = error["message"] if error else f"The sync failed ({summary['reason']})."
        print(f"error: {message}", file=sys.stderr)
        print(f"hint:  {hint or _RUN_HINT.format(**summary)}", file=sys.stderr)
    if error is not None:
        return getattr(errors, error["type"], HunterError).exit_code
    return 1 if summary["status"] == "failed" else 0


def format_summary(summary: dict[str, Any]) -> str:
    """
    Return a summary as a line of text.

    Shape: 'Synced (incremental): fetched 739, new 739, updated 0, ..., missing 0; 4 pages, 0 retries, 4.3 s.'
    """
    counts = ", ".join(f"{name.replace('_', ' ')} {summary[name]}" for name in _COUNTS)
    pages = f"{summary['pages']} {'page' if summary['pages'] == 1 else 'pages'}"
    retries = f"{summary['retries']} {'retry' if summary['retries'] == 1 else 'retries'}"
    return f"Synced ({summary['mode']}): {counts}; {pages}, {retries}, {summary['duration_seconds']:.1f} s."


def _failed_summary(error: HunterError, *, full: bool) -> dict[str, Any]:
    """Return the summary of a sync that failed before its run was created."""
    return {
        "status": "failed",
        "reason": None,
        "run_id": None,
        "mode": "full" if full else "incremental",
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(("pages", "requests", "retries"), 0),
        "duration_seconds": 0.0,
        "watermark": None,
        "error": error.summary(),
    }


class _StatementFilter:
    """A stream that drops Dagster's messages about statements; each is written with one call."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return len(text) if text.startswith(_STATEMENT_WARNING) else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def hide_statements() -> Iterator[None]:
    """Keep statements off standard error: Dagster prints those that its storage rejected, with their values."""
    with redirect_stderr(cast(TextIO, _StatementFilter(sys.stderr))):
        yield
