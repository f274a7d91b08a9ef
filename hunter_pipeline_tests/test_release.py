"""Test a release: one version, a changelog with it, and a wheel that works outside the checkout."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import hunter_pipeline
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline_tests.conftest import REFERRALS
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[1]
# Files beside the package in a checkout, and inside it in a wheel.
BESIDE = ("sql", "dagster.yaml", "workspace.yaml")
CHANGES = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
WHERE = """
import importlib.metadata, sys
import hunter_pipeline.definitions, hunter_pipeline.cli
from hunter_pipeline.config.project_files import project_file
print(importlib.metadata.version("hunter-pipeline"))
for name in ("sql/queries", "dagster.yaml", "workspace.yaml"):
    print(project_file(name).resolve(strict=True))
for name, module in sorted(sys.modules.items()):
    if name.split(".")[0] == "hunter_pipeline":
        print(module.__file__)
"""


def files_of(name: str, *, below: Path) -> set[str]:
    """Return all files of a folder of the checkout, or one file, by their paths in the package."""
    found = [path for path in (below / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {f"hunter_pipeline/{path.relative_to(below)}" for path in found or [below / name]}


def numbers_of(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


@pytest.fixture(scope="module")
def wheel() -> Iterator[Path]:
    """Build the wheel of this checkout with its backend and the installed packages."""
    with tempfile.TemporaryDirectory(prefix="hunter-wheel-") as folder:
        words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, str(CHECKOUT)]
        subprocess.run([sys.executable, "-m", "pip", *words], check=True, timeout=DEADLINE_SECONDS)
        [path] = Path(folder).iterdir()
        yield path


def test_wheel_contains_every_file(wheel: Path) -> None:
    """The wheel has each file of the package, with templates, SQL and YAML, and no tests."""
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if ".dist-info/" not in name}
    beside = set[str]().union(*(files_of(name, below=CHECKOUT) for name in BESIDE))
    assert names == files_of("", below=CHECKOUT / "hunter_pipeline") | beside
    assert len(beside) > 15


@pytest.fixture
def empty_environment(wheel: Path, tmp_path: Path) -> Path:
    """
    Create a virtual environment with the wheel, which sees the dependencies but not the checkout.

    A plain line in a path file makes a folder importable without its path files, such as that of the checkout.
    """
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    packages = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    words = ["--quiet", "--python", str(folder / "bin" / "python"), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words], check=True, timeout=DEADLINE_SECONDS
    )
    return folder


def test_wheel_works_outside_the_checkout(
    empty_environment: Path, sandbox: Sandbox, database_url: str, tmp_path: Path
) -> None:
    """Version, schema, sign-in and sync work in an empty folder without code of the checkout."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(program: str, *arguments: str) -> str:
        line = [str(empty_environment / "bin" / program), *arguments]
        done = subprocess.run(
            line, cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    version, *places = run("python", "-W", "ignore", "-c", WHERE).splitlines()
    assert version == hunter_pipeline.__version__
    assert [place for place in places if not place.startswith(f"{empty_environment}/")] == []
    assert len(places) > 40
    assert run("hunter", "--version") == f"hunter {version}\n"
    assert run("hunter", "db", "upgrade").startswith("The schema is at revision ")
    run("hunter", "auth", "login")
    summary = json.loads(run("hunter", "sync", "--json"))
    assert (summary["status"], summary["new"]) == ("success", REFERRALS)
    assert list(elsewhere.iterdir()) == []


def test_changelog_has_one_unreleased_section_and_the_version() -> None:
    """The form is that of Keep a Changelog, and the version is the newest released or the next one."""
    text = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert sections[0] == "[Unreleased]"
    assert [name for name in sections[1:] if not re.fullmatch(r"\[\d+\.\d+\.\d+] - 20\d\d-\d\d-\d\d", name)] == []
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= CHANGES
    released = [numbers_of(name) for name in sections[1:]]
    assert released == sorted(released, reverse=True)
    assert [numbers_of(hunter_pipeline.__version__)] >= released[:1]
