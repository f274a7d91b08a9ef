"""A full disk and a read-only HUNTER_HOME: one sentence, the right exit code, and on it goes once there is space."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.warehouse import embedded
from hunter_pipeline_tests.cli.conftest import HUNTER, is_one_sentence_and_a_hint
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

CONFIGURATION, DATABASE = 2, 6


def mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of its own."""
    folder = Path(tempfile.mkdtemp(prefix="hunter-disk-"))
    if os.geteuid() != 0 or not mount("-t", "tmpfs", "-o", "size=260m", "tmpfs", str(folder)):
        folder.rmdir()
        pytest.skip("mounting a small disk needs root and the right to mount; neither is given here")
    yield folder
    embedded.stop(folder / "h")
    subprocess.run(["umount", "--lazy", str(folder)], check=False)
    folder.rmdir()


@pytest.fixture
def hunter(disk: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    """The command, on that disk's HUNTER_HOME and the embedded server."""
    monkeypatch.setenv("HUNTER_HOME", str(disk / "h"))

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([HUNTER, *words], capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)

    return run


def fill(disk: Path) -> Path:
    """Take every byte that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def failed_clearly(answer: "subprocess.CompletedProcess[str]") -> bool:
    """Whether it says what is wrong in one sentence and a hint, with the exit code of the disk or of the database."""
    return answer.returncode in (CONFIGURATION, DATABASE) and is_one_sentence_and_a_hint(answer.stderr)


def test_a_full_disk_is_said_and_outlived(disk: Path, hunter, sandbox: Sandbox):
    """With no byte left each command ends with one clear sentence; with space again the next sync completes."""
    assert hunter("auth", "login").returncode == 0
    assert hunter("sync").returncode == 0
    for running in (True, False):
        if not running:
            assert hunter("db", "stop").returncode == 0
        sandbox.world.arrive(40)
        ballast = fill(disk)
        answer = hunter("sync", "--json")
        assert failed_clearly(answer), (running, answer.returncode, answer.stderr[-600:])
        assert json.loads(answer.stdout)["status"] == "failed"
        ballast.unlink()
        after = hunter("sync", "--json")
        assert after.returncode == 0, (running, after.stderr[-600:])
    assert hunter("leads", "--format", "json").returncode == 0
    summary = json.loads(hunter("sync", "--full", "--json").stdout)
    assert (summary["fetched"], summary["missing"]) == (len(sandbox.world.incoming()), 0)


@pytest.mark.parametrize("words", [("sync",), ("db", "upgrade"), ("up",), ("demo", "--once"), ("auth", "login")])
def test_a_read_only_home_is_said(words: tuple[str, ...], disk: Path, hunter):
    """Where nothing can be written each command ends with one clear sentence that names the folder."""
    assert mount("-o", "remount,ro", str(disk))
    answer = hunter(*words)
    assert failed_clearly(answer), (answer.returncode, answer.stderr[-600:])
    assert str(disk) in answer.stderr
