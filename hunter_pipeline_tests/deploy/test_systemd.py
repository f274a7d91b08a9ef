"""Test the systemd unit, checked by systemd where it is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

UNIT = project_file("deploy/systemd/hunter.service")


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed on this machine")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS)


def test_unit_is_valid(tmp_path: Path):
    """Its program is replaced by one that exists here."""
    unit = tmp_path / "hunter.service"
    unit.write_text(UNIT.read_text().replace("/opt/hunter/.venv/bin/hunter", "/bin/true"))
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_unit_is_hardened():
    """`systemd-analyze security` rates the exposure from 0 to 10; 2 and below is its best class."""
    done = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    if "unrecognized option" in done.stderr:
        pytest.skip("systemd is older than 250")
    found = re.search(r"Overall exposure level for hunter.service: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= 2.0
