"""docker-compose.yml and the Dockerfile: what they promise. That they run is shown by test_operations.py."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hunter_pipeline.config.environment import PREFIX
from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import Settings
from hunter_pipeline_tests.deploy.compose import MissingError, compose_file, interpolated

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
