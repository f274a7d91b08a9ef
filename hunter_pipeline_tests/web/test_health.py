"""Health and metrics: the truth, quickly, also where a part is down or hangs."""

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

from hunter_pipeline.settings import Settings
from hunter_pipeline.warehouse import connection as warehouse_connection
from hunter_pipeline.warehouse import embedded, runs
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.web import health
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.web.desks import row, stored
from hunter_pipeline_tests.web.live import served

NO_DATABASE = SecretStr("postgresql://127.0.0.1:9/nothing")


@pytest.fixture(scope="module")
def settings(server: Server) -> Iterator[Settings]:
    with stored(server, [row(1), row(2), row(3), row(4, status=None)]) as settings:
        with Warehouse.from_settings(settings).connection() as connection:
            for run_id, status in (("good", "success"), ("bad", "failed")):
                runs.open_run(connection, run_id, "full")
                runs.close_run(connection, run_id, status=status, reason=None, error=None)
            runs.skip_run(connection, "idle", mode="full", reason="feature_flag_disabled", watermark=None)
            connection.execute("update sync_runs set retries = 3, duration_seconds = 2.5 where run_id = 'good'")
            connection.execute("update sync_runs set started_at = now() + interval '1 hour' where run_id = 'bad'")
        yield settings


class SilentServer:
    """Takes connections and never answers; `held` are the connections."""

    def __init__(self, listener: socket.socket) -> None:
        self.held: list[socket.socket] = []
        self.port: int = listener.getsockname()[1]
        self._listener = listener

    def hold(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.held.append(self._listener.accept()[0])

    def open_connections(self) -> int:
        """Count the connections that the other end has not closed yet."""
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
    """A server that never answers, asked by clients that would wait long."""
    monkeypatch.setitem(warehouse_connection._PARAMETERS, "connect_timeout", DEADLINE_SECONDS)
    monkeypatch.setattr(health, "SECONDS", DEADLINE_SECONDS)  # Dagster's client
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = SilentServer(listener)
        threading.Thread(target=server.hold, daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        for connection in server.held:
            connection.close()


def test_without_dagster_it_is_degraded(settings: Settings):
    """The database answers, so it is 200; the last sync is told without anything of its content."""
    with served(settings) as url:
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


def test_without_a_database_it_is_down(settings: Settings):
    """503 from health and readiness, the process is alive all the same; lists and metrics say it in their way."""
    with served(settings.model_copy(update={"database_url": NO_DATABASE})) as url:
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


def stuck(settings: Settings, server: SilentServer) -> Settings:
    """The settings of a service whose database and Dagster never answer."""
    address = f"127.0.0.1:{server.port}"
    changes = {"database_url": SecretStr(f"postgresql://{address}/x"), "dagster_url": f"http://{address}"}
    return settings.model_copy(update=changes)


def test_parts_that_hang_are_not_waited_for(settings: Settings, silent: SilentServer, monkeypatch: pytest.MonkeyPatch):
    """Database and Dagster that never answer are down when their time is over, although they are still being asked."""
    monkeypatch.setattr(health, "SCRAPE_SECONDS", 0.5)
    with served(stuck(settings, silent)) as url:
        answer = requests.get(f"{url}/healthz", timeout=DEADLINE_SECONDS)
        assert wait_until(lambda: silent.open_connections() == 2)
        assert "hunter_database_up 0.0" in requests.get(f"{url}/metrics", timeout=DEADLINE_SECONDS).text
        assert wait_until(lambda: silent.open_connections() == 3)
    assert (answer.status_code, answer.json()["database"], answer.json()["dagster"]) == (503, "down", "down")


def test_both_parts_are_asked_at_once(settings: Settings, silent: SilentServer, monkeypatch: pytest.MonkeyPatch):
    """A part that hangs keeps the other one from nothing: Dagster is asked while the database does not answer."""
    monkeypatch.setattr(health._asked, "__kwdefaults__", {"seconds": DEADLINE_SECONDS})
    with served(stuck(settings, silent)) as url, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(requests.get, f"{url}/healthz", timeout=DEADLINE_SECONDS)
        assert wait_until(lambda: silent.open_connections() == 2)
        assert not asked.done()
        for connection in silent.held:
            connection.close()
        assert asked.result().status_code == 503


def test_asking_for_health_starts_no_database(settings: Settings, tmp_path: Path):
    """An embedded server that was stopped stays stopped, however often monitoring asks."""
    with served(settings.model_copy(update={"database_url": None, "home": tmp_path})) as url:
        assert requests.get(f"{url}/healthz", timeout=30).status_code == 503
        assert requests.get(f"{url}/healthz/ready", timeout=30).status_code == 503
        assert "hunter_database_up 0.0" in requests.get(f"{url}/metrics", timeout=30).text
    assert embedded.running_pid(tmp_path) is None
    assert not (tmp_path / "postgres").exists()


def test_an_old_schema_is_not_ready(settings: Settings):
    """A database that an older version made is up, but requests cannot be answered yet."""
    warehouse = Warehouse.from_settings(settings)
    with served(settings) as url:
        with warehouse.connection() as connection:
            connection.execute("update alembic_version set version_num = '0001'")
        try:
            assert requests.get(f"{url}/healthz/ready", timeout=30).status_code == 503
            assert requests.get(f"{url}/healthz", timeout=30).status_code == 200
        finally:
            with warehouse.connection() as connection:
                connection.execute("update alembic_version set version_num = '0003'")


def test_metrics_are_what_the_database_holds(settings: Settings):
    """Syncs by outcome, their duration, referrals by status, age of the last success, retries, quarantine, requests."""
    with Warehouse.from_settings(settings).connection() as connection:
        [last] = connection.execute("select finished_at from sync_runs where run_id = 'good'").fetchall()
    earliest = last["finished_at"].timestamp() - 1
    with served(settings) as url:
        requests.get(f"{url}/api/v1/partner-center/referrals/nobody", timeout=30)
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
