"""Run the API and the lead desk on a port of their own, beside a real Dagster, the sandbox and a database."""

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

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.local import dagster_instance
from hunter_pipeline.local.processes import Urls
from hunter_pipeline.local.supervisor import running
from hunter_pipeline.web import dagster_client
from hunter_pipeline.web.app import create_app, server_config
from hunter_pipeline.web.dagster_client import DagsterClient
from hunter_pipeline_tests.free_ports import free_port
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.warehouse.installation import Installation, sign_in

_SENSORS = """{ repositoriesOrError { ... on RepositoryConnection { nodes { sensors { sensorState { id } } } } } }"""
_STOP = """mutation($id: String!) { stopSensor(id: $id) { __typename } }"""


@dataclass(frozen=True)
class LivePipeline:
    """A running pipeline: its sandbox and database, and the settings of a service that uses its Dagster."""

    installation: Installation
    settings: Settings


@contextmanager
def run_service(settings: Settings, *, port: int = 0, app: FastAPI | None = None) -> Iterator[str]:
    """Run the API and the lead desk in a thread and yield their address; `port=0` is a free port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        server = uvicorn.Server(server_config(settings, app or create_app(settings)))
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
def run_pipeline(installation: Installation) -> Iterator[LivePipeline]:
    """Run Dagster (web UI, daemon, code location); its schedules and sensors start no sync."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", os.environ.copy())
            for name, value in {**installation.environment, "HUNTER_SYNC_INTERVAL_SECONDS": "86400"}.items():
                patch.setenv(name, value)
            sign_in(installation)
            settings = load_settings()
            dagster_instance.prepare(settings)
            urls = Urls(*(f"http://127.0.0.1:{free_port()}" for _ in range(2)))
            stack.enter_context(running(settings, urls))
        # a slow Dagster is not an unavailable one
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(dagster_client, "QUERY_SECONDS", DEADLINE_SECONDS)
        patch.setattr(dagster_client, "LAUNCH_SECONDS", DEADLINE_SECONDS)
        _stop_sensors(urls.dagster)
        # a sensor may have started a sync before it was stopped
        client = DagsterClient(urls.dagster, installation.warehouse)
        wait_until(lambda: client.unfinished_sync() is None, pause=0.2)
        installation.reset()
        yield LivePipeline(installation, settings.model_copy(update={"dagster_url": urls.dagster}))


def _stop_sensors(url: str) -> None:
    """Stop all sensors, so that only tests start syncs."""
    answer = requests.post(f"{url}/graphql", json={"query": _SENSORS}, timeout=DEADLINE_SECONDS).json()
    for node in answer["data"]["repositoriesOrError"]["nodes"]:
        for sensor in node["sensors"]:
            mutation = {"query": _STOP, "variables": {"id": sensor["sensorState"]["id"]}}
            stopped = requests.post(f"{url}/graphql", json=mutation, timeout=DEADLINE_SECONDS).json()
            assert stopped["data"]["stopSensor"]["__typename"] == "StopSensorMutationResult", stopped


def wait_for_sync(url: str, task_id: str) -> dict[str, Any]:
    """Return the answer of the status endpoint once the sync has ended."""

    def ended() -> dict[str, Any] | None:
        answer = requests.get(f"{url}/api/referrals/sync/{task_id}", timeout=DEADLINE_SECONDS).json()
        return None if answer["status"] in ("queued", "running") else answer

    return wait_until(ended, pause=0.2) or {}
