"""Test that the processes of a test session end with it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from hunter_pipeline_tests.suite import never_ending
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.watchdog import processes_of

pytestmark = pytest.mark.slow

PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(never_ending.__file__)]


@contextmanager
def session(tmp_path: Path, *options: str) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """Start a session beside this one; yield it and the file of its report."""
    report, log = tmp_path / "report", tmp_path / "log"
    environment = os.environ | {"REPORT": str(report)}
    checkout = Path(__file__).parents[2]
    with log.open("wb") as output:
        process = subprocess.Popen([*PYTEST, *options], cwd=checkout, env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: report.exists() or process.poll() is not None, explain=log.read_text)
        assert report.exists(), log.read_text()
        yield process, report
    finally:
        process.kill()
        process.wait()


def nothing_is_left(found: dict[str, Any]) -> bool:
    """Return whether neither processes nor the folder of a session exist."""
    is_there = Path(found["folder"]).exists()
    return not (is_there or any(map(is_alive, found["pids"].values())) or processes_of(found["session"]))


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_interrupted_session_leaves_no_processes(number: signal.Signals, tmp_path: Path) -> None:
    """Workers, PostgreSQL, other processes and the temporary folder of a killed session are removed."""
    with session(tmp_path, "-n", "1", "-k", "never_ends") as (process, report):
        found = json.loads(report.read_text())
        assert all(map(is_alive, found["pids"].values()))
        process.send_signal(number)
        assert process.wait(DEADLINE_SECONDS) == -number
        wait_until(lambda: nothing_is_left(found), explain=lambda: processes_of(found["session"]), pause=0.3)


def test_session_end_terminates_forgotten_processes(tmp_path: Path) -> None:
    """When pytest returns, no process of a test runs, and its temporary folder is deleted."""
    with session(tmp_path, "-k", "leaves_a_process_behind") as (process, report):
        assert process.wait(DEADLINE_SECONDS) == 0
        assert nothing_is_left(json.loads(report.read_text()))
