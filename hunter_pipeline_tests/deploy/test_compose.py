"""Test docker-compose.yml and the Dockerfile; test_operations.py runs them."""

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
# Settings that a container does not need.
NOT_IN_COMPOSE = {"HUNTER_PARTNER_CENTER_TOKEN_CACHE"}
OURS = ("setup", "code", "webserver", "daemon", "api")


def test_compose_file_follows_the_published_schema() -> None:
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", project_file("docker-compose.yml")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_dockerfile_passes_hadolint_with_all_rules() -> None:
    done = subprocess.run([BIN / "hadolint", project_file("Dockerfile")], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_image_is_pinned_and_unprivileged() -> None:
    """Each stage has an exact version, packages are installed by hash, and the user is not root."""
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
    assert copied == admitted, "the image is built from exactly what .dockerignore admits"
    assert all(project_file(name).exists() for name in copied)


@pytest.mark.parametrize("name", NEEDED)
def test_missing_variable_is_named_with_what_to_do(name: str) -> None:
    with pytest.raises(MissingError, match=rf"^{name}: put .+ into \.env"):
        interpolated(compose_file(), {**NEEDED, name: ""})
    interpolated(compose_file(), NEEDED)


@pytest.mark.parametrize("name", [*OURS, "postgres"])
def test_service_is_restricted(name: str) -> None:
    """It cannot write to its image, gain privileges, run as root or use all of the machine."""
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


def test_ports_are_published_on_loopback_only() -> None:
    services = interpolated(compose_file(), NEEDED)["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"webserver": ["127.0.0.1:3000:3000"], "api": ["127.0.0.1:8000:8000"]}


def test_every_setting_in_dotenv_reaches_a_service() -> None:
    """The file names no setting that does not exist."""
    services = interpolated(compose_file(), NEEDED)["services"]
    named = {name for part in services.values() for name in part.get("environment", {}) if name.startswith(PREFIX)}
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert named <= known
    assert known - named == NOT_IN_COMPOSE
