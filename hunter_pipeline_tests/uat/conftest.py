"""Fakes of the system under test: a server whose responses a test decides, and an acceptance context for it."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hunter_pipeline.uat.acceptance import Step, StepResult, run_step
from hunter_pipeline.uat.clients import ApiClient, GraphqlClient
from hunter_pipeline.uat.system import AcceptanceContext, System
from hunter_pipeline.warehouse.connection import Warehouse

MakeContext = Callable[..., AcceptanceContext]


class FakeServer:
    """
    The API and Dagster's web server.

    responses: by "POST /path", a status and a body, or a list of them, of which the last one is repeated.
    """

    def __init__(self) -> None:
        self.responses: dict[str, Any] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def _respond(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                planned = fake.responses.get(f"{self.command} {self.path}", (404, {"detail": "Not found."}))
                if isinstance(planned, list):
                    planned = planned.pop(0) if len(planned) > 1 else planned[0]
                status, body = planned
                content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = _respond  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def fake_server() -> Iterator[FakeServer]:
    """Run a server that responds with 404 to everything."""
    fake = FakeServer()
    thread = threading.Thread(target=fake.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield fake
    fake.server.shutdown()
    thread.join()
    fake.server.server_close()


@pytest.fixture
def closed_url() -> str:
    """Return a URL at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def make_context() -> Iterator[MakeContext]:
    """Return a function that makes the context of a running system at a URL."""
    with ExitStack() as stack:

        def make(
            url: str, warehouse: Warehouse | None = None, *, interval_seconds: int = 1, **variables: str
        ) -> AcceptanceContext:
            system = System(
                description="a system of the tests",
                api=ApiClient(url),
                dagster=GraphqlClient(url),
                warehouse=warehouse or Warehouse("postgresql://nobody@127.0.0.1:1/none", Path("/nowhere")),
                variables=variables,
                interval_seconds=interval_seconds,
            )
            return AcceptanceContext(system, lambda _text: None, stack, [])

        yield make


def run(step: Step, context: AcceptanceContext) -> StepResult:
    """Run one step."""
    return run_step(1, "A step", step, context)


def failures(result: StepResult) -> list[str]:
    """Return the evidence of a failed step that is not ok."""
    assert not result.passed
    return [evidence.text for evidence in result.evidence if not evidence.ok]
