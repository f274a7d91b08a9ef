"""Syncs over HTTP: started through a real Dagster, followed to their end, and each way in which one cannot start."""

import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests
from dagster import DagsterInstance
from dagster._core.test_utils import create_run_for_test

from hunter_pipeline import instance
from hunter_pipeline.defs import cadence
from hunter_pipeline.domain.errors import DagsterUnavailable
from hunter_pipeline.logs import configure_logs
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline.warehouse import runs
from hunter_pipeline.web import launches
from hunter_pipeline.web.launches import JOB, Launches
from hunter_pipeline_tests.free_ports import free_port
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.warehouse.office import Office, office_of
from hunter_pipeline_tests.watchdog import own_variable
from hunter_pipeline_tests.web.desks import settings_on
from hunter_pipeline_tests.web.live import Live, served, wait_for_sync

pytestmark = pytest.mark.slow

SYNC = "/api/referrals/sync"
SUMMARY = (
    *("status", "reason", "run_id", "mode", "fetched", "new", "updated", "unchanged", "quarantined", "without_domain"),
    *("missing", "pages", "requests", "retries", "duration_seconds", "watermark", "error"),
)


@pytest.fixture(scope="module")
def closed(server: Server) -> Iterator[tuple[str, Office]]:
    """A service whose feature flag is on and whose Dagster is out of reach."""
    with (
        office_of(server, SandboxOptions(referrals=1)) as office,
        served(settings_on(office.url, office.folder, partner_center_enabled=True)) as url,
    ):
        yield url, office


def test_a_sync_is_launched_once_and_followed_to_its_end(live: Live):
    """A POST queues a run; a second one meanwhile is given the same; the status ends with the run's summary."""
    live.office.reset()
    with served(live.settings) as url:
        first = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS)
        second = requests.post(
            f"{url}/api/v1/partner-center/referrals/sync", json={"full": False}, timeout=DEADLINE_SECONDS
        )
        started, again = first.json(), second.json()
        assert first.status_code == second.status_code == 200, (first.text, second.text)
        assert started | {"message": ""} == {
            "task_id": started["task_id"], "status": "queued", "success": True, "enqueued": True, "message": ""
        }  # fmt: skip
        assert (again["task_id"], again["enqueued"], again["success"]) == (started["task_id"], False, True)
        assert again["status"] in ("queued", "running")
        under_way = requests.get(f"{url}{SYNC}/{started['task_id']}", timeout=DEADLINE_SECONDS).json()
        assert under_way["status"] in ("queued", "running", "success")
        ended = wait_for_sync(url, started["task_id"])
        assert (ended["task_id"], ended["status"]) == (started["task_id"], "success")
        assert tuple(ended["summary"]) == SUMMARY
        assert (ended["summary"]["status"], ended["summary"]["mode"]) == ("success", "incremental")
        assert ended["summary"]["new"] == ended["summary"]["fetched"] > 0
        assert requests.get(f"{url}{SYNC}/{uuid.uuid4()}", timeout=DEADLINE_SECONDS).status_code == 404
        assert wait_until(lambda: requests.get(f"{url}/healthz", timeout=DEADLINE_SECONDS).json()["dagster"] == "ok")


def test_a_full_sync_can_be_asked_for(live: Live):
    """`full=true` in the query or in the body reads everything."""
    with served(live.settings) as url:
        started = requests.post(f"{url}{SYNC}", json={"full": True}, timeout=DEADLINE_SECONDS).json()
        assert started["enqueued"]
        assert wait_for_sync(url, started["task_id"])["summary"]["mode"] == "full"


