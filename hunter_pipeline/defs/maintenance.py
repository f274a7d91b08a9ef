"""Maintain Dagster's storage: delete old runs every night, and report runs of dead processes as failed."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.warehouse.sync_lease import is_dead, this_process

PRUNE_JOB = "prune_dagster_storage"
# Between two ticks of every cadence that divides ten minutes, and 90 minutes after the start of the full read.
NIGHTLY = "55 3 * * *"
BATCH = 100
# Seconds of work per night, enough for some 20,000 runs; the next night does the rest.
SECONDS = 600.0
# How long a connection to Dagster's storage is used again.
SHARED_SECONDS = 1
# The tag with the name of a run's process.
PROCESS_TAG = "hunter/process"

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_UNFINISHED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
# Dagster has no call that deletes results of checks, so they are deleted from its table.
_CHECKS = sa.table(
    "asset_check_executions",
    sa.column("id", sa.BigInteger),
    sa.column("asset_key", sa.Text),
    sa.column("check_name", sa.Text),
    sa.column("run_id", sa.Text),
    sa.column("execution_status", sa.Text),
    sa.column("create_timestamp", sa.DateTime),
)


def share_connections(instance: dg.DagsterInstance) -> None:
    """
    Let the statements of a second share a connection to Dagster's storage.

    Without it, dagster-postgres opens a connection for each statement: 238 a sync. They are not kept longer, because a
    statement on a connection of a server that was restarted fails, and with it the run.
    """
    instance.optimize_for_webserver(statement_timeout=0, pool_recycle=SHARED_SECONDS, max_overflow=20)


def process_tags() -> dict[str, str]:
    """Return the tag by which a later sync recognizes that the process of a run has died."""
    return {PROCESS_TAG: this_process()}


def report_dead_runs(
    instance: dg.DagsterInstance, interrupted: Sequence[str] = (), *, own: str | None = None, all_are_dead: bool = False
) -> int:
    """
    Report runs of killed processes, which still have the status started, as failed; return their number.

    Dagster itself notices only after `max_runtime_seconds`. Called with the lease of a sync held, or before any
    Dagster of this home runs.

    Args:
        interrupted: runs of syncs that were interrupted.
        own: the run of the caller.
        all_are_dead: whether no run can be alive, because no Dagster of this home runs.
    """
    found = instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED))
    dead = [
        run
        for run in found
        if run.run_id != own and (all_are_dead or run.run_id in interrupted or is_dead(run.tags.get(PROCESS_TAG, "")))
    ]
    for run in dead:
        instance.report_run_failed(
            run, "Its process died before the run could end; the next sync continues from there."
        )
    return len(dead)


def prune(instance: dg.DagsterInstance, *, older_than: timedelta, seconds: float = SECONDS) -> dict[str, int]:
    """
    Delete finished runs older than the limit with their events, then results of checks older than the limit.

    The latest state of an asset or a check in the web UI is kept at any age. Stops between two runs when the time is
    up. Returns the numbers of deleted `runs` and `check_results`.
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
    """Yield runs in batches, the oldest first; a batch has to be deleted before the next one is requested."""
    filters = dg.RunsFilter(statuses=_FINISHED, created_before=before)
    while True:
        found = instance.get_run_records(filters, limit=BATCH + len(kept), ascending=True)
        old = [record.dagster_run.run_id for record in found if record.dagster_run.run_id not in kept]
        if not old:
            return
        yield from old


def _latest_runs(instance: dg.DagsterInstance) -> set[str]:
    """Return the runs of the latest state of each asset and each check."""
    entries = [record.asset_entry for record in instance.get_asset_records()]
    found = {entry.last_run_id for entry in entries}
    found |= {entry.last_materialization.run_id for entry in entries if entry.last_materialization}
    with _event_log(instance).index_connection() as connection:
        latest = sa.select(_CHECKS.c.run_id).where(_CHECKS.c.id.in_(_latest_results()))
        found |= set(connection.execute(latest).scalars())
    return {run_id for run_id in found if run_id}


def _latest_results() -> sa.Select[tuple[int]]:
    """Select the ids of the newest result of each check, and of its newest result that is not only planned."""
    newest = sa.select(sa.func.max(_CHECKS.c.id)).group_by(_CHECKS.c.asset_key, _CHECKS.c.check_name)
    done = newest.where(_CHECKS.c.execution_status != "PLANNED")
    return sa.select(sa.union_all(newest, done).subquery().c[0])


def _delete_check_results(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete the results of checks that `delete_run` does not delete."""
    old = sa.delete(_CHECKS).where(
        _CHECKS.c.create_timestamp < before.replace(tzinfo=None), _CHECKS.c.id.not_in(_latest_results())
    )
    with _event_log(instance).index_connection() as connection:
        return int(connection.execute(old).rowcount)


def _event_log(instance: dg.DagsterInstance) -> Any:
    """Return Dagster's event storage, which is an SQL database both in PostgreSQL and in SQLite."""
    return instance.event_log_storage


@dg.op
def delete_old_runs(context: dg.OpExecutionContext) -> None:
    """Delete runs and results of checks that are older than HUNTER_RUN_RETENTION_DAYS."""
    deleted = prune(context.instance, older_than=timedelta(days=load_settings().run_retention_days))
    context.log.info(f"Deleted: {deleted['runs']} runs, {deleted['check_results']} results of checks.")
    context.add_output_metadata(deleted)


@dg.job(name=PRUNE_JOB, description="Deletes Dagster's own old runs and events; the assets' tables are not touched.")
def prune_dagster_storage() -> None:
    """Delete old runs in a job with one op."""
    delete_old_runs()


PRUNE_SCHEDULE = dg.ScheduleDefinition(
    name=f"{PRUNE_JOB}_schedule",
    job=prune_dagster_storage,
    cron_schedule=NIGHTLY,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Deletes Dagster's old runs every night, whether or not the feature flag is on.",
)
