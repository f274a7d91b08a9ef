"""`hunter uat` as a program: all seven steps on a system of its own, and Ctrl-C in the middle."""

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
    """Where the program keeps what is temporary; a short path, because PostgreSQL's socket lies below it."""
    folder = Path(tempfile.mkdtemp(prefix="uat-"))
    with ended_processes(folder):
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


def started(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """The program, beside a user's settings that it must not touch."""
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


def test_all_seven_steps_pass_on_a_system_of_its_own(folder: Path, tmp_path: Path):
    """With nothing running, the test brings its own system, passes, and leaves neither process nor folder behind."""
    program = started(folder, "--json")
    out, err = program.communicate()
    report = json.loads(out)
    assert {step["number"]: step["verdict"] for step in report["steps"]} == dict.fromkeys(range(1, 8), "PASS"), out
    assert (program.returncode, report["verdict"], report["left_behind"]) == (0, "PASS", [])
    assert report["system"]["System"].startswith("one of the test's own")
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
def test_ctrl_c_in_the_middle_leaves_nothing_behind(number: signal.Signals, folder: Path):
    """Interrupted while its system starts, it ends what it has started and says so; there is no half report."""
    program = started(folder)
    wait_until(lambda: list(folder.glob("hunter-uat-*/up.err")))
    if number == signal.SIGINT:
        wait_until(lambda: list(folder.glob("hunter-uat-*/services.json")))  # Dagster is being started
    program.send_signal(number)
    out, err = program.communicate(timeout=DEADLINE_SECONDS)
    assert (program.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "Stopped."
    assert processes_below(folder) == []
    assert list(folder.iterdir()) == []
