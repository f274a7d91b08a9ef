"""`hunter demo` from nothing to the web UI, and its end: one test, because each start costs its seconds."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import requests
from dagster_graphql import DagsterGraphQLClient
from dotenv import dotenv_values

from hunter_pipeline.defs.schedules import JOB
from hunter_pipeline.warehouse import embedded
from hunter_pipeline_tests.cli.conftest import HUNTER, is_one_sentence_and_a_hint

ASSETS = {"raw_referrals", "normalized_referrals", "partner_center_referrals", "companies", "leads_ready"}
QUERY = """{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { runId } }
             runsOrError { ... on Runs { results { status tags { key value } } } } }"""

DRY_RUN = """mutation { scheduleDryRun(timestamp: 1767225600, selectorData: {
    repositoryName: "__repository__", repositoryLocationName: "hunter_pipeline",
    scheduleName: "sync_partner_center_referrals_schedule" }) { __typename ... on DryRunInstigationTick {
    evaluationResult { skipReason runRequests { tags { key value } } error { message } } } } }"""
BESIDE = """
select count(*) from sync_runs as one join sync_runs as other on one.run_id < other.run_id
where one.status <> 'skipped' and other.status <> 'skipped'
and tstzrange(one.started_at, one.finished_at) && tstzrange(other.started_at, other.finished_at)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path, because PostgreSQL's socket lies in it."""
    home = Path(tempfile.mkdtemp(prefix="hunter-demo-"))
    yield home
    for process in of_home(home):
        with contextlib.suppress(psutil.Error):
            process.kill()
    shutil.rmtree(home, ignore_errors=True)


def of_home(home: Path) -> list[psutil.Process]:
    """Every living process that has this home in its environment or its command line."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            known = [process.environ().get("HUNTER_HOME", ""), *process.cmdline()]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(home) in text for text in known):
                found.append(process)
    return found


def wait_for(answer: Callable[[], Any], *, seconds: float = 60) -> Any:
    """What is answered as soon as it is something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := answer():
            return found
        time.sleep(0.3)
    raise AssertionError(f"nothing within {seconds} seconds")


def graphql(url: str) -> dict[str, Any]:
    """The assets and the runs."""
    return requests.post(f"{url}/graphql", json={"query": QUERY}, timeout=30).json()["data"]


def by_sensor(url: str) -> list[str]:
    """How the runs that the sensor started have ended so far."""
    runs = graphql(url)["runsOrError"]["results"]
    mine = [run for run in runs if {"key": "hunter/started_by", "value": "sensor"} in run["tags"]]
    return [run["status"] for run in mine if run["status"] in ("SUCCESS", "FAILURE")]


def start(home: Path, environment: dict[str, str]) -> "tuple[subprocess.Popen[bytes], str]":
    """A demo as a terminal starts it; returns it and what it printed up to its last line."""
    output = home / "printed"
    with output.open("wb") as out, (home / "told").open("wb") as err:
        demo = subprocess.Popen([HUNTER, "demo"], env=environment, stdout=out, stderr=err, start_new_session=True)
    wait_for(lambda: demo.poll() is not None or "In another terminal" in output.read_text())
    assert demo.poll() is None, (home / "told").read_text()
    return demo, output.read_text()


def slow_second_page(home: Path, seconds: float) -> None:
    """Let the next sync that reads a second page take that long for it."""
    demo = dotenv_values(home / "demo.env")
    fault = {"where": "page", "page": 2, "kind": "slow", "delay": seconds, "times": 1}
    address = f"{demo['HUNTER_PARTNER_CENTER_API_URL']}/sandbox/faults"
    requests.post(address, json=fault, verify=str(demo["REQUESTS_CA_BUNDLE"]), timeout=10).raise_for_status()


def schedule_tick(url: str) -> tuple[str | None, dict[str, str]]:
    """What the schedule says in the running code server: why it starts nothing, or the tags of the run it wants."""
    answer = requests.post(f"{url}/graphql", json={"query": DRY_RUN}, timeout=60).json()
    tick = answer["data"]["scheduleDryRun"]["evaluationResult"]
    assert tick["error"] is None, tick
    wanted = tick["runRequests"] or [{"tags": []}]
    return tick["skipReason"], {tag["key"]: tag["value"] for tag in wanted[0]["tags"]}


