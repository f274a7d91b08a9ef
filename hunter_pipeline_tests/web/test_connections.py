"""Connections of clients that have vanished or never finish a request are closed."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.web import api, middleware
from hunter_pipeline.web import app as web_app
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.web.seed import referral_row, seeded_database
from hunter_pipeline_tests.web.services import run_service

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(server: Server) -> Iterator[Settings]:
    with seeded_database(server, [referral_row(1)]) as settings:
        yield settings


@pytest.fixture
def begun() -> list[float]:
    """Return the times at which a request for the slow route has begun."""
    return []


@pytest.fixture
def url(settings: Settings, begun: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service with short deadlines, which has a route that takes longer than they."""
    monkeypatch.setattr(web_app, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(middleware, "BODY_SECONDS", 0.5)
    app = web_app.create_app(settings)

    @app.get("/healthz/slow")
    def slow() -> str:
        begun.append(time.monotonic())
        time.sleep(2)
        return "done"

    with run_service(settings, app=app) as url:
        yield url


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ",
        "GET /healthz/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / HT",
        "POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 100\r\n\r\nkey=",
    ],
    ids=["nothing", "half a line", "half a header", "half a second request", "half a body"],
)
def test_connection_with_an_unfinished_request_is_closed(url: str, sent: str):
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), DEADLINE_SECONDS) as client:
        client.sendall(sent.encode())
        while client.recv(4096):  # until the server closes; the socket's timeout fails the test
            pass


def test_long_response_is_not_cut(url: str, begun: list[float]):
    def response(number: int) -> str | None:
        try:
            return session.get(f"{url}/healthz/slow", timeout=DEADLINE_SECONDS).json()
        except requests.ConnectionError:
            assert len(begun) < number, "only a connection whose request has not arrived in time may be closed"
            return None

    with requests.Session() as session:
        for number in (1, 2):
            assert wait_until(lambda number=number: response(number)) == "done"


def test_exports_over_the_limit_wait_for_others_to_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "EXPORTS_AT_ONCE", 2)
    # more than the buffers of a connection hold
    large = [referral_row(number, solutions=["a" * 30_000]) for number in range(1_000)]
    with seeded_database(server, large) as settings, run_service(settings) as url, ThreadPoolExecutor(1) as pool:
        export = f"{url}{api.REFERRALS}/export"
        # these clients read nothing but the head, so that their exports do not end
        paused = [requests.get(export, stream=True, timeout=DEADLINE_SECONDS) for _ in range(2)]
        waiting = pool.submit(requests.get, export, timeout=DEADLINE_SECONDS)
        assert requests.get(f"{url}{api.REFERRALS}", timeout=DEADLINE_SECONDS).json()["total"] == len(large)
        assert not waiting.done()
        for response in paused:
            response.close()
        assert waiting.result().text.count("\r\n") == len(large) + 1
