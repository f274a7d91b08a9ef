"""Test steps 1 to 4 against systems with faults: each fault fails the step with a clear sentence."""

import json
import os
import time
from typing import Any

import pytest

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.uat import sync_steps
from hunter_pipeline.uat.clients import COUNTS, SYNC_PATHS, SyncCommandResult
from hunter_pipeline.warehouse import acceptance, sync_runs
from hunter_pipeline.warehouse.connection import Connection, Warehouse, fetch_all
from hunter_pipeline_tests.uat.conftest import FakeServer, MakeContext, failures, run
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow

POST, GET = f"POST {SYNC_PATHS[0]}", f"GET {SYNC_PATHS[0]}"
STARTED = {"task_id": "t1", "status": "queued", "success": True, "enqueued": True, "message": "The sync is queued."}
SUMMARY = {**dict.fromkeys(COUNTS, 0), "status": "success", "reason": None, "run_id": "t1", "mode": "incremental"}
ENDED = {"task_id": "t1", "status": "success", "summary": SUMMARY}
SENSOR, SCHEDULE = "partner_center_changes_sensor", "sync_partner_center_referrals_schedule"
Json = dict[str, Any]


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a tick that never comes only briefly."""
    monkeypatch.setattr(sync_steps, "CADENCE_GRACE_SECONDS", 0.3)
    monkeypatch.setattr(sync_steps, "POLL_SECONDS", 0.025)


def record(connection: Connection, summary: Json) -> None:
    """Insert a row into sync_runs as a sync does."""
    sync_runs.open_run(connection, summary["run_id"], summary["mode"])
    sync_runs.close_run(connection, summary["run_id"], status=summary["status"], reason=None, error=None)
    connection.commit()


def test_manual_sync_fails_when_the_api_is_down(make_context: MakeContext, closed_url: str) -> None:
    assert failures(run(sync_steps.check_manual_sync, make_context(closed_url))) == [
        f"The API at {closed_url} does not respond. Start it with hunter serve."
    ]


@pytest.mark.parametrize(
    ("response", "text"),
    [
        ((400, {"error": "x", "detail": "The flag is off."}), f"{POST} returned 400: The flag is off."),
        ((200, {"success": True}), f"{POST} returned 200: no task_id"),
        ((200, "<html>"), "without a JSON object."),
        ((200, ["t1"]), "without a JSON object."),
    ],
)
def test_manual_sync_fails_when_the_response_has_no_task_id(
    response: Any, text: str, fake_server: FakeServer, make_context: MakeContext
) -> None:
    fake_server.responses[POST] = response
    [found] = failures(run(sync_steps.check_manual_sync, make_context(fake_server.url)))
    assert found.endswith(text)


def test_manual_sync_fails_when_its_run_fails_or_has_no_row(
    fake_server: FakeServer, make_context: MakeContext, warehouse: Warehouse
) -> None:
    failed = SUMMARY | {"status": "failed", "error": {"type": "PartnerCenterAuthError"}}
    fake_server.responses[POST] = (200, STARTED)
    running = {"task_id": "t1", "status": "running", "summary": None}
    failure = ENDED | {"status": "failure", "summary": failed}
    fake_server.responses[f"{GET}/t1"] = [(200, running), (200, failure)]
    followed, recorded = failures(run(sync_steps.check_manual_sync, make_context(fake_server.url, warehouse)))
    assert "followed the run: running, failure; its summary: failed (PartnerCenterAuthError), fetched 0" in followed
    assert recorded == "sync_runs has no row for it; is this the database of the system?"


def test_manual_sync_passes_after_another_sync(
    fake_server: FakeServer, make_context: MakeContext, warehouse: Warehouse, connection: Connection
) -> None:
    """A sync that was in progress is followed to its end; a count that differs from the row fails the step."""
    record(connection, SUMMARY)
    other = STARTED | {"task_id": "t0", "enqueued": False, "status": "running"}
    fake_server.responses = {
        POST: [(200, other), (200, STARTED)],
        f"{GET}/t0": (200, {"task_id": "t0", "status": "success", "summary": SUMMARY | {"run_id": "t0"}}),
        f"{GET}/t1": (200, ENDED),
    }
    result = run(sync_steps.check_manual_sync, make_context(fake_server.url, warehouse))
    assert result.passed
    assert result.evidence[0].text.startswith("another sync was in progress (t0)")

    fake_server.responses[f"{GET}/t1"] = (200, ENDED | {"summary": SUMMARY | {"fetched": 5}})
    assert failures(run(sync_steps.check_manual_sync, make_context(fake_server.url, warehouse))) == [
        "its row in sync_runs differs in fetched"
    ]


def test_direct_sync_fails_without_sign_in_and_dagster(
    settings: Settings, warehouse: Warehouse, make_context: MakeContext, closed_url: str
) -> None:
    context = make_context(closed_url, warehouse, **os.environ)
    ended, unreachable = failures(run(sync_steps.check_direct_sync, context))
    assert "`hunter sync --json` ended with exit code 3: failed (PartnerCenterAuthError)" in ended
    assert unreachable == f"Dagster at {closed_url} does not respond. Start it with hunter up."
    assert len(context.syncs) == 1


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([], "has 0 events partner_center_sync_summary (expected: 1)"),
        ([{}, {}], "has 2 events partner_center_sync_summary (expected: 1)"),
        ([{"new": 1}], "differs in new"),
        ([{"duration": 9.9}], "differs in duration"),
        ([{"skipped": 3}], "differs in skipped"),
    ],
)
def test_summary_event_has_to_agree_with_the_summary(events: list[Json], text: str) -> None:
    summary = SUMMARY | {"duration_seconds": 1.5}
    event = {"event": "partner_center_sync_summary", **summary, "duration": 1.5, "skipped": 0}
    lines = [json.dumps(event | changes) for changes in events]
    evidence = sync_steps.check_summary_event(SyncCommandResult(0, summary, lines))
    assert not evidence.ok
    assert evidence.text.endswith(text)
    assert sync_steps.check_summary_event(SyncCommandResult(0, summary, ["not JSON", json.dumps(event)])).ok


def test_second_sync_fails_without_a_first_one(make_context: MakeContext, closed_url: str) -> None:
    assert failures(run(sync_steps.check_second_sync, make_context(closed_url))) == [
        "There was no first sync to compare with."
    ]


def test_second_sync_may_create_only_what_changed_upstream(installation: Installation) -> None:
    """A row that is created although upstream had it before is named."""
    first = installation.sync()
    installation.sandbox.world.arrive(1)
    second = installation.sync()
    with installation.warehouse.connection() as connection:
        created = acceptance.come_since(connection, first["run_id"], first["watermark"])
        changed = acceptance.count_changed_upstream_since(connection, first["watermark"])
    assert ([row["is_newer"] for row in created], changed) == ([True], 1)
    assert all(evidence.ok for evidence in sync_steps.check_changes(second, created, changed))

    installation.execute(
        "update partner_center_referrals set source_updated_at = '2020-01-01' where referral_id = %s",
        created[0]["referral_id"],
    )
    with installation.warehouse.connection() as connection:
        created = acceptance.come_since(connection, first["run_id"], first["watermark"])
    old, _ = sync_steps.check_changes(second, created, changed)
    assert old.text.startswith("1 of 1 referrals created after the first sync existed upstream before")
    assert not old.ok
    too_many = sync_steps.check_changes(SUMMARY | {"new": 1, "updated": 2}, [], 1)
    assert [evidence.ok for evidence in too_many] == [False, False]


def test_duplicate_referral_is_counted_without_the_constraint(warehouse: Warehouse, connection: Connection) -> None:
    connection.execute("alter table partner_center_referrals drop constraint partner_center_referrals_pkey")
    for _ in range(2):
        connection.execute("insert into partner_center_referrals (referral_id, content_hash) values ('a', 'x')")
    assert acceptance.referral_counts(connection) == (2, 1)
    assert fetch_all(connection, "duplicate_referral_ids") == [{"referral_id": "a", "times": 2}]


@pytest.mark.parametrize(
    ("executions", "result"),
    [
        ([], None),
        ([{"status": "IN_PROGRESS", "runId": "r2"}, {"status": "FAILED", "runId": "r1"}], ("FAILED", "r1")),
        ([{"status": "SUCCEEDED", "runId": "r1"}], ("SUCCEEDED", "r1")),
    ],
)
def test_check_result_is_the_newest_execution_that_has_ended(
    executions: Any, result: Any, fake_server: FakeServer, make_context: MakeContext
) -> None:
    fake_server.responses["POST /graphql"] = (200, {"data": {"assetCheckExecutions": executions}})
    assert make_context(fake_server.url).system.dagster.check_result("asset", "check") == result


def tick(
    status: str = "SKIPPED", reason: str | None = "nothing_changed_upstream", age: float = -3600, **more: Any
) -> Json:
    """Return a tick as Dagster describes it; one in the future is recent on a slow machine as well."""
    return {"timestamp": time.time() - age, "status": status, "skipReason": reason, "runIds": [], **more}


def sensor(*ticks: Json, status: str = "RUNNING", seconds: int = 1, name: str = SENSOR) -> Json:
    """Return a sensor as Dagster describes it."""
    return {"name": name, "minIntervalSeconds": seconds, "sensorState": {"status": status, "ticks": list(ticks)}}


def automations(*, schedule: Json | None = None, sensor: Json | None = None, healthy: bool = True) -> Json:
    """Return Dagster's response to the query for schedules and sensors."""
    repository = {"schedules": [schedule] if schedule else [], "sensors": [sensor] if sensor else []}
    daemons = [{"daemonType": kind, "healthy": healthy} for kind in ("SENSOR", "SCHEDULER")]
    return {
        "data": {
            "instance": {"daemonHealth": {"allDaemonStatuses": daemons}},
            "workspaceOrError": {"locationEntries": [{"locationOrLoadError": {"repositories": [repository]}}]},
        }
    }


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize(
    ("response", "text"),
    [
        (lambda: automations(sensor=sensor(tick(), name="other")), f"Dagster has no sensor {SENSOR}"),
        (lambda: automations(sensor=sensor(tick(), status="STOPPED")), f"{SENSOR} is STOPPED, every 1 s"),
        (lambda: automations(sensor=sensor(tick(), seconds=30)), "expected 1 for the configured 1 seconds"),
        (lambda: automations(sensor=sensor(tick()), healthy=False), "Dagster's sensor daemon is not healthy"),
        (lambda: automations(sensor=sensor()), "did not fire within"),
        (lambda: automations(sensor=sensor(tick(age=99))), "did not fire within"),
        (lambda: automations(sensor=sensor(tick("STARTED", None))), "did not fire within"),
        (lambda: automations(sensor=sensor(tick("FAILURE", None))), "ended as FAILURE without a reason"),
        (lambda: {"data": {"instance": None}}, "responded in an unknown shape"),
        (lambda: {"errors": [{"message": "no"}]}, "rejected a query."),
        (list, "responded in an unknown shape"),
    ],
)  # fmt: skip
def test_cadence_fails_when_the_sensor_does_not_work(
    response: Any, text: str, fake_server: FakeServer, make_context: MakeContext
) -> None:
    """Stopped, with another interval, without its daemon, silent, failing or unreadable."""
    fake_server.responses["POST /graphql"] = (200, response())
    found = failures(run(sync_steps.check_cadence, make_context(fake_server.url)))
    assert any(text in each for each in found)


