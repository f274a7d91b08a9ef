"""What the steps share: the system under test, the laboratory, the syncs made so far, and a line of progress."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from hunter_pipeline.errors import HunterError
from hunter_pipeline.uat.commands import COUNTS, DirectSync
from hunter_pipeline.uat.report import Finding
from hunter_pipeline.uat.systems import System
from hunter_pipeline.uat.temporary import TemporaryHome, temporary_home

LABORATORY_REFERRALS = 20


@dataclass
class Trial:
    """
    One acceptance test under way.

    found:    the system, None where it could not be started; `why_no_system` says why.
    tell:     shows a person at the terminal what is waited for.
    stack:    closes the laboratory.
    remnants: what could not be removed.
    syncs:    what `hunter sync --json` did in the system, in order.
    """

    found: System | None
    why_no_system: str | None
    tell: Callable[[str], None]
    stack: ExitStack
    remnants: list[str]
    syncs: list[DirectSync] = field(default_factory=list)
    _laboratory: TemporaryHome | None = None

    @property
    def system(self) -> System:
        """The system under test. Raises: HunterError where there is none."""
        if self.found is None:
            raise HunterError(self.why_no_system or "There is no system to test.")
        return self.found

    @property
    def laboratory(self) -> TemporaryHome:
        """
        A home for what must not happen in a real one: faults, and the flag off; opened at the first use.

        Where the system is the test's own, its services are ended and its home is the laboratory. Raises: HunterError.
        """
        if self._laboratory is None:
            self.tell("Opening the laboratory")
            if self.found is not None and self.found.own is not None:
                self.found.own.end()
                self._laboratory = self.found.own.home
            else:
                self._laboratory = self.stack.enter_context(temporary_home(LABORATORY_REFERRALS, self.remnants))
        return self._laboratory


class Step(Protocol):
    """One acceptance test: yields what it finds. Raises: HunterError where a part is out of reach."""

    def __call__(self, trial: Trial) -> Iterator[Finding]:
        """Look."""
        ...


def in_words(summary: dict[str, Any]) -> str:
    """The counts of a summary: 'fetched 739, new 739, updated 0, ...'."""
    return ", ".join(f"{name.replace('_', ' ')} {summary.get(name)}" for name in COUNTS)


def outcome(summary: dict[str, Any]) -> str:
    """How a sync ended, why, and its counts: 'skipped (sync_in_progress), fetched 0, ...'."""
    told = (summary.get("error") or {}).get("type") or summary.get("reason")
    return f"{summary.get('status')}{f' ({told})' if told else ''}, {in_words(summary)}"


def differing(summary: dict[str, Any], row: dict[str, Any]) -> list[str]:
    """The names of counts and of what else identifies a sync in which two summaries differ."""
    return [name for name in ("run_id", "status", "reason", "mode", *COUNTS) if summary.get(name) != row.get(name)]
