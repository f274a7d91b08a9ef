"""Test when a sync starts by itself, and the reasons of skipped ticks."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.definitions import build_resources
from hunter_pipeline.defs import schedules
from hunter_pipeline.defs.schedules import build_changes_sensor, build_schedules, cron_of
from hunter_pipeline.errors import DatabaseError, PartnerCenterAuthError
from hunter_pipeline.pipeline.sync_run import FULL_RUN_CONFIG, QUIET_RUN_CONFIG, SYNC_JOB
from hunter_pipeline.sandbox import Fault
from hunter_pipeline.warehouse import sync_lease
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Return an instance with a folder, because a schedule's tick opens it by its reference."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


GIVEN = {name: build_resources()[name] for name in ("warehouse", "partner_center")}


@pytest.mark.parametrize(
    ("seconds", "cron"),
    [
        (60, "*/1 * * * *"), (90, "*/1 * * * *"), (2700, "*/30 * * * *"), (5400, "0 */1 * * *"),
        (18_000, "0 */4 * * *"),
        (300, "*/5 * * * *"), (600, "*/10 * * * *"), (1800, "*/30 * * * *"),
        (3600, "0 */1 * * *"), (7200, "0 */2 * * *"), (86_400, "0 0 * * *"), (30, "*/10 * * * *"), (5, "*/10 * * * *"),
    ],
)  # fmt: skip
def test_interval_has_a_cron_line(seconds: int, cron: str) -> None:
    """Below a minute, where the sensor starts syncs, the line is that of ten minutes."""
    assert cron_of(seconds) == cron
    assert dg.ScheduleDefinition(name="any", cron_schedule=cron, job_name=SYNC_JOB).cron_schedule == cron


@pytest.mark.parametrize(
    ("env", "seconds", "cron", "is_running"),
    [
        ("production", "", "*/10 * * * *", True),
        ("development", "", "*/10 * * * *", False),
        ("development", "60", "*/1 * * * *", True),
        ("production", "45", "*/10 * * * *", False),
    ],
)
def test_cadence_is_kept_by_schedule_or_sensor(
    monkeypatch: pytest.MonkeyPatch, env: str, seconds: str, cron: str, is_running: bool
) -> None:
    """The schedule starts syncs from a minute on, the sensor below; the default depends on the environment."""
    monkeypatch.setenv("HUNTER_ENV", env)
    monkeypatch.setenv("HUNTER_SYNC_INTERVAL_SECONDS", seconds)
    regular, nightly = build_schedules(load_settings())
    assert regular.cron_schedule == cron
    assert (regular.default_status == dg.DefaultScheduleStatus.RUNNING) == is_running
    assert nightly.default_status == dg.DefaultScheduleStatus.RUNNING
    assert (regular.job_name, nightly.job_name) == (SYNC_JOB, SYNC_JOB)
    sensor = build_changes_sensor(load_settings())
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == {"": 30 if env == "development" else 60}.get(seconds, int(seconds or 0))


@pytest.fixture
def production(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Set a cadence of ten minutes, kept by the schedule."""
    monkeypatch.setenv("HUNTER_ENV", "production")
    return installation


def tick(instance: dg.DagsterInstance, name: str) -> str | dg.RunRequest:
    """Evaluate a schedule or the sensor once; return the reason for skipping, or the run request."""
    if name == "sensor":
        with dg.build_sensor_context(instance=instance, resources=GIVEN) as context:
            data = build_changes_sensor(load_settings()).evaluate_tick(context)
    else:
        schedule = build_schedules(load_settings())[("cadence", "nightly").index(name)]
        with dg.build_schedule_context(instance=instance, resources=GIVEN) as context:
            data = schedule.evaluate_tick(context)
    if data.skip_message:
        return data.skip_message
    [request] = data.run_requests or []
    return request


def started(found: str | dg.RunRequest) -> dict[str, str]:
    """Return the tags of a requested run."""
    assert isinstance(found, dg.RunRequest), found
    return {name: value for name, value in found.tags.items() if name.startswith("hunter/")}


def test_schedules_request_a_run(production: Installation, instance: dg.DagsterInstance) -> None:
    """The cadence requests an incremental sync, the nightly schedule a full one; tags name the schedule."""
    cadence, nightly = tick(instance, "cadence"), tick(instance, "nightly")
    assert started(cadence) == {"hunter/started_by": "schedule"}
    assert started(nightly) == {"hunter/started_by": "reconciliation"}
    assert isinstance(cadence, dg.RunRequest)
    assert isinstance(nightly, dg.RunRequest)
    assert (cadence.run_config, nightly.run_config) == (QUIET_RUN_CONFIG, QUIET_RUN_CONFIG | FULL_RUN_CONFIG)


