"""
Dagster keeps its runs and their events for ever: a job deletes the old ones every night.

Nothing of the pipeline's own database is touched and no lock is taken, so a sync may run at the same time. What the
web UI shows as the latest state of an asset or a check stays, however old it is.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Checks

from hunter_pipeline.config.settings import load_settings

JOB = "prune_dagster_storage"
NIGHTLY = "55 3 * * *"
"""Between two ticks of every cadence that divides ten minutes, and an hour and a half after the full read began."""
BATCH = 100
SECONDS = 600.0
"""For one night: some 20,000 runs. What is left is the next night's; run_monitoring would end the job after 900 s."""

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def prune(instance: dg.DagsterInstance, *, older_than: timedelta, seconds: float = SECONDS) -> dict[str, int]:
    """
    Delete finished runs that were made before that, with their events, then results of checks that old.

    Stops in time, between two runs. Returns how many `runs` and `check_results` were deleted.
    """
    before = datetime.now(UTC) - older_than
    until = time.monotonic() + seconds
    deleted = 0
    for run_id in _old_runs(instance, before, _latest_runs(instance)):
        instance.delete_run(run_id)
        deleted += 1
        if time.monotonic() >= until:
            break
    return {"runs": deleted, "check_results": _delete_check_results(instance, before)}


def _old_runs(instance: dg.DagsterInstance, before: datetime, kept: set[str]) -> Iterator[str]:
    """The oldest first, in batches: whoever asks deletes each before asking for the next."""
    filters = dg.RunsFilter(statuses=_FINISHED, created_before=before)
    while True:
        found = instance.get_run_records(filters, limit=BATCH + len(kept), ascending=True)
        old = [record.dagster_run.run_id for record in found if record.dagster_run.run_id not in kept]
        if not old:
            return
        yield from old


def _latest_runs(instance: dg.DagsterInstance) -> set[str]:
    """The runs behind the latest state of each asset and each check."""
    entries = [record.asset_entry for record in instance.get_asset_records()]
    found = {entry.last_run_id for entry in entries}
    found |= {entry.last_materialization.run_id for entry in entries if entry.last_materialization}
    with _event_log(instance).index_connection() as connection:
        found |= set(connection.execute(sa.select(Checks.c.run_id).where(Checks.c.id.in_(_latest_results()))).scalars())
    return {run_id for run_id in found if run_id}


def _latest_results() -> sa.Select[tuple[int]]:
    """Ids of the newest result of each check, and of the newest one that is more than planned."""
    newest = sa.select(sa.func.max(Checks.c.id)).group_by(Checks.c.asset_key, Checks.c.check_name)
    done = newest.where(Checks.c.execution_status != AssetCheckExecutionRecordStatus.PLANNED.value)
    return sa.select(sa.union_all(newest, done).subquery().c[0])


def _delete_check_results(instance: dg.DagsterInstance, before: datetime) -> int:
    """`delete_run` leaves them behind, and Dagster has no call for it: hence its own table, from its own schema."""
    old = sa.delete(Checks).where(
        Checks.c.create_timestamp < before.replace(tzinfo=None), Checks.c.id.not_in(_latest_results())
    )
    with _event_log(instance).index_connection() as connection:
        return connection.execute(old).rowcount


def _event_log(instance: dg.DagsterInstance) -> SqlEventLogStorage:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"Dagster's events are in {type(storage).__name__}, which is no database.")
    return storage


@dg.op
def delete_old_runs(context: dg.OpExecutionContext) -> None:
    """Delete what is older than HUNTER_RUN_RETENTION_DAYS."""
    deleted = prune(context.instance, older_than=timedelta(days=load_settings().run_retention_days))
    context.log.info(f"Deleted: {deleted['runs']} runs, {deleted['check_results']} results of checks.")
    context.add_output_metadata(deleted)


@dg.job(name=JOB, description="Deletes Dagster's own old runs and events; what the assets hold is not touched.")
def prune_dagster_storage() -> None:
    """One op, in a run of its own."""
    delete_old_runs()


SCHEDULE = dg.ScheduleDefinition(
    name=f"{JOB}_schedule",
    job=prune_dagster_storage,
    cron_schedule=NIGHTLY,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Deletes Dagster's old runs every night, whether or not the feature flag is on.",
)
