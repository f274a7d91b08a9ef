"""Test the supervisor: dead runs, signals, and restarts of the embedded PostgreSQL."""

import os
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.local import dagster_instance, supervisor
from hunter_pipeline.sandbox import TENANT_ID
from hunter_pipeline.warehouse import embedded, sync_lease
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow


def test_unfinished_runs_are_failed_before_dagster_starts(
    settings: Settings, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while a sync holds its lease."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    dagster_instance.prepare(settings)
    with dagster_instance.open_instance() as dagster:
        for status in (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.SUCCESS):
            dagster.add_run(dg.DagsterRun(job_name="x", run_id=str(uuid.uuid4()), status=status))
    with sync_lease.held(warehouse, "another sync", seconds=DEADLINE_SECONDS):
        assert supervisor.fail_unfinished_runs(settings) == 0
    assert supervisor.fail_unfinished_runs(settings) == 1
    assert supervisor.fail_unfinished_runs(settings) == 0
    with dagster_instance.open_instance() as dagster:
        assert sorted(run.status.value for run in dagster.get_runs()) == ["FAILURE", "NOT_STARTED", "SUCCESS"]


@pytest.fixture
def no_nohup() -> Iterator[None]:
    """Let SIGHUP end the process, which `nohup make test` prevents."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("no_nohup")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_block_after_its_cleanup(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A second signal does not interrupt the cleanup."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    is_cleaned_up = False
    with supervisor.until_stopped():
        try:
            os.kill(os.getpid(), number)
            time.sleep(DEADLINE_SECONDS)
        finally:
            os.kill(os.getpid(), number)
            time.sleep(0.05)
            is_cleaned_up = True
    assert is_cleaned_up
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped."
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_killed_postgresql_is_restarted() -> None:
    """A server that runs is left alone."""
    with tempfile.TemporaryDirectory(prefix="hunter-keep-", ignore_cleanup_errors=True) as folder:
        home = load_settings().model_copy(update={"home": Path(folder), "database_url": None})
        embedded.start(home.home)
        try:
            assert not supervisor.keep_database(home)
            os.kill(embedded.running_pid(home.home) or 0, signal.SIGKILL)
            wait_until(lambda: supervisor.keep_database(home))
            assert embedded.running_pid(home.home) is not None
        finally:
            embedded.stop(home.home)


def test_database_with_referrals_of_another_kind_is_refused(installation: Installation) -> None:
    """The demo's referrals for a real tenant, and real ones for the demo."""
    installation.sync()
    demo = load_settings()
    real = demo.model_copy(update={"partner_center_tenant_id": "contoso.onmicrosoft.com"})
    supervisor.refuse_mixing(demo)
    with pytest.raises(ConfigurationError, match="contains the demo's generated referrals"):
        supervisor.refuse_mixing(real)
    installation.execute(
        "update sync_cursors set stream = replace(stream, %s, %s)", TENANT_ID, "contoso.onmicrosoft.com"
    )
    supervisor.refuse_mixing(real)
    with pytest.raises(ConfigurationError, match="contains real referrals of another tenant"):
        supervisor.refuse_mixing(demo)
