"""How long a page may take in all, and how many pages may bring nothing: a far side that never comes to an end."""

import itertools
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from requests.structures import CaseInsensitiveDict

from hunter_pipeline import errors
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.pagination import MOST_IN_VAIN, Page, Progress, read_page
from hunter_pipeline.partner_center.responses import Answer
from hunter_pipeline.partner_center.retry import PATIENT, RetryPolicy
from hunter_pipeline.sandbox import Fault, Sandbox
from hunter_pipeline_tests.partner_center.conftest import Waits, client_of, sign_in_at, signed_in_file
from hunter_pipeline_tests.partner_center.rawserver import RawServer, Step, answer
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until

Serve = Callable[..., RawServer]
OK = answer(200, {"value": [{"id": "1"}]})
HASTY = RetryPolicy(tries=2, connect=DEADLINE_SECONDS, read=0.4, total=DEADLINE_SECONDS, backoff=0.01)
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def drip(start: bytes, byte: bytes, *, pause: float = 0.02) -> Step:
    """Begin well, then one byte now and then, for ever: no byte of it is late."""

    def step(line: socket.socket) -> None:
        line.sendall(start)
        while True:
            line.sendall(byte)
            time.sleep(pause)

    return step


def hasty(server: RawServer, tmp_path: Path, policy: RetryPolicy = HASTY) -> PartnerCenterClient:
    """A client that waits in real time, with less patience than production."""
    return client_with(Http(policy), server, tmp_path)


def late(server: RawServer, tmp_path: Path) -> PartnerCenterClient:
    """A client whose total time is nearly over when its first request has arrived, and over when it asks again."""
    ends = iter([DEADLINE_SECONDS - 0.1])
    clock = lambda: next(ends, DEADLINE_SECONDS) if server.heads else 0.0  # noqa: E731
    return client_with(Http(HASTY, clock=clock), server, tmp_path)


def client_with(http: Http, server: RawServer, tmp_path: Path) -> PartnerCenterClient:
    return PartnerCenterClient(
        http, sign_in_at(server.url, http, signed_in_file(tmp_path / ".token_cache")), server.url
    )


@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 100 Continue\r\n"],
    ids=["status", "headers", "header", "continue"],
)
def test_a_head_that_drips_counts_as_timed_out(start: bytes, serve: Serve, tmp_path: Path) -> None:
    """A head has to be whole within the read time-out, however regularly its bytes come; then it is tried again."""
    server = serve(drip(start, b"x"))
    with hasty(server, tmp_path) as client, pytest.raises(errors.PartnerCenterNetworkError, match="timed out") as told:
        next(client.pages())
    assert told.value.attempt == 2
    assert wait_until(lambda: len(server.heads) == 2)


@pytest.mark.parametrize(
    ("start", "byte"),
    [
        (JSON_HEAD + b"Content-Length: 999999\r\n\r\n", b" "),
        (JSON_HEAD + b"\r\n", b" "),
        (CHUNKED, b"0"),
        (CHUNKED, b"1\r\n \r\n"),
        (CHUNKED + b"0\r\n", b"X: y\r\n"),
    ],
    ids=["length", "no-length", "chunk-size", "chunks", "trailer"],
)
@pytest.mark.parametrize("pause", [0.02, 0.0])
def test_a_body_without_end_is_broken_off(
    start: bytes, byte: bytes, pause: float, serve: Serve, tmp_path: Path
) -> None:
    """A body has the total time, whether it drips or pours, within a chunk's size or behind the last chunk as well."""
    server = serve(drip(start, byte, pause=pause))
    with late(server, tmp_path) as client, pytest.raises(errors.PartnerCenterNetworkError) as told:
        next(client.pages())
    assert "timed out" in told.value.message
    assert told.value.attempt == 1


