"""Syncs over HTTP: started and followed through a real Dagster, and each reason for which one cannot start."""

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

from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.errors import DagsterUnavailable
from hunter_pipeline.local import dagster_instance
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline.warehouse import sync_lease, sync_runs
from hunter_pipeline.web import dagster_client
from hunter_pipeline.web.dagster_client import SYNC_JOB, DagsterClient
from hunter_pipeline_tests.free_ports import free_port
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.warehouse.installation import Installation, open_installation
from hunter_pipeline_tests.watchdog import own_variable
from hunter_pipeline_tests.web.seed import settings_for
from hunter_pipeline_tests.web.services import LivePipeline, run_service, wait_for_sync

pytestmark = pytest.mark.slow

SYNC = "/api/referrals/sync"
SUMMARY = (
    *("status", "reason", "run_id", "mode", "fetched", "new", "updated", "unchanged", "quarantined", "without_domain"),
    *("missing", "pages", "requests", "retries", "duration_seconds", "watermark", "error"),
)


@pytest.fixture(scope="module")
def without_dagster(server: Server) -> Iterator[tuple[str, Installation]]:
    """A service with the feature flag on and without Dagster: its address, its sandbox and database."""
    with (
        open_installation(server, SandboxOptions(referrals=1)) as installation,
        run_service(settings_for(installation.url, installation.folder, partner_center_enabled=True)) as url,
    ):
        yield url, installation


def test_sync_is_launched_once_and_followed_to_its_end(live: LivePipeline):
    """A second POST returns the run that the first one queued, and the final status includes the summary."""
    live.installation.reset()
    with run_service(live.settings) as url:
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
        unfinished = requests.get(f"{url}{SYNC}/{started['task_id']}", timeout=DEADLINE_SECONDS).json()
        assert unfinished["status"] in ("queued", "running", "success")
        ended = wait_for_sync(url, started["task_id"])
        assert (ended["task_id"], ended["status"]) == (started["task_id"], "success")
        assert tuple(ended["summary"]) == SUMMARY
        assert (ended["summary"]["status"], ended["summary"]["mode"]) == ("success", "incremental")
        assert ended["summary"]["new"] == ended["summary"]["fetched"] > 0
        assert requests.get(f"{url}{SYNC}/{uuid.uuid4()}", timeout=DEADLINE_SECONDS).status_code == 404
        assert wait_until(lambda: requests.get(f"{url}/healthz", timeout=DEADLINE_SECONDS).json()["dagster"] == "ok")


def test_full_sync_is_launched_when_the_body_asks_for_it(live: LivePipeline):
    with run_service(live.settings) as url:
        started = requests.post(f"{url}{SYNC}", json={"full": True}, timeout=DEADLINE_SECONDS).json()
        assert started["enqueued"]
        assert wait_for_sync(url, started["task_id"])["summary"]["mode"] == "full"


def test_run_that_was_never_queued_counts_as_failed(live: LivePipeline, monkeypatch: pytest.MonkeyPatch):
    """After STARTUP_SECONDS the next POST starts a new run."""
    monkeypatch.setattr(dagster_client, "STARTUP_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setenv("DAGSTER_PG_URL", dagster_instance.storage_url(live.installation.warehouse))
    with DagsterInstance.from_config(str(live.settings.dagster_home)) as dagster, run_service(live.settings) as url:
        lost = create_run_for_test(dagster, job_name=SYNC_JOB).run_id
        young = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS).json()
        assert (young["task_id"], young["enqueued"]) == (lost, False)
        monkeypatch.setattr(dagster_client, "STARTUP_SECONDS", 0)
        assert requests.get(f"{url}{SYNC}/{lost}", timeout=DEADLINE_SECONDS).json()["status"] == "failure"
        started = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS).json()
        assert started["enqueued"]
        monkeypatch.setattr(dagster_client, "STARTUP_SECONDS", DEADLINE_SECONDS)
        assert wait_for_sync(url, started["task_id"])["status"] == "success"
        dagster.delete_run(lost)


def test_sync_of_the_command_line_is_returned_as_the_running_one(live: LivePipeline):
    """It holds the lease, and its status comes from `sync_runs`, because Dagster does not know it."""
    run_id = str(uuid.uuid4())
    warehouse = live.installation.warehouse
    held = sync_lease.held(warehouse, run_id, seconds=DEADLINE_SECONDS)
    with run_service(live.settings) as url, held, warehouse.connection() as connection:
        sync_runs.open_run(connection, run_id, "full")
        connection.commit()
        answer = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS).json()
        assert (answer["task_id"], answer["enqueued"], answer["status"]) == (run_id, False, "running")
        path = f"{url}{SYNC}/{run_id}"
        assert requests.get(path, timeout=DEADLINE_SECONDS).json() == {
            "task_id": run_id,
            "status": "running",
            "summary": None,
        }
        sync_runs.close_run(connection, run_id, status="failed", reason="interrupted", error=None)
        connection.commit()
        ended = requests.get(path, timeout=DEADLINE_SECONDS).json()
        assert (ended["status"], ended["summary"]["reason"]) == ("failure", "interrupted")