def everybody_at_once(home: Path, url: str, environment: dict[str, str]) -> None:
    """The sensor ticks, schedule and API launch through the queue, three commands sync: one works at a time."""
    client = DagsterGraphQLClient(url.removeprefix("http://"))
    slow_second_page(home, 5.0)
    options: Any = {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    crowd = [subprocess.Popen([HUNTER, "sync", "--full", "--json"], **options) for _ in range(3)]
    skipped, tags = schedule_tick(url)
    launched = [client.submit_job_execution(JOB, tags={"hunter/started_by": "api"})]
    if skipped is None:
        launched.append(client.submit_job_execution(JOB, tags=tags))
    else:
        assert skipped == "sync_in_progress"
    answers = [process.communicate(timeout=120) for process in crowd]
    assert [process.returncode for process in crowd] == [0, 0, 0], [err[-300:] for _, err in answers]
    outcomes = {(found["status"], found["reason"]) for found in (json.loads(out) for out, _ in answers)}
    assert outcomes == {("success", None), ("skipped", "sync_in_progress")}
    for run_id in launched:
        wait_for(lambda run_id=run_id: client.get_run_status(run_id).value == "SUCCESS")
    with psycopg.connect(str(embedded.address(home))) as connection:
        assert connection.execute(BESIDE).fetchone() == (0,)
        assert connection.execute("select count(*) from sync_runs where status = 'failed'").fetchone() == (0,)
        rows, ids, raw = connection.execute(
            "select count(*), count(distinct referral_id), (select count(distinct referral_id) from raw_referrals) "
            "from partner_center_referrals"
        ).fetchone() or (0, 1, 2)
        assert rows == ids == raw


def a_second_demo_in_another_home(url: str, environment: dict[str, str]) -> None:
    """It says that the port is taken and which one it takes; Ctrl-C ends it, wherever it has come to."""
    with tempfile.TemporaryDirectory(prefix="hunter-second-", ignore_cleanup_errors=True) as folder:
        options: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        elsewhere = environment | {"HUNTER_HOME": folder}
        with subprocess.Popen([HUNTER, "demo"], env=elsewhere, start_new_session=True, **options) as second:
            assert second.stdout is not None
            said = second.stdout.readline()
            os.killpg(second.pid, signal.SIGINT)
            assert second.wait(40) == 0
        wait_for(lambda: not of_home(Path(folder)), seconds=10)
    (other,) = re.findall(rf"{url} is in use by another program; Dagster's web UI uses (\S+)\.\n", said)
    assert int(url.rpartition(":")[2]) < int(other.rpartition(":")[2]) <= int(url.rpartition(":")[2]) + 20


@pytest.mark.timeout(400)
def test_demo_from_nothing_to_nothing(home: Path):
    """One command fills five assets, beside others too; Ctrl-C ends every process; the next one goes on."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        port, desk_port = one.getsockname()[1], other.getsockname()[1]
    environment = os.environ | {
        "HUNTER_HOME": str(home),
        "HUNTER_DAGSTER_URL": f"http://127.0.0.1:{port}",
        "HUNTER_API_PORT": str(desk_port),
        "HUNTER_SYNC_INTERVAL_SECONDS": "5",
        # a demo meets neither a real database nor a real account
        "HUNTER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/real",
        "HUNTER_PARTNER_CENTER_CLIENT_ID": "real",
    }
    # nor by way of Dagster, which reads the .env of the folder that it starts in
    Path(".env").write_text("HUNTER_PARTNER_CENTER_CLIENT_ID=real\nHUNTER_DATABASE_URL=postgresql://x@127.0.0.1:1/x\n")
    demo, printed = start(home, environment)
    assert "Synced (incremental): fetched 739, new 739, updated 0, unchanged 0" in printed
    (url,) = re.findall(r"Dagster's web UI +(\S+)", printed)
    assert url == f"http://127.0.0.1:{port}"
    (desk,) = re.findall(r"Lead desk +(\S+)", printed)
    assert desk == f"http://127.0.0.1:{desk_port}"
    health = requests.get(f"{desk}/healthz", timeout=10).json()
    assert (health["status"], health["dagster"], health["last_sync"]["status"]) == ("ok", "ok", "success")
    nodes = graphql(url)["assetNodes"]
    assert {node["assetKey"]["path"][0] for node in nodes if node["assetMaterializations"]} == ASSETS
    wait_for(lambda: "SUCCESS" in by_sensor(url), seconds=40)
    Path(".env").unlink()  # who names a Partner Center of their own is not led to the demo's

    in_another_terminal = {name: value for name, value in environment.items() if "PARTNER_CENTER" not in name}
    for line in (["demo"], ["demo", "--once"]):
        options: Any = {"env": in_another_terminal, "capture_output": True, "text": True, "timeout": 60}
        second = subprocess.run([HUNTER, *line], check=False, **options)
        assert second.returncode == 2
        assert f"hunter is already running in {home}: {url}." in second.stderr
        assert is_one_sentence_and_a_hint(second.stderr)
    a_second_demo_in_another_home(url, in_another_terminal)
    everybody_at_once(home, url, in_another_terminal)
    subprocess.run([HUNTER, "auth", "status"], env=in_another_terminal, capture_output=True, timeout=60, check=True)

    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(40) == 0
    assert (home / "told").read_text().endswith("Stopped.\n")
    assert wait_for(lambda: not of_home(home), seconds=5)

    fetched = []
    for _ in range(2):
        once = [HUNTER, "demo", "--once"]
        again = subprocess.run(once, env=environment, capture_output=True, text=True, timeout=60, check=True)
        fetched += re.findall(r"fetched (\d+), new (\d+), updated (\d+)", again.stdout)
    assert int(fetched[0][0]) < 100, "it goes on with the data: only what the world had changed last is read"
    assert fetched[1][1:] == ("0", "0")
