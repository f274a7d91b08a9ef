"""Test `hunter demo` in one test, because the start of a whole system takes long."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from dagster_graphql import DagsterGraphQLClient

from hunter_pipeline.pipeline.sync_run import SYNC_JOB
from hunter_pipeline.warehouse import embedded, sync_lease
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.cli.conftest import HUNTER, is_one_sentence_and_a_hint
from hunter_pipeline_tests.free_ports import free_port
from hunter_pipeline_tests.processes import ended_processes, processes_below
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.slow

ASSETS = {"raw_referrals", "normalized_referrals", "partner_center_referrals", "companies", "leads_ready"}
QUERY = """{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { runId } }
             runsOrError { ... on Runs { results { status tags { key value } } } } }"""

DRY_RUN = """mutation { scheduleDryRun(timestamp: 1767225600, selectorData: {
    repositoryName: "__repository__", repositoryLocationName: "hunter_pipeline",
    scheduleName: "sync_partner_center_referrals_schedule" }) { __typename ... on DryRunInstigationTick {
    evaluationResult { skipReason runRequests { tags { key value } } error { message } } } } }"""
OVERLAPPING = """
select count(*) from sync_runs as one join sync_runs as other on one.run_id < other.run_id
where one.status <> 'skipped' and other.status <> 'skipped'
and tstzrange(one.started_at, one.finished_at) && tstzrange(other.started_at, other.finished_at)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a folder with a short path, because it contains PostgreSQL's socket."""
    home = Path(tempfile.mkdtemp(prefix="demo-"))
    with ended_processes(home):
        yield home
    shutil.rmtree(home, ignore_errors=True)


def graphql(url: str) -> dict[str, Any]:
    """Query the assets and the runs."""
    return requests.post(f"{url}/graphql", json={"query": QUERY}, timeout=DEADLINE_SECONDS).json()["data"]


def health(desk: str) -> tuple[str, str, str]:
    """Return the status of the system, of Dagster and of the last sync."""
    found = requests.get(f"{desk}/healthz", timeout=DEADLINE_SECONDS).json()
    return found["status"], found["dagster"], found["last_sync"]["status"]


def ended_sensor_runs(url: str) -> list[str]:
    """Return the statuses of the runs that the sensor started and that have ended."""
    runs = graphql(url)["runsOrError"]["results"]
    mine = [run for run in runs if {"key": "hunter/started_by", "value": "sensor"} in run["tags"]]
    return [run["status"] for run in mine if run["status"] in ("SUCCESS", "FAILURE")]


def start(home: Path, environment: dict[str, str]) -> "tuple[subprocess.Popen[bytes], str]":
    """Start a demo; return it and its output up to the last line."""
    output = home / "output"
    with output.open("wb") as out, (home / "errors").open("wb") as err:
        demo = subprocess.Popen([HUNTER, "demo"], env=environment, stdout=out, stderr=err, start_new_session=True)
    wait_until(
        lambda: demo.poll() is not None or "In another terminal" in output.read_text(),
        explain=(home / "errors").read_text,
    )
    assert demo.poll() is None, (home / "errors").read_text()
    return demo, output.read_text()