@pytest.mark.usefixtures("short_waits")
def test_cadence_passes_when_a_tick_is_skipped_with_a_reason(
    fake_server: FakeServer, make_context: MakeContext
) -> None:
    fake_server.responses["POST /graphql"] = (200, automations(sensor=sensor(tick())))
    result = run(sync_steps.check_cadence, make_context(fake_server.url))
    assert result.passed
    assert result.evidence[-1].text.endswith("started no run: nothing_changed_upstream")


@pytest.mark.usefixtures("short_waits")
def test_cadence_is_tested_by_the_schedule_from_a_minute_on(fake_server: FakeServer, make_context: MakeContext) -> None:
    """The run that it has started is followed, and has to succeed."""
    state = {"status": "RUNNING", "ticks": [tick("SUCCESS", None, age=300, runIds=["t1"])]}
    schedule = {"name": SCHEDULE, "cronSchedule": "*/10 * * * *", "scheduleState": state}
    fake_server.responses = {"POST /graphql": (200, automations(schedule=schedule)), f"{GET}/t1": (200, ENDED)}
    context = make_context(fake_server.url, interval_seconds=600)
    result = run(sync_steps.check_cadence, context)
    assert result.passed
    assert result.evidence[0].text == f"{SCHEDULE} is RUNNING, cron */10 * * * *"

    fake_server.responses[f"{GET}/t1"] = (200, ENDED | {"status": "failure", "summary": None})
    [failed] = failures(run(sync_steps.check_cadence, context))
    assert failed.startswith("that run ended as failure")
    other = make_context(fake_server.url, interval_seconds=1800)
    [wrong, *_] = failures(run(sync_steps.check_cadence, other))
    assert wrong.endswith("expected */30 * * * * for the configured 1800 seconds")
