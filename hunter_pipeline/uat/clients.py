"""Call the system under test: its API, Dagster's GraphQL API, and the `hunter` command as a separate program."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import requests

from hunter_pipeline.config.environment import DEMO_VARIABLE, PREFIX
from hunter_pipeline.errors import HunterError
from hunter_pipeline.local.supervisor import READY

SYNC_PATHS = ("/api/referrals/sync", "/api/v1/partner-center/referrals/sync")
COUNTS = ("fetched", "new", "updated", "unchanged", "quarantined", "without_domain", "missing")
_REQUEST_SECONDS = 30
# As long as Dagster lets a run take.
_COMMAND_SECONDS = 900
_START_SECONDS = 600

_AUTOMATIONS = """{
  instance { daemonHealth { allDaemonStatuses { daemonType healthy } } }
  workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { ... on RepositoryLocation {
    repositories {
      schedules { name cronSchedule scheduleState { status ticks(limit: 5) { ...tick } } }
      sensors { name minIntervalSeconds sensorState { status ticks(limit: 5) { ...tick } } }
    } } } } } }
}
fragment tick on InstigationTick { timestamp status skipReason runIds }"""
_RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_CHECK = """query ($asset: AssetKeyInput!, $check: String!) {
  assetCheckExecutions(assetKey: $asset, checkName: $check, limit: 5) { status runId } }"""


T = TypeVar("T")


@dataclass(frozen=True)
class ApiClient:
    """The API at a URL; `key` is HUNTER_API_KEY, None if it is not set."""

    url: str
    key: str | None = None

    def request(self, method: str, path: str) -> tuple[int, dict[str, Any]]:
        """
        Send one request; return the status and the JSON object of the response.

        Raises: HunterError if there is no response, or one that is not a JSON object.
        """
        headers = {"X-API-Key": self.key} if self.key else {}
        try:
            response = requests.request(method, self.url + path, headers=headers, timeout=_REQUEST_SECONDS)
        except requests.RequestException:
            raise HunterError(f"The API at {self.url} does not respond.", hint="Start it with hunter serve.") from None
        with contextlib.suppress(requests.JSONDecodeError):
            if isinstance(body := response.json(), dict):
                return response.status_code, body
        raise HunterError(f"The API at {self.url} responded to {method} {path} without a JSON object.")

    def is_hunter(self) -> bool:
        """Return whether an API of this program responds, healthy or not."""
        try:
            return "partner_center_enabled" in self.request("GET", "/healthz")[1]
        except HunterError:
            return False


class Tick(NamedTuple):
    """One evaluation of a schedule or sensor; `at` in seconds since 1970."""

    at: float
    status: str
    skip_reason: str | None
    run_ids: list[str]


class Automation(NamedTuple):
    """
    A schedule or sensor with its last ticks.

    interval: its cron expression or its seconds.
    daemon:   the type of the daemon that evaluates it, in lower case.
    """

    interval: str
    status: str
    ticks: list[Tick]
    daemon: str
    is_daemon_healthy: bool


@dataclass(frozen=True)
class GraphqlClient:
    """Dagster's web server at a URL. Every method raises HunterError if it does not respond as expected."""

    url: str

    def automation(self, name: str) -> Automation | None:
        """Return the schedule or sensor of that name, None if Dagster has none."""
        return self._query(lambda data: _find_automation(data, name), _AUTOMATIONS)

    def run_status(self, run_id: str) -> str | None:
        """Return the status of a run, None if Dagster has no such run."""
        return self._query(lambda data: (data["runOrError"] or {"status": None})["status"], _RUN, id=run_id)

    def check_result(self, asset: str, check: str) -> tuple[str, str] | None:
        """Return status and run id of the newest execution of a check that has ended, None if there is none."""

        def read(data: dict[str, Any]) -> tuple[str, str] | None:
            executions = [(each["status"], each["runId"]) for each in data["assetCheckExecutions"]]
            return next((each for each in executions if each[0] not in ("IN_PROGRESS", "SKIPPED")), None)

        return self._query(read, _CHECK, asset={"path": [asset]}, check=check)

    def _query(self, read: Callable[[dict[str, Any]], T], query: str, **variables: Any) -> T:
        """Return what `read` finds in the data of a response."""
        try:
            request = {"query": query, "variables": variables}
            body = requests.post(f"{self.url}/graphql", json=request, timeout=_REQUEST_SECONDS).json()
        except requests.RequestException:
            raise HunterError(f"Dagster at {self.url} does not respond.", hint="Start it with hunter up.") from None
        try:
            if body.get("errors"):
                raise HunterError(f"Dagster at {self.url} rejected a query.")
            return read(body["data"])
        except (AttributeError, KeyError, TypeError):
            raise HunterError(
                f"Dagster at {self.url} responded in an unknown shape.",
                hint="Check that it runs the code location of this version, and that it loads.",
            ) from None


