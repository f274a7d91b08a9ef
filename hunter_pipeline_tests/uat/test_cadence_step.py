"""Step 4 against Dagsters whose cadence is ill in each of the ways that it can be."""

import time
from typing import Any

import pytest

from hunter_pipeline.uat import cadence_step
from hunter_pipeline.uat.acceptance import try_step
from hunter_pipeline.uat.clients import SYNC
from hunter_pipeline_tests.uat.conftest import FarSide, TrialOf, cadence_answer
from hunter_pipeline_tests.uat.test_sync_steps import ENDED, bad

SENSOR, SCHEDULE = "partner_center_changes_sensor", "sync_partner_center_referrals_schedule"
Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test does not wait a minute for what never comes."""
    monkeypatch.setattr(cadence_step, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(cadence_step, "PAUSE_SECONDS", 0.05)


def tick(
    status: str = "SKIPPED", reason: str | None = "nothing_changed_upstream", age: float = -3600, **more: Any
) -> Answer:
    """A moment at which the sensor was asked; one in the future is a recent one on a slow machine, too."""
    return {"timestamp": time.time() - age, "status": status, "skipReason": reason, "runIds": [], **more}


def sensor(*ticks: Answer, status: str = "RUNNING", seconds: int = 1, name: str = SENSOR) -> Answer:
    """A sensor as Dagster describes it."""
    return {"name": name, "minIntervalSeconds": seconds, "sensorState": {"status": status, "ticks": list(ticks)}}


def schedule(*ticks: Answer, status: str = "RUNNING", cron: str = "*/10 * * * *") -> Answer:
    """A schedule as Dagster describes it."""
    state = {"status": status, "ticks": list(ticks), "nextTick": {"timestamp": time.time() + 60}}
    return {"name": SCHEDULE, "cronSchedule": cron, "scheduleState": state}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: cadence_answer(sensor=sensor(tick(), name="other")), f"Dagster has no sensor {SENSOR}"),
        (lambda: cadence_answer(sensor=sensor(tick(), status="STOPPED")), f"{SENSOR} is STOPPED, every 1 s"),
        (lambda: cadence_answer(sensor=sensor(tick(), seconds=30)), "1 seconds in the settings ask for 1"),
        (lambda: cadence_answer(sensor=sensor(tick()), healthy=False), "Dagster's sensor daemon is not healthy"),
        (lambda: cadence_answer(sensor=sensor()), "did not fire within"),
        (lambda: cadence_answer(sensor=sensor(tick(age=99))), "did not fire within"),
        (lambda: cadence_answer(sensor=sensor(tick("STARTED", None))), "did not fire within"),
        (lambda: cadence_answer(sensor=sensor(tick("FAILURE", None))), "ended as FAILURE without a reason"),
        (lambda: {"data": {"instance": None}}, "answered in a shape that is not known here"),
        (lambda: {"errors": [{"message": "no"}]}, "refused a question."),
        (list, "answered in a shape that is not known here"),
    ],
)  # fmt: skip
def test_a_cadence_that_is_ill(answer: Any, words: str, far_side: FarSide, trial_of: TrialOf):
    """Stopped, of another interval, without its daemon, silent, failing or unreadable: each fails the step."""
    far_side.answers["POST /graphql"] = (200, answer())
    found = bad(try_step(4, "Cadence", cadence_step.cadence, trial_of(far_side.url)))
    assert any(words in each for each in found)


def test_a_tick_that_says_why_it_started_nothing_has_fired(far_side: FarSide, trial_of: TrialOf):
    """A reason is as good as a run."""
    none = {"data": {"runsOrError": {"results": []}}}
    answer = cadence_answer(sensor=sensor(tick()))
    far_side.answers["POST /graphql"] = [(200, answer), (200, answer), (200, none)]
    report = try_step(4, "Cadence", cadence_step.cadence, trial_of(far_side.url))
    assert report.passed
    assert report.findings[-1].words.endswith("there was nothing to start: nothing_changed_upstream")


def test_a_schedule_keeps_an_interval_of_minutes_and_its_run_is_followed(far_side: FarSide, trial_of: TrialOf):
    """From a minute on the schedule counts; a run that it has started has to end well."""
    answer = cadence_answer(schedule=schedule(tick("SUCCESS", None, age=300, runIds=["t1"])))
    far_side.answers = {"POST /graphql": (200, answer), f"GET {SYNC}/t1": (200, ENDED)}
    trial = trial_of(far_side.url, interval_seconds=600)
    report = try_step(4, "Cadence", cadence_step.cadence, trial)
    assert report.passed
    assert report.findings[0].words == f"{SCHEDULE} is RUNNING, cron */10 * * * *"
    far_side.answers[f"GET {SYNC}/t1"] = (200, ENDED | {"status": "failure", "summary": None})
    (found,) = bad(try_step(4, "Cadence", cadence_step.cadence, trial))
    assert found.startswith("that run ended as failure")
    other = trial_of(far_side.url, interval_seconds=1800)
    assert bad(try_step(4, "Cadence", cadence_step.cadence, other))[0].endswith(
        "1800 seconds in the settings ask for */30 * * * *"
    )
