"""
The connection itself: recording, aborting and serving over TLS.

Belongs here: uvicorn's protocol with a handle on its transport, so that a connection can really be
dropped or cut, and a server that stops at once. Does not belong here: what is answered.
"""

import asyncio
import contextlib
import functools
import logging
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias, cast

from starlette.requests import ClientDisconnect
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

TRANSPORT = "sandbox.transport"
QUIET = logging.getLogger("hunter_pipeline.sandbox.wire")
QUIET.setLevel(logging.ERROR)

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, without its logs and with the transport in reach of the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hand the transport on with every request of this connection."""
        super().connection_made(transport)
        # Set here and not through uvicorn's Config, which would change the loggers of the whole process.
        self.access_log = False
        self.logger = QUIET
        self.app = functools.partial(_with_transport, cast(App, self.config.loaded_app), transport)


async def _with_transport(app: App, transport: asyncio.Transport, scope: Message, receive: Receive, send: Send) -> None:
    scope[TRANSPORT] = transport
    # Only the end of the sandbox cancels a request, and a client may give up: neither is anything to report.
    with contextlib.suppress(asyncio.CancelledError, ClientDisconnect):
        await app(scope, receive, send)


async def abort(scope: Message, receive: Receive, *, reset: bool) -> None:
    """End the connection under this request, with a TCP reset or a plain close without TLS goodbye."""
    transport: asyncio.Transport = scope[TRANSPORT]
    connection = transport.get_extra_info("socket")
    if reset and connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    # uvicorn minds an application that returns unanswered, unless it knows that the client is gone.
    while (await receive())["type"] != "http.disconnect":
        pass


async def cut_head(scope: Message, receive: Receive, status: int) -> None:
    """Say the status and half a header, then close."""
    scope[TRANSPORT].write(f"HTTP/1.1 {status} Whatever\r\nContent-Le".encode())
    await asyncio.sleep(0.02)  # what was written has to leave the machine before the line goes dead
    await abort(scope, receive, reset=False)


def listen(port: int) -> socket.socket:
    """A socket on loopback only; port 0 takes a free one."""
    # The protocol is named because asyncio sets TCP_NODELAY only where it is: without, every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


class ServerThread:
    """Serves an application over TLS in a daemon thread, until it is stopped."""

    def __init__(self, app: Any, listener: socket.socket, context: ssl.SSLContext) -> None:
        self._config = Config(
            app, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None, proxy_headers=False
        )
        self._listener = listener
        self._context = context
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sandbox-server", daemon=True)

    def start(self) -> None:
        """Return when connections are accepted; raises what kept that from happening."""
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Break off every connection and free the port."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for the start
            self._error = error
        finally:
            self._listener.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._config.load()
        state, loop, self._stop = ServerState(), asyncio.get_running_loop(), asyncio.Event()
        make = functools.partial(Protocol, config=self._config, server_state=state, app_state={}, _loop=loop)
        server = await loop.create_server(make, sock=self._listener, ssl=self._context, backlog=512)
        self._loop = loop
        self._ready.set()
        await self._stop.wait()
        server.close()
        await _break_off(state, loop)


async def _break_off(state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
    """A graceful TLS goodbye would wait for clients that keep idle connections: do without."""
    for connection in list(state.connections):
        connection.transport.abort()
    # Those still shaking hands are known to the event loop only.
    for transport in list(getattr(loop, "_transports", {}).values()):
        transport.abort()
    await _turns(5)  # each connection learns that it is lost, before its request is cancelled
    for task in list(state.tasks):
        task.cancel()
    await _turns(5)


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
