"""Steps 1 to 3 against systems that are ill: each illness is a FAIL in one clear sentence."""

import json
import os
from typing import Any

import pytest

from hunter_pipeline.settings import Settings
from hunter_pipeline.uat import sync_steps
from hunter_pipeline.uat.acceptance import try_step
from hunter_pipeline.uat.clients import SYNC
from hunter_pipeline.uat.commands import COUNTS, DirectSync
from hunter_pipeline.uat.report import StepReport
from hunter_pipeline.uat.trial import Step, Trial
from hunter_pipeline.warehouse import acceptance, checks, runs
from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline_tests.uat.conftest import FarSide, TrialOf
from hunter_pipeline_tests.warehouse.office import Office

STARTED = {"task_id": "t1", "status": "queued", "success": True, "enqueued": True, "message": "The sync is queued."}
SUMMARY = {**dict.fromkeys(COUNTS, 0), "status": "success", "reason": None, "run_id": "t1", "mode": "incremental"}
ENDED = {"task_id": "t1", "status": "success", "summary": SUMMARY}


def tried(step: Step, trial: Trial) -> StepReport:
    """What a step reports."""
    return try_step(1, "A step", step, trial)


def bad(report: StepReport) -> list[str]:
    """What it found wrong."""
    assert not report.passed
    return [finding.words for finding in report.findings if not finding.is_well]


def record(connection: Connection, summary: dict[str, Any]) -> None:
    """A row in sync_runs, as a sync leaves it."""
    runs.open_run(connection, summary["run_id"], summary["mode"])
    runs.close_run(connection, summary["run_id"], status=summary["status"], reason=None, error=None)
    connection.commit()


def test_an_api_that_is_down(trial_of: TrialOf, closed_url: str):
    """The step fails with a sentence and a hint, not with a traceback."""
    (words,) = bad(tried(sync_steps.manual_sync, trial_of(closed_url)))
    assert words == f"The API at {closed_url} does not answer. hunter serve starts it."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, {"error": "x", "detail": "The flag is off."}), f"POST {SYNC} answered 400: The flag is off."),
        ((200, {"success": True}), f"POST {SYNC} answered 200: no task_id"),
        ((200, "<html>"), "something that is not JSON."),
        ((200, ["t1"]), "something that is no JSON object."),
    ],
)  # fmt: skip
def test_an_api_that_refuses_or_talks_nonsense(answer: Any, words: str, far_side: FarSide, trial_of: TrialOf):
    """Whatever it answers in the place of a task id is told."""
    far_side.answers[f"POST {SYNC}"] = answer
    (found,) = bad(tried(sync_steps.manual_sync, trial_of(far_side.url)))
    assert found.endswith(words)


def test_a_run_that_fails_and_a_system_with_another_database(
    far_side: FarSide, trial_of: TrialOf, warehouse: Warehouse
):
    """A run that ends as a failure fails the step, and so does one that our database knows nothing of."""
    failed = SUMMARY | {"status": "failed", "error": {"type": "PartnerCenterAuthError"}}
    far_side.answers[f"POST {SYNC}"] = (200, STARTED)
    running = {"task_id": "t1", "status": "running", "summary": None}
    failure = ENDED | {"status": "failure", "summary": failed}
    far_side.answers[f"GET {SYNC}/t1"] = [(200, running), (200, failure)]
    followed, recorded = bad(tried(sync_steps.manual_sync, trial_of(far_side.url, warehouse)))
    assert "followed the run: running, failure; its summary: failed (PartnerCenterAuthError), fetched 0" in followed
    assert recorded == "sync_runs has no row of it: is this the database that the system works on?"


def test_a_manual_sync_as_it_should_be_and_one_whose_row_differs(
    far_side: FarSide, trial_of: TrialOf, warehouse: Warehouse, connection: Connection
):
    """A sync that was under way is followed first; a count that differs from the row is named."""
    record(connection, SUMMARY)
    other = STARTED | {"task_id": "t0", "enqueued": False, "status": "running"}
    far_side.answers = {
        f"POST {SYNC}": [(200, other), (200, STARTED)],
        f"GET {SYNC}/t0": (200, {"task_id": "t0", "status": "success", "summary": SUMMARY | {"run_id": "t0"}}),
        f"GET {SYNC}/t1": (200, ENDED),
    }
    report = tried(sync_steps.manual_sync, trial_of(far_side.url, warehouse))
    assert report.passed
    assert report.findings[0].words.startswith("a sync was under way already (t0)")

    far_side.answers[f"GET {SYNC}/t1"] = (200, ENDED | {"summary": SUMMARY | {"fetched": 5}})
    assert bad(tried(sync_steps.manual_sync, trial_of(far_side.url, warehouse))) == [
        "its row in sync_runs differs in fetched"
    ]


