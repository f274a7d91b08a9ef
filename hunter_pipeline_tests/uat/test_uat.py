"""`hunter uat` as a program: all seven steps on a system of its own, and Ctrl-C in the middle."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hunter_pipeline_tests.cli.conftest import HUNTER


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the program keeps what is temporary; a short path, because PostgreSQL's socket lies below it."""
    folder = Path(tempfile.mkdtemp(prefix="uat-"))
    yield folder
    for process in below(folder):
        with contextlib.suppress(psutil.Error):
            process.kill()
    shutil.rmtree(folder, ignore_errors=True)


def below(folder: Path) -> list[psutil.Process]:
    """The living processes that have to do with something in the folder."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            known = [process.environ().get("HUNTER_HOME", ""), *process.cmdline()]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in text for text in known):
                found.append(process)
    return found


def started(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """The program, beside a user's settings that it must not touch."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Path(".env").write_text("HUNTER_PARTNER_CENTER_CLIENT_ID=real\nHUNTER_ENV=production\n")
    environment = os.environ | {
        "TMPDIR": str(folder),
        "HUNTER_API_PORT": str(port),
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


def wait_for(answer: Callable[[], object], seconds: float = 60) -> None:
    """Return once it is something."""
    until = time.monotonic() + seconds
    while not answer():
        assert time.monotonic() < until, f"nothing within {seconds} seconds"
        time.sleep(0.2)


@pytest.mark.timeout(480)
def test_all_seven_steps_pass_on_a_system_of_its_own(folder: Path, tmp_path: Path):
    """With nothing running, the test brings its own system, passes, and leaves neither process nor folder behind."""
    program = started(folder, "--json")
    out, err = program.communicate(timeout=450)
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
    assert below(folder) == []
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "home").exists() or not list((tmp_path / "home").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_the_middle_leaves_nothing_behind(number: signal.Signals, folder: Path):
    """Interrupted while its system starts, it ends what it has started and says so; there is no half report."""
    program = started(folder)
    wait_for(lambda: list(folder.glob("hunter-uat-*/up.err")))
    if number == signal.SIGINT:
        wait_for(lambda: list(folder.glob("hunter-uat-*/services.json")))  # Dagster is being started
    program.send_signal(number)
    out, err = program.communicate(timeout=120)
    assert (program.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "Stopped."
    assert below(folder) == []
    assert list(folder.iterdir()) == []
