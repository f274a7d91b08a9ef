"""
A stand-in for `docker compose`, which runs the services of docker-compose.yml as processes of this machine.

Where the tests run there is no Docker engine. This program interpolates the variables as compose does, starts each
service's command with its environment after its dependencies, runs its health check, and runs commands in a service's
environment. Hosts and ports of the compose network become this machine's (changes.json in STANDIN_STATE); PostgreSQL
is the embedded one.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import yaml
from dotenv import dotenv_values

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.watchdog import own_variable

_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?:(?P<how>:-|:\?)(?P<rest>[^}]*))?\}")


class MissingError(Exception):
    """A required variable is empty; the message is the one in the file."""


def compose_file() -> dict[str, Any]:
    """Return the file without interpolation."""
    return yaml.safe_load(project_file("docker-compose.yml").read_text(encoding="utf-8"))


def interpolated(value: Any, variables: dict[str, str]) -> Any:
    """Interpolate ${NAME}, ${NAME:-default} and ${NAME:?message} in all values, as compose does."""
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


class Compose:
    """The services of a folder, with the variables in its `.env`."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.changes: dict[str, str] = json.loads((state / "changes.json").read_text())
        self.postgres: dict[str, Any] = json.loads((state / "postgres.json").read_text())
        variables = {name: value for name, value in dotenv_values(".env").items() if value}
        services = interpolated(compose_file(), variables)["services"]
        self.services: dict[str, dict[str, Any]] = {n: s for n, s in services.items() if n != "postgres"}

    def up(self) -> None:
        """Start what does not run, and restart what has another environment now."""
        started: list[str] = []
        for name, spec in self.services.items():
            for other in spec["depends_on"]:
                if other in started and other != "setup":
                    self._wait_until_healthy(other)
            known = self._known(name)
            if known and known["environment"] == self.environment(name) and _lives(known["pid"]):
                continue
            self.stop(name)
            process = self._start(name)
            started.append(name)
            if name == "setup" and process.wait(DEADLINE_SECONDS) != 0:
                raise SystemExit(f"setup failed: {self.log(name)}")
        for name in started:
            if name not in ("setup", "code"):
                self._wait_until_healthy(name)

    def execute(self, name: str, words: list[str]) -> int:
        """Run a command in a service's environment."""
        return subprocess.run([self._here(word) for word in words], env=self.environment(name), check=False).returncode

    def client(self, words: list[str]) -> int:
        """Run one of PostgreSQL's tools as in its service, with the names that the databases have here."""
        databases: dict[str, str] = self.postgres["databases"]
        host = {**os.environ, "PGHOST": self.postgres["host"], "PGDATABASE": databases["hunter"]}
        here = [
            word if before == "--username" else databases.get(word, word)
            for before, word in zip(["", *words], words, strict=False)
        ]
        return subprocess.run(here, env=host, check=False).returncode

    def stop(self, name: str) -> None:
        """Terminate a service, and kill it after its grace period."""
        if known := self._known(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(known["pid"])
                process.send_signal(signal.SIGTERM)
                with contextlib.suppress(psutil.TimeoutExpired):
                    process.wait(DEADLINE_SECONDS if "stop_grace_period" in self.services[name] else 10)
                process.kill()
            (self.state / f"{name}.json").unlink()

    def log(self, name: str) -> str:
        """Return the log of a service."""
        return (self.state / f"{name}.log").read_text(errors="replace")

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a service, with that of its image."""
        image = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}
        image |= {"DAGSTER_HOME": str(self.state / "opt"), "STANDIN_STATE": str(self.state), **own_variable()}
        return image | {key: self._here(str(value)) for key, value in self.services[name]["environment"].items()}

    def command(self, name: str) -> list[str]:
        """Return the command of a service, which reaches other services on this machine."""
        words = [self._here(word) for word in self.services[name]["command"]]
        return [
            "127.0.0.1" if before == "--grpc-host" else word for before, word in zip(["", *words], words, strict=False)
        ]

    def _start(self, name: str) -> "subprocess.Popen[bytes]":
        with (self.state / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                self.command(name),
                env=self.environment(name),
                cwd=self.state,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        note = {"pid": process.pid, "environment": self.environment(name)}
        (self.state / f"{name}.json").write_text(json.dumps(note))
        return process

    def _known(self, name: str) -> dict[str, Any] | None:
        note = self.state / f"{name}.json"
        return json.loads(note.read_text()) if note.exists() else None

    def _wait_until_healthy(self, name: str) -> None:
        kind, *words = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        asked = [self._here(word) for word in words]

        def is_healthy() -> bool:
            known = self._known(name)
            if known is None or not _lives(known["pid"]):
                raise SystemExit(f"{name} ended: {self.log(name)[-3000:]}")
            return subprocess.run(asked, env=self.environment(name), check=False, capture_output=True).returncode == 0

        wait_until(is_healthy, explain=lambda: f"{name} is not healthy: {self.log(name)[-3000:]}", pause=5.0)

    def _here(self, text: str) -> str:
        for old, new in self.changes.items():
            text = text.replace(old, new)
        return text


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def main(arguments: list[str]) -> int:
    """Run the subcommands of `docker compose` that docs/operations.md uses."""
    compose = Compose(Path(os.environ["STANDIN_STATE"]))
    match arguments:
        case ["compose", "config", "--quiet"] | ["compose", "build"]:
            return 0
        case ["compose", "up", "--detach", *options] if set(options) <= {"--build", "--wait"}:
            compose.up()
        case ["compose", "exec", "--no-TTY", "postgres", *command] | ["compose", "exec", "postgres", *command]:
            return compose.client(command)
        case ["compose", "exec", "--no-TTY", name, *command] | ["compose", "exec", name, *command]:
            return compose.execute(name, command)
        case ["compose", "logs", "--tail", _, *names] | ["compose", "logs", *names]:
            sys.stdout.write("".join(compose.log(name) for name in names if name != "postgres"))
        case ["compose", "ps"]:
            sys.stdout.write("\n".join(compose.services))
        case ["compose", "stop", *names]:
            for name in names:
                compose.stop(name)
        case ["compose", "down"]:
            for name in reversed(compose.services):
                compose.stop(name)
        case _:
            raise SystemExit(f"The stand-in does not support: docker {' '.join(arguments)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
