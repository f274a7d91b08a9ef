"""`hunter sync`: one sync now, in this process, recorded in Dagster like any run."""

import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Annotated, Any, NamedTuple, TextIO, cast

import typer

from hunter_pipeline import errors
from hunter_pipeline.config.logs import configure_logs, written_by
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.errors import HunterError

_REASONS = {
    "feature_flag_disabled": "HUNTER_PARTNER_CENTER_ENABLED=true turns it on",
    "sync_in_progress": "another sync is under way",
}
_QUOTES_A_STATEMENT = "Exception while writing logger call to event log"
_LOOK_AT_THE_RUN = "Dagster shows more: `hunter up`, then /runs/{run_id}."
_COUNTS = ("fetched", "new", "updated", "unchanged", "quarantined", "without_domain", "missing")


class Outcome(NamedTuple):
    """How a sync went: the contract's summary and, where it failed, how to mend that and where it happened."""

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
        outcome = run_sync(settings, full=full)
    except HunterError as error:
        if as_json:
            print(json.dumps(_never_started(error, full=full)))
        raise
    if context.obj and outcome.traceback:
        print(outcome.traceback, file=sys.stderr)  # --debug
    return report(outcome, as_json=as_json)


def run_sync(settings: Settings, *, full: bool) -> Outcome:
    """
    One sync in this process, whatever its outcome.

    Raises: ConfigurationError or DatabaseError where it could not even start.
    """
    if settings.partner_center_enabled:
        settings.require_partner_center()
    with _progress("Preparing the database"):
        from hunter_pipeline.definitions import defs  # noqa: PLC0415
        from hunter_pipeline.defs.dead_runs import process_tag  # noqa: PLC0415
        from hunter_pipeline.defs.schedules import FULL, JOB, QUIET  # noqa: PLC0415
        from hunter_pipeline.local import dagster_instance  # noqa: PLC0415 - Dagster takes a second to import
        from hunter_pipeline.warehouse import sync_runs  # noqa: PLC0415
        from hunter_pipeline.warehouse.connection import Warehouse  # noqa: PLC0415

        dagster_instance.prepare(settings)
    # a skipped sync makes no check results, and Dagster would warn of that
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    # dagster-postgres warns through the root logger, with the statement, at each try to reach its storage again
    logging.getLogger().addHandler(logging.NullHandler())
    with dagster_instance.open_instance() as dagster, _progress("Syncing with Partner Center"), without_statements():
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
            "The sync could not be recorded.", hint="Look at the database; `hunter doctor` asks it again."
        )
    return _outcome(summary, result.all_events)


def _outcome(summary: dict[str, Any], events: Iterable[Any]) -> Outcome:
    """With what the failing step told Dagster's web UI: how to mend it, and its traceback."""
    failure = next((event.step_failure_data for event in events if event.is_step_failure), None)
    if failure is None:
        return Outcome(summary)
    told = failure.user_failure_data
    hint = told.metadata.get("what_to_do") if told is not None else None
    traceback = failure.error.to_string() if failure.error is not None else None
    return Outcome(summary, str(hint.value) if hint is not None else None, traceback)


def report(outcome: Outcome, *, as_json: bool) -> int:
    """Print how a sync went; returns the exit code that belongs to it."""
    summary, hint, _ = outcome
    error = summary["error"]
    if as_json:
        print(json.dumps(summary, default=str))
    elif summary["status"] == "success":
        print(in_words(summary))
    elif summary["status"] == "skipped":
        print(f"Skipped: {summary['reason']} ({_REASONS[summary['reason']]}).")
    if summary["reason"] == "interrupted":
        raise KeyboardInterrupt  # Dagster had caught it
    if summary["status"] == "failed":
        message = error["message"] if error else f"The sync failed ({summary['reason']})."
        print(f"error: {message}", file=sys.stderr)
        print(f"hint:  {hint or _LOOK_AT_THE_RUN.format(**summary)}", file=sys.stderr)
    if error is not None:
        return getattr(errors, error["type"], HunterError).exit_code
    return 1 if summary["status"] == "failed" else 0


def in_words(summary: dict[str, Any]) -> str:
    """
    A summary for eyes.

    Shape: 'Synced (incremental): fetched 739, new 739, updated 0, ..., missing 0; 4 pages, 0 retries, 4.3 s.'
    """
    counts = ", ".join(f"{name.replace('_', ' ')} {summary[name]}" for name in _COUNTS)
    return (
        f"Synced ({summary['mode']}): {counts}; {_number(summary['pages'], 'page', 'pages')}, "
        f"{_number(summary['retries'], 'retry', 'retries')}, {summary['duration_seconds']:.1f} s."
    )


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


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


class _Discreet:
    """A stream that leaves those lines out; Dagster writes each with one call."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return len(text) if text.startswith(_QUOTES_A_STATEMENT) else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def without_statements() -> Iterator[None]:
    """Keep statements off standard error: Dagster quotes the one that its storage refused, with its values."""
    with redirect_stderr(cast(TextIO, _Discreet(sys.stderr))):
        yield


@contextmanager
def _progress(text: str) -> Iterator[None]:
    """
    Something moves below the lines of the log, for a person at a terminal.

    It writes to a copy of standard error, because Dagster puts a file in the place of the original during a step.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding, errors="replace") as terminal:
        console = Console(file=terminal)

        def above(line: str) -> None:
            console.print(Text.from_ansi(line), soft_wrap=True)

        with console.status(text), written_by(above):
            yield
