"""Test the sync job: materialized assets, their metadata, and failures of a run."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.definitions import build_defs
from hunter_pipeline.local import dagster_instance as own_instance
from hunter_pipeline.pipeline.sync_run import FULL_RUN_CONFIG
from hunter_pipeline.sandbox import Fault
from hunter_pipeline.warehouse import sync_lease, sync_runs
from hunter_pipeline_tests.defs.conftest import QUIET, REFERRALS, Run
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.warehouse.installation import Installation, payload

pytestmark = pytest.mark.slow

ASSETS = ["raw_referrals", "normalized_referrals", "partner_center_referrals", "companies", "leads_ready"]


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Return the metadata of each asset that a run materialized."""
    events = result.get_asset_materialization_events()
    return {
        event.asset_key.to_user_string(): {name: value.value for name, value in event.materialization.metadata.items()}
        for event in events
        if event.asset_key
    }


def summary(installation: Installation, result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    with installation.warehouse.connection() as connection:
        found = sync_runs.summary(connection, result.run_id)
    assert found is not None
    return found


def everything_logged(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> str:
    """Return all that Dagster has stored of a run."""
    entries = [
        dg.serialize_value(record.event_log_entry) for record in instance.get_records_for_run(result.run_id).records
    ]
    run = instance.get_run_by_id(result.run_id)
    return json.dumps(entries, ensure_ascii=False) + dg.serialize_value(run)  # type: ignore[type-var]


def test_run_materializes_five_assets(installation: Installation, run: Run) -> None:
    """Each has its row count, table name and columns as metadata; counts are numbers for plots."""
    result = run()
    assert result.success
    found = materialized(result)
    assert list(found) == ASSETS
    for name, metadata in found.items():
        assert metadata["dagster/row_count"] == installation.value(f"select count(*) from {name}"), name
        assert metadata["dagster/table_name"].endswith(f".public.{name}")
        columns = {column.name: column.type for column in metadata["dagster/column_schema"].columns}
        assert columns["domain" if name in ("companies", "leads_ready") else "referral_id"] == "text"
    for name in ("fetched", "landed", "quarantined", "pages", "requests", "retries"):
        assert isinstance(found["raw_referrals"][name], int), name
    assert found["raw_referrals"]["fetched"] == found["partner_center_referrals"]["new"] == REFERRALS
    assert found["raw_referrals"]["source"].startswith(installation.sandbox.url)
    assert found["partner_center_referrals"]["sample"].count("\n") == 6, "a head, a rule and five rows"
    assert "| lead_key |" in found["leads_ready"]["sample"]
    checks = result.get_asset_check_evaluations()
    assert len(checks) == 14
    assert {check.check_name for check in checks if not check.passed} <= {
        "known_status_values",
        "referrals_expiring_soon",
    }


def test_summary_belongs_to_the_run(installation: Installation, run: Run, instance: dg.DagsterInstance) -> None:
    """The row in `sync_runs` has the run's id; its outcome is a tag of the run."""
    result = run()
    found = summary(installation, result)
    assert (found["status"], found["fetched"], found["new"]) == ("success", REFERRALS, REFERRALS)
    assert found["requests"] == len(installation.pages_asked)
    stored = instance.get_run_by_id(result.run_id)
    assert stored is not None
    assert stored.tags["hunter/status"] == "success"
    second = summary(installation, run())
    assert (second["new"], second["updated"], second["mode"]) == (0, 0, "incremental")


def test_run_config_selects_a_full_read(installation: Installation, run: Run) -> None:
    """The run config of the contract reads everything and marks missing referrals."""
    run()
    gone = next(iter(installation.sandbox.world.incoming()))
    installation.sandbox.world.remove(gone)
    result = run(config=FULL_RUN_CONFIG)
    assert FULL_RUN_CONFIG == {"ops": {"raw_referrals": {"config": {"mode": "full"}}}}
    found = summary(installation, result)
    assert (found["mode"], found["fetched"], found["missing"]) == ("full", REFERRALS - 1, 1)
    assert materialized(result)["raw_referrals"]["mode"] == "full"


def test_run_config_refuses_an_unknown_mode(run: Run) -> None:
    """Only `incremental` and `full` are accepted."""
    with pytest.raises(dg.DagsterInvalidConfigError):
        run(config={"ops": {"raw_referrals": {"config": {"mode": "some"}}}})


def _people(installation: Installation) -> set[str]:
    """Return every address, number and full name of the sandbox's customers and of the signed-in user."""
    found = {"ada.brook@fourthcoffee.com", "Ada Brook"}
    for referral in installation.sandbox.world.referrals.values():
        for member in referral["customerProfile"].get("team") or []:
            first, last = member.get("firstName"), member.get("lastName")
            found |= {f"{first} {last}", str(member.get("email") or "").strip(), member.get("phoneNumber") or ""}
    return {text for text in found if len(text) > 5}


def test_run_stores_no_personal_data_in_dagster(
    installation: Installation, run: Run, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    """Events, metadata, tags and log contain no personal data, also after failures."""
    installation.sandbox.fail(Fault(where="page", kind="malformed", page=1, times=1))
    results = [run(), run(), run(config=FULL_RUN_CONFIG)]
    installation.execute("alter table normalized_referrals add constraint odd check (name is null) not valid")
    try:
        results.append(run("normalized_referrals"))
    finally:
        installation.execute("alter table normalized_referrals drop constraint odd")
    assert [result.success for result in results] == [False, True, True, False]
    captured = capfd.readouterr()
    shown = "".join(everything_logged(instance, result) for result in results) + captured.out + captured.err
    people = _people(installation)
    assert len(people) > REFERRALS
    assert [text for text in people if text in shown] == []
    token = next(iter(installation.sandbox.requests)).headers.get("authorization", "Bearer -").split()[1]
    assert token not in shown or token == "-"


def test_run_materializes_nothing_when_the_flag_is_off(
    installation: Installation, run: Run, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The run succeeds with `feature_flag_disabled` and sends no request."""
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
    result = run()
    assert result.success
    assert materialized(result) == {}
    assert result.get_asset_check_evaluations() == []
    found = summary(installation, result)
    assert (found["status"], found["reason"]) == ("skipped", "feature_flag_disabled")
    assert installation.sandbox.requests == []
    [line] = [json.loads(line) for line in capfd.readouterr().err.splitlines() if "sync_skipped" in line]
    assert (line["event"], line["reason"]) == ("partner_center_sync_skipped", "feature_flag_disabled")
    assert (line["run_id"], line["feature_flag_state"]) == (result.run_id, "disabled")
    stored = instance.get_run_by_id(result.run_id)
    assert stored is not None
    assert stored.tags["hunter/reason"] == "feature_flag_disabled"
    assert stored.tags["SKIPPED"] == "feature flag disabled"


def test_run_materializes_nothing_when_a_sync_is_running(installation: Installation, run: Run) -> None:
    """The run succeeds with `sync_in_progress`."""
    with sync_lease.held(installation.warehouse, "another sync", seconds=DEADLINE_SECONDS):
        result = run()
    assert result.success
    assert materialized(result) == {}
    assert summary(installation, result)["reason"] == "sync_in_progress"
    assert run().success


def _failures(result: dg.ExecuteInProcessResult) -> list[Any]:
    return [event.step_failure_data for event in result.all_events if event.is_step_failure]


def test_run_fails_with_the_reason_when_the_read_fails(installation: Installation, run: Run) -> None:
    """The failure has the sentence, the hint and Microsoft's request id, like the summary."""
    installation.sandbox.fail(Fault(where="list", kind="403"))
    result = run()
    assert not result.success
    assert materialized(result) == {}
    [failure] = _failures(result)
    details = failure.user_failure_data
    found = summary(installation, result)
    assert (found["status"], found["error"]["type"]) == ("failed", "PartnerCenterAuthError")
    assert found["error"]["message"] in details.description
    metadata = {name: value.value for name, value in details.metadata.items()}
    assert metadata["type"] == "PartnerCenterAuthError"
    assert (metadata["status_code"], metadata["request_id"]) == (403, found["error"]["request_id"])
    assert metadata["what_to_do"]
    assert len(installation.pages_asked) == 1, "a 403 is not repeated, and neither is the step"


def test_run_fails_when_no_app_registration_is_configured(
    installation: Installation, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the empty variable."""
    monkeypatch.delenv("HUNTER_PARTNER_CENTER_CLIENT_ID")
    result = run()
    assert not result.success
    found = summary(installation, result)
    assert found["error"]["type"] == "ConfigurationError"
    assert "HUNTER_PARTNER_CENTER_CLIENT_ID" in found["error"]["message"]


def test_blocking_check_stops_downstream_assets_when_it_fails(installation: Installation, run: Run) -> None:
    """A duplicate referral ends the sync as CheckFailed before companies and leads change."""
    run()
    # a table that inherits: the parent seems to hold a row twice, although its constraint stands
    installation.execute("create table twin () inherits (partner_center_referrals)")
    installation.execute(
        "insert into twin (referral_id, content_hash) "
        "select referral_id, content_hash from only partner_center_referrals limit 1"
    )
    try:
        result = run()
    finally:
        installation.execute("drop table twin")
    assert not result.success
    assert list(materialized(result)) == ASSETS[:3]
    found = summary(installation, result)
    assert (found["status"], found["error"]["type"]) == ("failed", "CheckFailed")
    assert run().success


def test_normalized_referrals_are_derived_again_when_materialized_alone(installation: Installation, run: Run) -> None:
    """All are derived from raw_referrals without a request or a recorded sync."""
    run()
    installation.execute("update normalized_referrals set name = 'spoilt'")
    installation.sandbox.requests.clear()
    result = run("normalized_referrals")
    assert result.success
    assert materialized(result)["normalized_referrals"]["normalized"] == REFERRALS
    assert installation.value("select count(*) from normalized_referrals where name = 'spoilt'") == 0
    assert installation.sandbox.requests == []
    assert installation.value("select count(*) from sync_runs") == 1


@pytest.mark.parametrize("name", ASSETS)
def test_each_asset_can_be_materialized_alone(installation: Installation, run: Run, name: str) -> None:
    """The other tables do not change."""
    run()
    before = installation.state()
    result = run(name)
    assert result.success, [failure.error for failure in _failures(result)]
    assert list(materialized(result)) == [name]
    assert installation.state() == before


def test_lead_metrics_are_plotted_by_a_job_of_their_own(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """A sync does not compute them."""
    installation.sync()
    result = build_defs().resolve_job_def("lead_metrics_job").execute_in_process(run_config=QUIET, instance=instance)
    found = materialized(result)["lead_metrics"]
    assert found["referrals"] == installation.value("select referrals from lead_metrics where dimension = 'all'") > 0
    assert {type(found[name]) for name in ("median_hours", "share_in_24_hours", "expired_value")} == {float}
    assert found["metrics"].count("\n") == found["dagster/row_count"] + 1
    assert [column.name for column in found["dagster/column_schema"].columns if not column.description] == []


def test_lost_downstream_rows_are_derived_again(installation: Installation, run: Run) -> None:
    """Emptied tables are filled again from raw_referrals."""
    run()
    before = installation.state()
    installation.execute("truncate normalized_referrals, partner_center_referrals, companies")
    installation.sandbox.requests.clear()
    assert run(*ASSETS[1:]).success
    assert installation.state() == before
    assert installation.pages_asked == []


def test_sync_is_logged_as_json_lines(installation: Installation, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """Each event is one line of JSON with the contract's fields."""
    run()
    capfd.readouterr()
    result = run(config=FULL_RUN_CONFIG)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines] == [
        "partner_center_sync_started",
        "partner_center_page",
        "partner_center_sync_summary",
    ]
    for line in lines:
        assert line["source"] == "partner_center_sync"
        assert (line["level"], line["env"], line["feature_flag_state"]) == ("info", "development", "enabled")
        assert (line["run_id"], line["timestamp"][:2]) == (result.run_id, "20")
    last = lines[-1]
    found = summary(installation, result)
    assert {name: last[name] for name in ("fetched", "new", "updated", "unchanged", "pages", "requests")} == {
        name: found[name] for name in ("fetched", "new", "updated", "unchanged", "pages", "requests")
    }
    assert last["duration"] == found["duration_seconds"] > 0
    assert (last["skipped"], last["skipped_reason"]) == (REFERRALS, "already_exists")


def test_failure_is_logged_as_json_lines(
    installation: Installation, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    """The line of a failure has the status, Microsoft's request id, the attempt and the Retry-After."""
    installation.sandbox.fail(Fault(where="list", kind="403"))
    result = run()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    [failed] = [line for line in lines if line["event"] == "partner_center_sync_failed"]
    assert failed["level"] == "error"
    assert failed["run_id"] == result.run_id
    assert (failed["status_code"], failed["error_type"]) == (403, "PartnerCenterAuthError")
    assert {"request_id", "attempt", "retry_after"} <= failed.keys()
    assert lines[-1]["event"] == "partner_center_sync_summary"
    assert (lines[-1]["status"], lines[-1]["error_type"]) == ("failed", "PartnerCenterAuthError")


def test_read_leaves_no_transaction_open(installation: Installation, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Entra is slow, the sync's connection is idle, not idle in a transaction."""
    monkeypatch.setenv("HUNTER_TENANT_LOOKUP", "true")
    installation.sandbox.fail(Fault(where="openid", kind="slow", delay=3600, times=8))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        wait_until(
            lambda: any("openid-configuration" in request.path for request in list(installation.sandbox.requests))
        )
        states = installation.rows(
            "select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        installation.sandbox.clear_faults()
        installation.sandbox.stop()  # running look-ups are aborted
        installation.sandbox.start()
        assert running.result().success
    found = {row["state"] for row in states}
    assert "idle" in found
    assert "idle in transaction" not in found


@pytest.fixture
def prepared(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[dg.DagsterInstance]:
    """Prepare Dagster's instance on PostgreSQL."""
    for name in ("DAGSTER_HOME", "DAGSTER_PG_URL", "DAGSTER_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "")  # the variables of `prepare` are restored at the end
    monkeypatch.setenv("HUNTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_TOKEN_CACHE", str(installation.folder / ".token_cache"))
    own_instance.prepare(load_settings())
    with own_instance.open_instance() as instance:
        yield instance


def test_run_succeeds_on_the_prepared_instance(installation: Installation, prepared: dg.DagsterInstance) -> None:
    """Runs and events are stored in PostgreSQL, where the next process finds them."""
    job = build_defs().resolve_job_def("sync_partner_center_referrals")
    result = job.execute_in_process(instance=prepared, raise_on_error=False)
    assert result.success
    assert prepared.get_run_by_id(result.run_id) is not None
    assert "postgres" in type(prepared.event_log_storage).__module__
    own_instance.prepare(load_settings())
    with own_instance.open_instance() as again:
        assert [stored.run_id for stored in again.get_runs()] == [result.run_id]
    assert not prepared.telemetry_enabled


def test_error_hides_the_values_of_a_refused_row(
    installation: Installation, run: Run, instance: dg.DagsterInstance
) -> None:
    """PostgreSQL's error quotes the row; Dagster's events do not."""
    installation.sandbox.world.add(payload(1, "2030-01-01T00:00:00Z", name="Kim Abercrombie's deal"))
    installation.execute(
        "alter table partner_center_referrals add constraint odd check (name not like 'Kim%') not valid"
    )
    try:
        result = run()
    finally:
        installation.execute("alter table partner_center_referrals drop constraint odd")
    assert not result.success
    assert summary(installation, result)["error"]["type"] == "DatabaseError"
    shown = everything_logged(instance, result)
    assert "constraint odd" in shown
    assert "Abercrombie" not in shown
