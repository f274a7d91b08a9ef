"""
What an acceptance test found, as text for people and as JSON.

What belongs here: findings, steps and how they are printed. What does not: how anything is found out.
"""

import textwrap
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

WIDTH = 100
_LINE = "_" * 28


class Finding(NamedTuple):
    """
    One observation, worded as what was seen, so that it reads rightly whether it is well or not.

    Shape: Finding(False, "hunter sync ended with exit code 5 (expected: 0)")
    """

    is_well: bool
    words: str


@dataclass(frozen=True)
class StepReport:
    """A step: what it promises, what was found, and how long that took in seconds."""

    number: int
    title: str
    findings: list[Finding]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether all is well; a step that has looked at nothing has not passed."""
        return bool(self.findings) and all(finding.is_well for finding in self.findings)


@dataclass(frozen=True)
class Report:
    """
    The whole acceptance test.

    system:      what was tested, by heading, e.g. {"API": "http://127.0.0.1:8000"}; no secrets.
    left_behind: what the test had started or made and could not remove; none where the state is restored.
    """

    began: datetime
    system: dict[str, str]
    steps: list[StepReport]
    seconds: float
    left_behind: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every step passed and nothing was left behind."""
        return bool(self.steps) and all(step.passed for step in self.steps) and not self.left_behind

    def as_json(self) -> dict[str, Any]:
        """
        The same for programs.

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
                    "evidence": [{"ok": finding.is_well, "text": finding.words} for finding in step.findings],
                }
                for step in self.steps
            ],
            "left_behind": self.left_behind,
        }

    def as_text(self) -> str:
        """The report template, filled in; the last lines are for whoever accepts the system."""
        parts = [
            "Acceptance report of hunter_pipeline",
            "=" * WIDTH,
            *_rows({"Date": f"{self.began:%Y-%m-%d %H:%M} UTC", **self.system}),
            *(_step(step) for step in self.steps),
            "-" * WIDTH,
            *_rows({"State": self._state(), "Verdict": self._words()}),
            f"\nTester     {_LINE}\nDate       {_LINE}\nSignature  {_LINE}",
        ]
        return "\n".join(parts)

    def _words(self) -> str:
        well = sum(step.passed for step in self.steps)
        return f"{_verdict(self.passed)} ({well} of {len(self.steps)} steps passed, in {self.seconds:.0f} s)"

    def _state(self) -> str:
        if self.left_behind:
            return f"NOT RESTORED, left behind: {'; '.join(self.left_behind)}"
        return "as it was found: what the test started has ended, its folders are gone"


def _verdict(passed: bool) -> str:
    return "PASS" if passed else "FAIL"


def _step(step: StepReport) -> str:
    title = f"{step.number}  {step.title} "
    lines = [f"\n{title:.<{WIDTH - 15}} {_verdict(step.passed)} {step.seconds:7.1f} s"]
    lines += [_wrapped(f"     {'ok ' if well else 'BAD'}  ", words) for well, words in step.findings]
    return "\n".join(lines)


def _rows(rows: dict[str, str]) -> list[str]:
    return [_wrapped(f"{name:<13}", words) for name, words in rows.items()]


def _wrapped(start: str, words: str) -> str:
    return textwrap.fill(words, WIDTH, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False)
