"""Represent the result of the acceptance tests, and write it as text and as JSON."""

import textwrap
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

WIDTH = 100
_BLANK = "_" * 28


class Evidence(NamedTuple):
    """
    One observation, described so that the sentence is right whether `ok` is true or false.

    Shape: Evidence(False, "hunter sync ended with exit code 5 (expected: 0)")
    """

    ok: bool
    text: str


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
