"""Evaluate the conditions of alerts. No text here contains an e-mail address, a phone number, a name or a token."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.warehouse import alerts, sync_runs
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline.warehouse.disk_space import disk_space

# Apprise's names for the type of a notification.
NotifyType = Literal["failure", "warning", "success"]
# The number of syncs skipped in a row from which an alert is sent.
MAX_SKIPPED = 5
# The mark of a condition that has no separate items.
HOLDS = ("1",)


@dataclass(frozen=True, slots=True)
class Condition:
    """
    The current state of one kind of problem.

    marks:    the items to alert of, each once; empty if there is no problem.
    title:    the problem in a few words.
    text:     the problem in one or two sentences.
    run_id:   the Dagster run with details.
    desk:     the query of the lead desk that shows the rows concerned, e.g. '?expires=72h'.
    recovery: the text of the alert when the problem ends; None: its end is not alerted.
    pause:    the shortest time between two alerts; marks that appear meanwhile are alerted together.
    """

    kind: str
    marks: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    notify_type: NotifyType = "failure"
    run_id: str | None = None
    desk: str | None = None
    recovery: str | None = None
    pause: timedelta | None = None


def evaluate_conditions(
    connection: Connection, settings: Settings, *, now: datetime, since: datetime, sign_in_problem: str | None
) -> list[Condition]:
    """
    Return every condition, read from the stored tables.

    since: when the sensor first ran; a system that has never synced is as old as that.
    """
    last = sync_runs.last_run(connection)
    run_id = last["run_id"] if last else None
    # no syncs are expected while the feature flag is off, so alerts about them end without a message
    is_off = not settings.partner_center_enabled
    return [
        Condition("database", recovery="PostgreSQL responds again."),
        Condition("sync_failed") if is_off else _sync_failed(connection),
        Condition("no_success") if is_off else _no_success(connection, settings, now, since, run_id),
        Condition("sign_in") if is_off else _sign_in(sign_in_problem, run_id),
        Condition("skipped") if is_off else _skipped(connection),
        _disk(connection, settings),
        _expiring(connection, run_id),
        _quarantine(connection),
    ]


def database_unreachable(message: str) -> list[Condition]:
    """Return the only condition that is known while the database is unreachable."""
    return [Condition("database", HOLDS, "the database is unreachable", message)]


def _sync_failed(connection: Connection) -> Condition:
    failed = alerts.last_failure(connection)
    if failed is None:
        return Condition("sync_failed", recovery="Syncs succeed again.")
    message = failed["error_message"] or f"The sync ended as {failed['reason'] or 'failed'}."
    error_type = f" ({failed['error_type']})" if failed["error_type"] else ""
    return Condition("sync_failed", HOLDS, "a sync failed", f"{message}{error_type}", run_id=failed["run_id"])


def _no_success(
    connection: Connection, settings: Settings, now: datetime, since: datetime, run_id: str | None
) -> Condition:
    success = sync_runs.last_success(connection)
    began = success["finished_at"] if success else alerts.first_sync_started_at(connection) or since
    if now - began <= settings.freshness_window:
        return Condition("no_success", recovery="A sync has succeeded again.")
    last = f"The last successful sync ended {_format(began)}." if success else "No sync has succeeded yet."
    minutes = settings.freshness_window.total_seconds() / 60
    text = f"{last} One is expected every {minutes:.0f} minutes (three intervals)."
    return Condition("no_success", HOLDS, "no sync succeeds", text, run_id=run_id)


def _skipped(connection: Connection) -> Condition:
    skipped = alerts.skipped_in_a_row(connection)
    if skipped["runs"] < MAX_SKIPPED:
        return Condition("skipped", recovery="Syncs run again.")
    text = (
        f"{skipped['runs']} syncs in a row were skipped since {_format(skipped['since'])}, because another one "
        "holds the lease (table sync_lease). Look whether its process lives."
    )
    return Condition("skipped", HOLDS, "every sync is skipped", text, run_id=skipped["run_id"])


def _disk(connection: Connection, settings: Settings) -> Condition:
    space = disk_space(settings.home, connection if settings.database_url is None else None)
    if not space.is_low():
        return Condition("disk", recovery="There is enough disk space again.")
    text = f"The disk of HUNTER_HOME has {space}. Free space before it is full: then no sync can store anything."
    return Condition("disk", HOLDS, "disk space runs out", text, "warning")


def _sign_in(problem: str | None, run_id: str | None) -> Condition:
    if problem is None:
        return Condition("sign_in", recovery="The sign-in is valid again.")
    text = f"{problem} Run: hunter auth login"
    return Condition("sign_in", HOLDS, "the sign-in needs renewal", text, "warning", run_id)


def _expiring(connection: Connection, run_id: str | None) -> Condition:
    marks = alerts.expiring_marks(connection)
    text = ""
    if marks:
        count = "1 unanswered referral expires" if len(marks) == 1 else f"{len(marks)} unanswered referrals expire"
        text = f"{count} within 72 hours, the first on {_format(next(iter(marks.values())))}."
    title = "referrals are about to expire"
    pause = timedelta(hours=6)
    return Condition("expiring", tuple(marks), title, text, "warning", run_id, desk="?expires=72h", pause=pause)


def _quarantine(connection: Connection) -> Condition:
    found = alerts.quarantined_lately(connection)
    payloads = int(found["payloads"])
    text = f"Payloads quarantined within 24 hours: {payloads} ({found['reasons']})."
    # a mark per power of ten: a large increase is alerted again, a small one is not
    marks = tuple(str(10**power) for power in range(len(str(payloads)))) if payloads else ()
    return Condition("quarantine", marks, "payloads were quarantined", text, "warning", found["run_id"])


def _format(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
