"""docker-compose.yml and the Dockerfile: what they promise, and that their services run and sync, without Docker."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from hunter_pipeline.project_files import project_file
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.settings import PREFIX, Settings
from hunter_pipeline_tests.conftest import REFERRALS
from hunter_pipeline_tests.deploy.compose import MissingError, Service, compose_file, interpolated

BIN = Path(sys.executable).parent
NEEDED = {
    "POSTGRES_PASSWORD": "a-long-random-text",
    "HUNTER_API_KEY": "another-long-random-text",
    "HUNTER_PARTNER_CENTER_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
    "HUNTER_PARTNER_CENTER_TENANT_ID": "66666666-7777-8888-9999-000000000000",
}
NOT_IN_COMPOSE = {"HUNTER_PARTNER_CENTER_TOKEN_CACHE"}
"""Settings that a container has no use for."""
OURS = ("setup", "code", "webserver", "daemon", "api")


def test_the_file_is_a_compose_file():
    """The published schema of compose files, as check-jsonschema carries it, has nothing against it."""
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", project_file("docker-compose.yml")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_hadolint_has_nothing_against_the_dockerfile():
    """The linter of Dockerfiles finds nothing, with no rule switched off."""
    done = subprocess.run([BIN / "hadolint", project_file("Dockerfile")], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_pinned_and_unprivileged():
    """Each stage names an exact version, packages are installed by hash, and the last word on the user is not root."""
    lines = project_file("Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base) for base in bases)
    assert any("--require-hashes" in line for line in lines)
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    copied = {
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    }
    admitted = set(re.findall(r"^!(\S+)", project_file(".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert copied == admitted, "the image is built from what .dockerignore lets through, and from nothing else"
    assert all(project_file(name).exists() for name in copied)


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_said(name: str):
    """An empty variable that has no default is named, with what belongs into it."""
    with pytest.raises(MissingError, match=rf"^{name}: put .+ into \.env"):
        interpolated(compose_file(), {**NEEDED, name: ""})
    interpolated(compose_file(), NEEDED)


@pytest.mark.parametrize("name", [*OURS, "postgres"])
def test_each_service_is_kept_small(name: str):
    """No service writes to its image, gains privileges, runs as root or takes all of the machine."""
    service = interpolated(compose_file(), NEEDED)["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys()
    assert service.get("user", "postgres" if name == "postgres" else "of the image") != "root"
    if name == "setup":
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


def test_only_loopback_is_published():
    """Nothing can be reached from outside before somebody puts a proxy in front of it."""
    services = interpolated(compose_file(), NEEDED)["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"webserver": ["127.0.0.1:3000:3000"], "api": ["127.0.0.1:8000:8000"]}


def test_every_setting_can_be_set():
    """What an administrator puts into .env reaches a service; what the file names is a setting that exists."""
    services = interpolated(compose_file(), NEEDED)["services"]
    named = {name for part in services.values() for name in part.get("environment", {}) if name.startswith(PREFIX)}
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert named <= known
    assert known - named == NOT_IN_COMPOSE


@pytest.fixture
def stack(database_url: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[dict[str, Service]]:
    """The services of the file, none started, on the embedded PostgreSQL, the sandbox and free ports."""
    with contextlib.ExitStack() as held:
        servers = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        grpc, web, api = (str(server.getsockname()[1]) for server in servers)
    name = database_url.rpartition("/")[2].partition("?")[0]
    home = tmp_path / "volume"
    (tmp_path / "opt").mkdir()
    shutil.copy(project_file("dagster.yaml"), tmp_path / "opt")
    changes = {
        "postgresql://hunter@postgres:5432/hunter": database_url,
        "postgresql+psycopg2://hunter@postgres:5432/hunter_dagster": database_url.replace(
            "postgresql:", "postgresql+psycopg2:"
        ).replace(f"/{name}?", f"/{name}_dagster?"),
        "/var/lib/hunter": str(home),
        "//webserver:": "//127.0.0.1:",
        "0.0.0.0": "127.0.0.1",
        "4000": grpc,
        "3000": web,
        "8000": api,
    }
    variables = NEEDED | {n: v for n, v in sandbox.environment().items() if n != "REQUESTS_CA_BUNDLE"}
    spec = interpolated(compose_file(), variables)["services"]
    plain = {
        "PATH": f"{BIN}:/usr/bin:/bin",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "DAGSTER_HOME": str(tmp_path / "opt"),
        "REQUESTS_CA_BUNDLE": sandbox.environment()["REQUESTS_CA_BUNDLE"],
    }
    for service in spec.values():
        service["command"] = ["127.0.0.1" if word == "code" else word for word in service.get("command", [])]
    services = {each: Service(each, spec[each], plain, tmp_path, changes) for each in OURS}
    yield services
    for service in services.values():
        if service.process is not None and service.process.poll() is None:
            os.killpg(service.process.pid, signal.SIGKILL)
            service.process.wait()


def test_the_services_run_and_sync(stack: dict[str, Service], tmp_path: Path, database_url: str):
    """Each service's own command comes up to its own health check; a sync asked of the API runs; all stop when told."""
    setup = stack["setup"]
    setup.start()
    assert setup.process is not None
    assert setup.process.wait(60) == 0, setup.said()
    code = stack["code"]
    login = [BIN / "hunter", "auth", "login"]
    subprocess.run(login, env=code.environment, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    for name in ("code", "webserver", "daemon", "api"):
        stack[name].start()
        if name == "code":
            code.wait_until_healthy()
    for name in ("webserver", "daemon", "api"):
        stack[name].wait_until_healthy()

    api = f"http://127.0.0.1:{stack['api'].environment['HUNTER_API_PORT']}"
    assert requests.get(f"{api}/api/v1/leads", timeout=10).status_code == 401
    key = {"X-API-Key": NEEDED["HUNTER_API_KEY"]}
    asked = requests.post(f"{api}/api/referrals/sync", headers=key, timeout=30).json()
    assert asked["success"], asked
    state = _followed(f"{api}/api/referrals/sync/{asked['task_id']}", key)
    assert (state["status"], state["summary"]["new"]) == ("success", REFERRALS), stack["code"].said()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from partner_center_referrals").fetchone() == (REFERRALS,)

    for name in ("api", "daemon", "webserver", "code"):
        process = stack[name].process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM, 143), stack[name].said()
    assert [each.name for each in (tmp_path / "opt").iterdir()] == ["dagster.yaml"], (
        "the image's files stay as they are"
    )


def _followed(url: str, headers: dict[str, str]) -> dict[str, Any]:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        state = requests.get(url, headers=headers, timeout=30).json()
        if state["status"] not in ("queued", "running"):
            return state
        time.sleep(0.5)
    raise AssertionError("the sync did not end")
