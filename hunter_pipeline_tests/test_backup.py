"""Test the commands of docs/operations.md: back up both databases, restore them on a fresh server, and continue."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hunter_pipeline import cli
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.local import dagster_instance
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.warehouse import embedded, migrate
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.conftest import REFERRALS
from hunter_pipeline_tests.test_roles import apply_roles, as_role, reader_sees, run
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[1]
GUIDE = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"<!-- (\w+): run by hunter_pipeline_tests/test_backup.py -->\n```sh\n(.*?)```", re.DOTALL)
BLOCKS = dict(_BLOCK.findall(GUIDE))
TOOLS = embedded.binaries()
VARIABLES = {"PGHOST", "PGPORT", "PGUSER", "DATABASE", "DAGSTER_DATABASE", "BACKUPS"}


@pytest.fixture
def fresh() -> Iterator[str]:
    """Return an administrator's address of a new server."""
    home = Path(tempfile.mkdtemp(prefix="hunter-fresh-"))
    embedded.start(home)
    yield embedded.address(home, "postgres") or ""
    embedded.stop(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo a command's changes of the environment at the end of the test."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


def administrator_runs(block: str, url: str, *, database: str, backups: Path) -> None:
    """Run a block of the guide unchanged, with the address of the server and the names of the databases."""
    variables = {
        "PGHOST": parse_qs(urlsplit(url).query)["host"][0],
        "PGPORT": "5432",
        "PGUSER": "postgres",
        "DATABASE": database,
        "DAGSTER_DATABASE": f"{database}_dagster",
        "BACKUPS": str(backups),
    }
    assert set(variables) == VARIABLES
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", BLOCKS[block]],
        cwd=CHECKOUT,
        env=os.environ | variables | {"PATH": f"{TOOLS}:{os.environ['PATH']}"},
        check=True,
        timeout=DEADLINE_SECONDS,
    )


def hunter(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Return the JSON output of a command."""
    capfd.readouterr()
    assert cli.run(list(arguments)) == 0, capfd.readouterr().err
    return json.loads(capfd.readouterr().out or "null")


def dagster_runs() -> list[str]:
    with dagster_instance.open_instance() as dagster:
        runs = dagster.get_runs()
        assert all(dagster.get_records_for_run(run.run_id).records for run in runs)
        return [run.run_id for run in runs]


def elsewhere(url: str, home: Path) -> None:
    """Make later commands use another database, as the pipeline's role, and another HUNTER_HOME."""
    for name in ("DAGSTER_PG_URL", "DAGSTER_HOME"):
        os.environ.pop(name, None)
    os.environ |= {"HUNTER_DATABASE_URL": as_role(url, "hunter_pipeline"), "HUNTER_HOME": str(home)}


def test_guide_names_each_variable_of_its_commands() -> None:
    """Both blocks exist and use only variables that the guide exports."""
    assert set(BLOCKS) == {"backup", "restore"}
    used = set(re.findall(r"\$\{?(\w+)", "".join(BLOCKS.values())))
    exported = set(re.findall(r"(\w+)=", "".join(re.findall(r"^export .*$", GUIDE, re.MULTILINE))))
    assert used <= exported == VARIABLES


@pytest.mark.usefixtures("environment")
def test_sync_continues_from_a_restored_backup(
    sandbox: Sandbox, admin: str, fresh: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """On a fresh server the leads are the same, Dagster has its runs, and the next sync finds nothing new."""
    name = urlsplit(admin).path.strip("/")
    apply_roles(admin)
    migrate.upgrade(Warehouse(as_role(admin, "hunter_owner"), load_settings().home))
    run(admin, f"create database {name}_dagster owner hunter_pipeline")
    elsewhere(admin, tmp_path / "before")
    assert cli.run(["auth", "login"]) == 0
    first = hunter(capfd, "sync", "--json")
    assert first["new"] == REFERRALS
    leads, known = hunter(capfd, "leads", "--format", "json"), dagster_runs()
    assert known == [first["run_id"]]

    administrator_runs("backup", admin, database=name, backups=tmp_path)
    administrator_runs("restore", fresh, database="another", backups=tmp_path)

    restored = fresh.replace("/postgres?", "/another?")
    elsewhere(restored, tmp_path / "after")
    assert hunter(capfd, "leads", "--format", "json") == leads
    assert cli.run(["auth", "login"]) == 0
    second = hunter(capfd, "sync", "--full", "--json")
    assert (second["status"], second["new"], second["updated"], second["missing"]) == ("success", 0, 0, 0)
    assert second["unchanged"] == REFERRALS
    assert hunter(capfd, "leads", "--format", "json") == leads != []
    assert dagster_runs() == [second["run_id"], *known]
    assert reader_sees(restored) == {"leads_ready"}
    migrate.upgrade(Warehouse(as_role(restored, "hunter_owner"), load_settings().home))
