"""Test that old runs and events are deleted from Dagster's storage while the latest state is kept."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from psycopg import sql

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.definitions import build_defs
from hunter_pipeline.defs import maintenance
from hunter_pipeline.local import dagster_instance as own_instance
from hunter_pipeline.warehouse import sync_lease
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
OLD = 5
ONE, TWO = dg.AssetKey("one"), dg.AssetKey("two")
TABLES = ("runs", "run_tags", "event_logs", "asset_check_executions")


@dg.asset
def one() -> None:
    pass


@dg.asset(deps=[one])
def two(context: dg.AssetExecutionContext) -> None:
    if "fails" in context.run.tags:
        raise dg.Failure("as asked")


@dg.asset_check(asset=one)
def is_one() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


DEFS = dg.Definitions(
    assets=[one, two],
    asset_checks=[is_one],
    jobs=[dg.define_asset_job("cheap", dg.AssetSelection.assets("one", "two"), executor_def=dg.in_process_executor)],
)


@pytest.fixture
def prepared(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[dg.DagsterInstance]:
    """Prepare Dagster's instance on PostgreSQL."""
    for name in ("DAGSTER_HOME", "DAGSTER_PG_URL", "DAGSTER_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HUNTER_HOME", str(tmp_path / "home"))
    own_instance.prepare(load_settings())
    with own_instance.open_instance() as instance:
        yield instance
        for record in instance.get_runs():
            instance.delete_run(record.run_id)


def run_once(instance: dg.DagsterInstance, *, fails: bool = False) -> str:
    job = DEFS.resolve_job_def("cheap")
    tags = {"fails": "yes"} if fails else None
    return job.execute_in_process(run_config=QUIET, instance=instance, tags=tags, raise_on_error=not fails).run_id


def statement(text: str) -> list[tuple[int]]:
    """Run a statement in Dagster's database."""
    with psycopg.connect(f"{dagster_url()}", autocommit=True) as connection:
        cursor = connection.execute(sql.SQL(text))  # pyright: ignore[reportArgumentType]
        return cursor.fetchall() if cursor.description else []


def dagster_url() -> str:
    return own_instance.storage_url(own_instance.Warehouse.from_settings(load_settings())).replace("+psycopg2", "")


def make_older(days: int) -> None:
    """Move the creation of all runs so many days into the past."""
    statement(f"update runs set create_timestamp = create_timestamp - interval '{days} days'")
    statement(f"update asset_check_executions set create_timestamp = create_timestamp - interval '{days} days'")


def rows() -> dict[str, int]:
    return {name: statement(f"select count(*) from {name}")[0][0] for name in TABLES}


@pytest.fixture
def aged(prepared: dg.DagsterInstance) -> dg.DagsterInstance:
    """Create runs of 40 days ago; the asset `two` failed in the last one."""
    for number in range(OLD):
        run_once(prepared, fails=number == OLD - 1)
    make_older(40)
    return prepared


def test_old_runs_are_deleted_and_the_latest_state_is_kept(aged: dg.DagsterInstance) -> None:
    """The newest run and the last success of the asset that failed since are kept."""
    before = rows()
    assert before["runs"] == OLD
    materialized = aged.get_latest_materialization_event(TWO)
    assert materialized is not None
    deleted = maintenance.prune(aged, older_than=timedelta(days=30))
    assert deleted == {"runs": OLD - 2, "check_results": OLD - 1}
    after = rows()
    assert (after["runs"], after["asset_check_executions"]) == (2, 1)
    assert after["event_logs"] * 2 < before["event_logs"]
    assert statement("select count(*) from event_logs where run_id not in (select run_id from runs)") == [(0,)]
    assert aged.get_run_by_id(materialized.run_id) is not None
    assert aged.get_latest_materialization_event(TWO) == materialized
    assert aged.get_records_for_run(materialized.run_id).records
    key = dg.AssetCheckKey(ONE, "is_one")
    check = aged.event_log_storage.get_asset_check_summary_records([key])[key].last_check_execution_record
    assert check is not None
    assert check.event is not None
    assert aged.get_run_by_id(check.run_id) is not None
    assert maintenance.prune(aged, older_than=timedelta(days=30)) == {"runs": 0, "check_results": 0}
    run_once(aged)
    assert maintenance.prune(aged, older_than=timedelta(days=30))["runs"] == 2, "what newer runs have replaced"


def test_recent_and_unfinished_runs_are_kept(aged: dg.DagsterInstance) -> None:
    """A run of yesterday is kept, and so is a queued or running one of any age."""
    job = DEFS.resolve_job_def("cheap")
    waiting = [
        aged.create_run_for_job(job, status=status).run_id
        for status in (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)
    ]
    make_older(40)
    young = run_once(aged)
    make_older(1)
    maintenance.prune(aged, older_than=timedelta(days=30))
    assert {run.run_id for run in aged.get_runs()} == {young, *waiting}


def test_pruning_stops_when_its_time_is_up(aged: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next night continues, and small batches delete nothing else."""
    monkeypatch.setattr(maintenance, "BATCH", 1)
    assert maintenance.prune(aged, older_than=timedelta(days=30), seconds=0)["runs"] == 1
    assert maintenance.prune(aged, older_than=timedelta(days=30))["runs"] == OLD - 3


def test_pruning_job_follows_the_setting_during_a_sync(
    aged: dg.DagsterInstance, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job uses HUNTER_RUN_RETENTION_DAYS, does not wait for a sync and sends no request."""
    assert maintenance.PRUNE_SCHEDULE.job_name == maintenance.PRUNE_JOB
    assert maintenance.PRUNE_SCHEDULE.default_status == dg.DefaultScheduleStatus.RUNNING
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
    with sync_lease.held(installation.warehouse, "a sync", seconds=DEADLINE_SECONDS):
        for days, left in (("60", OLD + 1), ("30", 4)):
            monkeypatch.setenv("HUNTER_RUN_RETENTION_DAYS", days)
            result = build_defs().resolve_job_def(maintenance.PRUNE_JOB).execute_in_process(QUIET, aged)
            assert result.success
            assert aged.get_runs_count() == left
    assert installation.sandbox.requests == []
    assert installation.value("select count(*) from sync_runs") == 0