def _find_automation(data: dict[str, Any], name: str) -> Automation | None:
    healthy = [each["daemonType"] for each in data["instance"]["daemonHealth"]["allDaemonStatuses"] if each["healthy"]]
    for entry in data["workspaceOrError"]["locationEntries"]:
        for repository in entry["locationOrLoadError"]["repositories"]:
            schedules, sensors = repository["schedules"], repository["sensors"]
            for each, interval, state, daemon in (
                *((each, "cronSchedule", "scheduleState", "SCHEDULER") for each in schedules),
                *((each, "minIntervalSeconds", "sensorState", "SENSOR") for each in sensors),
            ):
                if each["name"] == name:
                    fields = ("timestamp", "status", "skipReason", "runIds")
                    ticks = [Tick(*(tick[field] for field in fields)) for tick in each[state]["ticks"]]
                    is_healthy = daemon in healthy
                    return Automation(str(each[interval]), each[state]["status"], ticks, daemon.lower(), is_healthy)
    return None


class CommandResult(NamedTuple):
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    def error(self) -> str:
        """Return the command's error message and exit code."""
        messages = [line.removeprefix("error: ") for line in self.err.splitlines() if line.startswith("error: ")]
        return f"{messages[0] if messages else 'no error message.'} (exit code {self.code})"


@dataclass(frozen=True)
class SyncCommandResult:
    """The exit code, the summary and the log lines of `hunter sync --json`."""

    code: int
    summary: dict[str, Any]
    log_lines: list[str]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the events of that name in the log."""
        found: list[dict[str, Any]] = []
        for line in self.log_lines:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and event.get("event") == name:
                    found.append(event)
        return found


def start_command(
    variables: Mapping[str, str], *arguments: str, out: "int | IO[str]", err: "int | IO[str]"
) -> "subprocess.Popen[str]":
    """
    Start `hunter` with an environment, in its own session so that Ctrl-C reaches it only through this process.

    out, err: a file, or subprocess.PIPE.
    """
    is_isolated = variables.get(DEMO_VARIABLE) == str(os.getpid())
    return subprocess.Popen(  # noqa: S603 - commands of this package # nosec B603
        [sys.executable, "-m", "hunter_pipeline.cli", *arguments],
        env=variables,
        # Dagster gives the .env of its folder precedence over the environment, and an isolated home has no .env
        cwd=variables[f"{PREFIX}HOME"] if is_isolated else None,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def run_command(variables: Mapping[str, str], *arguments: str, grace_seconds: float = 0) -> CommandResult:
    """
    Run a command to its end; after Ctrl-C it may continue for `grace_seconds`.

    Raises: HunterError if it does not end.
    """
    process = start_command(variables, *arguments, out=subprocess.PIPE, err=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=_COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        raise HunterError(f"`hunter {' '.join(arguments)}` did not end within {_COMMAND_SECONDS} seconds.") from None
    finally:
        stop_command(process, grace_seconds)
    return CommandResult(process.returncode, out, err)


def stop_command(process: "subprocess.Popen[str]", grace_seconds: float = 0) -> None:
    """Wait `grace_seconds` for a command to end, then terminate it, then kill it."""
    for number, seconds in ((None, grace_seconds), (signal.SIGTERM, 60), (signal.SIGKILL, 10)):
        if process.poll() is None and number is not None:
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=seconds)  # `wait` would block on a full pipe
            return


@contextmanager
def running_command(folder: Path, variables: Mapping[str, str], command: str) -> Iterator[ApiClient]:
    """
    Run `hunter up` or `serve` with its API on a free port inside the block, and its output in files of the folder.

    Raises: HunterError if it does not start.
    """
    port = free_port()
    api = ApiClient(f"http://127.0.0.1:{port}")
    out, err = folder / f"{command}.out", folder / f"{command}.err"
    with out.open("w", encoding="utf-8") as to_out, err.open("w", encoding="utf-8") as to_err:
        process = start_command({**variables, f"{PREFIX}API_PORT": str(port)}, command, out=to_out, err=to_err)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not api.is_hunter() or (command == "up" and READY not in out.read_text(encoding="utf-8")):
                if process.poll() is not None or time.monotonic() > deadline:
                    text = err.read_text(encoding="utf-8", errors="replace")
                    error = CommandResult(process.poll() or 0, "", text).error()
                    raise HunterError(f"`hunter {command}` did not start: {error}")
                time.sleep(0.3)
            yield api
        finally:
            stop_command(process)


def free_port() -> int:
    """Return a port on loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def run_sync_command(variables: Mapping[str, str], *options: str, grace_seconds: float = 0) -> SyncCommandResult:
    """
    Run `hunter sync --json` with its log as JSON.

    Raises: HunterError if it prints no summary.
    """
    json_logs = {**variables, f"{PREFIX}LOG_FORMAT": "json"}
    result = run_command(json_logs, "sync", "--json", *options, grace_seconds=grace_seconds)
    try:
        summary = json.loads(result.out)
        return SyncCommandResult(result.code, {**dict.fromkeys(COUNTS, 0), **summary}, result.err.splitlines())
    except (ValueError, TypeError):
        raise HunterError(f"`hunter sync --json` printed no summary: {result.error()}") from None
