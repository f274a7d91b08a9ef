"""Test Dagster's own commands in a fresh clone without any variable."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline.warehouse import embedded
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
JOB = "sync_partner_center_referrals"
MODULE = ("-m", "hunter_pipeline.definitions")
RUNS = "{ runsOrError { ... on Runs { results { status tags { key value } } } } }"


@pytest.fixture
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Copy the root files of a clone into a folder with a space in its name; the package comes from .venv."""
    folder = tmp_path_factory.mktemp("a clone")
    for name in ("pyproject.toml", "workspace.yaml", "dagster.yaml"):
        shutil.copy(project_file(name), folder)
    (folder / "hunter_pipeline").symlink_to(project_file("hunter_pipeline"))
    (folder / "sql").symlink_to(project_file("sql"))
    yield folder
    embedded.stop(folder / ".hunter")


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a shell without variables of hunter_pipeline or Dagster."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUNTER_", "DAGSTER_"))}
    return kept | {"PATH": f"{BIN}:{os.environ['PATH']}"} | variables


def run(clone: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        words,
        cwd=clone,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def stored(clone: Path, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(embedded.address(clone / ".hunter") or "") as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "words",
    [("dagster", "definitions", "validate"), ("dg", "check", "defs"), ("dg", "list", "defs", "--json")],
    ids=" ".join,
)
def test_definitions_load_without_any_variable(clone: Path, words: tuple[str, ...]):
    """Commands that only load the definitions start nothing and write nothing under .hunter."""
    done = run(clone, *words)
    if "--json" in words:
        listed = json.loads(done.stdout)
        assert {asset["asset_key"] for asset in listed["assets"]} >= {"raw_referrals", "leads_ready"}
    assert not (clone / ".hunter").exists()


def test_run_with_the_flag_off_is_a_skipped_success(clone: Path, tmp_path: Path):
    """The embedded database gets its schema; the run succeeds and is recorded as skipped."""
    done = run(clone, "dagster", "asset", "materialize", "--select", "*", *MODULE, DAGSTER_HOME=str(tmp_path))
    assert "emitted no result" not in done.stderr, "Dagster's warning that a skipped sync has no check results"
    assert stored(clone, "select status, reason from sync_runs") == [("skipped", "feature_flag_disabled")]


@pytest.fixture
def sandbox_variables() -> Iterator[dict[str, str]]:
    with Sandbox(SandboxOptions(referrals=20)) as sandbox:
        yield sandbox.environment()


def test_run_with_the_flag_on_fills_every_table(clone: Path, sandbox_variables: dict[str, str]):
    """With a signed-in account `dagster job execute` is a complete sync."""
    run(clone, "hunter", "auth", "login", **sandbox_variables)
    run(clone, "dagster", "job", "execute", "-j", JOB, *MODULE, **sandbox_variables)
    [(status, fetched, new)] = stored(clone, "select status, fetched, new from sync_runs")
    assert status == "success"
    assert fetched == new > 0
    assert stored(clone, "select count(*) > 0 from leads_ready") == [(True,)]


def test_dagster_dev_starts_and_its_sensor_syncs(clone: Path, sandbox_variables: dict[str, str], free_port: int):
    """Web UI, daemon, schedules and sensors run without any variable, and a sync runs."""
    run(clone, "hunter", "auth", "login", **sandbox_variables)
    log = clone / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["dg", "dev", "--port", str(free_port)],
            cwd=clone,
            env=environment(**sandbox_variables),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until(
            lambda: succeeded_runs(free_port) or process.poll() is not None,
            explain=lambda: log.read_text(errors="replace"),
            pause=0.5,
        )
        assert process.poll() is None, log.read_text(errors="replace")
        ended = succeeded_runs(free_port)
        assert {"key": "dagster/sensor_name", "value": "partner_center_changes_sensor"} in ended[0]["tags"]
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(DEADLINE_SECONDS)
    assert "did not start" not in log.read_text(errors="replace")


def succeeded_runs(port: int) -> list[dict[str, list[dict[str, str]]]]:
    try:
        answer = requests.post(
            f"http://127.0.0.1:{port}/graphql", json={"query": RUNS}, timeout=DEADLINE_SECONDS
        ).json()
    except requests.RequestException:
        return []
    return [found for found in answer["data"]["runsOrError"]["results"] if found["status"] == "SUCCESS"]
