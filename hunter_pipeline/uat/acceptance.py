"""Run the seven acceptance steps, and write their report as text and as JSON."""

import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import HunterError
from hunter_pipeline.uat.integrity_steps import check_data, check_flag_off, check_logs_and_errors
from hunter_pipeline.uat.sync_steps import check_cadence, check_direct_sync, check_manual_sync, check_second_sync
from hunter_pipeline.uat.system import AcceptanceContext, Evidence, find_running_system, own_system

WIDTH = 100
_BLANK = "_" * 28
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


@dataclass(frozen=True)
class StepResult:
    """The result of one step: what it tests, its evidence, and its duration in seconds."""

    number: int
    title: str
    evidence: list[Evidence]
    seconds: float

    @property
    def passed(self) -> bool:
        """Return whether there is evidence and all of it is ok."""
        return bool(self.evidence) and all(each.ok for each in self.evidence)


@dataclass(frozen=True)
class Report:
    """
    The result of all steps.

    system:      what was tested, by heading, e.g. {"API": "http://127.0.0.1:8000"}; no secrets.
    left_behind: what the test started or created and could not remove.
    """

    began: datetime
    system: dict[str, str]
    steps: list[StepResult]
    seconds: float
    left_behind: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Return whether every step passed and nothing was left behind."""
        return bool(self.steps) and all(step.passed for step in self.steps) and not self.left_behind

    def as_json(self) -> dict[str, Any]:
        """
        Return the report for programs.

        Shape: {"verdict": "PASS", "date": "2026-11-22T08:00:00Z", "duration_seconds": 61.2, "system": {...},
        "steps": [{"number": 1, "title": "...", "verdict": "PASS", "duration_seconds": 4.1,
        "evidence": [{"ok": true, "text": "..."}]}], "left_behind": []}
        """
        return {
            "verdict": _verdict(self.passed),
            "date": f"{self.began:%Y-%m-%dT%H:%M:%SZ}",
            "duration_seconds": round(self.seconds, 1),
            "system": self.system,
            "steps": [
                {
                    "number": step.number,
                    "title": step.title,
                    "verdict": _verdict(step.passed),
                    "duration_seconds": round(step.seconds, 1),
                    "evidence": [each._asdict() for each in step.evidence],
                }
                for step in self.steps
            ],
            "left_behind": self.left_behind,
        }

    def as_text(self) -> str:
        """Return the report for people, with lines for a signature."""
        state = "restored: everything that the test started has ended, its folders are removed"
        if self.left_behind:
            state = f"NOT RESTORED, left behind: {'; '.join(self.left_behind)}"
        passed = sum(step.passed for step in self.steps)
        verdict = f"{_verdict(self.passed)} ({passed} of {len(self.steps)} steps passed, in {self.seconds:.0f} s)"
        parts = [
            "Acceptance report of hunter_pipeline",
            "=" * WIDTH,
            *_format_rows({"Date": f"{self.began:%Y-%m-%d %H:%M} UTC", **self.system}),
            *(_format_step(step) for step in self.steps),
            "-" * WIDTH,
            *_format_rows({"State": state, "Verdict": verdict}),
            f"\nTester     {_BLANK}\nDate       {_BLANK}\nSignature  {_BLANK}",
        ]
        return "\n".join(parts)


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


def _verdict(passed: bool) -> str:
    return "PASS" if passed else "FAIL"


def _format_step(step: StepResult) -> str:
    title = f"{step.number}  {step.title} "
    lines = [f"\n{title:.<{WIDTH - 15}} {_verdict(step.passed)} {step.seconds:7.1f} s"]
    lines += [_wrap(f"     {'ok ' if ok else 'BAD'}  ", text) for ok, text in step.evidence]
    return "\n".join(lines)


def _format_rows(rows: dict[str, str]) -> list[str]:
    return [_wrap(f"{name:<13}", text) for name, text in rows.items()]


def _wrap(start: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False)
