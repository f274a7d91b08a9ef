"""
Deliver alerts to the targets by Apprise, each alert once; the sensor's cursor stores what each target was notified of.

A target's address contains a secret, and Apprise, requests and urllib3 log addresses: their loggers are silenced during
delivery, and everywhere else a target is named by its position and service.
"""

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import apprise
from pydantic import AwareDatetime, BaseModel, ValidationError

from hunter_pipeline.alerts.conditions import Condition, NotifyType
from hunter_pipeline.alerts.leads import KINDS, LeadEvent, format_events
from hunter_pipeline.config.notify_targets import NotifyTarget
from hunter_pipeline.config.settings import Settings

# Seconds for all deliveries of a tick; Dagster ends a sensor's tick after 60.
MAX_SECONDS = 30.0
# The kind under which the state stores when a target was last notified of leads.
DIGEST = "digest"
_LOGGERS_THAT_QUOTE_ADDRESSES = ("apprise", "urllib3", "requests", "slixmpp", "paho")


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


def target_id(address: str) -> str:
    """Return a short hash that identifies a target without its address."""
    return hashlib.sha256(address.encode()).hexdigest()[:8]


def notify_targets(
    state: AlertState, conditions: Sequence[Condition], settings: Settings, now: datetime
) -> tuple[int, list[str]]:
    """
    Send every target its due alerts, and record in `state` those that it accepted.

    After a failure the target gets nothing more in this tick, so that alerts arrive in order. An alert arrives at least
    once: a process that is killed between sending it and storing the state sends it again.
    Returns: the number of alerts sent, and the targets that did not accept theirs, e.g. ['target 2 (Slack)'].
    """
    sent, failed = 0, list[str]()
    deadline = time.monotonic() + MAX_SECONDS
    for number, url in enumerate(settings.alert_urls, 1):
        address = url.get_secret_value()
        known = state.targets[target_id(address)]
        for condition in conditions:
            alert = _due_alert(condition, known.get(condition.kind), now)
            if alert is None:
                if condition.kind in known:
                    _forget_ended(condition, known[condition.kind])
            elif time.monotonic() < deadline and _send(address, alert, condition, settings):
                known[condition.kind] = Notified(marks=list(condition.marks), notified_at=now)
                sent += 1
            else:
                failed.append(f"target {number} ({service_name(address)})")
                break
    return sent, failed


def notify_of_leads(
    state: AlertState, events: Sequence[LeadEvent], targets: Sequence[NotifyTarget], settings: Settings, now: datetime
) -> tuple[int, list[str]]:
    """
    Send every target one message about its new events, and record those that it accepted.

    A target with a digest gets it once a day. Returns: as `notify_targets`.
    """
    sent, failed = 0, list[str]()
    deadline = time.monotonic() + MAX_SECONDS
    for number, target in enumerate(targets, 1):
        known = state.targets[target_id(target.url)]
        digest = known.setdefault(DIGEST, Notified(marks=[], notified_at=now))
        if not target.is_due(digest.notified_at, now):
            continue
        known_marks = {kind: set(known[kind].marks) for kind in KINDS if kind in known}
        new = [event for event in events if event.mark not in known_marks.get(event.kind, ())]
        if new:
            title, text = format_events(new, target.language, settings.desk_url)
            if time.monotonic() >= deadline or not _deliver(target.address, title, text, "info"):
                failed.append(f"target {number} ({service_name(target.address)})")
                continue
            sent += 1
        for kind in KINDS:
            known[kind] = Notified(marks=[event.mark for event in events if event.kind == kind], notified_at=now)
        known[DIGEST] = Notified(marks=[], notified_at=now)
    return sent, failed


def service_name(address: str) -> str | None:
    """Return the service of an Apprise address, e.g. 'JSON' for 'json://host/path'; None if it is not an address."""
    with _silenced_loggers():
        target = apprise.Apprise.instantiate(address)
    return str(target.service_name) if target else None


def _due_alert(condition: Condition, notified: Notified | None, now: datetime) -> tuple[str, str, NotifyType] | None:
    """Return title, text and type of the due alert, or None if there is nothing new for the target."""
    new = _new_marks(condition, notified, now)
    if new:
        has_known_items = condition.pause and new < len(condition.marks)
        text = f"{condition.text} New since the last alert: {new}." if has_known_items else condition.text
        return condition.title, text, condition.notify_type
    if notified and notified.marks and not condition.marks and condition.recovery:
        return "recovered", condition.recovery, "success"
    return None


def _new_marks(condition: Condition, notified: Notified | None, now: datetime) -> int:
    """Return the number of marks of the condition that the target has to be alerted of."""
    if notified and condition.pause and now - notified.notified_at < condition.pause:
        return 0
    return sum(mark not in notified.marks for mark in condition.marks) if notified else len(condition.marks)


def _forget_ended(condition: Condition, notified: Notified) -> None:
    """Delete marks that have ended, and conditions that have ended and send no recovery alert."""
    if condition.pause or not (condition.marks or condition.recovery):
        notified.marks = [mark for mark in notified.marks if mark in condition.marks]


def _send(address: str, alert: tuple[str, str, NotifyType], condition: Condition, settings: Settings) -> bool:
    """
    Return whether the service accepted the alert.

    Apprise waits at most 4 seconds for a connection and 4 for the response, and raises nothing.
    """
    title, text, notify_type = alert
    links = f"\n{settings.desk_url}/{condition.desk}" if condition.desk else ""
    links += f"\n{settings.dagster_url}/runs/{condition.run_id}" if condition.run_id else ""
    return _deliver(address, f"hunter_pipeline ({settings.env}): {title}", f"{text}{links}", notify_type)


def _deliver(address: str, title: str, body: str, notify_type: str) -> bool:
    with _silenced_loggers():
        sender = apprise.Apprise()
        return sender.add(address) and bool(
            sender.notify(title=title, body=body, notify_type=apprise.NotifyType(notify_type))
        )


@contextmanager
def _silenced_loggers() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS_THAT_QUOTE_ADDRESSES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
