"""Test the job that sends answers, and the sensor that starts it."""

from typing import Any

import dagster as dg
import pytest

from hunter_pipeline.definitions import build_defs, build_resources
from hunter_pipeline.defs.updates import INTERVAL_SECONDS, pending_updates_sensor
from hunter_pipeline.pipeline.send_updates import SEND_JOB, SEND_OP
from hunter_pipeline_tests.defs.conftest import QUIET
from hunter_pipeline_tests.pipeline.answering import add_referral, give, patches, stored
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("write_back")]


def tick(instance: dg.DagsterInstance) -> str | None:
    """Return the reason why the sensor starts no run, or None if it starts one."""
    given: Any = {"warehouse": build_resources()["warehouse"]}
    with dg.build_sensor_context(instance=instance, resources=given) as context:
        data = pending_updates_sensor.evaluate_tick(context)
    assert bool(data.run_requests) != bool(data.skip_message)
    return data.skip_message


def run_job(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = build_defs().resolve_job_def(SEND_JOB)
    return job.execute_in_process(run_config=QUIET, instance=instance)


def test_sensor_starts_the_job_when_an_answer_is_due(installation: Installation, instance: dg.DagsterInstance) -> None:
    referral_id = add_referral(installation)
    assert tick(instance) == "no_answer_is_due"
    row = give(installation, referral_id, "decline")
    installation.execute("update referral_updates set send_after = clock_timestamp() + interval '1 hour'")
    assert tick(instance) == "no_answer_is_due"
    installation.execute("update referral_updates set send_after = clock_timestamp()")
    assert tick(instance) is None
    result = run_job(instance)
    assert result.output_for_node(SEND_OP) == [row["id"]]
    assert stored(installation, referral_id)["substatus"] == "Declined"
    [run] = instance.get_runs()
    assert run.tags["hunter/confirmed"] == "1"
    assert tick(instance) == "no_answer_is_due"
    assert INTERVAL_SECONDS <= 10


def test_run_of_the_sensor_waits_until_the_answer_cannot_be_taken_back(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """It starts early, because a run takes seconds to start; a run by hand sends only what is due."""
    give(installation, add_referral(installation), "decline")
    installation.execute("update referral_updates set send_after = clock_timestamp() + interval '1 hour'")
    assert run_job(instance).output_for_node(SEND_OP) == []
    installation.execute("update referral_updates set send_after = clock_timestamp() + interval '3 seconds'")
    assert tick(instance) is None
    waiting = {**QUIET, "ops": {SEND_OP: {"config": {"wait_seconds": 10}}}}
    job = build_defs().resolve_job_def(SEND_JOB)
    assert job.execute_in_process(run_config=waiting, instance=instance).output_for_node(SEND_OP) == [1]
    assert installation.value("select sent_at >= send_after from referral_updates")


def test_sensor_waits_for_a_run_that_is_about_to_start(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    give(installation, add_referral(installation), "decline")
    instance.create_run_for_job(build_defs().resolve_job_def(SEND_JOB))
    assert tick(instance) == "sending_in_progress"


def test_sensor_starts_the_job_for_an_answer_of_a_dead_sender(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    give(installation, add_referral(installation), "decline")
    installation.execute(
        "update referral_updates set state = 'sending', claimed_by = 'elsewhere/1/0', claimed_at = now()"
    )
    assert tick(instance) == "no_answer_is_due"
    installation.execute("update referral_updates set claimed_at = now() - interval '1 hour'")
    assert tick(instance) is None
    run_job(instance)
    assert installation.value("select state from referral_updates") == "confirmed"


@pytest.mark.parametrize(
    ("setting", "reason"),
    [("WRITE_BACK=off", "write_back_off"), ("PARTNER_CENTER_ENABLED=false", "feature_flag_disabled")],
)
def test_nothing_is_sent_while_a_flag_is_off(
    installation: Installation, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, setting: str, reason: str
) -> None:
    give(installation, add_referral(installation), "decline")
    installation.sandbox.requests.clear()
    name, value = setting.split("=")
    monkeypatch.setenv(f"HUNTER_{name}", value)
    assert tick(instance) == reason
    assert run_job(instance).output_for_node(SEND_OP) == []
    [run] = instance.get_runs()
    assert (run.tags["hunter/status"], run.tags["hunter/reason"]) == ("skipped", reason)
    assert patches(installation) == installation.sandbox.requests == []
