"""The service as it is used: on a port of its own, beside a real Dagster, a sandbox and a database."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import uvicorn
from fastapi import FastAPI

from hunter_pipeline import instance
from hunter_pipeline.home_lock import Urls
from hunter_pipeline.services import running
from hunter_pipeline.settings import Settings, load_settings
from hunter_pipeline.web import launches
from hunter_pipeline.web.app import create_app
from hunter_pipeline.web.launches import Launches
from hunter_pipeline_tests.free_ports import free_port
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.warehouse.office import Office, sign_in

_SENSORS = """{ repositoriesOrError { ... on RepositoryConnection { nodes { sensors { sensorState { id } } } } } }"""
_STOP = """mutation($id: String!) { stopSensor(id: $id) { __typename } }"""


@dataclass(frozen=True)
class Live:
    """A pipeline that runs: its office, and the settings of a service beside its Dagster."""

    office: Office
    settings: Settings


@contextmanager
def served(settings: Settings, *, port: int = 0, app: FastAPI | None = None) -> Iterator[str]:
    """The API and the lead desk of these settings in a thread; its address. `port=0` takes a free one."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        server = uvicorn.Server(
            uvicorn.Config(app or create_app(settings), log_config=None, access_log=False, ws="none")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        wait_until(lambda: server.started or not thread.is_alive())
        assert server.started
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(DEADLINE_SECONDS)


@contextmanager
def pipeline(office: Office) -> Iterator[Live]:
    """A real Dagster (web UI, daemon, code location) on this office, whose schedules do not start by themselves."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", os.environ.copy())
            for name, value in {**office.environment, "HUNTER_SYNC_INTERVAL_SECONDS": "86400"}.items():
                patch.setenv(name, value)
            sign_in(office)
            settings = load_settings()
            instance.prepare(settings)
            urls = Urls(*(f"http://127.0.0.1:{free_port()}" for _ in range(2)))
            stack.enter_context(running(settings, urls))
        patient = stack.enter_context(pytest.MonkeyPatch.context())
        for ask in (Launches._ask, Launches.place):
            patient.setattr(ask, "__kwdefaults__", {"seconds": DEADLINE_SECONDS})  # slow is not down
        patient.setattr(launches, "LAUNCH_SECONDS", DEADLINE_SECONDS)
        _stop_sensors(urls.dagster)
        wait_until(
            lambda: Launches(urls.dagster, office.warehouse).current() is None, pause=0.2
        )  # what a sensor had started
        office.reset()
        yield Live(office, settings.model_copy(update={"dagster_url": urls.dagster}))


def _stop_sensors(url: str) -> None:
    """Let no sync start but those that a test starts."""
    answer = requests.post(f"{url}/graphql", json={"query": _SENSORS}, timeout=DEADLINE_SECONDS).json()
    for node in answer["data"]["repositoriesOrError"]["nodes"]:
        for sensor in node["sensors"]:
            asked = {"query": _STOP, "variables": {"id": sensor["sensorState"]["id"]}}
            stopped = requests.post(f"{url}/graphql", json=asked, timeout=DEADLINE_SECONDS).json()
            assert stopped["data"]["stopSensor"]["__typename"] == "StopSensorMutationResult", stopped


def wait_for_sync(url: str, task_id: str) -> dict[str, Any]:
    """Return the answer of the status endpoint once the sync has ended."""

    def ended() -> dict[str, Any] | None:
        answer = requests.get(f"{url}/api/referrals/sync/{task_id}", timeout=DEADLINE_SECONDS).json()
        return None if answer["status"] in ("queued", "running") else answer

    return wait_until(ended, pause=0.2) or {}
