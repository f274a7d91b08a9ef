"""What only a server that misbehaves byte by byte shows: cut-off bodies, drips, clocks, redirects, proxies."""

import email.utils
import gzip
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hunter_pipeline import errors
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.retry import PATIENT, asked_wait
from hunter_pipeline_tests.partner_center.conftest import SECRET, Waits, client_of
from hunter_pipeline_tests.partner_center.rawserver import FALLBACK_ID, RawServer, answer, drop, say

Serve = Callable[..., RawServer]
PAGE = {"value": [{"id": "1"}]}
OK = answer(200, PAGE)


def only_page(server: RawServer, tmp_path: Path, waits: Waits) -> list[object]:
    with client_of(server, tmp_path, waits) as client:
        return [item for page in client.pages() for item in page.items]


@pytest.mark.parametrize(
    "cut",
    [
        say("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 100", b'{"value": ['),
        say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Type: application/json", b'5\r\n{"val\r\n'),
        say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Type: application/json", b'ff\r\n{"val'),
        say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Type: application/json", b"no number\r\n"),
        say("HTTP/1.0 200 OK\nContent-Type: application/json", b'{"value": [{"id": "1"'),
        say("HTTP/1.1 200 OK\nContent-Length: 9\nContent-Encoding: gzip\nContent-Type: application/json", b"not gzip!"),
        say("HTTP/1.1 200 OK\nContent-Le"),
        say("nonsense"),
        lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nContent-Len"),
        drop,
    ],
    ids=["length", "chunked", "chunk", "chunk-size", "no-length", "gzip", "header", "no-http", "mid-header", "silent"],
)
def test_an_answer_that_stops_early_is_asked_for_again(
    cut: Callable[..., None], serve: Serve, tmp_path: Path, waits: Waits
) -> None:
    """However the end went missing, the page is asked for again, and comes."""
    server = serve(cut, cut, OK)
    assert only_page(server, tmp_path, waits) == PAGE["value"]
    assert (len(server.heads), len(waits.seconds)) == (3, 2)


