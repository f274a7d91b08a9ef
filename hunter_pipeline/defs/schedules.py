"""
Define the schedules and the sensor that start syncs, and their policy.

    interval of a minute or more   the schedule starts syncs; the sensor starts one early if upstream has changed
    below a minute                 the sensor starts syncs: cron, and so a schedule, has a resolution of a minute

A tick without work starts no run, because a run costs some 46 rows of Dagster's event log, and returns the reason.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from hunter_pipeline.config.settings import HEARTBEAT_SECONDS, Settings, load_settings
from hunter_pipeline.defs.resources import PartnerCenterResource, WarehouseResource
from hunter_pipeline.pipeline.extract import OVERLAP
from hunter_pipeline.pipeline.extract_state import Stream
from hunter_pipeline.pipeline.sync_run import FLAG_DISABLED, FULL_RUN_CONFIG, IN_PROGRESS, QUIET_RUN_CONFIG, SYNC_JOB
from hunter_pipeline.referrals.timestamps import sortable_utc
from hunter_pipeline.warehouse import sync_cursors, sync_lease, sync_runs
from hunter_pipeline.warehouse.connection import Connection

# Between two ticks of every cadence that divides ten minutes, so that the two do not coincide.
NIGHTLY = "25 2 * * *"
# An hour later, when the full read has ended.
METRICS_NIGHTLY = "25 3 * * *"
MINUTE = 60
HOUR = 3600
# A run that was created and not queued within this time is lost, and must not block others.
LOST_SECONDS = 60

_ABOUT_TO_START = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]


METRICS_JOB = dg.define_asset_job("lead_metrics_job", "lead_metrics", description="Records the metrics of all leads.")
METRICS_SCHEDULE = dg.ScheduleDefinition(
    name="lead_metrics_schedule",
    job=METRICS_JOB,
    cron_schedule=METRICS_NIGHTLY,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Records response time, expired referrals and win rates every night.",
)


def kept_seconds(seconds: int) -> int:
    """
    Return the cadence that cron can express for an interval: 600 -> 600, 90 -> 60, 2700 -> 1800.

    Cron has even steps only for minutes that divide an hour or hours that divide a day; the next shorter one is used.
    """
    if seconds < MINUTE:
        return seconds
    unit, parts = (MINUTE, 60) if seconds < HOUR else (HOUR, 24)
    return unit * max(step for step in range(1, parts + 1) if parts % step == 0 and step <= seconds // unit)


def cron_of(seconds: int) -> str:
    """
    Return the cron line of an interval: 600 -> '*/10 * * * *', 7200 -> '0 */2 * * *'.

    Below a minute it is that of ten minutes, for a schedule that is switched on by hand.
    """
    kept = kept_seconds(seconds if seconds >= MINUTE else HEARTBEAT_SECONDS)
    if kept < HOUR:
        return f"*/{kept // MINUTE} * * * *"
    return f"0 */{kept // HOUR} * * *" if kept < 24 * HOUR else "0 0 * * *"


def skip_reason(settings: Settings, instance: dg.DagsterInstance, connection: Connection) -> str | None:
    """
    Return the reason why no sync should start now, or None if one may.

    A started run is recognized by its lease, because Dagster also shows a run as started after its process was killed.
    """
    if not settings.partner_center_enabled:
        return FLAG_DISABLED
    young = datetime.now(UTC) - timedelta(seconds=LOST_SECONDS)
    created = dg.RunsFilter(job_name=SYNC_JOB, statuses=[dg.DagsterRunStatus.NOT_STARTED], created_after=young)
    about_to_start = dg.RunsFilter(job_name=SYNC_JOB, statuses=_ABOUT_TO_START)
    waiting = any(instance.get_runs(which, limit=1) for which in (about_to_start, created))
    return IN_PROGRESS if waiting or sync_lease.holder(connection) else None


def run_reason(settings: Settings, partner_center: PartnerCenterResource, connection: Connection) -> str | None:
    """
    Return the reason to sync now instead of waiting for the cadence, or None.

    Partner Center is queried first: if no account is signed in or it does not respond, the tick fails with the error,
    instead of a failing run every few seconds.
    """
    keeps_cadence = settings.interval_seconds < MINUTE
    success, last = sync_runs.last_success(connection), sync_runs.last_run(connection)
    if not keeps_cadence and (success is None or (last and last["status"] in ("failed", "running"))):
        return "first_sync" if last is None else None  # the schedule tries again, and its runs show why they fail
    stream = Stream.from_settings(settings)
    seen = sync_cursors.watermark(connection, stream.name)
    connection.commit()  # the request may take seconds: no transaction stays open during it
    with partner_center.client() as client:
        newest = sortable_utc(client.newest_update(stream.only))
    if keeps_cadence and (reason := _cadence_reason(success, last)):
        return reason
    latest = sortable_utc((datetime.now(UTC) + OVERLAP).isoformat()) or ""
    if newest is not None and newest > latest:
        return None  # a wrong date, which hides other changes; heartbeat and schedule find those
    return "changed_upstream" if newest is not None and (seen is None or newest > seen) else None


def _cadence_reason(success: dict[str, Any] | None, last: dict[str, Any] | None) -> str | None:
    """Return why a sync is due although upstream has not changed, or None."""
    if success is None:
        return "first_sync"
    if success["age_seconds"] >= HEARTBEAT_SECONDS:
        return "heartbeat"
    return "last_sync_failed" if last and last["status"] in ("failed", "running") else None


def build_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Return the regular sync (stopped if the sensor starts syncs) and the nightly full read."""
    running = dg.DefaultScheduleStatus.RUNNING

    @dg.schedule(
        name="sync_partner_center_referrals_schedule",
        job_name=SYNC_JOB,
        cron_schedule=cron_of(settings.interval_seconds),
        default_status=running if settings.interval_seconds >= MINUTE else dg.DefaultScheduleStatus.STOPPED,
        description="Reads what changed since the last success.",
    )
    def cadence(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        with warehouse.connection() as connection:
            reason = skip_reason(load_settings(), context.instance, connection)
        if reason is not None:
            return dg.SkipReason(reason)
        return dg.RunRequest(run_config=QUIET_RUN_CONFIG, tags={"hunter/started_by": "schedule"})

    @dg.schedule(
        name="full_reconciliation_schedule",
        job_name=SYNC_JOB,
        cron_schedule=NIGHTLY,
        default_status=running,
        description="Reads everything and marks what is gone upstream; it waits for a sync that is under way.",
    )
    def nightly() -> dg.RunRequest | dg.SkipReason:
        if not load_settings().partner_center_enabled:
            return dg.SkipReason(FLAG_DISABLED)
        return dg.RunRequest(
            run_config=QUIET_RUN_CONFIG | FULL_RUN_CONFIG, tags={"hunter/started_by": "reconciliation"}
        )

    return [cadence, nightly]


def build_changes_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor for these settings: it ticks every minute, or more often if the interval is shorter."""

    @dg.sensor(
        name="partner_center_changes_sensor",
        job_name=SYNC_JOB,
        minimum_interval_seconds=min(settings.interval_seconds, MINUTE),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a sync early when Partner Center has changed; keeps a cadence below a minute.",
    )
    def changes(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource, partner_center: PartnerCenterResource
    ) -> dg.RunRequest | dg.SkipReason:
        current = load_settings()
        with warehouse.connection() as connection:
            reason = skip_reason(current, context.instance, connection)
            if reason is not None:
                return dg.SkipReason(reason)
            why = run_reason(current, partner_center, connection)
        if why is None:
            return dg.SkipReason("nothing_changed_upstream")
        return dg.RunRequest(run_config=QUIET_RUN_CONFIG, tags={"hunter/started_by": "sensor", "hunter/why": why})

    return changes
