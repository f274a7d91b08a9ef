"""Run an HTTPS server on loopback that stops at once and can break its connections."""

import asyncio
import contextlib
import functools
import logging
import socket
import ssl
import struct
import sys
import threading
from pathlib import Path
from typing import Any, cast

import trustme
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

CA_FILE, CA_KEY_FILE = "sandbox-ca.pem", "sandbox-ca.key"
# Time for data to leave the machine before its connection is broken.
FLUSH_SECONDS = 0.02
_log = logging.getLogger("hunter_pipeline.sandbox.http_server")
_log.setLevel(logging.ERROR)


def issue_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """
    Return the file of a certificate authority, and a server context with a certificate for localhost from it.

    An authority in the folder is used again, so that clients still trust it after a restart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = folder / CA_FILE, folder / CA_KEY_FILE
    try:
        authority = trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    except (FileNotFoundError, ValueError):
        authority = trustme.CA(organization_name="Hunter sandbox")
        key.touch(mode=0o600)
        authority.private_key_pem.write_to_path(str(key))
        authority.cert_pem.write_to_path(str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return certificate, context


def listen(port: int) -> socket.socket:
    """Return a socket bound on loopback; port 0 takes a free one. Raises OSError if the port is taken."""
    # asyncio sets TCP_NODELAY only if the protocol is named; without it a response takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


class HttpsServer:
    """A server of an ASGI application, in a daemon thread until it is stopped."""

    def __init__(self, app: ASGIApp, listener: socket.socket, context: ssl.SSLContext) -> None:
        self._config = Config(
            app, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None, proxy_headers=False
        )
        self._config.load()
        self._listener = listener
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-server", daemon=True)

    def start(self) -> None:
        """Return when connections are accepted."""
        self._thread.start()
        self._listening.wait()

    def stop(self) -> None:
        """Abort all connections and free the port."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        finally:
            self._listening.set()

    async def _serve(self) -> None:
        state = ServerState()
        protocol = functools.partial(
            _AbortableProtocol, config=self._config, server_state=state, app_state={}, _loop=self._loop
        )
        server = await self._loop.create_server(protocol, sock=self._listener, ssl=self._context, backlog=512)
        self._listening.set()
        await self._stopped.wait()
        server.close()
        _abort_connections(server, self._loop)
        # uvicorn reports a request as failed if it is cancelled before it has seen that its client is gone.
        while state.connections:
            await asyncio.sleep(0)
            _abort_connections(server, self._loop)


def _abort_connections(server: asyncio.Server, loop: asyncio.AbstractEventLoop) -> None:
    """Abort all connections, including those in their TLS handshake."""
    if sys.version_info >= (3, 13):
        server.abort_clients()
    else:
        # Python 3.11 and 3.12 have no public way.
        for transport in list(cast("Any", loop)._transports.values()):
            transport.abort()


class _AbortableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 without its logs, which hands the connection's transport to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Set here because uvicorn's Config would change the loggers of the whole process.
        self.access_log = False
        self.logger = _log
        self.app = functools.partial(_with_transport, cast("ASGIApp", self.config.loaded_app), transport)


async def _with_transport(
    app: ASGIApp, transport: asyncio.Transport, scope: Scope, receive: Receive, send: Send
) -> None:
    scope["sandbox.transport"] = transport
    # A request is cancelled only when the sandbox stops, and a client may give up: neither is an error.
    with contextlib.suppress(asyncio.CancelledError, ClientDisconnect):
        await app(scope, receive, send)


def close_connection(scope: Scope) -> None:
    """Close the connection of a request after what was sent."""
    scope["sandbox.transport"].close()


async def abort_connection(scope: Scope, receive: Receive, *, reset: bool) -> None:
    """End the connection of a request without a response: by a TCP reset, or closed without the end of TLS."""
    transport: asyncio.Transport = scope["sandbox.transport"]
    connection = None
    with contextlib.suppress(AttributeError):  # asyncio's, where the client has closed the connection before
        connection = transport.get_extra_info("socket")
    if reset and connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    # uvicorn reports an application that returns without a response, unless it has seen that the client is gone.
    while (await receive())["type"] != "http.disconnect":
        pass


async def abort_within_body(scope: Scope, receive: Receive) -> None:
    """End the connection after a part of the body that was sent."""
    await asyncio.sleep(FLUSH_SECONDS)
    await abort_connection(scope, receive, reset=False)


async def abort_within_head(scope: Scope, receive: Receive, status: int) -> None:
    """Send the status line and half a header, then end the connection."""
    scope["sandbox.transport"].write(f"HTTP/1.1 {status} Status\r\nContent-Le".encode())
    await abort_within_body(scope, receive)
