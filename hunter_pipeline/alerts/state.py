"""Store what each target was notified of as JSON in the sensor's cursor, which survives restarts."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ValidationError

from hunter_pipeline.alerts.conditions import Condition


class Notified(BaseModel):
    """The marks of a condition that a target was alerted of, and the time."""

    marks: list[str]
    notified_at: AwareDatetime


class AlertState(BaseModel):
    """
    The alerts delivered so far.

    since:   when the sensor first ran.
    targets: by target and kind of condition.
    """

    since: AwareDatetime
    targets: dict[str, dict[str, Notified]]

    @classmethod
    def from_cursor(cls, cursor: str | None, targets: Sequence[str], now: datetime) -> "AlertState":
        """Return the stored state of these targets; an empty one for a new target or an unreadable cursor."""
        stored = _parse(cursor or "", targets) or cls(since=now, targets={})
        return cls(since=stored.since, targets={name: stored.targets.get(name, {}) for name in targets})


def new_marks(condition: Condition, notified: Notified | None, now: datetime) -> int:
    """Return the number of marks of the condition that the target has to be alerted of."""
    if notified and condition.pause and now - notified.notified_at < condition.pause:
        return 0
    return sum(mark not in notified.marks for mark in condition.marks) if notified else len(condition.marks)


def forget_ended(condition: Condition, notified: Notified) -> None:
    """Delete marks that have ended, and conditions that have ended and send no recovery alert."""
    if condition.pause or not (condition.marks or condition.recovery):
        notified.marks = [mark for mark in notified.marks if mark in condition.marks]


class _SharedState(BaseModel):
    """The cursor of earlier versions: one state for all targets, and the undelivered messages."""

    since: AwareDatetime
    told: dict[str, int]
    marks: dict[str, list[str]]
    told_at: dict[str, AwareDatetime]
    outbox: list[dict[str, Any]]


def _parse(cursor: str, targets: Sequence[str]) -> AlertState | None:
    with suppress(ValidationError):
        return AlertState.model_validate_json(cursor)
    with suppress(ValidationError):
        return _upgrade(_SharedState.model_validate_json(cursor), targets)
    return None


def _upgrade(old: _SharedState, targets: Sequence[str]) -> AlertState:
    """Return what each target was notified of: an upgrade neither repeats an alert nor loses one."""
    marks = {kind: [str(10**power) for power in range(level)] for kind, level in old.told.items()} | old.marks
    known = {kind: Notified(marks=each, notified_at=old.told_at.get(kind, old.since)) for kind, each in marks.items()}
    pending = {(message["target"], message["kind"]) for message in old.outbox}
    by_target = {name: {kind: known[kind] for kind in known if (name, kind) not in pending} for name in targets}
    return AlertState(since=old.since, targets=by_target)
