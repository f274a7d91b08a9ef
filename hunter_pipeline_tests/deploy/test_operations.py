"""Test docs/operations.md: every command in it is run, in its order."""

import contextlib
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString, NamedTuple, cast
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest
import requests
from cryptography.fernet import Fernet

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.warehouse import embedded
from hunter_pipeline_tests.cli.test_help import COMMANDS
from hunter_pipeline_tests.conftest import REFERRALS
from hunter_pipeline_tests.free_ports import free_port
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.watchdog import own_variable

BIN = Path(sys.executable).parent
TOOLS = embedded.binaries()
# Sections whose commands other tests run.
ELSEWHERE = {"Backup and restore": "test_backup.py", "Database roles": "test_roles.py"}
_BROWSER = """
import html, re, sys, urllib.parse, requests
page = requests.get(sys.argv[1], timeout=300)
while 'method="post"' in page.text:  # a person would press the button
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', page.text)
    target = urllib.parse.urljoin(page.url, html.unescape(re.findall(r'action="([^"]*)"', page.text)[0]))
    page = requests.post(target, data={html.unescape(n): html.unescape(v) for n, v in fields}, timeout=300)
"""


def blocks() -> dict[str, list[str]]:
    """Return the shell blocks of each section, in their order."""
    text = project_file("docs/operations.md").read_text(encoding="utf-8")
    titles_and_bodies = iter(re.split(r"^##+ (.+)$", text, flags=re.MULTILINE)[1:])
    found = {title: re.findall(r"```sh\n(.*?)```", next(titles_and_bodies), re.DOTALL) for title in titles_and_bodies}
    return {title: commands for title, commands in found.items() if commands}


class Machine(NamedTuple):
    """The administrator's machine: a folder with files of the checkout, and the environment of a shell."""

    folder: Path
    environment: dict[str, str]

    def run(self, block: str) -> str:
        """Run a block in a shell; return its output."""
        done = subprocess.run(
            ["bash", "-euc", block],
            env=self.environment,
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=3 * DEADLINE_SECONDS,  # a block starts up to four services
        )
        output = done.stdout + done.stderr
        sys.stdout.write("".join(f"$ {line}\n" for line in block.splitlines()) + output)  # pytest -rP shows it
        assert done.returncode == 0, f"{block}\n{output}"
        return output

    def put(self, **values: str) -> None:
        """Write variables into `.env`."""
        file = self.folder / ".env"
        kept = [line for line in file.read_text().splitlines() if line.partition("=")[0] not in values]
        file.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in values.items()), ""]))


