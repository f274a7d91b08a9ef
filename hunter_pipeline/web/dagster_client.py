"""
Launch and follow syncs through Dagster's GraphQL API, so that they are queued, logged and shown like any other run.

Every request has a time-out and blocks, so routes call it from a thread.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any, Literal

import requests

from hunter_pipeline.errors import DagsterUnavailable
from hunter_pipeline.pipeline.sync_run import FULL_RUN_CONFIG, QUIET_RUN_CONFIG, SYNC_JOB
from hunter_pipeline.warehouse import sync_lease, sync_runs
from hunter_pipeline.warehouse.connection import Warehouse

QUERY_SECONDS = 5.0
LAUNCH_SECONDS = 20.0
# A run is queued, and a started one takes the sync lock, within this time. One that did not has died.
STARTUP_SECONDS = 60.0
# A run that has ended closes its row in sync_runs within this time.
CLOSING_SECONDS = 10.0

TaskStatus = Literal["queued", "running", "success", "failure", "canceled"]
_STATUS_OF_RUN: dict[str, TaskStatus] = {
    **dict.fromkeys(("QUEUED", "NOT_STARTED", "STARTING"), "queued"),
    **dict.fromkeys(("MANAGED", "STARTED", "CANCELING"), "running"),
    "SUCCESS": "success",
    "FAILURE": "failure",
    "CANCELED": "canceled",
}
_STATUS_OF_RECORD: dict[str, TaskStatus] = {
    "running": "running",
    "success": "success",
    "skipped": "success",
    "failed": "failure",
}
_LOCATIONS_QUERY = """{ workspaceOrError { __typename
    ... on Workspace { locationEntries { name locationOrLoadError { __typename
        ... on RepositoryLocation { name repositories { name pipelines { name } } } } } } } }"""
_UNFINISHED_RUNS_QUERY = """query($job: String!) { runsOrError(limit: 10, filter: {pipelineName: $job,
        statuses: [QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING]}) {
    __typename ... on Runs { results { runId status creationTime startTime } } } }"""
_LAUNCH_MUTATION = """mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
    __typename ... on LaunchRunSuccess { run { runId } } } }"""
_RUN_QUERY = """query($id: ID!) { runOrError(runId: $id) {
    __typename ... on Run { status creationTime endTime assetMaterializations { assetKey { path } } } } }"""


@dataclass(frozen=True, slots=True)
class SyncTask:
    """A sync that is queued or running; `enqueued` is False if it was before it was asked for."""

    task_id: str
    enqueued: bool
    status: Literal["queued", "running"]


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """
    The state of one sync.

    summary: as `hunter sync --json` prints it; None until the sync has ended, or if it never began.
    steps:   names of the assets that are materialized so far, in their order.
    """

    task_id: str
    status: TaskStatus
    summary: dict[str, Any] | None
    steps: tuple[str, ...] = ()


class DagsterClient:
    """
    The syncs of one pipeline, as Dagster and the table `sync_runs` know them.

    Creating a client sends no request. Its methods raise DagsterUnavailable and DatabaseError.
    """

    def __init__(self, url: str, warehouse: Warehouse) -> None:
        self.url = url
        self.warehouse = warehouse
        self._launch_lock = threading.Lock()

    def launch_sync(self, *, full: bool = False) -> SyncTask:
        """Queue a sync and return it; if one is queued or running already, return that one instead."""
        # without the lock first: requests must not queue up behind one that waits for a hanging Dagster
        if (task := self.unfinished_sync()) is not None:
            return task
        with self._launch_lock:
            if (task := self.unfinished_sync()) is not None:
                return task
            return SyncTask(self.submit_run(full=full), enqueued=True, status="queued")

    def unfinished_sync(self) -> SyncTask | None:
        """Return the sync that is queued or running, in Dagster or elsewhere; None if there is none."""
        runs = self._query(_UNFINISHED_RUNS_QUERY, job=SYNC_JOB)["runsOrError"].get("results") or []
        with self.warehouse.connection() as connection:
            lock_holder = sync_runs.running_sync(connection) if sync_lease.holder(connection) is not None else None
        if lock_holder is not None:
            return SyncTask(lock_holder, enqueued=False, status="running")
        for run in reversed(runs):  # the oldest run comes last and starts first
            status = _STATUS_OF_RUN[run["status"]]
            if status == "queued" and not _is_lost(run):
                return SyncTask(run["runId"], enqueued=False, status="queued")
            if status == "running" and time.time() - (run["startTime"] or 0) < STARTUP_SECONDS:
                return SyncTask(run["runId"], enqueued=False, status="running")
        return None

    def sync_progress(self, task_id: str) -> SyncProgress | None:
        """
        Return the state of a sync, None if its id is unknown.

        While Dagster is unavailable, the state comes from `sync_runs` if the sync is recorded there.
        """
        with self.warehouse.connection() as connection:
            summary = sync_runs.summary(connection, task_id)
            is_locked = sync_lease.holder(connection) is not None
        try:
            found = self._query(_RUN_QUERY, id=task_id)["runOrError"]
            run = found if found["__typename"] == "Run" else None
        except DagsterUnavailable:
            if summary is None:
                raise
            run = None
        if run is not None:
            return _progress_of_run(task_id, run, summary, is_locked=is_locked)
        if summary is None:
            return None
        status = _STATUS_OF_RECORD[summary["status"]]
        return SyncProgress(task_id, status, None if status == "running" else summary)

    def find_job(self, *, seconds: float | None = None) -> tuple[str, str]:
        """
        Return the names of the code location and the repository that contain the sync job.

        Raises: DagsterUnavailable with the reason if no location contains it.
        """
        workspace = self._query(_LOCATIONS_QUERY, seconds=seconds)["workspaceOrError"]
        entries = workspace.get("locationEntries") or []
        locations = [entry["locationOrLoadError"] for entry in entries]
        for location in locations:
            for repository in (location or {}).get("repositories", ()):
                if any(job["name"] == SYNC_JOB for job in repository["pipelines"]):
                    return location["name"], repository["name"]
        if any(location is None for location in locations):
            raise DagsterUnavailable(
                "Dagster is still loading the pipeline's code.", hint="Try again in a few seconds."
            )
        if any(location["__typename"] != "RepositoryLocation" for location in locations) or not entries:
            raise DagsterUnavailable(
                "Dagster is running but could not load the pipeline's code.",
                hint="Its page /locations shows the error. Fix it, then press Reload there.",
            )
        raise DagsterUnavailable(
            f"Dagster is running but has no job {SYNC_JOB}.",
            hint="Check HUNTER_DAGSTER_URL: it may name the Dagster of another project.",
        )

    def submit_run(self, *, full: bool) -> str:
        """Queue a run of the sync job and return its id."""
        location, repository = self.find_job()
        parameters = {
            "selector": {"repositoryLocationName": location, "repositoryName": repository, "jobName": SYNC_JOB},
            "runConfigData": QUIET_RUN_CONFIG | (FULL_RUN_CONFIG if full else {}),
            "executionMetadata": {"tags": [{"key": "hunter/started_by", "value": "api"}]},
        }
        result = self._query(_LAUNCH_MUTATION, seconds=LAUNCH_SECONDS, parameters=parameters)["launchRun"]
        if result is None or result["__typename"] != "LaunchRunSuccess":
            raise DagsterUnavailable(
                "Dagster did not accept the sync.", hint="See the log of its web server for the reason."
            )
        return result["run"]["runId"]

    def _query(self, query: str, *, seconds: float | None = None, **variables: Any) -> dict[str, Any]:
        body, timeout = {"query": query, "variables": variables}, seconds or QUERY_SECONDS
        try:
            data = requests.post(f"{self.url}/graphql", json=body, timeout=timeout).json()["data"]
        except (requests.RequestException, ValueError, KeyError, TypeError):
            data = None
        if not isinstance(data, dict):
            raise DagsterUnavailable(
                "Dagster cannot be reached.",
                hint="Start it with `hunter up`, or set HUNTER_DAGSTER_URL to the address of its web UI.",
            )
        return data


def _is_lost(run: dict[str, Any]) -> bool:
    """Return whether Dagster created this run but failed to queue it, e.g. because its database restarted."""
    return run["status"] == "NOT_STARTED" and time.time() - run["creationTime"] > STARTUP_SECONDS


def _progress_of_run(
    task_id: str, run: dict[str, Any], summary: dict[str, Any] | None, *, is_locked: bool
) -> SyncProgress:
    status = "failure" if _is_lost(run) else _STATUS_OF_RUN[run["status"]]
    is_open = summary is not None and summary["status"] == "running"
    if status == "success" and is_open and (is_locked or time.time() - (run["endTime"] or 0) < CLOSING_SECONDS):
        status = "running"  # the run is about to close its record
    has_summary = status not in ("queued", "running") and not is_open
    steps = tuple(dict.fromkeys(event["assetKey"]["path"][-1] for event in run["assetMaterializations"]))
    return SyncProgress(task_id, status, summary if has_summary else None, steps)
