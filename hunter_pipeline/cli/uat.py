"""`hunter uat`: the seven acceptance tests, as a report."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import CheckFailed


def uat(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one line of JSON.")] = False,
) -> int:
    """
    Run the acceptance tests, and print a report of what passed.

    They test the system that runs in this home or that HUNTER_API_PORT leads to; where none runs, one of their own,
    on a sandbox. Faults and the flag off are tried in a temporary home, so a real one keeps its state. Exit code 0
    if all pass, 7 if one does not.
    """
    settings = load_settings()
    configure_logs(settings)
    from hunter_pipeline.local import supervisor  # noqa: PLC0415 - Dagster takes a second to import
    from hunter_pipeline.uat import acceptance  # noqa: PLC0415

    report = None
    with supervisor.until_stopped(), _progress() as tell:
        report = acceptance.accept(settings, tell)
    if report is None:
        raise typer.Abort  # Ctrl-C; what was started has ended
    print(json.dumps(report.as_json(), ensure_ascii=False) if as_json else report.as_text())
    return 0 if report.passed else CheckFailed.exit_code


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What is waited for, for a person at a terminal; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _sentence: None
        return
    from rich.console import Console  # noqa: PLC0415

    with Console(stderr=True).status("Looking for a system that runs") as status:
        yield status.update
