"""`hunter uat`: the seven acceptance tests, as a report."""

import json
from typing import Annotated

import typer

from hunter_pipeline.cli.output import spinner
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import CheckFailed
from hunter_pipeline.local import supervisor
from hunter_pipeline.uat import acceptance


def uat(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one line of JSON.")] = False,
) -> int:
    """
    Run the seven acceptance tests and print a report.

    They test the system that runs in this home or at HUNTER_API_HOST and HUNTER_API_PORT; if none runs, a temporary one
    on a sandbox. Faults and the disabled feature flag are tested in an isolated environment. Exit code 0 if all tests
    pass, 7 if one fails.
    """
    settings = load_settings()
    configure_logs(settings)
    report = None
    with supervisor.until_stopped(), spinner("Looking for a running system") as show:
        report = acceptance.run_acceptance_tests(settings, show)
    if report is None:
        raise typer.Abort  # Ctrl-C
    print(json.dumps(report.as_json(), ensure_ascii=False) if as_json else report.as_text())
    return 0 if report.passed else CheckFailed.exit_code
