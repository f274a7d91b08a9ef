"""Run steps 1 to 4: a sync by the API, a sync run directly, a second one that creates nothing, and the cadence."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hunter_pipeline.defs.schedules import MINUTE, cron_of
from hunter_pipeline.errors import HunterError
from hunter_pipeline.pipeline.sync_run import IN_PROGRESS
from hunter_pipeline.uat import clients
from hunter_pipeline.uat.clients import COUNTS, SYNC_PATHS, SyncCommandResult, Tick
from hunter_pipeline.uat.system import AcceptanceContext, Evidence, System
from hunter_pipeline.warehouse import acceptance, sync_runs
from hunter_pipeline.warehouse.connection import fetch_all

# How often a sync that the test did not start may get in the way.
ATTEMPTS = 5
RUN_SECONDS = 900
POLL_SECONDS = 0.5
# Added to the interval within which the cadence has to fire.
CADENCE_GRACE_SECONDS = 60
_SYNC_PATH = SYNC_PATHS[0]
_CHECKED_ASSET, _CHECK = "partner_center_referrals", "no_duplicate_referral_ids"
_SCHEDULE, _SENSOR = "sync_partner_center_referrals_schedule", "partner_center_changes_sensor"


def check_manual_sync(context: AcceptanceContext) -> Iterator[Evidence]:
    """Step 1: POST returns a task id, whose run succeeds and is recorded."""
    system = context.system
    for _ in range(ATTEMPTS):
        status, body = system.api.request("POST", _SYNC_PATH)
        task = body.get("task_id")
        if status != 200 or not isinstance(task, str) or not task:  # noqa: PLR2004
            yield Evidence(False, f"POST {_SYNC_PATH} returned {status}: {body.get('detail', 'no task_id')}")
            return
        statuses, summary = follow_run(context, task)
        if body.get("enqueued") is True and summary.get("reason") != IN_PROGRESS:
            break
        yield Evidence(True, f"another sync was in progress ({task}); it was followed to its end: {statuses[-1]}")
    else:
        yield Evidence(False, f"another sync was in progress at each of {ATTEMPTS} attempts")
        return
    yield Evidence(
        body.get("status") == "queued" and body.get("success") is True,
        f"POST {_SYNC_PATH} returned {status}: task_id {task}, status {body.get('status')}, "
        f"success {body.get('success')}",
    )
    yield Evidence(
        statuses[-1] == "success" and summary.get("status") == "success",
        f"GET {_SYNC_PATH}/{{task_id}} followed the run: {', '.join(statuses)}; its summary: {format_outcome(summary)}",
    )
    yield _check_record(system, task, summary)


def follow_run(context: AcceptanceContext, task: str) -> tuple[list[str], dict[str, Any]]:
    """
    Poll the API until a run has ended; return the statuses that it reported, in order, and the summary at the end.

    Raises: HunterError if the run does not end or the API does not know it.
    """
    statuses: list[str] = []
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        code, body = context.system.api.request("GET", f"{_SYNC_PATH}/{task}")
        status = body.get("status")
        if code != 200 or not isinstance(status, str):  # noqa: PLR2004
            raise HunterError(f"GET {_SYNC_PATH}/{task} returned {code}: {body.get('detail', 'no status')}")
        if status not in statuses:
            statuses.append(status)
            context.show(f"Following a sync: {status}")
        if status not in ("queued", "running"):
            return statuses, body.get("summary") or {}
        time.sleep(POLL_SECONDS)
    raise HunterError(f"The run {task} did not end within {RUN_SECONDS} seconds.")


def check_direct_sync(context: AcceptanceContext) -> Iterator[Evidence]:
    """Step 2: `hunter sync --json` succeeds; its log, summary, row and Dagster run agree."""
    system = context.system
    sync = _run_sync(context)
    yield Evidence(
        sync.code == 0 and sync.summary["status"] == "success",
        f"`hunter sync --json` ended with exit code {sync.code}: {format_outcome(sync.summary)}",
    )
    yield check_summary_event(sync)
    run_id = str(sync.summary["run_id"])
    yield _check_record(system, run_id, sync.summary)
    status = system.dagster.run_status(run_id)
    yield Evidence(status == "SUCCESS", f"Dagster shows the run {run_id}: {status or 'no such run'}")


def _run_sync(context: AcceptanceContext, *options: str) -> SyncCommandResult:
    """
    Run one sync, again if another one is in progress; keep its result for the steps that read its log.

    Raises: HunterError if another sync is in progress at each attempt.
    """
    system = context.system
    for _ in range(ATTEMPTS):
        context.show("Running hunter sync")
        sync = clients.run_sync_command(system.variables, *options, grace_seconds=system.grace_seconds)
        if sync.summary.get("reason") != IN_PROGRESS:
            context.syncs.append(sync)
            return sync
        time.sleep(4 * POLL_SECONDS)
    raise HunterError(f"Another sync was in progress at each of {ATTEMPTS} attempts.")


def check_second_sync(context: AcceptanceContext) -> Iterator[Evidence]:
    """Step 3: a sync after a sync creates nothing but what changed upstream in between."""
    system = context.system
    if not context.syncs:
        raise HunterError("There was no first sync to compare with.")
    first = context.syncs[-1].summary
    # nothing changes in the sandbox of the test's own system, so a full read must find nothing new
    second = _run_sync(context, *(["--full"] if system.own else []))
    yield Evidence(
        second.code == 0 and second.summary["status"] == "success",
        f"the second sync ({second.summary['mode']}) ended with exit code {second.code}: "
        f"{format_counts(second.summary)}",
    )
    with system.warehouse.connection() as connection:
        watermark = first["watermark"]
        created = acceptance.come_since(connection, str(first["run_id"]), watermark)
        changed = acceptance.count_changed_upstream_since(connection, watermark) if watermark else None
        rows, ids = acceptance.referral_counts(connection)
        duplicates = fetch_all(connection, "duplicate_referral_ids")
    yield from check_changes(second.summary, created, changed)
    yield Evidence(
        rows == ids and not duplicates, f"SQL: partner_center_referrals has {rows} rows and {ids} distinct referral_id"
    )
    result = system.dagster.check_result(_CHECKED_ASSET, _CHECK)
    yield Evidence(
        result is not None and result[0] == "SUCCEEDED",
        f"the asset check {_CHECK} in Dagster: {f'{result[0]}, in run {result[1]}' if result else 'never executed'}",
    )


def check_changes(second: dict[str, Any], created: list[dict[str, Any]], changed: int | None) -> Iterator[Evidence]:
    """
    Check that what a second sync counts as new or updated was created or changed upstream after the first one.

    created: rows of `acceptance.come_since`. changed: referrals changed upstream since; None if that is unknown.
    """
    old = [row["referral_id"] for row in created if not row["is_newer"]]
    text = f"{len(created)} referrals were created after the first sync, all of them changed upstream after it"
    if old:
        text = f"{len(old)} of {len(created)} referrals created after the first sync existed upstream before: {old[:5]}"
    elif not created:
        text = "no referral was created after the first sync"
    yield Evidence(not old and second["new"] <= len(created), f"{text}; the second sync counted {second['new']} as new")
    yield Evidence(
        changed is None or second["updated"] <= changed,
        f"it counted {second['updated']} as updated; changed upstream after the first sync: {changed or 0}",
    )


def check_summary_event(sync: SyncCommandResult) -> Evidence:
    """Check that the log has one event partner_center_sync_summary that agrees with the summary."""
    events = sync.events("partner_center_sync_summary")
    if len(events) != 1:
        return Evidence(False, f"its log has {len(events)} events partner_center_sync_summary (expected: 1)")
    event, summary = events[0], sync.summary
    expected = {name: summary[name] for name in ("run_id", *COUNTS)}
    expected |= {"duration": summary.get("duration_seconds"), "skipped": summary["unchanged"]}
    wrong = [name for name, value in expected.items() if event.get(name) != value]
    if wrong:
        return Evidence(False, f"its log event partner_center_sync_summary differs in {', '.join(wrong)}")
    return Evidence(
        True,
        f"its log event partner_center_sync_summary agrees: duration {event['duration']} s, "
        f"skipped {event['skipped']} ({event.get('skipped_reason') or 'none'})",
    )


def _check_record(system: System, run_id: str, summary: dict[str, Any]) -> Evidence:
    """Check that the row of a sync in sync_runs agrees with its summary."""
    with system.warehouse.connection() as connection:
        row = sync_runs.summary(connection, run_id)
    if row is None:
        return Evidence(False, "sync_runs has no row for it; is this the database of the system?")
    fields = ("run_id", "status", "reason", "mode", *COUNTS)
    wrong = ", ".join(name for name in fields if summary.get(name) != row.get(name))
    return Evidence(not wrong, f"its row in sync_runs {f'differs in {wrong}' if wrong else 'agrees'}")


def check_cadence(context: AcceptanceContext) -> Iterator[Evidence]:
    """Step 4: the schedule or sensor runs with a healthy daemon, and fires within an interval."""
    system = context.system
    began = time.time()
    by_schedule = system.interval_seconds >= MINUTE
    name = _SCHEDULE if by_schedule else _SENSOR
    automation = system.dagster.automation(name)
    if automation is None:
        yield Evidence(False, f"Dagster has no {'schedule' if by_schedule else 'sensor'} {name}")
        return
    expected = cron_of(system.interval_seconds) if by_schedule else str(system.interval_seconds)
    interval = f"cron {automation.interval}" if by_schedule else f"every {automation.interval} s"
    text = f"{name} is {automation.status}, {interval}"
    if automation.interval != expected:
        text += f"; expected {expected} for the configured {system.interval_seconds} seconds"
    yield Evidence(automation.interval == expected and automation.status == "RUNNING", text)
    health = "healthy" if automation.is_daemon_healthy else "not healthy"
    yield Evidence(automation.is_daemon_healthy, f"Dagster's {automation.daemon} daemon is {health}")
    if automation.status != "RUNNING":
        return
    if system.own:
        # a new referral, so that the tick has to start a run
        system.own.sandbox.world.arrive(1)
    since = began if system.own else began - system.interval_seconds - CADENCE_GRACE_SECONDS
    tick = _wait_for_tick(context, name, since=since)
    yield _check_tick(name, tick, system.interval_seconds)
    if tick is not None and tick.run_ids:
        statuses, summary = follow_run(context, tick.run_ids[0])
        has_arrived = not system.own or summary.get("new") == 1
        text = f"that run ended as {statuses[-1]}: {format_outcome(summary)}"
        yield Evidence(statuses[-1] == "success" and has_arrived, text)


def _wait_for_tick(context: AcceptanceContext, name: str, *, since: float) -> Tick | None:
    """
    Wait for a tick that began after `since` and has ended; return None if there is none within an interval.

    In the test's own system it has to be a tick that started a run.
    """
    system = context.system
    deadline = time.time() + system.interval_seconds + CADENCE_GRACE_SECONDS
    newest: Tick | None = None
    while time.time() < deadline:
        context.show(f"Waiting for {name} to fire, at most {deadline - time.time():.0f} s")
        automation = system.dagster.automation(name)
        if automation is None:
            raise HunterError(f"Dagster does not have {name} any more.")
        ended = [tick for tick in automation.ticks if tick.at > since and tick.status != "STARTED"]
        newest = max(ended, default=newest)
        launched = [tick for tick in ended if tick.run_ids]
        if launched or (newest and not system.own):
            return max(launched, default=newest)
        time.sleep(2 * POLL_SECONDS)
    return None if system.own else newest


def _check_tick(name: str, tick: Tick | None, interval_seconds: int) -> Evidence:
    if tick is None:
        return Evidence(False, f"{name} did not fire within {interval_seconds + CADENCE_GRACE_SECONDS} seconds")
    at = f"{datetime.fromtimestamp(tick.at, UTC):%H:%M:%S} UTC"
    if tick.run_ids:
        return Evidence(tick.status == "SUCCESS", f"it fired by itself at {at} and started the run {tick.run_ids[0]}")
    if tick.status == "SKIPPED" and tick.skip_reason:
        return Evidence(True, f"it fired by itself at {at} and started no run: {tick.skip_reason}")
    return Evidence(False, f"it fired at {at} and ended as {tick.status} without a reason")


def format_counts(summary: dict[str, Any]) -> str:
    """Return the counts of a summary: 'fetched 739, new 739, updated 0, ...'."""
    return ", ".join(f"{name.replace('_', ' ')} {summary.get(name)}" for name in COUNTS)


def format_outcome(summary: dict[str, Any]) -> str:
    """Return status, reason and counts of a summary: 'skipped (sync_in_progress), fetched 0, ...'."""
    reason = (summary.get("error") or {}).get("type") or summary.get("reason")
    return f"{summary.get('status')}{f' ({reason})' if reason else ''}, {format_counts(summary)}"