@pytest.mark.parametrize(
    "whole",
    [
        say("HTTP/1.0 200 OK\nContent-Type: application/json", b' {"value": [{"id": "1"}]}\r\n'),
        say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b'4\r\n{"va\r\n14;x=y\r\nlue": [{"id": "1"}]}\r\n0\r\n\r\n'),
        answer(200, b'\xef\xbb\xbf{"value": [{"id": "1"}]}'),
        answer(200, PAGE, content_type="text/plain"),
    ],
    ids=["no-length", "chunked", "bom", "text"],
)
def test_an_answer_is_read_in_any_form(whole: Callable[..., None], serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """Delimited by its connection, in chunks, with a byte order mark or misnamed: one try."""
    server = serve(whole)
    assert only_page(server, tmp_path, waits) == PAGE["value"]
    assert len(server.heads) == 1


def test_an_answer_that_would_fill_the_memory_is_not_read(serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """A small answer that unpacks to hundreds of megabytes is given up, at once and in one sentence."""
    packed = gzip.compress(bytes(1 << 20)) * 250
    head = f"HTTP/1.1 200 OK\nContent-Length: {len(packed)}\nContent-Encoding: gzip\nContent-Type: application/json"
    server = serve(say(head, packed))
    with pytest.raises(errors.PartnerCenterResponseError, match="larger than 200 MB"):
        only_page(server, tmp_path, waits)
    assert (len(server.heads), waits.seconds) == (1, [])


def http_date(seconds: float) -> str:
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


@pytest.mark.parametrize("status", [429, 503, 509])
def test_retry_after_can_be_a_date(status: int, serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """An HTTP date is waited for, to the second."""
    only_page(serve(answer(status, {}, retry_after=http_date(20)), OK), tmp_path, waits)
    assert 18 <= waits.seconds[0] <= 20


@pytest.mark.parametrize(
    "absurd", ["-5", "0", "soon", "", "1.5", "9" * 5000, "1, 2", "\u00b2", "Wed, 99 Foo 2026 99:99:99 GMT"]
)
def test_an_absurd_retry_after_is_replaced_by_backoff(absurd: str, serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """Negative, zero, garbled or endless: our own growing waits, capped."""
    only_page(serve(answer(429, {}, retry_after=absurd), answer(429, {}, retry_after=absurd), OK), tmp_path, waits)
    assert 1 <= waits.seconds[0] <= 1.5
    assert 2 <= waits.seconds[1] <= 3


def test_a_past_date_is_no_wish() -> None:
    """A date gone by, on either side's clock, asks for nothing."""
    assert asked_wait(http_date(-100)) is None
    assert asked_wait("99999999") == 6 * 3600


def test_a_body_that_drips_is_bounded(serve: Serve, tmp_path: Path) -> None:
    """A byte now and then never times out by itself; the total time ends it."""

    def drip(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            line.sendall(b" ")
            time.sleep(0.01)

    server = serve(drip)
    with closing(client_of(server, tmp_path, Waits(), replace(PATIENT, total=0.3))) as client:
        client.http._sleep, client.http._clock = time.sleep, time.monotonic
        with pytest.raises(errors.PartnerCenterNetworkError, match="timed out"):
            next(client.pages())


def test_silence_times_out_five_times(serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """A server that takes the question and never answers is tried five times."""
    server = serve(lambda _line: time.sleep(1))
    with client_of(server, tmp_path, waits, replace(PATIENT, read=0.05)) as client:
        with pytest.raises(errors.PartnerCenterNetworkError, match="after 5 tries: timed out") as caught:
            next(client.pages())
        assert (client.requests, caught.value.attempt) == (5, 5)


def test_waits_count_towards_the_total(serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """A wait that would end after the total time is not begun."""
    server = serve(answer(429, {}, retry_after="50"))
    with (
        client_of(server, tmp_path, waits, replace(PATIENT, total=120)) as client,
        pytest.raises(errors.PartnerCenterRateLimitError) as caught,
    ):
        next(client.pages())
    assert (waits.seconds, caught.value.attempt, caught.value.retry_after) == ([50, 50], 3, 50)


def test_nobody_listens(tmp_path: Path, waits: Waits, serve: Serve) -> None:
    """A refused connection is tried five times and named."""
    server = serve(OK)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server.url = f"https://localhost:{free.getsockname()[1]}"
        with (
            client_of(server, tmp_path, waits) as client,
            pytest.raises(errors.PartnerCenterNetworkError, match="connection was refused"),
        ):
            next(client.pages())
    assert len(waits.seconds) == 4


def test_an_untrusted_certificate_gets_no_token(serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """TLS is verified before a byte is sent; trying again would be in vain."""
    server = serve(OK, trusted=False)
    with (
        client_of(server, tmp_path, waits) as client,
        pytest.raises(errors.PartnerCenterNetworkError, match="not trusted") as caught,
    ):
        next(client.pages())
    assert "REQUESTS_CA_BUNDLE" in str(caught.value.hint)
    assert (server.heads, waits.seconds) == ([], [])


def test_a_missing_bundle_is_a_setting(
    serve: Serve, tmp_path: Path, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE that points nowhere is named, once."""
    server = serve(OK)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    with client_of(server, tmp_path, waits) as client, pytest.raises(errors.ConfigurationError) as caught:
        next(client.pages())
    assert "REQUESTS_CA_BUNDLE" in str(caught.value.hint)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(status: int, serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """The token stays, whether the redirect leads to http, to another host or back to itself."""
    elsewhere = serve(OK)
    here = serve(answer(status, b"", location=elsewhere.url.replace("localhost", "127.0.0.1")))
    with (
        client_of(here, tmp_path, waits) as client,
        pytest.raises(errors.PartnerCenterResponseError, match="redirect") as caught,
    ):
        next(client.pages())
    assert (caught.value.status_code, caught.value.request_id) == (status, FALLBACK_ID)
    assert (len(here.heads), elsewhere.heads) == (1, [])


@pytest.mark.parametrize(
    "url", ["http://localhost:1/x", "ftp://localhost/x", "//localhost/x", "localhost", "http://[", ""]
)
def test_nothing_is_sent_over_anything_but_https(url: str, http: Http) -> None:
    """An address that is not https is refused before a connection is made."""
    with pytest.raises(errors.ConfigurationError):
        http.request("GET", url, where="a test", token=SECRET)
    assert http.requests == 0


def test_the_token_survives_netrc(serve: Serve, tmp_path: Path, waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    """~/.netrc neither replaces the bearer token nor adds a password where there is no token."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password hush\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(OK)
    only_page(server, tmp_path, waits)
    with Http() as http:
        http.request("GET", server.url, where="a test")
    assert f"Authorization: Bearer {SECRET}" in server.heads[0]
    assert "authorization" not in server.heads[1].lower()


def test_no_cookie_is_kept(serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """A cookie of one answer is not in the next request."""
    server = serve(answer(500, {}, set_cookie="a=b; Path=/"), OK)
    only_page(server, tmp_path, waits)
    assert "cookie" not in server.heads[1].lower()


@contextmanager
def tunnel() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that connects to wherever it is asked, and keeps what it saw."""
    seen: list[bytes] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
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
            with socket.create_connection((host, int(port))) as far:
                self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                back = threading.Thread(target=pump, args=(far, self.request), daemon=True)
                back.start()
                pump(self.request, far)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://user:secret@127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()


def test_a_proxy_never_sees_the_token(
    serve: Serve, tmp_path: Path, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a proxy the page is read inside TLS: it learns host and port only."""
    server = serve(OK)
    with tunnel() as (proxy, seen):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert only_page(server, tmp_path, waits) == PAGE["value"]
    said = b"".join(seen)
    assert said.startswith(b"CONNECT localhost:")
    assert SECRET.encode() not in said
    assert b"Bearer" not in said


def test_events_and_errors_tell_no_secret(serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """Neither the message of an error body nor token, query or address of a request is quoted anywhere."""
    body = {"error": {"code": "Sue Miller sue@fabrikam.com", "message": f"Sue Miller {SECRET}"}}
    server = serve(answer(500, body, request_id="sue@fabrikam.com"), answer(500, body), answer(400, body))
    with (
        capture_logs() as events,
        client_of(server, tmp_path, waits) as client,
        pytest.raises(errors.PartnerCenterClientError) as caught,
    ):
        next(client.pages(updated_since="2026-01-01T00:00:00Z"))
    error: BaseException | None = caught.value
    said = repr(events) + repr(caught.value.summary()) + str(caught.value.hint)
    while error is not None:
        said += repr(error)
        error = error.__cause__ or error.__context__
    assert not any(word in said for word in (SECRET, "Sue", "fabrikam", "filter", "2026-01-01", "localhost"))
    assert (caught.value.code, caught.value.status_code) == (None, 400)


def test_a_token_that_is_no_header_is_not_quoted(serve: Serve, http: Http) -> None:
    """A token with a line break cannot be sent, and the error does not show it."""
    server = serve(OK)
    with pytest.raises(errors.ConfigurationError) as caught:
        http.request("GET", server.url, where="a test", token="secret\r\nX: y")
    assert "secret" not in repr(caught.value)
    assert caught.value.__context__ is None


def test_requests_are_as_documented(serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """Query in OData's encoding, the documented headers, a new id per call, the nextLink's query verbatim."""
    link = "http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=%2bRID%3a~a+b/c%3D%3d&$x='1'"
    server = serve(answer(200, {"value": [], "@odata.nextLink": link}), OK)
    with client_of(server, tmp_path, waits) as client:
        list(client.pages(updated_since="2026-01-30T12:00:00.1234567Z", direction="Incoming", page_size=50))
    first, second = server.heads
    assert first.splitlines()[0] == (
        "GET /v1.0/engagements/referrals?$filter=direction%20eq%20'Incoming'%20and%20updatedDateTime%20ge%20"
        "2026-01-30T12:00:00.1234567Z&$orderby=updatedDateTime%20asc&$top=50 HTTP/1.1"
    )
    assert second.splitlines()[0] == (
        "GET /v1.0/engagements/referrals?$skiptoken=%2BRID%3A~a+b/c%3D%3D&$x='1' HTTP/1.1"
    )
    ids = [
        line.split()[1] for head in server.heads for line in head.splitlines() if line.startswith("client-request-id")
    ]
    assert len(set(ids)) == 2
    assert "Accept: application/json" in first


def test_a_closed_client_can_be_opened_again(serve: Serve, tmp_path: Path, waits: Waits) -> None:
    """A context manager that leaves no socket behind."""
    client: PartnerCenterClient = client_of(serve(OK), tmp_path, waits)
    with client:
        assert len(list(client.pages())) == 1
    with client:
        assert len(list(client.pages(descending=True))) == 1
