"""
What can be wrong, and whether it is: one `Condition` a kind, asked anew at each look.

What belongs here: questions and words. What does not: whether it was told before (`memory.py`). Words never hold an
address, a number, a name or a token.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hunter_pipeline.config.notify import Mood
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.warehouse import alerts, sync_runs
from hunter_pipeline.warehouse.connection import Connection


@dataclass(frozen=True, slots=True)
class Condition:
    """
    How one thing stands.

    level:    0 where all is well; an episode is told again only where its level rises.
    title:    what is wrong, in a few words.
    words:    the same in a sentence or two.
    recovery: what is told when the episode ends; None: it ends without a word.
    run_id:   the run to look at, None where there is none.
    marks:    where each single thing is an episode of its own: what there is now, the most urgent first.
    """

    kind: str
    level: int = 0
    title: str = ""
    words: str = ""
    mood: Mood = "failure"
    recovery: str | None = None
    run_id: str | None = None
    marks: dict[str, datetime] = field(default_factory=dict[str, datetime])


def look(
    connection: Connection,
    settings: Settings,
    *,
    now: datetime,
    window: timedelta,
    since: datetime,
    sign_in: str | None,
) -> list[Condition]:
    """
    Every condition, asked of the stored tables.

    window:  how old the last success may be.
    since:   when the first look was: what has never succeeded is as old as that.
    sign_in: what is wrong with the sign-in, None where nothing is.
    """
    last = sync_runs.last_run(connection)
    run_id = last["run_id"] if last else None
    of_syncs = (
        [_failure(connection), _staleness(connection, now, window, since, run_id), _sign_in(sign_in, run_id)]
        if settings.partner_center_enabled
        else [Condition(kind) for kind in ("sync_failed", "no_success", "sign_in")]  # nobody waits for a sync
    )
    return [
        Condition("database", recovery="PostgreSQL answers again."),
        *of_syncs,
        _expiring(connection, run_id),
        _quarantine(connection),
    ]


def database_down(message: str) -> list[Condition]:
    """The one thing that is known while the database is out of reach; the others stay as they were."""
    return [Condition("database", 1, "the database is out of reach", message)]


def _failure(connection: Connection) -> Condition:
    failed = alerts.last_failure(connection)
    if failed is None:
        return Condition("sync_failed", recovery="Syncs succeed again.")
    why = failed["error_message"] or f"It ended as {failed['reason'] or 'failed'}."
    kind = f" ({failed['error_type']})" if failed["error_type"] else ""
    return Condition("sync_failed", 1, "a sync failed", f"{why}{kind}", run_id=failed["run_id"])


def _staleness(
    connection: Connection, now: datetime, window: timedelta, since: datetime, run_id: str | None
) -> Condition:
    success = sync_runs.last_success(connection)
    began = success["finished_at"] if success else alerts.first_sync_started_at(connection) or since
    if now - began <= window:
        return Condition("no_success", recovery="A sync has succeeded again.")
    words = f"The last sync that succeeded ended {_shown(began)}." if success else "No sync has succeeded yet."
    allowed = f"At most {window.total_seconds() / 60:.0f} minutes, three intervals, may pass."
    return Condition("no_success", 1, "no sync succeeds", f"{words} {allowed}", run_id=run_id)


def _sign_in(trouble: str | None, run_id: str | None) -> Condition:
    if trouble is None:
        return Condition("sign_in", recovery="The sign-in is good again.")
    words = f"{trouble} Run: hunter auth login"
    return Condition("sign_in", 1, "the sign-in needs renewal", words, "warning", run_id=run_id)


def _expiring(connection: Connection, run_id: str | None) -> Condition:
    marks = alerts.expiring_marks(connection)
    first = next(iter(marks.values()), None)
    words = "" if first is None else f"{_number(len(marks))} within 72 hours, the first one {_shown(first)}."
    return Condition("expiring", 0, "referrals are about to expire", words, "warning", run_id=run_id, marks=marks)


def _quarantine(connection: Connection) -> Condition:
    found: dict[str, Any] = alerts.quarantined_lately(connection)
    payloads = int(found["payloads"])
    if payloads == 0:
        return Condition("quarantine")
    words = f"Payloads that are no referrals, set aside within 24 hours: {payloads} ({found['reasons']})."
    # 1, 10, 100 ...: a flood is told again, a trickle is not
    level = len(str(payloads))
    return Condition("quarantine", level, "the quarantine grows", words, "warning", run_id=found["run_id"])


def _number(count: int) -> str:
    return "1 unanswered referral expires" if count == 1 else f"{count} unanswered referrals expire"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
