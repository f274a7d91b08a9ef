"""Run the seven acceptance steps; a step that fails does not stop the others."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import HunterError
from hunter_pipeline.uat.integrity_steps import check_data, check_flag_off, check_logs_and_errors
from hunter_pipeline.uat.report import Evidence, Report, StepResult
from hunter_pipeline.uat.sync_steps import check_cadence, check_direct_sync, check_manual_sync, check_second_sync
from hunter_pipeline.uat.system import AcceptanceContext, find_running_system, own_system

Step = Callable[[AcceptanceContext], Iterator[Evidence]]
# In the order in which they run: those that need the isolated environment come last.
STEPS: list[tuple[int, str, Step]] = [
    (1, "Manual sync by the API returns a task id and runs", check_manual_sync),
    (2, "A run started directly executes and logs its statistics", check_direct_sync),
    (3, "A second sync creates nothing, no referral_id is doubled", check_second_sync),
    (4, "The cadence is scheduled and fires by itself", check_cadence),
    (6, "Tables, leads_ready and domain normalization are right", check_data),
    (5, "Logs are structured and errors are handled", check_logs_and_errors),
    (7, "The flag off gives 400, a skipped run and a log line", check_flag_off),
]


def run_acceptance_tests(settings: Settings, show: Callable[[str], None]) -> Report:
    """
    Test the running system, or one that is started for the test; end everything that was started, also on Ctrl-C.

    show:   gets a short text when something takes time.
    Raises: HunterError if the system for the test does not start, or the system of this home is still starting.
    """
    began, clock = datetime.now(UTC), time.monotonic()
    running = find_running_system(settings)
    left_behind: list[str] = []
    with ExitStack() as stack:
        system = running or stack.enter_context(own_system(show, left_behind))
        context = AcceptanceContext(system, show, stack, left_behind)
        description = system.describe()
        results = [run_step(number, title, step, context) for number, title, step in STEPS]
        show("Stopping what was started")
    results.sort(key=lambda result: result.number)
    return Report(began, description, results, time.monotonic() - clock, left_behind)


def run_step(number: int, title: str, step: Step, context: AcceptanceContext) -> StepResult:
    """Run one step; an error becomes its last evidence."""
    clock = time.monotonic()
    evidence: list[Evidence] = []
    try:
        evidence.extend(step(context))  # keeps what came before an error
    except HunterError as error:
        evidence.append(Evidence(False, f"{error.message} {error.hint or ''}".rstrip()))
    return StepResult(number, title, evidence, time.monotonic() - clock)
