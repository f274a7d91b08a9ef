"""The service as it is used: on a port of its own, beside a real Dagster, a sandbox and a database."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import uvicorn
from fastapi import FastAPI

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.local import dagster_instance
from hunter_pipeline.local.processes import API, DAGSTER, Urls, free_url
from hunter_pipeline.local.supervisor import running
from hunter_pipeline.web.app import create_app
from hunter_pipeline.web.dagster_client import Launches
from hunter_pipeline_tests.warehouse.office import Office, sign_in

STARTS_WITHIN = 60.0
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
        until = time.monotonic() + STARTS_WITHIN
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(STARTS_WITHIN)


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
            dagster_instance.prepare(settings)
            urls = Urls(_free(DAGSTER), _free(API))
            stack.enter_context(running(settings, urls))
        _stop_sensors(urls.dagster)
        until = time.monotonic() + STARTS_WITHIN
        while Launches(urls.dagster, office.warehouse).current() is not None:  # what a sensor had already started
            assert time.monotonic() < until
            time.sleep(0.2)
        office.reset()
        yield Live(office, settings.model_copy(update={"dagster_url": urls.dagster}))


def _stop_sensors(url: str) -> None:
    """Let no sync start but those that a test starts."""
    answer = requests.post(f"{url}/graphql", json={"query": _SENSORS}, timeout=30).json()
    for node in answer["data"]["repositoriesOrError"]["nodes"]:
        for sensor in node["sensors"]:
            asked = {"query": _STOP, "variables": {"id": sensor["sensorState"]["id"]}}
            stopped = requests.post(f"{url}/graphql", json=asked, timeout=30).json()
            assert stopped["data"]["stopSensor"]["__typename"] == "StopSensorMutationResult", stopped


def _free(named: Any) -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return free_url(f"http://127.0.0.1:{probe.getsockname()[1]}", named, or_next=True)


def wait_for_sync(url: str, task_id: str, *, seconds: float = 60) -> dict[str, Any]:
    """The answer of the status endpoint once the sync has ended."""
    until = time.monotonic() + seconds
    while True:
        answer = requests.get(f"{url}/api/referrals/sync/{task_id}", timeout=30).json()
        if answer["status"] not in ("queued", "running"):
            return answer
        assert time.monotonic() < until, answer
        time.sleep(0.2)
