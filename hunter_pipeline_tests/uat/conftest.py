"""A far side that answers what a test wants: the API and Dagster as the acceptance tests meet them when ill."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hunter_pipeline.uat.clients import Api, Dagster
from hunter_pipeline.uat.systems import System
from hunter_pipeline.uat.trial import Trial
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.cli.conftest import hunter

__all__ = ["hunter"]


class FarSide:
    """An HTTP server; `answers` maps "POST /path" to a status and a body, or to a list of them, one a request."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        far_side = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                planned = far_side.answers.get(f"{self.command} {self.path}", (404, {"detail": "Nothing is here."}))
                if isinstance(planned, list):
                    planned = planned.pop(0) if len(planned) > 1 else planned[0]
                status, body = planned
                content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = _answer  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def far_side() -> Iterator[FarSide]:
    """One that knows no path yet."""
    far_side = FarSide()
    thread = threading.Thread(target=far_side.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield far_side
    far_side.server.shutdown()
    thread.join()
    far_side.server.server_close()


@pytest.fixture
def closed_url() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


TrialOf = Callable[..., Trial]


@pytest.fixture
def trial_of() -> Iterator[TrialOf]:
    """A trial of a running system at these addresses."""
    with ExitStack() as stack:

        def make(url: str, warehouse: Warehouse | None = None, *, interval_seconds: int = 1, **more: Any) -> Trial:
            system = System(
                words="a system of the tests",
                api=Api(url),
                dagster=Dagster(url),
                warehouse=warehouse or Warehouse("postgresql://nobody@127.0.0.1:1/none", Path("/nowhere")),
                environment=more.get("environment", {}),
                interval_seconds=interval_seconds,
            )
            return Trial(system, None, lambda _sentence: None, stack, [])

        yield make


def cadence_answer(
    *, schedule: dict[str, Any] | None = None, sensor: dict[str, Any] | None = None, healthy: bool = True
):
    """Dagster's answer on schedules and sensors."""
    place = {"schedules": [schedule] if schedule else [], "sensors": [sensor] if sensor else []}
    daemons = [{"daemonType": kind, "healthy": healthy} for kind in ("SENSOR", "SCHEDULER")]
    return {
        "data": {
            "instance": {"daemonHealth": {"allDaemonStatuses": daemons}},
            "workspaceOrError": {"locationEntries": [{"locationOrLoadError": {"repositories": [place]}}]},
        }
    }
