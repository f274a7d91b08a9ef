"""Test that only pinned files are installed: every package has hashes, and another file is refused."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_a_hash_and_no_index(name: str):
    """Every package has one version and at least one sha256, and no file names a package index."""
    text = (CHECKOUT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    pins = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(pins) > 50
    assert [pin for pin in pins if not re.match(r"[\w.\[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", pin)] == []
    assert "://" not in text


def test_make_installs_with_hashes_only():
    """Each install of a requirements file has --require-hashes; our package is installed without dependencies."""
    lines = re.findall(r"(?:\$\(PIP\)|-m pip\b.*) install (.*)", (CHECKOUT / "Makefile").read_text(encoding="utf-8"))
    assert len(lines) == 3
    assert all("--require-hashes --requirement" in line or "--no-deps" in line for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("changed", [False, True])
def test_changed_hash_is_refused(changed: bool, tmp_path: Path):
    """pip with the options of `make install` accepts the file with the pinned hash only."""
    wheel = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("thing.py", "")
        file.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        file.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr("thing-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    digest = digest[::-1] if changed else digest
    (tmp_path / "requirements.txt").write_text(f"thing==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    words = [
        "install",
        "--no-index",
        "--find-links",
        str(tmp_path),
        "--target",
        str(tmp_path / "to"),
        "--require-hashes",
    ]
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, "-r", str(tmp_path / "requirements.txt")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.returncode == 0) is not changed
    assert (tmp_path / "to" / "thing.py").exists() is not changed
    assert ("DO NOT MATCH THE HASHES" in answer.stderr) is changed