def test_a_run_that_dagster_failed_to_queue_is_not_waited_for(live: Live, monkeypatch: pytest.MonkeyPatch):
    """A run that was made and never queued has failed after a minute, and the next sync is a new one."""
    monkeypatch.setattr(launches, "YOUNG_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setenv("DAGSTER_PG_URL", instance.storage_url(live.office.warehouse))
    with DagsterInstance.from_config(str(live.settings.dagster_home)) as dagster, served(live.settings) as url:
        lost = create_run_for_test(dagster, job_name=JOB).run_id
        young = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS).json()
        assert (young["task_id"], young["enqueued"]) == (lost, False)
        monkeypatch.setattr(launches, "YOUNG_SECONDS", 0)
        assert requests.get(f"{url}{SYNC}/{lost}", timeout=DEADLINE_SECONDS).json()["status"] == "failure"
        started = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS).json()
        assert started["enqueued"]
        monkeypatch.setattr(launches, "YOUNG_SECONDS", DEADLINE_SECONDS)
        assert wait_for_sync(url, started["task_id"])["status"] == "success"
        dagster.delete_run(lost)


def test_the_command_line_s_sync_is_the_one_under_way(live: Live):
    """While a sync of the command line holds the lock, its id is the answer, and its record tells how it stands."""
    run_id = str(uuid.uuid4())
    with served(live.settings) as url, live.office.warehouse.connection() as connection:
        assert runs.try_sync_lock(connection)
        runs.open_run(connection, run_id, "full")
        connection.commit()
        answer = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS).json()
        assert (answer["task_id"], answer["enqueued"], answer["status"]) == (run_id, False, "running")
        path = f"{url}{SYNC}/{run_id}"
        assert requests.get(path, timeout=DEADLINE_SECONDS).json() == {
            "task_id": run_id,
            "status": "running",
            "summary": None,
        }
        runs.close_run(connection, run_id, status="failed", reason="interrupted", error=None)
        connection.commit()
        ended = requests.get(path, timeout=DEADLINE_SECONDS).json()
        assert (ended["status"], ended["summary"]["reason"]) == ("failure", "interrupted")


def test_a_run_that_met_another_sync_says_skipped(live: Live):
    """A run of Dagster's own that finds the lock taken ends as a success whose summary says why it did nothing."""
    launcher = Launches(live.settings.dagster_url, live.office.warehouse)
    with served(live.settings) as url, live.office.warehouse.connection() as connection:
        assert runs.try_sync_lock(connection)
        connection.commit()
        location, repository = launcher.place()
        task_id = launcher._submit(location, repository, full=False)
        ended = wait_for_sync(url, task_id)
        assert ended["status"] == "success"
        assert (ended["summary"]["status"], ended["summary"]["reason"]) == ("skipped", "sync_in_progress")


def test_without_dagster_nothing_starts_and_records_still_answer(closed: tuple[str, Office]):
    """503 with a sentence and a hint; the status of what is recorded is told from the record, of the rest it is 503."""
    url, office = closed
    refused = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS)
    assert refused.status_code == 503
    assert refused.json()["error"] == "dagster_unavailable"
    assert refused.json()["detail"] == "Dagster is out of reach."
    assert refused.json()["hint"]
    with office.warehouse.connection() as connection:
        runs.open_run(connection, "known", "full")
        runs.close_run(connection, "known", status="success", reason=None, error=None)
        runs.skip_run(connection, "skipped", mode="full", reason="sync_in_progress", watermark=None)
    known = requests.get(f"{url}{SYNC}/known", timeout=DEADLINE_SECONDS).json()
    assert (known["status"], known["summary"]["status"]) == ("success", "success")
    skipped = requests.get(f"{url}{SYNC}/skipped", timeout=DEADLINE_SECONDS).json()
    assert (skipped["status"], skipped["summary"]["status"]) == ("success", "skipped")
    assert requests.get(f"{url}{SYNC}/unknown", timeout=DEADLINE_SECONDS).status_code == 503


