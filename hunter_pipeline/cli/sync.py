"""`hunter sync`: one sync now, in this process, recorded in Dagster like any run."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from hunter_pipeline.domain import errors
from hunter_pipeline.domain.errors import HunterError
from hunter_pipeline.logs import configure_logs
from hunter_pipeline.settings import Settings, load_settings

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_COUNTS = ("fetched", "new", "updated", "unchanged", "quarantined", "without_domain", "missing")


def sync(
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
        summary = run_sync(settings, full=full)
    except HunterError as error:
        if as_json:
            print(json.dumps(_never_started(error, full=full)))
        raise
    return report(summary, as_json=as_json)


def run_sync(settings: Settings, *, full: bool) -> dict[str, Any]:
    """
    One sync in this process; returns its summary, whatever its outcome.

    Raises: ConfigurationError or DatabaseError where it could not even start.
    """
    if settings.partner_center_enabled:
        settings.require_partner_center()
    with _spinner("Preparing the database"):
        from hunter_pipeline import instance  # noqa: PLC0415 - Dagster takes a second to import
        from hunter_pipeline.definitions import defs  # noqa: PLC0415
        from hunter_pipeline.defs.cadence import FULL, JOB  # noqa: PLC0415
        from hunter_pipeline.warehouse import runs  # noqa: PLC0415
        from hunter_pipeline.warehouse.connection import Warehouse  # noqa: PLC0415

        instance.prepare(settings)
    with instance.open_instance() as dagster, _spinner("Syncing with Partner Center"):
        job = defs.resolve_job_def(JOB)
        result = job.execute_in_process(
            run_config={**_QUIET, **(FULL if full else {})},
            instance=dagster,
            tags={"hunter/started_by": "cli"},
            raise_on_error=False,
        )
    with Warehouse.from_settings(settings).connection() as connection:
        summary = runs.summary(connection, result.run_id)
    if summary is None or summary["status"] == "running":
        raise errors.DatabaseError(
            "The sync could not be recorded.", hint="Look at the database; `hunter doctor` asks it again."
        )
    return summary


def report(summary: dict[str, Any], *, as_json: bool) -> int:
    """Print how a sync went; returns the exit code that belongs to it."""
    error = summary["error"]
    if as_json:
        print(json.dumps(summary, default=str))
    elif summary["status"] == "success":
        print(in_words(summary))
    elif summary["status"] == "skipped":
        print(f"Skipped: {summary['reason']}.")
    if error is not None:
        print(f"error: {error['message']}", file=sys.stderr)
    elif summary["status"] == "failed":
        print(f"error: the sync failed ({summary['reason']}); Dagster's page of the run tells more.", file=sys.stderr)
    if error is not None:
        return getattr(errors, error["type"], HunterError).exit_code
    return 1 if summary["status"] == "failed" else 0


def in_words(summary: dict[str, Any]) -> str:
    """
    A summary for eyes.

    Shape: 'Synced (incremental): fetched 739, new 739, updated 0, ..., in 4.3 s, 4 pages.'
    """
    counts = ", ".join(f"{name.replace('_', ' ')} {summary[name]}" for name in _COUNTS)
    return (
        f"Synced ({summary['mode']}): {counts}; {summary['pages']} pages, {summary['retries']} retries, "
        f"{summary['duration_seconds']:.1f} s."
    )


def _never_started(error: HunterError, *, full: bool) -> dict[str, Any]:
    """The summary of a sync that met its error before there was a run."""
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


@contextmanager
def _spinner(text: str) -> Iterator[None]:
    """Something moves while nothing is logged, for a person at a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415

    with Console(stderr=True).status(text):
        yield


