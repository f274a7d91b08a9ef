"""The seven steps, one after the other; one that fails stops none of the others."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import HunterError
from hunter_pipeline.uat.cadence_step import cadence
from hunter_pipeline.uat.data_step import data
from hunter_pipeline.uat.laboratory_steps import flag_off, logs_and_errors
from hunter_pipeline.uat.report import Finding, Report, StepReport
from hunter_pipeline.uat.sync_steps import direct_run, manual_sync, second_sync
from hunter_pipeline.uat.systems import System, embedded_system, find_running, versions
from hunter_pipeline.uat.trial import Step, Trial

STEPS: list[tuple[int, str, Step]] = [
    (1, "Manual sync by the API returns a task id and runs", manual_sync),
    (2, "A run started directly executes and logs its statistics", direct_run),
    (3, "A second sync creates nothing, no referral_id is doubled", second_sync),
    (4, "The cadence is scheduled and fires by itself", cadence),
    (6, "Tables, leads_ready and domain normalization are right", data),
    (5, "Logs are structured and errors are handled", logs_and_errors),
    (7, "The flag off gives 400, a skipped run and a log line", flag_off),
]
"""In the order in which they are made: what needs the laboratory comes last."""


def accept(settings: Settings, tell: Callable[[str], None]) -> Report:
    """
    Test the system that runs, or one of our own; whatever is started ends with it, also at Ctrl-C.

    tell:   gets a short sentence whenever something takes its time.
    Raises: ConfigurationError where the system is just being started.
    """
    began, clock = datetime.now(UTC), time.monotonic()
    running = find_running(settings)
    remnants: list[str] = []
    with ExitStack() as stack:
        system, why_not = _system(running, tell, stack, remnants)
        trial = Trial(system, why_not, tell, stack, remnants)
        described = system.described() if system else {"System": why_not or "none", "Versions": versions()}
        steps = [try_step(number, title, step, trial) for number, title, step in STEPS]
        tell("Ending what was started")
    steps.sort(key=lambda step: step.number)
    return Report(began, described, steps, time.monotonic() - clock, remnants)


def _system(
    running: System | None, tell: Callable[[str], None], stack: ExitStack, remnants: list[str]
) -> tuple[System | None, str | None]:
    """The system under test, or why there is none."""
    try:
        return running or stack.enter_context(embedded_system(tell, remnants)), None
    except HunterError as error:
        return None, f"The test's own system did not start: {error.message}"


def try_step(number: int, title: str, step: Step, trial: Trial) -> StepReport:
    """What a step finds; where a part is out of reach, that is what it finds."""
    clock = time.monotonic()
    findings: list[Finding] = []
    try:
        findings.extend(step(trial))  # what was found before an error stays
    except HunterError as error:
        findings.append(Finding(False, f"{error.message} {error.hint or ''}".rstrip()))
    return StepReport(number, title, findings, time.monotonic() - clock)