@pytest.mark.slow
def test_a_sync_that_cannot_sign_in_and_a_dagster_that_is_down(
    settings: Settings, warehouse: Warehouse, trial_of: TrialOf, closed_url: str
):
    """Step 2 tells the exit code and the error's type, and that nobody could be asked for the run."""
    trial = trial_of(closed_url, warehouse, environment=dict(os.environ))
    ended, unreachable = bad(tried(sync_steps.direct_run, trial))
    assert "`hunter sync --json` ended with exit code 3: failed (PartnerCenterAuthError)" in ended
    assert unreachable == f"Dagster at {closed_url} does not answer. hunter up starts it."
    assert len(trial.syncs) == 1


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], "has 0 events partner_center_sync_summary (expected: 1)"),
        ([{}, {}], "has 2 events partner_center_sync_summary (expected: 1)"),
        ([{"new": 1}], "differs in new"),
        ([{"duration": 9.9}], "differs in duration"),
        ([{"skipped": 3}], "differs in skipped"),
    ],
)
def test_statistics_that_are_missing_or_differ(events: list[dict[str, Any]], words: str):
    """The log must say once what the summary says."""
    summary = SUMMARY | {"duration_seconds": 1.5}
    good = {"event": "partner_center_sync_summary", **summary, "duration": 1.5, "skipped": 0}
    finding = sync_steps._logged(DirectSync(0, summary, [json.dumps(good | event) for event in events]))
    assert not finding.is_well
    assert finding.words.endswith(words)
    assert sync_steps._logged(DirectSync(0, summary, ["not JSON", json.dumps(good)])).is_well


def test_a_second_sync_without_a_first_one(trial_of: TrialOf, closed_url: str):
    """Where step 2 could not run, step 3 says so."""
    (words,) = bad(tried(sync_steps.second_sync, trial_of(closed_url)))
    assert words == "There was no first sync, so there is no second one."


def test_what_came_is_held_against_what_upstream_says(office: Office):
    """A row that appears although upstream had it before is found; one that is newer upstream is none of ours."""
    first = office.sync()
    office.sandbox.world.arrive(1)
    second = office.sync()
    with office.warehouse.connection() as connection:
        come = acceptance.come_since(connection, first["run_id"], first["watermark"])
        changed = acceptance.count_changed_upstream_since(connection, first["watermark"])
    assert ([row["is_newer"] for row in come], changed) == ([True], 1)
    assert all(finding.is_well for finding in sync_steps._nothing_made_up(second, come, changed))

    office.execute(
        "update partner_center_referrals set source_updated_at = '2020-01-01' where referral_id = %s",
        come[0]["referral_id"],
    )
    with office.warehouse.connection() as connection:
        come = acceptance.come_since(connection, first["run_id"], first["watermark"])
    made_up, _ = sync_steps._nothing_made_up(second, come, changed)
    assert made_up.words.startswith("1 of 1 referrals that came after the first sync stood upstream before it")
    assert not made_up.is_well
    assert [finding.is_well for finding in sync_steps._nothing_made_up(SUMMARY | {"new": 1, "updated": 2}, [], 1)] == [
        False,
        False,
    ]


def test_a_doubled_referral_is_counted(warehouse: Warehouse, connection: Connection):
    """Were the constraint gone, the second row of a referral would show."""
    connection.execute("alter table partner_center_referrals drop constraint partner_center_referrals_pkey")
    for _ in range(2):
        connection.execute("insert into partner_center_referrals (referral_id, content_hash) values ('a', 'x')")
    assert acceptance.referral_counts(connection) == (2, 1)
    assert checks.doubled_referral_ids(connection) == [{"referral_id": "a", "times": 2}]


@pytest.mark.parametrize(
    ("executions", "result"),
    [
        ([], None),
        ([{"status": "IN_PROGRESS", "runId": "r2"}, {"status": "FAILED", "runId": "r1"}], ("FAILED", "r1")),
        ([{"status": "SUCCEEDED", "runId": "r1"}], ("SUCCEEDED", "r1")),
    ],
)
def test_the_newest_ended_execution_of_a_check_counts(
    executions: Any, result: Any, far_side: FarSide, trial_of: TrialOf
):
    """One that is under way says nothing yet; without any there is none."""
    far_side.answers["POST /graphql"] = (200, {"data": {"assetCheckExecutions": executions}})
    assert trial_of(far_side.url).system.dagster.check_result("asset", "check") == result
