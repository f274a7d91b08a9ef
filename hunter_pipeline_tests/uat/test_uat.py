"""Test `hunter uat` as a program: all seven steps on its own system, and Ctrl-C while that starts."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hunter_pipeline_tests.cli.conftest import HUNTER
from hunter_pipeline_tests.free_ports import free_port
from hunter_pipeline_tests.processes import ended_processes, processes_below
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return the program's temporary folder; its path is short, because it contains PostgreSQL's socket."""
    folder = Path(tempfile.mkdtemp(prefix="uat-"))
    with ended_processes(folder):
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """Start the program beside a configuration that it must not use."""
    Path(".env").write_text("HUNTER_PARTNER_CENTER_CLIENT_ID=real\nHUNTER_ENV=production\n")
    environment = os.environ | {
        "TMPDIR": str(folder),
        "HUNTER_API_PORT": str(free_port()),
        "HUNTER_API_KEY": "the user's own",
        "HUNTER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/real",
    }
    return subprocess.Popen(
        [HUNTER, "uat", *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_uat_passes_on_its_own_system_when_none_runs(folder: Path, tmp_path: Path) -> None:
    """It leaves neither a process nor a folder behind."""
    program = start(folder, "--json")
    out, err = program.communicate()
    report = json.loads(out)
    assert {step["number"]: step["verdict"] for step in report["steps"]} == dict.fromkeys(range(1, 8), "PASS"), out
    assert (program.returncode, report["verdict"], report["left_behind"]) == (0, "PASS", [])
    assert report["system"]["System"].startswith("the test's own")
    evidence = {step["number"]: "\n".join(each["text"] for each in step["evidence"]) for step in report["steps"]}
    assert "second sync (full) ended with exit code 0: fetched 60, new 0, updated 0, unchanged 60" in evidence[3]
    assert "that run ended as success: success, fetched " in evidence[4]
    assert "new 1," in evidence[4]
    assert "after 2 retries and 3 requests" in evidence[5]
    assert "Traceback" not in err
    assert processes_below(folder) == []
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "home").exists() or not list((tmp_path / "home").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_uat_leaves_nothing_behind_when_it_is_interrupted(number: signal.Signals, folder: Path) -> None:
    """Interrupted while its system starts, it prints no partial report."""
    program = start(folder)
    wait_until(lambda: list(folder.glob("hunter-uat-*/up.err")))
    if number == signal.SIGINT:
        wait_until(lambda: list(folder.glob("hunter-uat-*/services.json")))  # Dagster is starting
    program.send_signal(number)
    out, err = program.communicate(timeout=DEADLINE_SECONDS)
    assert (program.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "Stopped."
    assert processes_below(folder) == []
    assert list(folder.iterdir()) == []
