"""docker-compose.yml without Docker: what a service would be given, run as a process of this machine."""

import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hunter_pipeline.project_files import project_file

_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?:(?P<how>:-|:\?)(?P<rest>[^}]*))?\}")


class MissingError(Exception):
    """A variable that the file insists on is empty; holds what the file says of it."""


def interpolated(value: Any, variables: dict[str, str]) -> Any:
    """Compose's own substitution of ${NAME}, ${NAME:-default} and ${NAME:?what is missing}, throughout."""
    if isinstance(value, dict):
        return {key: interpolated(part, variables) for key, part in value.items()}
    if isinstance(value, list):
        return [interpolated(part, variables) for part in value]
    return _VARIABLE.sub(lambda found: _filled(found, variables), value) if isinstance(value, str) else value


def _filled(found: "re.Match[str]", variables: dict[str, str]) -> str:
    if found.group() == "$$":
        return "$"
    name, how, rest = found.group("name", "how", "rest")
    if given := variables.get(name):
        return given
    if how == ":?":
        raise MissingError(f"{name}: {rest}")
    return rest or ""


def compose_file() -> dict[str, Any]:
    """The file as YAML reads it, nothing filled in."""
    return yaml.safe_load(project_file("docker-compose.yml").read_text(encoding="utf-8"))


@dataclass
class Service:
    """A service of the file as a process: its own command, environment and health check, on this machine's ports."""

    name: str
    spec: dict[str, Any]
    environment: dict[str, str]
    folder: Path
    changes: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        given = self.spec.get("environment", {})
        self.environment = self.environment | {name: self._here(str(value)) for name, value in given.items()}

    def start(self) -> None:
        """Run the command."""
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._here(word) for word in self.spec["command"]],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def wait_until_healthy(self, seconds: float = 90) -> None:
        """Ask the service's own health check until it is content."""
        kind, *words = self.spec["healthcheck"]["test"]
        assert kind == "CMD"
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.process is not None
            assert self.process.poll() is None, self.said()
            asked = subprocess.run(
                [self._here(word) for word in words],
                env=self.environment,
                cwd=self.folder,
                check=False,
                capture_output=True,
                timeout=60,
            )
            if asked.returncode == 0:
                return
            time.sleep(0.5)
        raise AssertionError(f"{self.name} is not healthy: {self.said()}")

    def said(self) -> str:
        """The end of its log."""
        return (self.folder / f"{self.name}.log").read_text(errors="replace")[-3000:]

    def _here(self, text: str) -> str:
        """The hosts and ports of the compose network, as this machine has them."""
        for old, new in self.changes.items():
            text = text.replace(old, new)
        return text
