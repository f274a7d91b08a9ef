"""Test the processes of a home: the supervisor's lock, process groups and ports."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.local import processes
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

URLS = processes.Urls("http://127.0.0.1:3001", "http://127.0.0.1:8001")


@pytest.fixture
def home() -> Settings:
    """Return the settings of an empty home."""
    return load_settings()


@pytest.fixture
def used_port() -> Iterator[int]:
    """Return a port on which another socket listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def start_sleeper(**environment: str) -> "subprocess.Popen[bytes]":
    """Start a process in its own group that runs until it is ended."""
    code = "import time; print(flush=True); time.sleep(3600)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | environment, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    with process.stdout as out:
        out.readline()
    return process


def test_home_is_locked_while_its_supervisor_runs(home: Settings) -> None:
    """The error of a second supervisor contains the URL of the first one."""
    with processes.lock_home(home):
        processes.record_services(home, URLS, [0])
        assert processes.recorded_urls(home) == URLS
        refused = pytest.raises(
            ConfigurationError, match=r"hunter is already running in .*: http://127\.0\.0\.1:3001\."
        )
        with refused, processes.lock_home(home):
            pass
    assert processes.recorded_urls(home) is None
    with processes.lock_home(home):
        pass


def test_process_group_of_a_killed_supervisor_is_ended(home: Settings) -> None:
    orphan = start_sleeper(DAGSTER_HOME=str(home.dagster_home))
    home.folder()
    processes.record_services(home, URLS, [0, orphan.pid])
    with processes.lock_home(home):
        assert orphan.wait(DEADLINE_SECONDS) == -signal.SIGTERM


def test_process_group_of_another_home_is_left_alone(home: Settings) -> None:
    """Process ids are reused, so a recorded id can belong to another program."""
    other = start_sleeper(DAGSTER_HOME="/somewhere/else")
    home.folder()
    processes.record_services(home, URLS, [other.pid])
    try:
        with processes.lock_home(home):
            assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"groups": "x"}', '{"groups": ["x", 999999999]}'])
def test_home_can_be_locked_when_the_record_is_unreadable(text: str, home: Settings) -> None:
    (home.folder() / "services.json").write_text(text)
    refused = pytest.raises(ConfigurationError, match="already running")
    with processes.lock_home(home), refused, processes.lock_home(home):
        raise AssertionError("two supervisors in one home")


def test_free_url_keeps_a_free_port_and_replaces_a_used_one_on_request(used_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    assert (
        processes.free_url(f"http://127.0.0.1:{free}", processes.DAGSTER, or_next=False) == f"http://127.0.0.1:{free}"
    )
    with pytest.raises(ConfigurationError, match=f"Port {used_port} is in use"):
        processes.free_url(f"http://127.0.0.1:{used_port}", processes.DAGSTER, or_next=False)
    found = processes.free_url(f"http://127.0.0.1:{used_port}", processes.DAGSTER, or_next=True)
    assert used_port < int(found.rpartition(":")[2]) <= used_port + 20


@pytest.mark.parametrize("url", ["http://198.51.100.7:3000", "http://no.such.host.invalid:3000"])
@pytest.mark.parametrize("or_next", [True, False])
def test_free_url_refuses_an_address_of_another_machine(url: str, or_next: bool) -> None:
    """The message does not suggest that another program uses the port."""
    with pytest.raises(ConfigurationError, match=r"HUNTER_DAGSTER_URL names .*cannot listen"):
        processes.free_url(url, processes.DAGSTER, or_next=or_next)


def test_group_members_are_the_living_processes() -> None:
    process = start_sleeper()
    assert [member.pid for member in processes.group_members(process.pid)] == [process.pid]
    process.kill()
    process.wait()
    with contextlib.suppress(psutil.Error):
        assert processes.group_members(process.pid) == []


def test_home_of_an_older_version_becomes_private(tmp_path: Path) -> None:
    """All files are private to the user; the target of a symbolic link is unchanged."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    elsewhere.write_text("")
    elsewhere.chmod(0o644)
    (home / "logs").mkdir(parents=True)
    (home / "logs" / "dagster.log").write_text("")
    (home / "link").symlink_to(elsewhere)
    for path in (home, home / "logs"):
        path.chmod(0o755)
    (home / "logs" / "dagster.log").chmod(0o664)
    with processes.lock_home(load_settings().model_copy(update={"home": home})):
        assert others_rights(home) <= {home}
        assert home.stat().st_mode & 0o066 == 0
    assert elsewhere.stat().st_mode & 0o777 == 0o644


def others_rights(home: Path) -> set[Path]:
    """Return the files and folders of a home that other users have any right to."""
    return {path for path in (home, *home.rglob("*")) if not path.is_symlink() and path.stat().st_mode & 0o077}
