"""Call the system under test: its API, Dagster's GraphQL API, and the `hunter` command as a separate program."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

import requests

from hunter_pipeline.config.environment import DEMO_VARIABLE, PREFIX
from hunter_pipeline.errors import HunterError

SYNC_PATHS = ("/api/referrals/sync", "/api/v1/partner-center/referrals/sync")
COUNTS = ("fetched", "new", "updated", "unchanged", "quarantined", "without_domain", "missing")
_REQUEST_SECONDS = 30
# As long as Dagster lets a run take.
_COMMAND_SECONDS = 900

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


class JsonResponse(NamedTuple):
    """The status and the JSON object of a response."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class ApiClient:
    """The API at a URL; `key` is HUNTER_API_KEY, None if it is not set."""

    url: str
    key: str | None = None

    def request(self, method: str, path: str) -> JsonResponse:
        """
        Send one request.

        Raises: HunterError if there is no response, or one that is not a JSON object.
        """
        headers = {"X-API-Key": self.key} if self.key else {}
        try:
            response = requests.request(method, self.url + path, headers=headers, timeout=_REQUEST_SECONDS)
        except requests.RequestException:
            raise HunterError(f"The API at {self.url} does not respond.", hint="Start it with hunter serve.") from None
        with contextlib.suppress(requests.JSONDecodeError):
            if isinstance(body := response.json(), dict):
                return JsonResponse(response.status_code, body)
        raise HunterError(f"The API at {self.url} responded to {method} {path} without a JSON object.")

    def is_hunter(self) -> bool:
        """Return whether an API of this program responds, healthy or not."""
        try:
            return "partner_center_enabled" in self.request("GET", "/healthz").body
        except HunterError:
            return False


class Tick(NamedTuple):
    """One evaluation of a schedule or sensor; `at` in seconds since 1970."""

    at: float
    status: str
    skip_reason: str | None
    run_ids: list[str]


class Automation(NamedTuple):
    """A schedule or sensor; `interval` is its cron expression or its seconds."""

    name: str
    interval: str
    status: str
    ticks: list[Tick]


class Automations(NamedTuple):
    """Schedules and sensors by name, and whether each of Dagster's daemons is healthy, by type."""

    by_name: dict[str, Automation]
    daemons: dict[str, bool]


@dataclass(frozen=True)
class GraphqlClient:
    """Dagster's web server at a URL. Every method raises HunterError if it does not respond as expected."""

    url: str

    def automations(self) -> Automations:
        """Return all schedules and sensors with their last ticks."""
        data = self._query(_AUTOMATIONS)
        with self._expected_shape():
            entries = data["workspaceOrError"]["locationEntries"]
            found: list[Automation] = []
            for repository in (each for entry in entries for each in entry["locationOrLoadError"]["repositories"]):
                found += [_automation(each, "cronSchedule", "scheduleState") for each in repository["schedules"]]
                found += [_automation(each, "minIntervalSeconds", "sensorState") for each in repository["sensors"]]
            daemons = data["instance"]["daemonHealth"]["allDaemonStatuses"]
            return Automations(
                {automation.name: automation for automation in found},
                {each["daemonType"]: each["healthy"] is True for each in daemons},
            )

    def run_status(self, run_id: str) -> str | None:
        """Return the status of a run, None if Dagster has no such run."""
        data = self._query(_RUN, {"id": run_id})
        with self._expected_shape():
            return data["runOrError"]["status"] if data["runOrError"] else None

    def check_result(self, asset: str, check: str) -> tuple[str, str] | None:
        """Return status and run id of the newest execution of a check that has ended, None if there is none."""
        data = self._query(_CHECK, {"asset": {"path": [asset]}, "check": check})
        with self._expected_shape():
            executions = [(each["status"], each["runId"]) for each in data["assetCheckExecutions"]]
            return next((each for each in executions if each[0] not in ("IN_PROGRESS", "SKIPPED")), None)

    def _query(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            request = {"query": query, "variables": variables}
            body = requests.post(f"{self.url}/graphql", json=request, timeout=_REQUEST_SECONDS).json()
        except requests.RequestException:
            raise HunterError(f"Dagster at {self.url} does not respond.", hint="Start it with hunter up.") from None
        with self._expected_shape():
            if body.get("errors"):
                raise HunterError(f"Dagster at {self.url} rejected a query.")
            return body["data"]

    @contextmanager
    def _expected_shape(self) -> Iterator[None]:
        try:
            yield
        except (AttributeError, KeyError, TypeError):
            raise HunterError(
                f"Dagster at {self.url} responded in an unknown shape.",
                hint="Check that it runs the code location of this version, and that it loads.",
            ) from None


def _automation(found: dict[str, Any], interval: str, state: str) -> Automation:
    ticks = found[state]["ticks"]
    ticks = [Tick(each["timestamp"], each["status"], each["skipReason"], each["runIds"]) for each in ticks]
    return Automation(found["name"], str(found[interval]), found[state]["status"], ticks)


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
