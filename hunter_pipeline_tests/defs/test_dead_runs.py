"""Test that the next sync reports runs of killed processes to Dagster as failed."""

import os
import subprocess
import sys
import uuid

import dagster as dg
import pytest

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.defs import maintenance
from hunter_pipeline.local import dagster_instance

pytestmark = pytest.mark.slow


def test_dead_runs_are_reported_as_failed_and_living_ones_are_not(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """A run is dead if its sync was interrupted or its process on this machine has ended."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    dagster_instance.prepare(settings)
    living = maintenance.process_tags()
    machine, _, started = living[maintenance.PROCESS_TAG].rsplit("/", 2)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    tags = {
        "interrupted": {},
        "gone": {maintenance.PROCESS_TAG: f"{machine}/{gone.pid}/{started}"},
        "its number given out again": {maintenance.PROCESS_TAG: f"{machine}/{os.getpid()}/1.00"},
        "living": living,
        "elsewhere": {maintenance.PROCESS_TAG: f"another-{machine}/{gone.pid}/{started}"},
        "unknown": {},
        "odd": {maintenance.PROCESS_TAG: "/"},
        "own": {maintenance.PROCESS_TAG: f"{machine}/{gone.pid}/{started}"},
    }
    ids = {name: str(uuid.uuid4()) for name in tags}
    with dagster_instance.open_instance() as dagster:
        for name, run_id in ids.items():
            run = dg.DagsterRun(job_name="x", run_id=run_id, status=dg.DagsterRunStatus.STARTED, tags=tags[name])
            dagster.add_run(run)
        assert maintenance.report_dead_runs(dagster, [ids["interrupted"]], own=ids["own"]) == 3
        failed = {run.run_id for run in dagster.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))}
    assert failed == {ids["interrupted"], ids["gone"], ids["its number given out again"]}