@pytest.fixture
def machine(database_url: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[Machine]:
    """Return a machine on which nothing runs; its `docker` is the stand-in in compose.py."""
    folder, state, programs = (tmp_path / name for name in ("checkout", "state", "bin"))
    image = [state / "opt" / name for name in ("logs", ".logs_queue")]  # as the Dockerfile makes them
    for each in (folder, *image, state / "volume", programs):
        each.mkdir(parents=True)
    shutil.copy(project_file("dagster.yaml"), state / "opt")
    [storage] = re.findall(r"^RUN (printf .*)$", project_file("Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    subprocess.run(["sh", "-c", storage.replace("/opt/dagster", shlex.quote(str(state / "opt")))], check=True)
    shutil.copy(project_file(".env.example"), folder)
    grpc, web, api = (str(free_port()) for _ in range(3))
    name = urlsplit(database_url).path.strip("/")
    dagster_url = database_url.replace("postgresql:", "postgresql+psycopg2:").replace(f"/{name}?", f"/{name}_dagster?")
    changes = {
        "postgresql://hunter@postgres:5432/hunter": database_url,
        "postgresql+psycopg2://hunter@postgres:5432/hunter_dagster": dagster_url,
        "/var/lib/hunter": str(state / "volume"),
        "//webserver:": "//127.0.0.1:",
        "0.0.0.0": "127.0.0.1",
        "4000": grpc,
        "3000": web,
        "8000": api,
    }
    (state / "changes.json").write_text(json.dumps(changes))
    server = {
        "host": parse_qs(urlsplit(database_url).query)["host"][0],
        "databases": {"hunter": name, "hunter_dagster": f"{name}_dagster"},
    }
    (state / "postgres.json").write_text(json.dumps(server))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create role hunter superuser login")  # the owner of all in the postgres service
    (programs / "browser.py").write_text(_BROWSER)
    python = shlex.quote(sys.executable)
    _program(programs / "docker", f'#!/bin/sh\nexec {python} -m hunter_pipeline_tests.deploy.compose "$@"\n')
    _program(programs / "browser", f'#!/bin/sh\nexec {python} {shlex.quote(str(programs / "browser.py"))} "$@"\n')
    bundle = sandbox.environment()["REQUESTS_CA_BUNDLE"]
    environment = {
        "PATH": f"{programs}:{BIN}:{TOOLS}:{os.environ['PATH']}",
        "PYTHONPATH": str(project_file("hunter_pipeline").parent),
        "HOME": str(tmp_path),
        "REQUESTS_CA_BUNDLE": bundle,
        "BROWSER": f"{shlex.quote(str(programs / 'browser'))} %s &",
        "STANDIN_STATE": str(state),
        **own_variable(),
    }
    yield Machine(folder, environment)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("STANDIN_STATE") == str(state):
                process.kill()


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def inline(first: str) -> list[str]:
    """Return the inline code of the text that begins with this word."""
    text = project_file("docs/operations.md").read_text(encoding="utf-8")
    return sorted(set(re.findall(rf"`({first} [^`]+)`", text)))


def test_every_command_in_the_guide_exists() -> None:
    named = {tuple(word for word in line.split()[1:3] if word.islower()) for line in inline("hunter")}
    known = {tuple(name.split()) for name in COMMANDS}
    assert named
    assert {words for words in named if words not in known and words[:1] not in known} == set()


def test_every_section_with_commands_is_tested() -> None:
    """In the test below, or in one that is named here."""
    assert set(blocks()) - set(ELSEWHERE) == {
        "The services", "Sign in", "Switch it on", "Switch it off and on", "Upgrade", "Monitoring", "Troubleshooting",
        "Erasing a person", "Backup and restore with docker compose",
    }  # fmt: skip
    assert all(list(Path(__file__).parents[1].rglob(name)) for name in ELSEWHERE.values())


@pytest.mark.slow
def test_commands_of_the_guide_work_in_their_order(
    machine: Machine, sandbox: Sandbox, database_url: str, tmp_path: Path
) -> None:
    """Deploy, sign in, switch on, sync by the API, restore, switch off, upgrade, erase a person."""
    guide = blocks()
    copy, secret, up = guide["The services"]
    machine.run(copy)
    values = sandbox.environment() | {"REQUESTS_CA_BUNDLE": "/var/lib/hunter/ca.pem"}
    machine.put(**values | {"HUNTER_PARTNER_CENTER_ENABLED": "false", "HUNTER_API_KEY": machine.run(secret).strip()})
    with pytest.raises(AssertionError, match="put POSTGRES_PASSWORD into"):
        machine.run(up)
    machine.put(POSTGRES_PASSWORD=machine.run(secret).strip())
    machine.run(up)

    (company_ca,) = guide["Troubleshooting"]
    shutil.copy(machine.environment["REQUESTS_CA_BUNDLE"], machine.folder / "company-ca.pem")
    machine.run(company_ca)
    device_code, browser = guide["Sign in"]
    assert "WARN" not in machine.run(device_code)
    machine.run("docker compose exec code hunter auth logout")
    machine.run(browser)
    assert stat.S_IMODE((tmp_path / "state" / "volume" / ".token_cache").stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR

    flag_off, flag_on = guide["Switch it on"]
    assert "Skipped: feature_flag_disabled" in machine.run(flag_off)
    assert _request_sync(machine).status_code == 400
    machine.put(HUNTER_PARTNER_CENTER_ENABLED="true")
    # Dagster's daemon may have run the first sync before the command does
    assert re.search(rf"Synced .* new ({REFERRALS}|0),", machine.run(flag_on))
    task = _request_sync(machine).json()
    assert task["success"], task
    state = _follow_sync(machine, task["task_id"])
    assert (state["status"], state["summary"]["new"]) == ("success", 0)
    assert _api(machine, "GET", "/api/v1/leads", key="").status_code == 401
    assert _api(machine, "GET", "/api/v1/leads").json()["total"] > 0

    backup, restore = guide["Backup and restore with docker compose"]
    leads = _api(machine, "GET", "/api/v1/leads").json()["items"]
    machine.run(backup)
    assert f"fetched {REFERRALS}, new 0, updated 0," in machine.run(restore)
    assert _api(machine, "GET", "/api/v1/leads").json()["items"] == leads

    machine.put(HUNTER_PARTNER_CENTER_ENABLED="false")
    (again,) = guide["Switch it off and on"]
    machine.run(again)
    assert _request_sync(machine).status_code == 400
    (upgrade,) = guide["Upgrade"]
    assert "the newest" in machine.run(upgrade)
    (watch,) = guide["Monitoring"]
    lines = [json.loads(line) for line in machine.run("docker compose logs --tail 100 code").splitlines()[1:]]
    assert "partner_center_sync_summary" in [line.get("event") for line in lines]
    machine.run(watch)
    (forget,) = guide["Erasing a person"]
    machine.run(f"set -a; . ./.env; set +a; {forget}")

    _run_inline_commands(machine, database_url)
    machine.run("docker compose down")
    files = [path.name for path in (tmp_path / "state" / "opt").rglob("*") if path.is_file()]
    assert files == ["dagster.yaml"], "the image is read-only"


def _run_inline_commands(machine: Machine, database_url: str) -> None:
    """Run the commands and statements that the text mentions outside the blocks."""
    with_a_key = f"code env HUNTER_TOKEN_KEYS={Fernet.generate_key().decode()} hunter auth"
    machine.run(f"docker compose exec {with_a_key} login")
    for line in inline("docker compose"):
        if line not in ("docker compose exec code", "docker compose cp"):  # mentioned without a command
            machine.run(line.replace("code hunter auth rotate", f"{with_a_key} rotate"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in (*inline("select"), "vacuum full raw_referrals", *inline("truncate")):
            connection.execute(cast(LiteralString, statement))


def _api(machine: Machine, method: str, path: str, *, key: str | None = None) -> requests.Response:
    changes = json.loads((Path(machine.environment["STANDIN_STATE"]) / "changes.json").read_text())
    known = re.findall(r"^HUNTER_API_KEY=(.*)$", (machine.folder / ".env").read_text(), re.MULTILINE)
    headers = {"X-API-Key": known[-1] if key is None else key}
    return requests.request(
        method, f"http://127.0.0.1:{changes['8000']}{path}", headers=headers, timeout=DEADLINE_SECONDS
    )


def _request_sync(machine: Machine) -> requests.Response:
    return _api(machine, "POST", "/api/referrals/sync")


def _follow_sync(machine: Machine, task_id: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        state = _api(machine, "GET", f"/api/referrals/sync/{task_id}").json()
        return None if state["status"] in ("queued", "running") else state

    return wait_until(ended, pause=0.5) or {}
