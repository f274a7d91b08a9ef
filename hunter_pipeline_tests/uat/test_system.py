"""Test the system under test: how it is found, and that an isolated environment leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.local import processes
from hunter_pipeline.local.processes import Urls
from hunter_pipeline.uat import acceptance, clients
from hunter_pipeline.uat.system import find_running_system, isolated_environment
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.uat.conftest import FakeServer
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

HEALTH = {"status": "ok", "partner_center_enabled": True, "database": "ok", "dagster": "ok", "last_sync": None}


def test_system_of_this_home_is_found_while_its_supervisor_runs(tmp_path: Path) -> None:
    """Before it has recorded its services the command has to wait; a record without a supervisor is out of date."""
    settings = load_settings()
    assert find_running_system(settings) is None
    urls = Urls("http://127.0.0.1:4001", "http://127.0.0.1:4002")
    with processes.lock_home(settings):
        with pytest.raises(ConfigurationError, match="its services do not run yet"):
            find_running_system(settings)
        processes.record_services(settings, urls, [])
        found = find_running_system(settings)
        assert found is not None
        assert (found.dagster.url, found.api.url, found.own) == (*urls, None)
    processes.record_services(settings, urls, [])
    assert find_running_system(settings) is None


def test_configured_system_is_found_when_its_api_and_database_are_configured(
    fake_server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An API that responds is not enough without a database, and neither is the API of another program."""
    monkeypatch.setenv("HUNTER_API_PORT", fake_server.url.rpartition(":")[2])
    monkeypatch.setenv("HUNTER_API_KEY", "a key")
    fake_server.responses["GET /healthz"] = (200, HEALTH)
    assert find_running_system(load_settings()) is None
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    found = find_running_system(load_settings())
    assert found is not None
    assert (found.api.url, found.api.key, found.dagster.url) == (fake_server.url, "a key", "http://127.0.0.1:3000")
    description = found.describe()
    assert description["Database"].startswith("HUNTER_DATABASE_URL: PostgreSQL is ")
    assert "connection to server at" in description["Database"]
    assert "secret" not in str(description)
    fake_server.responses["GET /healthz"] = (200, {"status": "another program"})
    assert find_running_system(load_settings()) is None


def test_isolated_environment_leaves_nothing_behind_when_the_test_is_interrupted() -> None:
    left_behind: list[str] = []
    running: list[psutil.Process] = []
    children: list[subprocess.Popen[bytes]] = []
    code = "import time; time.sleep(3600)"
    with pytest.raises(KeyboardInterrupt), isolated_environment(1, left_behind) as isolated:
        assert isolated.home.is_dir()
        assert (isolated.home / ".token_cache").exists()
        children.append(subprocess.Popen([sys.executable, "-c", code], env=isolated.variables, start_new_session=True))
        clients.run_command(isolated.variables, "db", "upgrade")
        server = int((isolated.home / "postgres/postmaster.pid").read_text().splitlines()[0])
        running += [psutil.Process(children[0].pid), psutil.Process(server)]
        raise KeyboardInterrupt
    assert [process.is_running() for process in running] == [False, False]
    assert not isolated.home.exists()
    children[0].wait(DEADLINE_SECONDS)
    assert left_behind == []


def test_uat_exits_with_7_and_prints_the_report_when_a_step_fails(
    hunter, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, closed_url: str
) -> None:
    monkeypatch.setattr(acceptance, "STEPS", [each for each in acceptance.STEPS if each[0] in (1, 6)])
    settings = load_settings()
    with processes.lock_home(settings):
        processes.record_services(settings, Urls(closed_url, closed_url), [])
        as_json = hunter("uat", "--json")
        as_text = hunter("uat")
    assert (as_json.code, as_text.code) == (7, 7)
    assert '"verdict": "FAIL"' in as_json.out
    assert len(as_json.out.splitlines()) == 1
    assert f"BAD  The API at {closed_url} does not respond" in as_text.out
    assert "Verdict      FAIL (0 of 2 steps passed" in as_text.out
