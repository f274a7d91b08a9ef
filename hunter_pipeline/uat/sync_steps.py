"""Steps 1 to 3: a sync by the API, a sync run directly, and a second one that creates nothing."""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hunter_pipeline.errors import HunterError
from hunter_pipeline.pipeline.sync_run import IN_PROGRESS
from hunter_pipeline.uat import commands
from hunter_pipeline.uat.clients import SYNC, Api
from hunter_pipeline.uat.commands import COUNTS, DirectSync
from hunter_pipeline.uat.report import Finding
from hunter_pipeline.uat.systems import System
from hunter_pipeline.uat.trial import Trial, differing, in_words, outcome
from hunter_pipeline.warehouse import acceptance, sync_runs
from hunter_pipeline.warehouse.connection import fetch_all

ATTEMPTS = 5
"""How often a sync of somebody else's may come first."""
RUN_SECONDS = 900
PAUSE_SECONDS = 0.5
_CHECKED = "partner_center_referrals"
_CHECK = "no_duplicate_referral_ids"


class Followed(NamedTuple):
    """A run as the API told of it: the statuses in their order, and the summary at the end."""

    statuses: list[str]
    summary: dict[str, Any]


def manual_sync(trial: Trial) -> Iterator[Finding]:
    """POST answers with a task id, whose run is followed to its success."""
    system = trial.system
    for _ in range(ATTEMPTS):
        status, body = system.api.ask("POST", SYNC)
        task = body.get("task_id")
        if status != 200 or not isinstance(task, str) or not task:  # noqa: PLR2004
            yield Finding(False, f"POST {SYNC} answered {status}: {body.get('detail', 'no task_id')}")
            return
        followed = follow(system.api, task, trial.tell)
        was_ours = body.get("enqueued") is True and followed.summary.get("reason") != IN_PROGRESS
        if was_ours:
            break
        yield Finding(
            True, f"a sync was under way already ({task}); it was followed to its end: {followed.statuses[-1]}"
        )
    else:
        yield Finding(False, f"{ATTEMPTS} times a sync of somebody else's was under way, so none was ours")
        return
    yield Finding(
        body.get("status") == "queued" and body.get("success") is True,
        f"POST {SYNC} answered {status}: task_id {task}, status {body.get('status')}, success {body.get('success')}",
    )
    yield Finding(
        followed.statuses[-1] == "success" and followed.summary.get("status") == "success",
        f"GET {SYNC}/{{task_id}} followed the run: {', '.join(followed.statuses)}; "
        f"its summary: {outcome(followed.summary)}",
    )
    yield _recorded(system, task, followed.summary)


def follow(api: Api, task: str, tell: Callable[[str], None]) -> Followed:
    """A run until it has ended. Raises: HunterError where it does not end or the API loses it."""
    statuses: list[str] = []
    until = time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        code, body = api.ask("GET", f"{SYNC}/{task}")
        status = body.get("status")
        if code != 200 or not isinstance(status, str):  # noqa: PLR2004
            raise HunterError(f"GET {SYNC}/{task} answered {code}: {body.get('detail', 'no status')}")
        if status not in statuses:
            statuses.append(status)
            tell(f"Following a sync: {status}")
        if status not in ("queued", "running"):
            return Followed(statuses, body.get("summary") or {})
        time.sleep(PAUSE_SECONDS)
    raise HunterError(f"The run {task} did not end within {RUN_SECONDS} seconds.")


def direct_run(trial: Trial) -> Iterator[Finding]:
    """`hunter sync --json` runs, and its log, its summary, its row and its run in Dagster say the same."""
    system = trial.system
    sync = sync_directly(trial)
    yield Finding(
        sync.code == 0 and sync.summary["status"] == "success",
        f"`hunter sync --json` ended with exit code {sync.code}: {outcome(sync.summary)}",
    )
    yield _logged(sync)
    run_id = str(sync.summary["run_id"])
    yield _recorded(system, run_id, sync.summary)
    run = system.dagster.run(run_id)
    yield Finding(run is not None and run[0] == "SUCCESS", f"Dagster shows the run {run_id}: {run[0] if run else 'no'}")


