"""
When a sync starts by itself: one policy, called by the schedules and by the sensor.

    interval of a minute or more   the schedule keeps it, the sensor starts a sync early when upstream has changed
    below a minute                 the sensor keeps it: cron, and so a schedule, is no finer than a minute

A tick that has nothing to do starts no run: a run costs some 46 event rows. Every tick that starts
none says why.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from hunter_pipeline.config.settings import HEARTBEAT_SECONDS, Settings, load_settings
from hunter_pipeline.defs.resources import PartnerCenterResource, WarehouseResource
from hunter_pipeline.pipeline.steps import horizon
from hunter_pipeline.pipeline.sync_run import FLAG_DISABLED, IN_PROGRESS, stream_of
from hunter_pipeline.referrals.timestamps import sortable_utc
from hunter_pipeline.warehouse import raw_referrals, sync_runs
from hunter_pipeline.warehouse.connection import Connection

JOB = "sync_partner_center_referrals"
FULL = {"ops": {"raw_referrals": {"config": {"mode": "full"}}}}
QUIET = {"loggers": {"console": {"config": {}}}}
"""Names the console of `definitions.py`: a run that names none gets Dagster's own, which says everything twice."""
NIGHTLY = "25 2 * * *"
"""Between two ticks of every cadence that divides ten minutes, so that the two do not meet."""
MINUTE = 60
HOUR = 3600
LOST_SECONDS = 60
"""A run that was made and not queued within this was lost on the way, for good: it must not keep others waiting."""

_ABOUT_TO_START = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]


def kept_seconds(seconds: int) -> int:
    """
    The cadence that is really kept for an interval: 600 -> 600, 90 -> 60, 2700 -> 1800.

    Cron knows even steps only, of minutes that divide an hour or hours that divide a day: it is the next shorter one.
    """
    if seconds < MINUTE:
        return seconds
    unit, parts = (MINUTE, 60) if seconds < HOUR else (HOUR, 24)
    return unit * max(step for step in range(1, parts + 1) if parts % step == 0 and step <= seconds // unit)


def cron_of(seconds: int) -> str:
    """
    The cron line of an interval: 600 -> '*/10 * * * *', 7200 -> '0 */2 * * *'.

    Below a minute it is that of ten minutes, which the schedule has should somebody switch it on by hand.
    """
    kept = kept_seconds(seconds if seconds >= MINUTE else HEARTBEAT_SECONDS)
    if kept < HOUR:
        return f"*/{kept // MINUTE} * * * *"
    return f"0 */{kept // HOUR} * * *" if kept < 24 * HOUR else "0 0 * * *"


def why_not(settings: Settings, instance: dg.DagsterInstance, connection: Connection) -> str | None:
    """
    The reason why no sync should start now, None where one may.

    A run that has started counts by the lock that it holds: one whose process was killed still says "started".
    """
    if not settings.partner_center_enabled:
        return FLAG_DISABLED
    young = datetime.now(UTC) - timedelta(seconds=LOST_SECONDS)
    on_the_way = dg.RunsFilter(job_name=JOB, statuses=[dg.DagsterRunStatus.NOT_STARTED], created_after=young)
    about_to_start = dg.RunsFilter(job_name=JOB, statuses=_ABOUT_TO_START)
    waiting = any(instance.get_runs(which, limit=1) for which in (about_to_start, on_the_way))
    return IN_PROGRESS if waiting or sync_runs.sync_is_running(connection) else None


def why_early(settings: Settings, partner_center: PartnerCenterResource, connection: Connection) -> str | None:
    """
    The reason to sync now instead of waiting for the cadence, None where there is nothing to do.

    Partner Center is asked first: where nobody is signed in or nothing answers, the tick fails and says so,
    instead of a failing run every few seconds.
    """
    keeps_cadence = settings.interval_seconds < MINUTE
    success, last = sync_runs.last_success(connection), sync_runs.last_run(connection)
    if not keeps_cadence and (success is None or (last and last["status"] in ("failed", "running"))):
        return "first_sync" if last is None else None  # the schedule tries again, and its runs show why they fail
    stream = stream_of(settings)
    seen = raw_referrals.watermark(connection, stream.name)
    connection.commit()  # the question may take seconds: no transaction stays open for it
    with partner_center.client() as client:
        newest = sortable_utc(client.newest_update(stream.only))
    if keeps_cadence and (reason := _why_anyway(success, last)):
        return reason
    if newest is not None and newest > horizon():
        return None  # a slip, which hides whatever else may be new: heartbeat and schedule see to it
    return "changed_upstream" if newest is not None and (seen is None or newest > seen) else None


def _why_anyway(success: dict[str, Any] | None, last: dict[str, Any] | None) -> str | None:
    """Why the keeper of the cadence syncs even where upstream stands still."""
    if success is None:
        return "first_sync"
    if success["age_seconds"] >= HEARTBEAT_SECONDS:
        return "heartbeat"
    return "last_sync_failed" if last and last["status"] in ("failed", "running") else None


def build_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The cadence (stopped where the sensor keeps it) and the nightly full read."""
    running = dg.DefaultScheduleStatus.RUNNING
    keeps_cadence = settings.interval_seconds >= MINUTE

    @dg.schedule(
        name="sync_partner_center_referrals_schedule",
        job_name=JOB,
        cron_schedule=cron_of(settings.interval_seconds),
        default_status=running if keeps_cadence else dg.DefaultScheduleStatus.STOPPED,
        description="Reads what changed since the last success.",
    )
    def cadence(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        with warehouse.connection() as connection:
            reason = why_not(load_settings(), context.instance, connection)
        return (
            dg.SkipReason(reason) if reason else dg.RunRequest(run_config=QUIET, tags={"hunter/started_by": "schedule"})
        )

    @dg.schedule(
        name="full_reconciliation_schedule",
        job_name=JOB,
        cron_schedule=NIGHTLY,
        default_status=running,
        description="Reads everything, and marks what is gone upstream.",
    )
    def nightly(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        with warehouse.connection() as connection:
            reason = why_not(load_settings(), context.instance, connection)
        return (
            dg.SkipReason(reason)
            if reason
            else dg.RunRequest(run_config=QUIET | FULL, tags={"hunter/started_by": "reconciliation"})
        )

    return [cadence, nightly]


def build_sensor(settings: Settings) -> dg.SensorDefinition:
    """Starts a sync when Partner Center has something that we have not; keeps cadences below a minute."""

    @dg.sensor(
        name="partner_center_changes_sensor",
        job_name=JOB,
        minimum_interval_seconds=min(settings.interval_seconds, MINUTE),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a sync early when Partner Center has changed; keeps a cadence below a minute.",
    )
    def changes(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource, partner_center: PartnerCenterResource
    ) -> dg.RunRequest | dg.SkipReason:
        current = load_settings()
        with warehouse.connection() as connection:
            reason = why_not(current, context.instance, connection)
            if reason is not None:
                return dg.SkipReason(reason)
            early = why_early(current, partner_center, connection)
        if early is None:
            return dg.SkipReason("nothing_changed_upstream")
        return dg.RunRequest(run_config=QUIET, tags={"hunter/started_by": "sensor", "hunter/why": early})

    return changes
