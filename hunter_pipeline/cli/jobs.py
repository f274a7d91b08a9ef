"""Run a Dagster job in this process, recorded in Dagster like any run."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any, TextIO, cast

from hunter_pipeline.cli.output import spinner
from hunter_pipeline.config.settings import Settings

_STATEMENT_WARNING = "Exception while writing logger call to event log"


def run_job(settings: Settings, job: str, config: dict[str, Any], text: str, *, raise_on_error: bool = False) -> Any:
    """
    Run a job and return Dagster's result; `text` describes the work on a terminal.

    Raises: ConfigurationError or DatabaseError if it could not start.
    """
    with spinner("Preparing the database"):
        from hunter_pipeline.definitions import defs  # noqa: PLC0415 - Dagster takes a second to import
        from hunter_pipeline.defs.maintenance import process_tags, share_connections  # noqa: PLC0415
        from hunter_pipeline.local import dagster_instance  # noqa: PLC0415

        dagster_instance.prepare(settings)
    # dagster-postgres logs each retry with its statement to the root logger
    logging.getLogger().addHandler(logging.NullHandler())
    with dagster_instance.open_instance() as dagster, spinner(text), hide_statements():
        share_connections(dagster)
        return defs.resolve_job_def(job).execute_in_process(
            run_config=config,
            instance=dagster,
            tags={"hunter/started_by": "cli", **process_tags()},
            raise_on_error=raise_on_error,
        )


def step_failure(result: Any) -> Any:
    """Return Dagster's data of the first step that failed in a run, None if none did."""
    return next((event.step_failure_data for event in result.all_events if event.is_step_failure), None)


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
