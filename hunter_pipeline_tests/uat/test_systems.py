"""Which system is found, what a temporary home leaves behind, and what a laboratory that is ill shows."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from hunter_pipeline import home_lock
from hunter_pipeline.domain.errors import ConfigurationError
from hunter_pipeline.home_lock import Urls
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.settings import load_settings
from hunter_pipeline.uat import acceptance, commands, laboratory_steps, systems
from hunter_pipeline.uat.acceptance import try_step
from hunter_pipeline.uat.temporary import TemporaryHome, temporary_home
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.uat.conftest import FarSide, TrialOf
from hunter_pipeline_tests.uat.test_sync_steps import bad
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

HEALTH = {"status": "ok", "partner_center_enabled": True, "database": "ok", "dagster": "ok", "last_sync": None}


def test_the_system_of_this_home_is_found(tmp_path: Path):
    """While a supervisor has the home, its addresses count; before it has any, nothing does; a note alone is old."""
    settings = load_settings()
    assert systems.find_running(settings) is None
    urls = Urls("http://127.0.0.1:4001", "http://127.0.0.1:4002")
    with home_lock.only_one(settings):
        with pytest.raises(ConfigurationError, match="its services do not run yet"):
            systems.find_running(settings)
        home_lock.note(settings, urls, [])
        found = systems.find_running(settings)
        assert found is not None
        assert (found.dagster.url, found.api.url, found.own) == (*urls, None)
    home_lock.note(settings, urls, [])
    assert systems.find_running(settings) is None


def test_the_system_that_the_settings_name_is_found(far_side: FarSide, monkeypatch: pytest.MonkeyPatch):
    """An API that answers is ours only where a database is named, too, and only if it is one of ours."""
    monkeypatch.setenv("HUNTER_API_PORT", far_side.url.rpartition(":")[2])
    monkeypatch.setenv("HUNTER_API_KEY", "a key")
    far_side.answers["GET /healthz"] = (200, HEALTH)
    assert systems.find_running(load_settings()) is None
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    found = systems.find_running(load_settings())
    assert found is not None
    assert (found.api.url, found.api.key, found.dagster.url) == (far_side.url, "a key", "http://127.0.0.1:3000")
    described = found.described()
    assert described["Database"].startswith("HUNTER_DATABASE_URL: PostgreSQL is out of reach: connection to server at")
    assert "secret" not in str(described)
    far_side.answers["GET /healthz"] = (200, {"status": "somebody else's"})
    assert systems.find_running(load_settings()) is None


def test_a_temporary_home_leaves_nothing_behind():
    """Its processes and its folder are gone afterwards, even where the block breaks off."""
    remnants: list[str] = []
    living: list[psutil.Process] = []
    children: list[subprocess.Popen[bytes]] = []
    code = "import time; time.sleep(3600)"
    with pytest.raises(KeyboardInterrupt), temporary_home(1, remnants) as home:
        assert home.path.is_dir()
        assert (home.path / ".token_cache").exists()
        late = subprocess.Popen([sys.executable, "-c", code], env=home.environment, start_new_session=True)
        commands.run(home.environment, "db", "upgrade")
        server = int((home.path / "postgres/postmaster.pid").read_text().splitlines()[0])
        children.append(late)
        living += [psutil.Process(late.pid), psutil.Process(server)]
        raise KeyboardInterrupt
    assert [process.is_running() for process in living] == [False, False]
    assert not home.path.exists()
    children[0].wait(DEADLINE_SECONDS)
    assert remnants == []


@dataclass(frozen=True)
class IllHome(TemporaryHome):
    """A laboratory whose processes have other settings than they ought to."""

    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.wrong}

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse.from_settings(load_settings())


def test_errors_that_are_not_handled_as_promised(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path, trial_of: TrialOf, closed_url: str
):
    """Where a sync never meets the faults, or no log was written, step 5 fails in each of its parts."""
    wrong = {name: os.environ[name] for name in ("HUNTER_DATABASE_URL",)} | {"HUNTER_PARTNER_CENTER_ENABLED": "false"}
    trial = trial_of(closed_url)
    trial._laboratory = IllHome(tmp_path, sandbox, wrong)
    report = try_step(5, "Errors", laboratory_steps.logs_and_errors, trial)
    assert len(bad(report)) == len(report.findings) == 7


def test_a_flag_that_is_not_heeded(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path, trial_of: TrialOf, closed_url: str
):
    """Where the run is not skipped but fails, step 7 says so; what the API does right stays right."""
    unreachable = "postgresql://nobody@127.0.0.1:1/none"
    trial = trial_of(closed_url)
    trial._laboratory = IllHome(tmp_path, sandbox, {"HUNTER_DATABASE_URL": unreachable})
    assert bad(try_step(7, "Flag", laboratory_steps.flag_off, trial)) == [
        "`hunter sync` ended with exit code 6: failed, reason None",
        "its row in sync_runs: None, reason None",
        "its log event partner_center_sync_skipped says []",
    ]


def test_the_exit_code_says_that_a_step_failed(
    hunter, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, closed_url: str
):
    """One step that fails is exit code 7, with the report all the same."""
    monkeypatch.setattr(acceptance, "STEPS", [each for each in acceptance.STEPS if each[0] in (1, 6)])
    settings = load_settings()
    with home_lock.only_one(settings):
        home_lock.note(settings, Urls(closed_url, closed_url), [])
        answer = hunter("uat", "--json")
        words = hunter("uat")
    assert (answer.code, words.code) == (7, 7)
    assert '"verdict": "FAIL"' in answer.out
    assert len(answer.out.splitlines()) == 1
    assert f"BAD  The API at {closed_url} does not answer" in words.out
    assert "Verdict      FAIL (0 of 2 steps passed" in words.out