@contextmanager
def dripping_proxy() -> Iterator[str]:
    """A proxy that never finishes the answer to CONNECT."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                drip(b"HTTP/1.1 200 Connection Est", b"a")(self.request)
            except OSError:
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_proxy_that_drips_is_broken_off(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's own answer has the connect time-out as a whole."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with dripping_proxy() as address, hasty(serve(OK), tmp_path, replace(HASTY, connect=0.4)) as client:
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(errors.PartnerCenterNetworkError):
            next(client.pages())


def test_a_refusal_counts_although_its_body_never_ends(serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """A 403 whose body drips is a 403 when the total time is up."""
    server = serve(drip(b"HTTP/1.1 403 No\r\nContent-Length: 99999\r\n\r\n", b" "))
    with late(server, tmp_path) as client, pytest.raises(errors.PartnerCenterAuthError):
        next(client.pages())


def test_tries_before_a_refresh_count(client: PartnerCenterClient, sandbox: Sandbox, waits: Waits) -> None:
    """A 401 in the middle gives a page no five further tries, but always the one repeat."""
    for kind, times in (("503", 3), ("401", 1), ("503", 9)):
        sandbox.fail(Fault(where="list", kind=kind, times=times))
    with pytest.raises(errors.PartnerCenterServerError) as told:
        next(client.pages())
    asked = sum(request.path.endswith("/referrals") for request in sandbox.requests)
    assert (asked, told.value.attempt, len(waits.seconds)) == (5, 5, 3)
    sandbox.clear_faults()
    sandbox.requests.clear()
    for kind, times in (("503", 4), ("401", 1)):
        sandbox.fail(Fault(where="list", kind=kind, times=times))
    assert next(client.pages()).items
    assert sum(request.path.endswith("/referrals") for request in sandbox.requests) == 6


def test_the_time_before_a_refresh_counts(client: PartnerCenterClient, sandbox: Sandbox, waits: Waits) -> None:
    """What was waited for before a 401, and at the sign-in behind it, is part of the page's total time."""
    for where, kind, times in (("list", "429", 3), ("list", "401", 1), ("token", "429", 9)):
        sandbox.fail(Fault(where=where, kind=kind, times=times, retry_after="60"))
    with pytest.raises(errors.PartnerCenterRateLimitError):
        next(client.pages())
    assert sum(waits.seconds) <= PATIENT.total


@pytest.mark.parametrize("status", [401, 400, 403, 404])
def test_who_refuses_may_hang_up(status: int, client: PartnerCenterClient, sandbox: Sandbox, waits: Waits) -> None:
    """A refusal after which the server closes the line: the next request takes a new one and needs no second try."""
    for _ in range(5):
        sandbox.fail(Fault(where="list", kind=str(status), times=1, breaks="after"))
        try:
            assert next(client.pages()).items
        except errors.PartnerCenterError as error:
            assert error.status_code == status
            assert next(client.pages()).items
    assert (client.retries, waits.seconds) == (5 * (status == 401), [])


def linked(items: Callable[[int], list[object]]) -> Step:
    """Pages whose links always lead on, to an address that was not there before."""
    numbers = itertools.count(1)

    def step(line: socket.socket) -> None:
        number = next(numbers)
        answer(200, {"value": items(number), "@odata.nextLink": f"?page={number}"})(line)  # type: ignore[arg-type]

    return step


@pytest.mark.parametrize(
    ("items", "kept"),
    [
        (lambda _: [], 0),
        (lambda _: [{"id": "1", "updatedDateTime": "2026-01-01T00:00:00Z"}, 7], 1),
        (lambda number: [{"id": str(number % 3)}], 3),
    ],
    ids=["empty", "the same", "in turns"],
)
def test_links_that_lead_on_for_ever_are_not_followed_for_ever(
    items: Callable[[int], list[object]], kept: int, serve: Serve, tmp_path: Path, waits: Waits
) -> None:
    """After a hundred pages in a row that are empty or bring nothing new the reading ends; what came stays."""
    server = serve(linked(items))
    got: list[object] = []
    with (
        client_of(server, tmp_path, waits) as client,
        pytest.raises(errors.PartnerCenterResponseError, match="100th in a row without anything new") as told,
    ):
        for page in client.pages():
            got += page.items
    assert len(server.heads) == MOST_IN_VAIN + kept
    assert len({json.dumps(item) for item in got if isinstance(item, dict)}) == kept
    assert told.value.request_id


def test_some_empty_pages_are_followed() -> None:
    """Ninety-nine pages without anything new are no obstacle, as often as something new comes between them."""
    progress = Progress()
    for round_ in range(3):
        assert not progress.is_none(Page(1, [{"id": "a", "updatedDateTime": str(round_)}]))
        assert not any(progress.is_none(Page(1, [])) for _ in range(MOST_IN_VAIN - 1))
    assert progress.is_none(Page(1, []))


def test_whatever_a_page_holds_can_be_remembered() -> None:
    """Ids that are lists, items that are no referrals, nesting at the edge of what the parser takes."""
    progress = Progress()
    for depth in range(0, 1000, 7):
        items = f'{{"value": [{"[" * depth}{"]" * depth}, {{"id": {"[" * depth}1{"]" * depth}}}, null, "x", NaN]}}'
        body = items.replace("[, ", "[").encode()
        assert not progress.is_none(read_page(Answer(200, CaseInsensitiveDict(), body, 1), 1))