def test_run_is_skipped_when_another_sync_holds_the_lease(live: LivePipeline):
    """The run succeeds, and its summary says why it did nothing."""
    client = DagsterClient(live.settings.dagster_url, live.installation.warehouse)
    held = sync_lease.held(live.installation.warehouse, "another sync", seconds=DEADLINE_SECONDS)
    with run_service(live.settings) as url, held:
        task_id = client.submit_run(full=False)
        ended = wait_for_sync(url, task_id)
        assert ended["status"] == "success"
        assert (ended["summary"]["status"], ended["summary"]["reason"]) == ("skipped", "sync_in_progress")


def test_recorded_syncs_have_a_status_without_dagster(without_dagster: tuple[str, Installation]):
    """Starting a sync and the status of an unknown one are 503."""
    url, installation = without_dagster
    refused = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS)
    assert refused.status_code == 503
    assert refused.json()["error"] == "dagster_unavailable"
    assert refused.json()["detail"] == "Dagster cannot be reached."
    assert refused.json()["hint"]
    with installation.warehouse.connection() as connection:
        sync_runs.open_run(connection, "known", "full")
        sync_runs.close_run(connection, "known", status="success", reason=None, error=None)
        sync_runs.skip_run(connection, "skipped", mode="full", reason="sync_in_progress", watermark=None)
    known = requests.get(f"{url}{SYNC}/known", timeout=DEADLINE_SECONDS).json()
    assert (known["status"], known["summary"]["status"]) == ("success", "success")
    skipped = requests.get(f"{url}{SYNC}/skipped", timeout=DEADLINE_SECONDS).json()
    assert (skipped["status"], skipped["summary"]["status"]) == ("success", "skipped")
    assert requests.get(f"{url}{SYNC}/unknown", timeout=DEADLINE_SECONDS).status_code == 503


def test_requests_do_not_wait_for_each_other_when_dagster_hangs(
    without_dagster: tuple[str, Installation], monkeypatch: pytest.MonkeyPatch
):
    """Six requests reach Dagster at the same time, and each fails when its time-out is over."""
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(6) as pool:
        client = DagsterClient(f"http://127.0.0.1:{silent.getsockname()[1]}", without_dagster[1].warehouse)
        monkeypatch.setattr(dagster_client, "QUERY_SECONDS", DEADLINE_SECONDS)
        launches = [pool.submit(client.launch_sync) for _ in range(6)]
        silent.settimeout(DEADLINE_SECONDS)
        for connection in [silent.accept()[0] for _ in range(6)]:
            connection.close()
        assert all(isinstance(each.exception(), DagsterUnavailable) for each in launches)
        monkeypatch.setattr(dagster_client, "QUERY_SECONDS", 0.5)
        with pytest.raises(DagsterUnavailable):
            client.launch_sync()


@pytest.mark.parametrize("path", [SYNC, "/api/v1/partner-center/referrals/sync"])
def test_sync_is_refused_when_the_feature_flag_is_off(
    without_dagster: tuple[str, Installation], path: str, capsys: pytest.CaptureFixture[str]
):
    """The response is 400, and the log says that the sync was skipped and why."""
    settings = settings_for(without_dagster[1].url, without_dagster[1].folder, log_format="json")
    configure_logs(settings)
    with run_service(settings) as url:
        refused = requests.post(url + path, timeout=DEADLINE_SECONDS)
    assert refused.status_code == 400
    assert set(refused.json()) == {"error", "detail", "hint"}
    assert refused.json()["error"] == "feature_flag_disabled"
    logged = capsys.readouterr().err
    assert '"event": "partner_center_sync_skipped"' in logged
    assert '"reason": "feature_flag_disabled"' in logged


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"full": "perhaps"}', b'{"fuller": true}'])
def test_invalid_body_is_refused(without_dagster: tuple[str, Installation], body: bytes):
    answer = requests.post(
        f"{without_dagster[0]}{SYNC}", data=body, headers={"Content-Type": "application/json"}, timeout=DEADLINE_SECONDS
    )
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "detail", "hint"}


@pytest.fixture(scope="module")
def broken_dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Dagster web UI whose only code location cannot be loaded."""
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
            wait_until(lambda: process.poll() is not None or is_up(port), explain=(folder / "log").read_text)
            assert process.poll() is None, (folder / "log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def is_up(port: int) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(f"http://127.0.0.1:{port}/server_info", timeout=DEADLINE_SECONDS).ok
    return False


def test_broken_code_location_is_reported(broken_dagster: str, without_dagster: tuple[str, Installation]):
    """The hint is to look at Dagster's page, not to start Dagster."""
    settings = settings_for(
        without_dagster[1].url, without_dagster[1].folder, partner_center_enabled=True, dagster_url=broken_dagster
    )
    with run_service(settings) as url:
        refused = requests.post(f"{url}{SYNC}", timeout=DEADLINE_SECONDS)
        assert refused.status_code == 503
        assert refused.json()["detail"] == "Dagster is running but could not load the pipeline's code."
        assert "/locations" in refused.json()["hint"]
        assert requests.get(f"{url}/healthz", timeout=DEADLINE_SECONDS).json()["dagster"] == "down"


def test_dagster_without_the_sync_job_is_reported(live: LivePipeline, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dagster_client, "SYNC_JOB", "job_of_another_project")
    with pytest.raises(DagsterUnavailable, match="has no job job_of_another_project"):
        DagsterClient(live.settings.dagster_url, live.installation.warehouse).launch_sync()