@pytest.mark.parametrize("name", ["cadence", "nightly", "sensor"])
def test_tick_is_skipped_when_the_flag_is_off(
    production: Installation, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Schedule and sensor skip with the reason and send no request."""
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
    assert tick(instance, name) == "feature_flag_disabled"
    assert production.sandbox.requests == []


@pytest.mark.parametrize("name", ["cadence", "sensor"])
def test_tick_is_skipped_when_a_sync_is_running(
    production: Installation, instance: dg.DagsterInstance, name: str
) -> None:
    """Schedule and sensor skip for any owner of the lease; the nightly run itself waits for it."""
    with sync_lease.held(production.warehouse, "another sync", seconds=DEADLINE_SECONDS):
        assert tick(instance, name) == "sync_in_progress"
        assert isinstance(tick(instance, "nightly"), dg.RunRequest)


@pytest.mark.parametrize("name", ["cadence", "sensor"])
def test_tick_is_skipped_when_a_run_is_queued(
    production: Installation, instance: dg.DagsterInstance, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that has not started counts as well; a lost run or one of a dead process does not."""
    from hunter_pipeline.definitions import build_defs

    job = build_defs().resolve_job_def(SYNC_JOB)
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED)
    assert tick(instance, name) == "sync_in_progress"
    with monkeypatch.context() as later:
        later.setattr(schedules, "LOST_SECONDS", 0)
        assert tick(instance, name) != "sync_in_progress"
    instance.report_run_canceled(run)
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert tick(instance, name) != "sync_in_progress"


def test_sensor_starts_the_first_sync(installation: Installation, instance: dg.DagsterInstance) -> None:
    """With a cadence below a minute an empty database is filled after one small request."""
    assert started(tick(instance, "sensor")) == {"hunter/started_by": "sensor", "hunter/why": "first_sync"}
    assert [asked["$top"] for asked in installation.pages_asked] == ["1"]


def test_sensor_starts_a_sync_when_upstream_has_changed(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """It requests the newest change only and compares it with the last read."""
    installation.sync()
    installation.sandbox.requests.clear()
    assert tick(instance, "sensor") == "nothing_changed_upstream"
    [asked] = installation.pages_asked
    assert (asked["$top"], asked["$orderby"]) == ("1", "updatedDateTime desc")
    installation.sandbox.world.arrive(1)
    assert started(tick(instance, "sensor"))["hunter/why"] == "changed_upstream"
    installation.sync()
    assert tick(instance, "sensor") == "nothing_changed_upstream"


def test_sensor_starts_a_sync_early_in_production(production: Installation, instance: dg.DagsterInstance) -> None:
    """If the schedule keeps the cadence, the sensor starts a sync for a change only."""
    production.sync()
    assert tick(instance, "sensor") == "nothing_changed_upstream"
    production.sandbox.world.arrive(1)
    assert started(tick(instance, "sensor"))["hunter/why"] == "changed_upstream"


@pytest.mark.parametrize(("seconds", "expected"), [("30", "heartbeat"), ("600", None)])
def test_sensor_starts_a_sync_when_the_heartbeat_is_due(
    installation: Installation,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    seconds: str,
    expected: str | None,
) -> None:
    """If the sensor keeps the cadence, it syncs every ten minutes without a change."""
    installation.sync()
    installation.execute("update sync_runs set finished_at = now() - interval '10 minutes'")
    monkeypatch.setenv("HUNTER_SYNC_INTERVAL_SECONDS", seconds)
    found = tick(instance, "sensor")
    assert found == "nothing_changed_upstream" if expected is None else started(found)["hunter/why"] == expected


@pytest.mark.parametrize(("seconds", "expected"), [("30", "last_sync_failed"), ("600", None)])
def test_sensor_starts_a_sync_when_the_last_one_failed(
    installation: Installation,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    seconds: str,
    expected: str | None,
) -> None:
    """If the schedule keeps the cadence, the failed sync waits for it."""
    installation.sync()
    installation.sandbox.fail(Fault(where="list", kind="404", times=1))
    installation.sync()
    monkeypatch.setenv("HUNTER_SYNC_INTERVAL_SECONDS", seconds)
    found = tick(instance, "sensor")
    assert found == "nothing_changed_upstream" if expected is None else started(found)["hunter/why"] == expected


def test_tick_fails_when_the_sign_in_has_expired(installation: Installation, instance: dg.DagsterInstance) -> None:
    """The sensor's page shows an error without personal data instead of a skip."""
    installation.sync()
    installation.sandbox.fail(Fault(where="list", kind="403"))
    with pytest.raises(PartnerCenterAuthError):
        tick(instance, "sensor")


@pytest.mark.parametrize("seconds", ["30", "600"])
def test_sensor_starts_one_run_when_a_change_is_dated_in_the_future(
    installation: Installation, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    """A wrong date in the year 9999 hides changes from the sensor, not from schedule and heartbeat."""
    installation.sandbox.world.update(
        next(iter(installation.sandbox.world.incoming())), updatedDateTime="9999-01-01T00:00:00Z"
    )
    installation.sync()
    monkeypatch.setenv("HUNTER_SYNC_INTERVAL_SECONDS", seconds)
    assert tick(instance, "sensor") == "nothing_changed_upstream"


def test_tick_fails_when_the_database_is_unreachable(
    installation: Installation, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Schedule and sensor fail with one sentence."""
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://hunter:geheim@127.0.0.1:1/hunter")
    for name in ("cadence", "sensor"):
        with pytest.raises((dg.DagsterError, DatabaseError)) as raised:
            tick(instance, name)
        error = raised.value.__cause__ or raised.value  # a schedule's error is wrapped once more
        assert str(error).startswith("PostgreSQL is out of reach: ")
        assert "geheim" not in repr(raised.value)
