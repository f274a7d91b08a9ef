"""
Syncs that are started from outside: launched through Dagster, which queues, logs and shows them like any other.

What belongs here: asking Dagster, and the record of a sync beside its answer. What does not: what a sync
does. Every question has a time-out; all of it blocks, so it is called in a thread.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import requests

from hunter_pipeline.domain.errors import DagsterUnavailable
from hunter_pipeline.warehouse import runs
from hunter_pipeline.warehouse.connection import Warehouse

Status = Literal["queued", "running", "success", "failure", "canceled"]

JOB = "sync_partner_center_referrals"
QUIET = {"loggers": {"console": {"config": {}}}}
"""Names the pipeline's own console: a run that names none gets Dagster's, which says every event twice."""
FULL = {"ops": {"raw_referrals": {"config": {"mode": "full"}}}}
ASK_SECONDS = 5.0
LAUNCH_SECONDS = 20
YOUNG_SECONDS = 60.0
"""A run that has started takes the lock within this time; an older one that holds no lock has died."""
CLOSING_SECONDS = 10.0
"""A run that has ended closes its record within this time."""

_STATUS: dict[str, Status] = {
    "QUEUED": "queued",
    "NOT_STARTED": "queued",
    "STARTING": "queued",
    "MANAGED": "running",
    "STARTED": "running",
    "CANCELING": "running",
    "SUCCESS": "success",
    "FAILURE": "failure",
    "CANCELED": "canceled",
}
_RECORDED: dict[str, Status] = {"running": "running", "success": "success", "skipped": "success", "failed": "failure"}
_LOCATIONS = """{ workspaceOrError { __typename
    ... on Workspace { locationEntries { name locationOrLoadError { __typename
        ... on RepositoryLocation { name repositories { name pipelines { name } } } } } } } }"""
_UNFINISHED = """query($job: String!) { runsOrError(limit: 10, filter: {pipelineName: $job,
        statuses: [QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING]}) {
    __typename ... on Runs { results { runId status creationTime startTime } } } }"""
_RUN = """query($id: ID!) { runOrError(runId: $id) {
    __typename ... on Run { status creationTime endTime assetMaterializations { assetKey { path } } } } }"""


@dataclass(frozen=True, slots=True)
class Launch:
    """A sync that was asked for: its run in Dagster, and whether it is a new one."""

    task_id: str
    enqueued: bool
    status: Literal["queued", "running"]


@dataclass(frozen=True, slots=True)
class Followed:
    """
    How a sync stands.

    summary: as `hunter sync --json` prints it; None until the sync has ended, or where it never began.
    steps:   the assets that are done, in their order, while it runs.
    """

    task_id: str
    status: Status
    summary: dict[str, Any] | None
    steps: tuple[str, ...] = ()


class Launches:
    """The way to the Dagster of one pipeline; nothing is opened before the first question."""

    def __init__(self, url: str, warehouse: Warehouse) -> None:
        self.url = url
        self.warehouse = warehouse
        self._one_at_a_time = threading.Lock()

    def launch(self, *, full: bool = False) -> Launch:
        """
        Queue a sync, unless one is queued or running already: then that one.

        Raises: DagsterUnavailable, DatabaseError.
        """
        if (current := self._current()) is not None:  # before the lock: a Dagster that hangs makes no queue here
            return current
        with self._one_at_a_time:
            if (current := self._current()) is not None:
                return current
            location, repository = self.place()
            return Launch(self._submit(location, repository, full=full), enqueued=True, status="queued")

    def current(self) -> str | None:
        """The id of the sync that is queued or running, None where there is none. Raises: as `launch`."""
        current = self._current()
        return current.task_id if current else None

    def state(self, task_id: str) -> Status | None:
        """How a sync stands, None where nobody knows it. Raises: as `launch`."""
        followed = self.follow(task_id)
        return followed.status if followed else None

    def follow(self, task_id: str) -> Followed | None:
        """
        How a sync stands with its summary, None where nobody knows it.

        While Dagster is out of reach the record of the sync answers, where there is one. Raises: as `launch`.
        """
        with self.warehouse.connection() as connection:
            summary = runs.summary(connection, task_id)
            locked = runs.sync_is_running(connection)
        try:
            run = self._run(task_id)
        except DagsterUnavailable:
            if summary is None:
                raise
            run = None
        if run is None:
            return None if summary is None else _recorded(task_id, summary)
        status = "failure" if _is_lost(run) else _STATUS[run["status"]]
        is_open = summary is not None and summary["status"] == "running"
        if status == "success" and is_open and (locked or time.time() - (run["endTime"] or 0) < CLOSING_SECONDS):
            status = "running"  # its record is about to be closed
        ended = status not in ("queued", "running")
        steps = tuple(dict.fromkeys(event["assetKey"]["path"][-1] for event in run["assetMaterializations"]))
        return Followed(task_id, status, summary if ended and not is_open else None, steps)

    def place(self, *, seconds: float = ASK_SECONDS) -> tuple[str, str]:
        """
        The code location and the repository that have the job.

        Raises: DagsterUnavailable, saying which of the ways not to have it this is.
        """
        workspace = self._ask(_LOCATIONS, seconds=seconds)["workspaceOrError"]
        entries = workspace.get("locationEntries") or []
        loaded = [entry["locationOrLoadError"] for entry in entries]
        for location in loaded:
            for repository in (location or {}).get("repositories", ()):
                if any(pipeline["name"] == JOB for pipeline in repository["pipelines"]):
                    return location["name"], repository["name"]
        if any(location is None for location in loaded):
            raise DagsterUnavailable("Dagster is still loading the pipeline's code.", hint="Try again in some seconds.")
        if any(location["__typename"] != "RepositoryLocation" for location in loaded) or not entries:
            raise DagsterUnavailable(
                "Dagster runs, but it could not load the pipeline's code.",
                hint="Its page /locations shows the reason: mend it, and press Reload there.",
            )
        raise DagsterUnavailable(
            f"Dagster runs, but it has no job {JOB}.",
            hint="HUNTER_DAGSTER_URL may name the Dagster of another project.",
        )

    def _current(self) -> Launch | None:
        found = self._ask(_UNFINISHED, job=JOB)["runsOrError"].get("results") or []
        with self.warehouse.connection() as connection:
            holder = runs.running(connection) if runs.sync_is_running(connection) else None
        if holder is not None:
            return Launch(holder, enqueued=False, status="running")
        for run in reversed(found):  # the newest comes first, and the oldest is the first to run
            status = _STATUS[run["status"]]
            if status == "queued" and not _is_lost(run):
                return Launch(run["runId"], enqueued=False, status="queued")
            if status == "running" and time.time() - (run["startTime"] or 0) < YOUNG_SECONDS:
                return Launch(run["runId"], enqueued=False, status="running")
        return None

    def _run(self, task_id: str) -> dict[str, Any] | None:
        run = self._ask(_RUN, id=task_id)["runOrError"]
        return run if run["__typename"] == "Run" else None

    def _submit(self, location: str, repository: str, *, full: bool) -> str:
        from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError  # noqa: PLC0415 - takes seconds

        parts = urlsplit(self.url)
        client = DagsterGraphQLClient(
            parts.hostname or "127.0.0.1",
            port_number=parts.port,
            use_https=parts.scheme == "https",
            timeout=LAUNCH_SECONDS,
            path_prefix=parts.path.rstrip("/"),
        )
        try:
            return client.submit_job_execution(
                JOB,
                repository_location_name=location,
                repository_name=repository,
                run_config=QUIET | (FULL if full else {}),
                tags={"hunter/started_by": "api"},
            )
        except (DagsterGraphQLClientError, requests.RequestException):
            raise DagsterUnavailable(
                "Dagster did not accept the sync.", hint="Its web UI and its log tell more."
            ) from None

    def _ask(self, query: str, *, seconds: float = ASK_SECONDS, **variables: str) -> dict[str, Any]:
        try:
            answer = requests.post(
                f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=seconds
            ).json()
            data = answer["data"]
        except (requests.RequestException, ValueError, KeyError, TypeError):
            data = None
        if not isinstance(data, dict):
            raise DagsterUnavailable(
                "Dagster is out of reach.",
                hint="Start it with `hunter up`, or set HUNTER_DAGSTER_URL to where its web UI runs.",
            )
        return data


def _is_lost(run: dict[str, Any]) -> bool:
    """Whether Dagster made this run but then failed to queue it, as when its database restarts: nothing starts it."""
    return run["status"] == "NOT_STARTED" and time.time() - run["creationTime"] > YOUNG_SECONDS


def _recorded(task_id: str, summary: dict[str, Any]) -> Followed:
    status = _RECORDED[summary["status"]]
    return Followed(task_id, status, None if status == "running" else summary)
