"""What `hunter up` and `hunter demo` stand on: one supervisor a home, a free port, nothing left behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.local import dagster_instance, processes, supervisor
from hunter_pipeline.warehouse import embedded, sync_runs
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until

URLS = processes.Urls("http://127.0.0.1:3001", "http://127.0.0.1:8001")


@pytest.fixture
def home() -> Settings:
    """Settings of an empty home."""
    return load_settings()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def sleeper(**environment: str) -> "subprocess.Popen[bytes]":
    """A process in a group of its own, that lives until it is ended."""
    code = "import time; print(flush=True); time.sleep(3600)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | environment, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    with process.stdout as out:
        out.readline()
    return process


def test_one_supervisor_a_home(home: Settings):
    """A second one is told where the first one is; once that has ended, the home is free."""
    with processes.lock_home(home):
        processes.record_services(home, URLS, [0])
        assert processes.recorded_urls(home) == URLS
        told = pytest.raises(ConfigurationError, match=r"hunter is already running in .*: http://127\.0\.0\.1:3001\.")
        with told, processes.lock_home(home):
            pass
    assert processes.recorded_urls(home) is None
    with processes.lock_home(home):
        pass


def test_a_killed_supervisors_processes_are_ended(home: Settings):
    """What a supervisor that was killed has left behind is ended by the next one."""
    orphan = sleeper(DAGSTER_HOME=str(home.dagster_home))
    home.folder()
    processes.record_services(home, URLS, [0, orphan.pid])
    with processes.lock_home(home):
        assert orphan.wait(DEADLINE_SECONDS) == -signal.SIGTERM


def test_a_number_that_belongs_to_somebody_else_is_left_alone(home: Settings):
    """Process numbers are given out again: a group that is not this home's Dagster is not touched."""
    stranger = sleeper(DAGSTER_HOME="/somewhere/else")
    home.folder()
    processes.record_services(home, URLS, [stranger.pid])
    try:
        with processes.lock_home(home):
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"groups": "x"}', '{"groups": ["x", 999999999]}'])
def test_a_note_that_says_nothing_is_no_obstacle(text: str, home: Settings):
    """A note that was cut off or names nobody keeps no supervisor from starting."""
    (home.folder() / "services.json").write_text(text)
    refused = pytest.raises(ConfigurationError, match="already running")
    with processes.lock_home(home), refused, processes.lock_home(home):
        raise AssertionError("two supervisors in one home")


def test_a_free_port_is_taken_as_it_is(taken: int):
    """The address keeps its port where that is free; a taken one is refused, or the next free one is found."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    assert (
        processes.free_url(f"http://127.0.0.1:{free}", processes.DAGSTER, or_next=False) == f"http://127.0.0.1:{free}"
    )
    with pytest.raises(ConfigurationError, match=f"Port {taken} is in use"):
        processes.free_url(f"http://127.0.0.1:{taken}", processes.DAGSTER, or_next=False)
    found = processes.free_url(f"http://127.0.0.1:{taken}", processes.DAGSTER, or_next=True)
    assert taken < int(found.rpartition(":")[2]) <= taken + 20


@pytest.mark.parametrize("url", ["http://198.51.100.7:3000", "http://no.such.host.invalid:3000"])
@pytest.mark.parametrize("or_next", [True, False])
def test_an_address_of_another_machine_is_told_apart(url: str, or_next: bool):
    """Where this machine cannot listen no port helps, and the sentence does not speak of another program."""
    with pytest.raises(ConfigurationError, match=r"HUNTER_DAGSTER_URL names .*cannot listen"):
        processes.free_url(url, processes.DAGSTER, or_next=or_next)


def test_dead_runs_are_reported(settings: Settings, connection: Connection, monkeypatch: pytest.MonkeyPatch):
    """A run that says "started" while nothing of it lives becomes a failure, unless a sync holds the lock."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    dagster_instance.prepare(settings)
    with dagster_instance.open_instance() as dagster:
        for status in (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.SUCCESS):
            dagster.add_run(dg.DagsterRun(job_name="x", run_id=str(uuid.uuid4()), status=status))
    assert sync_runs.try_sync_lock(connection)
    connection.commit()
    assert supervisor.report_dead_runs(settings) == 0
    connection.close()
    assert supervisor.report_dead_runs(settings) == 1
    assert supervisor.report_dead_runs(settings) == 0
    with dagster_instance.open_instance() as dagster:
        assert sorted(run.status.value for run in dagster.get_runs()) == ["FAILURE", "NOT_STARTED", "SUCCESS"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_block_and_lets_it_tidy_up(number: int, capsys: pytest.CaptureFixture[str]):
    """Ctrl-C, SIGTERM or a closed terminal: the block tidies up, a second signal does not disturb it."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    tidied = False
    with supervisor.until_stopped():
        try:
            os.kill(os.getpid(), number)
            time.sleep(DEADLINE_SECONDS)
        finally:
            os.kill(os.getpid(), number)
            time.sleep(0.05)
            tidied = True
    assert tidied
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped."
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_members_are_the_living(home: Settings):
    """A group whose process has ended is empty."""
    process = sleeper()
    assert [member.pid for member in processes.group_members(process.pid)] == [process.pid]
    process.kill()
    process.wait()
    with contextlib.suppress(psutil.Error):
        assert processes.group_members(process.pid) == []


@pytest.mark.slow
def test_a_killed_postgresql_is_started_again():
    """Who watches Dagster starts the embedded server again after kill -9, and leaves one that runs alone."""
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
