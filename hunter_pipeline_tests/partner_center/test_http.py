"""Test the HTTP session against servers that misbehave byte by byte: bodies, time limits, TLS, redirects, proxies."""

import email.utils
import gzip
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hunter_pipeline import errors
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import DEFAULT_POLICY, ApiRequest, Http, RetryPolicy
from hunter_pipeline_tests.partner_center.conftest import SECRET, FakeClock, client_of, client_with
from hunter_pipeline_tests.partner_center.pages import parsed_items
from hunter_pipeline_tests.partner_center.raw_server import REQUEST_ID, RawServer, Step, drop, respond, send
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

Serve = Callable[..., RawServer]
PAGE = {"value": [{"id": "1"}]}
OK = respond(200, PAGE)
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def read_items(server: RawServer, tmp_path: Path, clock: FakeClock) -> list[object]:
    with client_of(server, tmp_path, clock) as client:
        return [item for page in client.pages() for item in parsed_items(page)]


@pytest.mark.parametrize(
    "cut_off",
    [
        send("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 100", b'{"value": ['),
        send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Type: application/json", b'5\r\n{"val\r\n'),
        send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Type: application/json", b'ff\r\n{"val'),
        send("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Type: application/json", b"no number\r\n"),
        send("HTTP/1.0 200 OK\nContent-Type: application/json", b'{"value": [{"id": "1"'),
        send(
            "HTTP/1.1 200 OK\nContent-Length: 9\nContent-Encoding: gzip\nContent-Type: application/json", b"not gzip!"
        ),
        send("HTTP/1.1 200 OK\nContent-Le"),
        send("nonsense"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Len"),
        drop,
    ],
    ids=["length", "chunked", "chunk", "chunk-size", "no-length", "gzip", "header", "no-http", "mid-header", "silent"],
)
def test_response_is_requested_again_when_it_is_cut_off(
    cut_off: Step, serve: Serve, tmp_path: Path, clock: FakeClock
) -> None:
    server = serve(cut_off, cut_off, OK)
    assert read_items(server, tmp_path, clock) == PAGE["value"]
    assert (len(server.heads), len(clock.waits)) == (3, 2)


@pytest.mark.parametrize(
    "complete",
    [
        send("HTTP/1.0 200 OK\nContent-Type: application/json", b' {"value": [{"id": "1"}]}\r\n'),
        send(
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b'4\r\n{"va\r\n14;x=y\r\nlue": [{"id": "1"}]}\r\n0\r\n\r\n'
        ),
        respond(200, b'\xef\xbb\xbf{"value": [{"id": "1"}]}'),
        respond(200, PAGE, content_type="text/plain"),
    ],
    ids=["no-length", "chunked", "bom", "text"],
)
def test_complete_response_is_read_in_any_form(complete: Step, serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    """Delimited by its connection, in chunks, with a byte order mark or with another content type: one try."""
    server = serve(complete)
    assert read_items(server, tmp_path, clock) == PAGE["value"]
    assert len(server.heads) == 1


def test_body_is_given_up_beyond_the_size_limit(serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    """A small body that decompresses to hundreds of megabytes is refused without a retry."""
    packed = gzip.compress(bytes(1 << 20)) * 250
    head = f"HTTP/1.1 200 OK\nContent-Length: {len(packed)}\nContent-Encoding: gzip\nContent-Type: application/json"
    server = serve(send(head, packed))
    with pytest.raises(errors.PartnerCenterResponseError, match="larger than 200 MB"):
        read_items(server, tmp_path, clock)
    assert (len(server.heads), clock.waits) == (1, [])


def http_date(seconds: float) -> str:
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


@pytest.mark.parametrize("status", [429, 503, 509])
def test_retry_after_can_be_a_date(status: int, serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    read_items(serve(respond(status, {}, retry_after=http_date(20)), OK), tmp_path, clock)
    assert 18 <= clock.waits[0] <= 20


@pytest.mark.parametrize(
    "unusable", ["-5", "0", "soon", "", "1.5", "9" * 5000, "1, 2", "\u00b2", "Wed, 99 Foo 2026 99:99:99 GMT"]
)
def test_unusable_retry_after_is_replaced_by_backoff(
    unusable: str, serve: Serve, tmp_path: Path, clock: FakeClock
) -> None:
    throttled = respond(429, {}, retry_after=unusable)
    read_items(serve(throttled, throttled, OK), tmp_path, clock)
    assert 1 <= clock.waits[0] <= 1.5
    assert 2 <= clock.waits[1] <= 3


def drip(start: bytes, part: bytes, *, pause: float = 0.02) -> Step:
    """Return a step that begins well, then sends a few bytes now and then, without an end."""

    def step(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(part)
            time.sleep(pause)

    return step


def client_near_its_deadline(server: RawServer, tmp_path: Path) -> PartnerCenterClient:
    """Return a client whose total time is nearly over when its first request arrives, and over soon afterwards."""
    policy = RetryPolicy(tries=2, connect=DEADLINE_SECONDS, read=DEADLINE_SECONDS, total=DEADLINE_SECONDS)
    times = iter([DEADLINE_SECONDS - 0.1])
    clock = lambda: next(times, DEADLINE_SECONDS) if server.heads else 0.0  # noqa: E731
    return client_with(Http(policy, clock=clock), server, tmp_path)


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (JSON_HEAD + b"Content-Length: 999999\r\n\r\n", b" "),
        (JSON_HEAD + b"\r\n", b" "),
        (CHUNKED, b"1\r\n \r\n"),
    ],
    ids=["length", "no-length", "chunks"],
)
@pytest.mark.parametrize("pause", [0.02, 0.0])
def test_body_without_end_times_out_at_the_total_time(
    start: bytes, part: bytes, pause: float, serve: Serve, tmp_path: Path
) -> None:
    """Each read from the socket is in time, but all of them together are not."""
    server = serve(drip(start, part, pause=pause))
    with (
        client_near_its_deadline(server, tmp_path) as client,
        pytest.raises(errors.PartnerCenterNetworkError, match="timed out") as caught,
    ):
        next(client.pages())
    assert caught.value.attempt == 1


def test_refusal_is_reported_when_its_body_never_ends(serve: Serve, tmp_path: Path) -> None:
    server = serve(drip(b"HTTP/1.1 403 No\r\nContent-Length: 99999\r\n\r\n", b" "))
    with client_near_its_deadline(server, tmp_path) as client, pytest.raises(errors.PartnerCenterAuthError):
        next(client.pages())


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", CHUNKED, JSON_HEAD + b"\r\n{"])
def test_silence_times_out_five_times(start: bytes, serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    """A server that stops sending, before the head, within it or within the body, is tried five times."""

    def stop(connection: socket.socket) -> None:
        connection.sendall(start)
        time.sleep(DEADLINE_SECONDS)

    with client_of(serve(stop), tmp_path, clock, replace(DEFAULT_POLICY, read=0.05)) as client:
        with pytest.raises(errors.PartnerCenterNetworkError, match="after 5 tries: timed out") as caught:
            next(client.pages())
        assert (client.requests, caught.value.attempt) == (5, 5)


def test_waits_count_towards_the_total_time(serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    """A wait that would end after the total time is not begun."""
    server = serve(respond(429, {}, retry_after="50"))
    with (
        client_of(server, tmp_path, clock, replace(DEFAULT_POLICY, total=120)) as client,
        pytest.raises(errors.PartnerCenterRateLimitError) as caught,
    ):
        next(client.pages())
    assert (clock.waits, caught.value.attempt, caught.value.retry_after) == ([50, 50], 3, 50)


def test_refused_connection_is_tried_five_times(tmp_path: Path, clock: FakeClock, serve: Serve) -> None:
    server = serve(OK)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        server.url = f"https://localhost:{port}"
        refused = f"^localhost:{port} gave no response for .+ after 5 tries: the connection was refused.$"
        with (
            client_of(server, tmp_path, clock) as client,
            pytest.raises(errors.PartnerCenterNetworkError, match=refused),
        ):
            next(client.pages())
    assert len(clock.waits) == 4


def test_token_is_not_sent_when_the_certificate_is_untrusted(serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    """TLS is verified before a byte is sent, and there is no retry."""
    server = serve(OK, trusted=False)
    with (
        client_of(server, tmp_path, clock) as client,
        pytest.raises(errors.PartnerCenterNetworkError, match="not trusted") as caught,
    ):
        next(client.pages())
    assert "REQUESTS_CA_BUNDLE" in str(caught.value.hint)
    assert (server.heads, clock.waits) == ([], [])


def test_missing_ca_bundle_is_a_configuration_error(
    serve: Serve, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(OK)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    with client_of(server, tmp_path, clock) as client, pytest.raises(errors.ConfigurationError) as caught:
        next(client.pages())
    assert "REQUESTS_CA_BUNDLE" in str(caught.value.hint)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_never_followed(status: int, serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    target = serve(OK)
    server = serve(respond(status, b"", location=target.url.replace("localhost", "127.0.0.1")))
    with (
        client_of(server, tmp_path, clock) as client,
        pytest.raises(errors.PartnerCenterResponseError, match="redirect") as caught,
    ):
        next(client.pages())
    assert (caught.value.status_code, caught.value.request_id) == (status, REQUEST_ID)
    assert (len(server.heads), target.heads) == (1, [])


@pytest.mark.parametrize(
    "url", ["http://localhost:1/x", "ftp://localhost/x", "//localhost/x", "localhost", "http://[", ""]
)
def test_request_is_refused_when_its_address_is_not_https(url: str, http: Http) -> None:
    with pytest.raises(errors.ConfigurationError):
        http.send(ApiRequest("GET", url, "a test", token=SECRET))
    assert http.requests == 0


@pytest.mark.parametrize("url", ["https://", "https://[", "https://[::1"])
def test_malformed_address_is_a_configuration_error(url: str, http: Http, clock: FakeClock) -> None:
    with pytest.raises(errors.ConfigurationError, match="address"):
        http.send(ApiRequest("GET", url, "a test", token=SECRET))
    assert clock.waits == []


def test_netrc_neither_replaces_nor_adds_credentials(
    serve: Serve, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password hush\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(OK)
    read_items(server, tmp_path, clock)
    with Http() as http:
        http.send(ApiRequest("GET", server.url, "a test"))
    assert f"Authorization: Bearer {SECRET}" in server.heads[0]
    assert "authorization" not in server.heads[1].lower()


def test_cookies_are_not_kept(serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    server = serve(respond(500, {}, set_cookie="a=b; Path=/"), OK)
    read_items(server, tmp_path, clock)
    assert "cookie" not in server.heads[1].lower()


@contextmanager
def tunneling_proxy() -> Iterator[tuple[str, list[bytes]]]:
    """Run a proxy that connects to any host; yield its address and the bytes that pass through it."""
    seen: list[bytes] = []

    def copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while part := source.recv(65536):
                seen.append(part)
                target.sendall(part)
        except OSError:
            pass

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            seen.append(head := self.request.recv(65536))
            host, port = head.split()[1].decode().split(":")
            with socket.create_connection((host, int(port))) as upstream:
                self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                back = threading.Thread(target=copy, args=(upstream, self.request), daemon=True)
                back.start()
                copy(self.request, upstream)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://user:secret@127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()


def test_proxy_does_not_see_the_token(
    serve: Serve, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is read inside TLS: a proxy learns the host and the port only."""
    server = serve(OK)
    with tunneling_proxy() as (proxy, seen):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert read_items(server, tmp_path, clock) == PAGE["value"]
    passed = b"".join(seen)
    assert passed.startswith(b"CONNECT localhost:")
    assert SECRET.encode() not in passed
    assert b"Bearer" not in passed


def test_events_and_errors_hold_no_secrets(serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    """The message of an error body, the token, the query and the address of a request are not quoted."""
    body = {"error": {"code": "Sue Miller sue@fabrikam.com", "message": f"Sue Miller {SECRET}"}}
    server = serve(respond(500, body, request_id="sue@fabrikam.com"), respond(500, body), respond(400, body))
    with (
        capture_logs() as events,
        client_of(server, tmp_path, clock) as client,
        pytest.raises(errors.PartnerCenterClientError) as caught,
    ):
        next(client.pages(updated_since="2026-01-01T00:00:00Z"))
    error: BaseException | None = caught.value
    text = repr(events) + repr(caught.value.summary()) + str(caught.value.hint)
    while error is not None:
        text += repr(error)
        error = error.__cause__ or error.__context__
    assert not any(word in text for word in (SECRET, "Sue", "fabrikam", "filter", "2026-01-01", "localhost"))
    assert (caught.value.code, caught.value.status_code) == (None, 400)


def test_token_is_not_quoted_when_it_cannot_be_a_header(serve: Serve, http: Http) -> None:
    server = serve(OK)
    with pytest.raises(errors.ConfigurationError) as caught:
        http.send(ApiRequest("GET", server.url, "a test", token="secret\r\nX: y"))
    assert "secret" not in repr(caught.value)
    assert caught.value.__context__ is None


def test_closed_session_can_be_used_again(serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    client = client_of(serve(OK), tmp_path, clock)
    with client:
        assert len(list(client.pages())) == 1
    with client:
        assert len(list(client.pages(descending=True))) == 1