def run(*arguments: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command as in another terminal."""
    options: Any = {"env": environment, "capture_output": True, "text": True, "timeout": DEADLINE_SECONDS}
    return subprocess.run([HUNTER, *arguments], check=False, **options)


def schedule_tick(url: str) -> tuple[str | None, dict[str, str]]:
    """Evaluate the schedule in the running code server; return its skip reason, or the tags of the run it requests."""
    answer = requests.post(f"{url}/graphql", json={"query": DRY_RUN}, timeout=DEADLINE_SECONDS).json()
    tick = answer["data"]["scheduleDryRun"]["evaluationResult"]
    assert tick["error"] is None, tick
    wanted = tick["runRequests"] or [{"tags": []}]
    return tick["skipReason"], {tag["key"]: tag["value"] for tag in wanted[0]["tags"]}


def assert_one_sync_at_a_time(home: Path, url: str, environment: dict[str, str]) -> None:
    """
    Check that syncs of the sensor, the schedule, the API and two commands do not overlap.

    While the test holds the lock of a sync, each of them finds a sync in progress.
    """
    address = str(embedded.address(home))
    with sync_lease.held(Warehouse(address, home), "the test", seconds=DEADLINE_SECONDS):
        assert schedule_tick(url)[0] == "sync_in_progress"
        skipped = run("sync", "--json", environment=environment)
        assert json.loads(skipped.stdout)["reason"] == "sync_in_progress"
    client = DagsterGraphQLClient(url.removeprefix("http://"))
    options: Any = {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    commands = [subprocess.Popen([HUNTER, "sync", "--full", "--json"], **options) for _ in range(2)]
    skip_reason, tags = schedule_tick(url)
    launched = [client.submit_job_execution(SYNC_JOB, tags={"hunter/started_by": "api"})]
    if skip_reason is None:
        launched.append(client.submit_job_execution(SYNC_JOB, tags=tags))
    else:
        assert skip_reason == "sync_in_progress"
    answers = [process.communicate(timeout=DEADLINE_SECONDS) for process in commands]
    assert [process.returncode for process in commands] == [0, 0], [err[-300:] for _, err in answers]
    outcomes = {(found["status"], found["reason"]) for found in (json.loads(out) for out, _ in answers)}
    assert outcomes <= {("success", None), ("skipped", "sync_in_progress")}
    for run_id in launched:
        wait_until(lambda run_id=run_id: client.get_run_status(run_id).value == "SUCCESS", pause=0.3)
    with psycopg.connect(address) as connection:
        assert connection.execute(OVERLAPPING).fetchone() == (0,)
        assert connection.execute("select count(*) from sync_runs where status = 'failed'").fetchone() == (0,)
        rows, ids, raw = connection.execute(
            "select count(*), count(distinct referral_id), (select count(distinct referral_id) from raw_referrals) "
            "from partner_center_referrals"
        ).fetchone() or (0, 1, 2)
        assert rows == ids == raw


def assert_second_demo_uses_the_next_port(url: str, environment: dict[str, str]) -> None:
    """Check that a demo in another home names the port that it uses instead, and ends with Ctrl-C at any time."""
    with tempfile.TemporaryDirectory(prefix="hunter-second-", ignore_cleanup_errors=True) as folder:
        options: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        elsewhere = environment | {"HUNTER_HOME": folder}
        with subprocess.Popen([HUNTER, "demo"], env=elsewhere, start_new_session=True, **options) as second:
            assert second.stdout is not None
            line = second.stdout.readline()
            os.killpg(second.pid, signal.SIGINT)
            assert second.wait(DEADLINE_SECONDS) == 0
        wait_until(lambda: not processes_below(Path(folder)), pause=0.3)
    (other,) = re.findall(rf"{url} is in use by another program; Dagster's web UI uses (\S+)\.\n", line)
    assert int(url.rpartition(":")[2]) < int(other.rpartition(":")[2]) <= int(url.rpartition(":")[2]) + 20


def test_demo_fills_all_assets_ends_with_ctrl_c_and_continues(home: Path) -> None:
    """It needs no configuration and ignores a configured account and database."""
    port, desk_port = free_port(), free_port()
    environment = os.environ | {
        "HUNTER_HOME": str(home),
        "HUNTER_DAGSTER_URL": f"http://127.0.0.1:{port}",
        "HUNTER_API_PORT": str(desk_port),
        "HUNTER_SYNC_INTERVAL_SECONDS": "15",
        # a demo must use neither a configured database nor a configured account
        "HUNTER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/real",
        "HUNTER_PARTNER_CENTER_CLIENT_ID": "real",
    }
    # nor those of .env, which Dagster reads in the folder that it starts in
    Path(".env").write_text("HUNTER_PARTNER_CENTER_CLIENT_ID=real\nHUNTER_DATABASE_URL=postgresql://x@127.0.0.1:1/x\n")
    demo, printed = start(home, environment)
    assert "Synced (incremental): fetched 739, new 739, updated 0, unchanged 0" in printed
    (url,) = re.findall(r"Dagster's web UI +(\S+)", printed)
    assert url == f"http://127.0.0.1:{port}"
    (desk,) = re.findall(r"Lead desk +(\S+)", printed)
    assert desk == f"http://127.0.0.1:{desk_port}"
    wait_until(lambda: health(desk) == ("ok", "ok", "success"), explain=lambda: health(desk), pause=0.5)
    nodes = graphql(url)["assetNodes"]
    assert {node["assetKey"]["path"][0] for node in nodes if node["assetMaterializations"]} == ASSETS
    wait_until(lambda: "SUCCESS" in ended_sensor_runs(url), pause=0.5)
    written = [
        path for path in home.rglob("*") if "postgres" not in path.parts and path.name not in ("output", "errors")
    ]
    assert {path for path in written if path.stat().st_mode & 0o077} == set(), "HUNTER_HOME is for its user only"
    Path(".env").unlink()  # a configured Partner Center would keep the commands from the demo

    in_another_terminal = {name: value for name, value in environment.items() if "PARTNER_CENTER" not in name}
    for line in (["demo"], ["demo", "--once"]):
        second = run(*line, environment=in_another_terminal)
        assert second.returncode == 2
        assert f"hunter is already running in {home}: {url}." in second.stderr
        assert is_one_sentence_and_a_hint(second.stderr)
    assert_second_demo_uses_the_next_port(url, in_another_terminal)
    assert_one_sync_at_a_time(home, url, in_another_terminal)
    assert run("auth", "status", environment=in_another_terminal).returncode == 0

    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(DEADLINE_SECONDS) == 0
    assert (home / "errors").read_text().endswith("Stopped.\n")
    assert wait_until(lambda: not processes_below(home), pause=0.3)

    again = run("demo", "--once", environment=environment)
    assert again.returncode == 0, again.stderr
    [fetched] = re.findall(r"fetched (\d+), new \d+, updated \d+", again.stdout)
    assert int(fetched) < 739, "it continues with the data: only what changed is read"
