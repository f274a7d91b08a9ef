"""`hunter sync`: one sync now, in this process, recorded in Dagster like any run."""

import json
import sys
from typing import Annotated, Any, NamedTuple

import typer

from hunter_pipeline import errors
from hunter_pipeline.cli.jobs import run_job, step_failure
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.errors import HunterError
from hunter_pipeline.pipeline.sync_run import FULL_RUN_CONFIG, QUIET_RUN_CONFIG, SYNC_JOB
from hunter_pipeline.warehouse import sync_runs
from hunter_pipeline.warehouse.connection import Warehouse

_SKIP_REASONS = {
    "feature_flag_disabled": "HUNTER_PARTNER_CENTER_ENABLED=true turns it on",
    "sync_in_progress": "another sync is running",
}
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
    config = QUIET_RUN_CONFIG | (FULL_RUN_CONFIG if full else {})
    result = run_job(settings, SYNC_JOB, config, "Syncing with Partner Center")
    with Warehouse.from_settings(settings).connection() as connection:
        summary = sync_runs.summary(connection, result.run_id)
    if summary is None or summary["status"] == "running":
        raise errors.DatabaseError(
            "The sync could not be recorded.", hint="Check the database; `hunter doctor` shows whether it is reachable."
        )
    failure = step_failure(result)
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
        **dict.fromkeys((*_COUNTS, "pages", "requests", "retries"), 0),
        "duration_seconds": 0.0,
        "watermark": None,
        "error": error.summary(),
    }
