"""
An HTTPS server on loopback that sends exactly the bytes of its steps.

Independent of the sandbox, so that a misreading of the protocol is not shared.
"""

import json
import re
import socketserver
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

import trustme

Step = Callable[[ssl.SSLSocket], None]
REQUEST_ID = "11111111-2222-3333-4444-555555555555"


def send(head: str, body: bytes = b"") -> Step:
    """Return a step that sends a head (its lines separated by newlines) and a body as they are, then closes."""
    return lambda connection: connection.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)


def respond(status: int, body: bytes | str | object = b"", **headers: str) -> Step:
    """Return a step that sends a complete response; an object becomes JSON, `retry_after="3"` a Retry-After header."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(raw)),
        "Request-ID": REQUEST_ID,
        "Connection": "close",
    }
    fields |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    fields = {("Request-ID" if name == "Request-Id" else name): value for name, value in fields.items()}
    lines = "\n".join(f"{name}: {value}" for name, value in fields.items())
    return send(f"HTTP/1.1 {status} Whatever\n{lines}", raw)


def drop(connection: ssl.SSLSocket) -> None:
    """Close without a response."""


def _read_request(connection: ssl.SSLSocket) -> str:
    """Return a request's head, and read its body: closing over unread bytes would reset the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return ""
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head.decode("latin-1")


class RawServer:
    """
    Answers the n-th request with the n-th step, and every later one with the last.

    Attributes:
        heads: the heads of the requests, as received.
        ca_file: the certificate authority to trust; with `trusted=False` that of another server.
    """

    def __init__(self, folder: Path, *steps: Step, trusted: bool = True) -> None:
        self.steps = list(steps)
        self.heads: list[str] = []
        self._lock = threading.Lock()
        authority, foreign_authority = trustme.CA(), trustme.CA()
        self.ca_file = folder / "ca.pem"
        (authority if trusted else foreign_authority).cert_pem.write_to_path(str(self.ca_file))
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
            with self._context.wrap_socket(raw, server_side=True) as connection:  # type: ignore[arg-type]
                head = _read_request(connection)
                if not head:
                    return
                with self._lock:
                    step = self.steps[min(len(self.heads), len(self.steps) - 1)]
                    self.heads.append(head)
                step(connection)
        except OSError:
            return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