def sync_directly(trial: Trial, *options: str) -> DirectSync:
    """
    One sync that is ours, waiting for any that is under way; kept for the steps that read its log.

    Raises: HunterError where others' never end.
    """
    system = trial.system
    for _ in range(ATTEMPTS):
        trial.tell("Running hunter sync")
        sync = commands.sync(system.environment, *options, patience=system.patience)
        if sync.summary.get("reason") != IN_PROGRESS:
            trial.syncs.append(sync)
            return sync
        time.sleep(4 * PAUSE_SECONDS)
    raise HunterError(f"{ATTEMPTS} times a sync of somebody else's was under way.")


def second_sync(trial: Trial) -> Iterator[Finding]:
    """A sync after a sync creates nothing but what upstream has made or changed in between."""
    system = trial.system
    if not trial.syncs:
        raise HunterError("There was no first sync, so there is no second one.")
    first = trial.syncs[-1].summary
    # a world that is ours stands still, so that all of it can be read once more without anything being new
    second = sync_directly(trial, *(["--full"] if system.own else []))
    yield Finding(
        second.code == 0 and second.summary["status"] == "success",
        f"the second sync ({second.summary['mode']}) ended with exit code {second.code}: {in_words(second.summary)}",
    )
    with system.warehouse.connection() as connection:
        come = acceptance.come_since(connection, str(first["run_id"]), first["watermark"])
        changed = (
            acceptance.count_changed_upstream_since(connection, first["watermark"]) if first["watermark"] else None
        )
        rows, ids = acceptance.referral_counts(connection)
        doubled = fetch_all(connection, "duplicate_referral_ids")
    yield from _nothing_made_up(second.summary, come, changed)
    yield Finding(
        rows == ids and not doubled, f"SQL: {rows} rows in partner_center_referrals have {ids} different referral_id"
    )
    result = system.dagster.check_result(_CHECKED, _CHECK)
    yield Finding(
        result is not None and result[0] == "SUCCEEDED",
        f"the asset check {_CHECK} in Dagster: {f'{result[0]}, in run {result[1]}' if result else 'never executed'}",
    )


def _nothing_made_up(second: dict[str, Any], come: list[dict[str, Any]], changed: int | None) -> Iterator[Finding]:
    """What the second sync calls new or updated must be what upstream made or changed after the first one."""
    odd = [row["referral_id"] for row in come if not row["is_newer"]]
    words = f"referrals that came after the first sync had ended: {len(come)}, all of them changed upstream after it"
    if odd:
        words = (
            f"{len(odd)} of {len(come)} referrals that came after the first sync stood upstream before it: {odd[:5]}"
        )
    elif not come:
        words = "no referral came after the first sync had ended"
    yield Finding(not odd and second["new"] <= len(come), f"{words}; the second sync counted {second['new']} as new")
    yield Finding(
        changed is None or second["updated"] <= changed,
        f"it counted {second['updated']} as updated; changed upstream after the first one: {changed or 0}",
    )


def _logged(sync: DirectSync) -> Finding:
    events = sync.events("partner_center_sync_summary")
    if len(events) != 1:
        return Finding(False, f"its log has {len(events)} events partner_center_sync_summary (expected: 1)")
    event, summary = events[0], sync.summary
    wrong = [name for name in ("run_id", *COUNTS) if event.get(name) != summary[name]]
    wrong += ["duration"] if event.get("duration") != summary.get("duration_seconds") else []
    wrong += ["skipped"] if event.get("skipped") != summary["unchanged"] else []
    if wrong:
        return Finding(False, f"its log event partner_center_sync_summary differs in {', '.join(wrong)}")
    return Finding(
        True,
        f"its log event partner_center_sync_summary says the same, duration {event['duration']} s, "
        f"skipped {event['skipped']} ({event.get('skipped_reason') or 'none'})",
    )


def _recorded(system: System, run_id: str, summary: dict[str, Any]) -> Finding:
    with system.warehouse.connection() as connection:
        row = sync_runs.summary(connection, run_id)
    if row is None:
        return Finding(False, "sync_runs has no row of it: is this the database that the system works on?")
    wrong = ", ".join(differing(summary, row))
    return Finding(not wrong, f"its row in sync_runs {f'differs in {wrong}' if wrong else 'says the same'}")
