"""
An HTTPS server on loopback that says exactly the bytes it is told to: what a well-behaved server cannot do.

Independent of the sandbox, so that no misreading is shared.
"""

import json
import re
import socketserver
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

Step = Callable[[ssl.SSLSocket], None]
FALLBACK_ID = "11111111-2222-3333-4444-555555555555"


def say(head: str, body: bytes = b"") -> Step:
    """Send a head (lines after the status line) and a body as they are, then close."""
    return lambda line: line.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)


def answer(status: int, body: bytes | str | object = b"", **headers: str) -> Step:
    """A complete answer; an object becomes JSON, `retry_after="3"` the header Retry-After."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body
    named = {
        "Content-Type": "application/json",
        "Content-Length": str(len(raw)),
        "Request-ID": FALLBACK_ID,
        "Connection": "close",
    }
    named |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    named = {("Request-ID" if name == "Request-Id" else name): value for name, value in named.items()}
    lines = "\n".join(f"{name}: {value}" for name, value in named.items())
    return say(f"HTTP/1.1 {status} Whatever\n{lines}", raw)


def drop(line: ssl.SSLSocket) -> None:
    """Close without a word."""


def _question(line: ssl.SSLSocket) -> str:
    """A request's head, its body read as well: closing over unread bytes would reset the connection."""
    said = b""
    while b"\r\n\r\n" not in said:
        part = line.recv(65536)
        if not part:
            return ""
        said += part
    head, _, body = said.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += line.recv(65536)
    return head.decode("latin-1")


class RawServer:
    """Answers the n-th request with the n-th step, the last one for ever; `heads` are the requests as they came."""

    def __init__(self, folder: Path, *steps: Step, trusted: bool = True) -> None:
        self.steps = list(steps)
        self.heads: list[str] = []
        self._lock = threading.Lock()
        authority, stranger = trustme.CA(), trustme.CA()
        self.ca_file = folder / "ca.pem"
        (authority if trusted else stranger).cert_pem.write_to_path(str(self.ca_file))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(self._context)
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                owner._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=True)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"https://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def _serve(self, raw: object) -> None:
        try:
            with self._context.wrap_socket(raw, server_side=True) as line:  # type: ignore[arg-type]
                head = _question(line)
                if not head:
                    return
                with self._lock:
                    step = self.steps[min(len(self.heads), len(self.steps) - 1)]
                    self.heads.append(head)
                step(line)
        except OSError:
            return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
