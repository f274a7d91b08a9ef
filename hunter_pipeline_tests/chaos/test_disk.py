"""Test a full disk and a read-only HUNTER_HOME: one message with the right exit code, and recovery."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.warehouse import embedded
from hunter_pipeline_tests.cli.conftest import is_one_sentence_and_a_hint
from hunter_pipeline_tests.conftest import Hunter, Result

pytestmark = pytest.mark.slow

CONFIGURATION, DATABASE = 2, 6


def mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk() -> Iterator[Path]:
    """Mount a small disk."""
    folder = Path(tempfile.mkdtemp(prefix="hunter-disk-"))
    if os.geteuid() != 0 or not mount("-t", "tmpfs", "-o", "size=260m", "tmpfs", str(folder)):
        folder.rmdir()
        pytest.skip("mounting a small disk needs root and the right to mount; neither is given here")
    yield folder
    embedded.stop(folder / "h")
    subprocess.run(["umount", "--lazy", str(folder)], check=False)
    folder.rmdir()


@pytest.fixture
def hunter(disk: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, hunter: Hunter) -> Hunter:
    """Return a function that runs a command with HUNTER_HOME and the embedded server on that disk."""
    monkeypatch.setenv("HUNTER_HOME", str(disk / "h"))
    return hunter


def fill(disk: Path) -> Path:
    """Write a file until no byte is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def has_failed_with_a_hint(result: Result) -> bool:
    """Return whether a command ended with one message and one hint, and the exit code of settings or database."""
    return result.code in (CONFIGURATION, DATABASE) and is_one_sentence_and_a_hint(result.err)


def test_sync_fails_on_a_full_disk_and_completes_when_there_is_space_again(
    disk: Path, hunter: Hunter, sandbox: Sandbox
) -> None:
    assert hunter("auth", "login").code == 0
    assert hunter("sync").code == 0
    for running in (True, False):
        if not running:
            assert hunter("db", "stop").code == 0
        sandbox.world.arrive(40)
        ballast = fill(disk)
        result = hunter("sync", "--json")
        assert has_failed_with_a_hint(result), (running, result.code, result.err[-600:])
        assert "disk of the database server is full" in result.err or "No space left on device" in result.err
        assert json.loads(result.out)["status"] == "failed"
        ballast.unlink()
        after = hunter("sync", "--json")
        assert after.code == 0, (running, after.err[-600:])
    assert hunter("leads", "--format", "json").code == 0
    summary = json.loads(hunter("sync", "--full", "--json").out)
    assert (summary["fetched"], summary["missing"]) == (len(sandbox.world.incoming()), 0)


@pytest.mark.parametrize("arguments", [("sync",), ("db", "upgrade"), ("up",), ("demo", "--once"), ("auth", "login")])
def test_command_names_a_read_only_home(arguments: tuple[str, ...], disk: Path, hunter: Hunter) -> None:
    assert mount("-o", "remount,ro", str(disk))
    result = hunter(*arguments)
    assert has_failed_with_a_hint(result), (result.code, result.err[-600:])
    assert str(disk) in result.err
