"""Health checks and metrics, also if the database or Dagster is down or hangs."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.warehouse import connection as warehouse_connection
from hunter_pipeline.warehouse import embedded, sync_runs
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.web import health
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.web.seed import referral_row, seeded_database
from hunter_pipeline_tests.web.services import run_service

NO_DATABASE = SecretStr("postgresql://127.0.0.1:9/nothing")


@pytest.fixture(scope="module")
def settings(server: Server) -> Iterator[Settings]:
    with seeded_database(
        server, [referral_row(1), referral_row(2), referral_row(3), referral_row(4, status=None)]
    ) as settings:
        with Warehouse.from_settings(settings).connection() as connection:
            for run_id, status in (("good", "success"), ("bad", "failed")):
                sync_runs.open_run(connection, run_id, "full")
                sync_runs.close_run(connection, run_id, status=status, reason=None, error=None)
            sync_runs.skip_run(connection, "idle", mode="full", reason="feature_flag_disabled", watermark=None)
            connection.execute("update sync_runs set retries = 3, duration_seconds = 2.5 where run_id = 'good'")
            connection.execute("update sync_runs set started_at = now() + interval '1 hour' where run_id = 'bad'")
        yield settings


class SilentServer:
    """A server that accepts connections and never answers; `held` are the connections."""

    def __init__(self, listener: socket.socket) -> None:
        self.held: list[socket.socket] = []
        self.port: int = listener.getsockname()[1]
        self._listener = listener

    def hold(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.held.append(self._listener.accept()[0])

    def open_connections(self) -> int:
        """Return how many connections the client has not closed yet."""
        return sum(_is_open(connection) for connection in self.held)


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while connection.recv(4096):
            pass
        return False
    return True


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[SilentServer]:
    """A server that never answers; its clients' own time-outs are long, so that only the probes' time-outs count."""
    monkeypatch.setitem(warehouse_connection._PARAMETERS, "connect_timeout", DEADLINE_SECONDS)
    monkeypatch.setattr(health, "DAGSTER_SECONDS", DEADLINE_SECONDS)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = SilentServer(listener)
        threading.Thread(target=server.hold, daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        for connection in server.held:
            connection.close()


def test_health_is_degraded_without_dagster(settings: Settings):
    """The status is 200, because the database answers."""
    with run_service(settings) as url:
        answer = requests.get(f"{url}/healthz", timeout=30)
        ready = requests.get(f"{url}/healthz/ready", timeout=30)
        live = requests.get(f"{url}/healthz/live", timeout=30)
    assert answer.status_code == 200
    found = answer.json()
    assert tuple(found) == ("status", "partner_center_enabled", "database", "dagster", "last_sync")
    assert (found["status"], found["database"], found["dagster"]) == ("degraded", "ok", "down")
    assert found["partner_center_enabled"] is False
    assert (found["last_sync"]["run_id"], found["last_sync"]["status"]) == ("bad", "failed")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})
    assert (live.status_code, live.json()) == (200, {"status": "ok"})


def test_health_is_down_without_the_database(settings: Settings):
    """Health and readiness answer 503, liveness 200; lists and exports are errors, and a metric tells it."""
    with run_service(settings.model_copy(update={"database_url": NO_DATABASE})) as url:
        answer = requests.get(f"{url}/healthz", timeout=30)
        assert (answer.status_code, answer.json()["status"], answer.json()["database"]) == (503, "down", "down")
        assert answer.json()["last_sync"] is None
        assert requests.get(f"{url}/healthz/ready", timeout=30).status_code == 503
        assert requests.get(f"{url}/healthz/live", timeout=30).status_code == 200
        for path in ("/api/v1/leads", "/api/v1/leads/export", "/api/v1/partner-center/referrals/export?format=xlsx"):
            listed = requests.get(url + path, timeout=30)
            assert (listed.status_code, listed.json()["error"]) == (503, "database_unavailable")
            assert set(listed.json()) == {"error", "detail", "hint"}
        assert "hunter_database_up 0.0" in requests.get(f"{url}/metrics", timeout=30).text


def hanging_settings(settings: Settings, server: SilentServer) -> Settings:
    """Return the settings of a service whose database and Dagster never answer."""
    address = f"127.0.0.1:{server.port}"
    changes = {"database_url": SecretStr(f"postgresql://{address}/x"), "dagster_url": f"http://{address}"}
    return settings.model_copy(update=changes)


def test_probe_times_out_when_a_part_hangs(settings: Settings, silent: SilentServer, monkeypatch: pytest.MonkeyPatch):
    """Database and Dagster are reported as down while their connections are still open."""
    monkeypatch.setattr(health, "SCRAPE_SECONDS", 0.5)
    with run_service(hanging_settings(settings, silent)) as url:
        answer = requests.get(f"{url}/healthz", timeout=DEADLINE_SECONDS)
        assert wait_until(lambda: silent.open_connections() == 2)
        assert "hunter_database_up 0.0" in requests.get(f"{url}/metrics", timeout=DEADLINE_SECONDS).text
        assert wait_until(lambda: silent.open_connections() == 3)
    assert (answer.status_code, answer.json()["database"], answer.json()["dagster"]) == (503, "down", "down")


def test_probes_run_at_the_same_time(settings: Settings, silent: SilentServer, monkeypatch: pytest.MonkeyPatch):
    """Dagster is asked while the database does not answer."""
    monkeypatch.setattr(health, "PROBE_SECONDS", DEADLINE_SECONDS)
    with run_service(hanging_settings(settings, silent)) as url, ThreadPoolExecutor(1) as pool:
        response = pool.submit(requests.get, f"{url}/healthz", timeout=DEADLINE_SECONDS)
        assert wait_until(lambda: silent.open_connections() == 2)
        assert not response.done()
        for connection in silent.held:
            connection.close()
        assert response.result().status_code == 503


def test_health_check_does_not_start_the_embedded_database(settings: Settings, tmp_path: Path):
    with run_service(settings.model_copy(update={"database_url": None, "home": tmp_path})) as url:
        assert requests.get(f"{url}/healthz", timeout=30).status_code == 503
        assert requests.get(f"{url}/healthz/ready", timeout=30).status_code == 503
        assert "hunter_database_up 0.0" in requests.get(f"{url}/metrics", timeout=30).text
    assert embedded.running_pid(tmp_path) is None
    assert not (tmp_path / "postgres").exists()


def test_service_is_not_ready_when_the_schema_is_old(settings: Settings):
    """The database is up, but requests cannot be run_service yet."""
    warehouse = Warehouse.from_settings(settings)
    with run_service(settings) as url:
        with warehouse.connection() as connection:
            [current] = connection.execute("select version_num from alembic_version").fetchall()
            connection.execute("update alembic_version set version_num = '0001'")
        try:
            assert requests.get(f"{url}/healthz/ready", timeout=30).status_code == 503
            assert requests.get(f"{url}/healthz", timeout=30).status_code == 200
        finally:
            with warehouse.connection() as connection:
                connection.execute("update alembic_version set version_num = %(version_num)s", current)


def test_metrics_are_read_from_the_database(settings: Settings):
    """Only requests are counted in the process, by the template of their path."""
    with Warehouse.from_settings(settings).connection() as connection:
        [last] = connection.execute("select finished_at from sync_runs where run_id = 'good'").fetchall()
    earliest = last["finished_at"].timestamp() - 1
    with run_service(settings) as url:
        requests.get(f"{url}/api/v1/partner-center/referrals/unknown", timeout=30)
        requests.get(f"{url}/some/secret/path", timeout=30)
        answer = requests.get(f"{url}/metrics", timeout=30)
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["hunter_database_up", ()] == 1
    assert [samples["hunter_syncs_total", (outcome,)] for outcome in ("success", "failed", "skipped")] == [1, 1, 1]
    assert samples["hunter_sync_duration_seconds_count", ()] == 1
    assert samples["hunter_sync_duration_seconds_sum", ()] == 2.5
    assert samples["hunter_sync_retries_total", ()] == 3
    assert samples["hunter_quarantined_referrals", ()] == 0
    assert earliest <= time.time() - samples["hunter_seconds_since_last_success", ()] <= time.time()
    statuses = {labels[0]: value for (name, labels), value in samples.items() if name == "hunter_referrals"}
    assert statuses == {"New": 1, "Active": 1, "Closed": 1, "unknown": 1}
    detail = ("GET", "/api/v1/partner-center/referrals/{referral_id}", "404")
    assert samples["hunter_http_requests_total", detail] == 1
    assert samples["hunter_http_requests_total", ("GET", "unknown", "404")] == 1
    assert "secret" not in answer.text