def test_a_dagster_that_hangs_makes_no_queue(closed: tuple[str, Office], monkeypatch: pytest.MonkeyPatch):
    """Six who ask at once ask beside each other, not one after the other; who gets no answer is refused."""
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(6) as pool:
        launcher = Launches(f"http://127.0.0.1:{silent.getsockname()[1]}", closed[1].warehouse)
        monkeypatch.setattr(Launches._ask, "__kwdefaults__", {"seconds": DEADLINE_SECONDS})
        asked = [pool.submit(launcher.launch) for _ in range(6)]
        silent.settimeout(DEADLINE_SECONDS)
        for connection in [silent.accept()[0] for _ in range(6)]:
            connection.close()
        assert all(isinstance(each.exception(), DagsterUnavailable) for each in asked)
        monkeypatch.setattr(Launches._ask, "__kwdefaults__", {"seconds": 0.5})
        with pytest.raises(DagsterUnavailable):
            launcher.launch()


@pytest.mark.parametrize("path", [SYNC, "/api/v1/partner-center/referrals/sync"])
def test_with_the_flag_off_nothing_starts(closed: tuple[str, Office], path: str, capsys: pytest.CaptureFixture[str]):
    """400 in the one shape, and a log line that says skipped and why."""
    settings = settings_on(closed[1].url, closed[1].folder, log_format="json")
    configure_logs(settings)
    with served(settings) as url:
        refused = requests.post(url + path, timeout=DEADLINE_SECONDS)
    assert refused.status_code == 400
    assert set(refused.json()) == {"error", "detail", "hint"}
    assert refused.json()["error"] == "feature_flag_disabled"
    logged = capsys.readouterr().err
    assert '"event": "partner_center_sync_skipped"' in logged
    assert '"reason": "feature_flag_disabled"' in logged


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"full": "perhaps"}', b'{"fuller": true}'])
def test_a_body_that_means_nothing_is_refused(closed: tuple[str, Office], body: bytes):
    """422 in the one shape; no body at all is fine, as the other tests show."""
    answer = requests.post(
        f"{closed[0]}{SYNC}", data=body, headers={"Content-Type": "application/json"}, timeout=DEADLINE_SECONDS
    )
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "detail", "hint"}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real web UI of Dagster whose one code location cannot be loaded; its address."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "broken.py").write_text("raise RuntimeError('this location is broken')\n")
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "dagster_webserver", "-f", str(folder / "broken.py")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-p", str(port)],
            stdout=log, stderr=log, cwd=folder, env={"DAGSTER_HOME": str(folder), "PATH": "", **own_variable()},
        )  # fmt: skip
        try:
            wait_until(lambda: process.poll() is not None or answers(port), explain=(folder / "log").read_text)
            assert process.poll() is None, (folder / "log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def answers(port: int) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(f"http://127.0.0.1:{port}/server_info", timeout=DEADLINE_SECONDS).ok
    return False


def test_a_broken_code_location_is_told_apart(broken: str, closed: tuple[str, Office]):
    """Dagster answers, but its code did not load: 503, and the hint is to look there, not to start Dagster."""
    settings = settings_on(closed[1].url, closed[1].folder, partner_center_enabled=True, dagster_url=broken)
    with served(settings) as url:
        refused = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS)
        assert refused.status_code == 503
        assert refused.json()["detail"] == "Dagster runs, but it could not load the pipeline's code."
        assert "/locations" in refused.json()["hint"]
        assert requests.get(f"{url}/healthz", timeout=DEADLINE_SECONDS).json()["dagster"] == "down"


def test_another_project_s_dagster_is_told_apart(live: Live, monkeypatch: pytest.MonkeyPatch):
    """A Dagster without our job gets a sentence of its own."""
    monkeypatch.setattr(launches, "JOB", "somebody_else_s_job")
    with pytest.raises(DagsterUnavailable, match="has no job somebody_else_s_job"):
        Launches(live.settings.dagster_url, live.office.warehouse).launch()


def test_the_job_s_name_is_the_pipeline_s():
    """The web does not import Dagster's shell, so the names that it repeats are held to it here."""
    assert (launches.JOB, launches.FULL) == (cadence.JOB, cadence.FULL)
