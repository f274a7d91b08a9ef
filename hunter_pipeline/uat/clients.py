"""
The API and Dagster as a stranger asks them: over HTTP, with nothing of ours in between.

What belongs here: questions and the shape of answers. What does not: which answer is right (`steps.py`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import requests

from hunter_pipeline.domain.errors import HunterError

SYNC = "/api/referrals/sync"
ALSO_SYNC = "/api/v1/partner-center/referrals/sync"
_SECONDS = 30

_CADENCE = """{
  instance { daemonHealth { allDaemonStatuses { daemonType healthy } } }
  workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { ... on RepositoryLocation {
    repositories {
      schedules { name cronSchedule scheduleState { status nextTick { timestamp } ticks(limit: 5) { ...tick } } }
      sensors { name minIntervalSeconds sensorState { status ticks(limit: 5) { ...tick } } }
    } } } } } }
}
fragment tick on InstigationTick { timestamp status skipReason runIds }"""
_RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status tags { key value } } } }"
_CHECK = """query ($asset: AssetKeyInput!, $check: String!) {
  assetCheckExecutions(assetKey: $asset, checkName: $check, limit: 5) { status runId } }"""
_LAUNCHED = """query ($tags: [ExecutionTag!]) {
  runsOrError(filter: {tags: $tags}, limit: 1) { ... on Runs { results { runId status } } } }"""


class Answer(NamedTuple):
    """What the API said: the status and the JSON object."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Api:
    """The API at an address; `key` is HUNTER_API_KEY, None where none is set."""

    url: str
    key: str | None = None

    def ask(self, method: str, path: str) -> Answer:
        """
        One request.

        Raises: HunterError where nothing answers, or something that is no JSON object.
        """
        headers = {"X-API-Key": self.key} if self.key else {}
        try:
            answer = requests.request(method, self.url + path, headers=headers, timeout=_SECONDS)
            body = answer.json()
        except requests.JSONDecodeError:
            raise HunterError(
                f"The API at {self.url} answered {method} {path} with something that is not JSON."
            ) from None
        except requests.RequestException:
            raise HunterError(f"The API at {self.url} does not answer.", hint="hunter serve starts it.") from None
        if not isinstance(body, dict):
            raise HunterError(f"The API at {self.url} answered {method} {path} with something that is no JSON object.")
        return Answer(answer.status_code, body)

    def is_there(self) -> bool:
        """Whether an API of ours answers, well or not."""
        try:
            return "partner_center_enabled" in self.ask("GET", "/healthz").body
        except HunterError:
            return False


class Tick(NamedTuple):
    """A moment at which a schedule or sensor was asked; `at` in seconds since 1970."""

    at: float
    status: str
    skip_reason: str | None
    run_ids: list[str]


class Keeper(NamedTuple):
    """A schedule or sensor; `beat` is its cron line or its seconds, `next_at` is None where Dagster does not say."""

    name: str
    beat: str
    status: str
    ticks: list[Tick]
    next_at: float | None


class Cadence(NamedTuple):
    """What starts syncs by itself, by name, and which of Dagster's daemons are healthy, by type."""

    keepers: dict[str, Keeper]
    daemons: dict[str, bool]


@dataclass(frozen=True)
class Dagster:
    """Dagster's web server at an address."""

    url: str

    def cadence(self) -> Cadence:
        """Every schedule and sensor with its last ticks. Raises: HunterError."""
        data = self._ask(_CADENCE)
        with self._shape():
            entries = data["workspaceOrError"]["locationEntries"]
            places = [place for entry in entries for place in entry["locationOrLoadError"]["repositories"]]
            keepers = [_schedule(each) for place in places for each in place["schedules"]]
            keepers += [_sensor(each) for place in places for each in place["sensors"]]
            daemons = data["instance"]["daemonHealth"]["allDaemonStatuses"]
            return Cadence(
                {keeper.name: keeper for keeper in keepers},
                {each["daemonType"]: each["healthy"] is True for each in daemons},
            )

    def run(self, run_id: str) -> tuple[str, dict[str, str]] | None:
        """A run's status and tags, None where Dagster knows of no such run. Raises: HunterError."""
        data = self._ask(_RUN, {"id": run_id})
        with self._shape():
            found = data["runOrError"]
            return (found["status"], {tag["key"]: tag["value"] for tag in found["tags"]}) if found else None

    def newest_run(self, tag: str, value: str) -> tuple[str, str] | None:
        """Id and status of the newest run with this tag, None where there is none. Raises: HunterError."""
        data = self._ask(_LAUNCHED, {"tags": [{"key": tag, "value": value}]})
        with self._shape():
            return next(((run["runId"], run["status"]) for run in data["runsOrError"]["results"]), None)

    def check_result(self, asset: str, check: str) -> tuple[str, str] | None:
        """Status and run id of a check's newest execution that has ended, None without one. Raises: HunterError."""
        data = self._ask(_CHECK, {"asset": {"path": [asset]}, "check": check})
        with self._shape():
            executions = [(each["status"], each["runId"]) for each in data["assetCheckExecutions"]]
            return next((each for each in executions if each[0] not in ("IN_PROGRESS", "SKIPPED")), None)

    def _ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            question = {"query": query, "variables": variables}
            answer = requests.post(f"{self.url}/graphql", json=question, timeout=_SECONDS)
            body = answer.json()
        except requests.RequestException:
            raise HunterError(f"Dagster at {self.url} does not answer.", hint="hunter up starts it.") from None
        with self._shape():
            if body.get("errors"):
                raise HunterError(f"Dagster at {self.url} refused a question.")
            return body["data"]

    @contextmanager
    def _shape(self) -> Iterator[None]:
        try:
            yield
        except (AttributeError, KeyError, TypeError):
            raise HunterError(
                f"Dagster at {self.url} answered in a shape that is not known here.",
                hint="Does it run this version's code location, and does that load?",
            ) from None


def _schedule(each: dict[str, Any]) -> Keeper:
    state = each["scheduleState"]
    next_at = state["nextTick"]["timestamp"] if state["nextTick"] else None
    return Keeper(each["name"], each["cronSchedule"], state["status"], _ticks(state), next_at)


def _sensor(each: dict[str, Any]) -> Keeper:
    state = each["sensorState"]
    return Keeper(each["name"], str(each["minIntervalSeconds"]), state["status"], _ticks(state), None)


def _ticks(state: dict[str, Any]) -> list[Tick]:
    return [Tick(each["timestamp"], each["status"], each["skipReason"], each["runIds"]) for each in state["ticks"]]
