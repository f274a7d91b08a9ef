"""Close connections whose client has vanished, or sends a request so slowly that it never ends."""

import asyncio
import socket
from typing import Any

from starlette.types import Message, Receive
from uvicorn.protocols.http.auto import AutoHTTPProtocol

# How long a client may take for the head of a request, and for each part of its body.
HEAD_SECONDS = 20.0
BODY_SECONDS = 20.0
# A connection without traffic is probed after this time; one whose client does not acknowledge for so long is closed.
_PROBE_SECONDS = 60
_SOCKET_OPTIONS = {
    "SO_KEEPALIVE": (socket.SOL_SOCKET, 1),
    "TCP_KEEPIDLE": (socket.IPPROTO_TCP, _PROBE_SECONDS),
    "TCP_KEEPINTVL": (socket.IPPROTO_TCP, 15),
    "TCP_KEEPCNT": (socket.IPPROTO_TCP, 4),
    "TCP_USER_TIMEOUT": (socket.IPPROTO_TCP, 1000 * _PROBE_SECONDS),
}


class BoundedProtocol(AutoHTTPProtocol):
    """
    Uvicorn's HTTP protocol with a deadline for the head of each request.

    Uvicorn's own deadline is for the pause between two requests, and ends with the first byte of the second.
    """

    # set by uvicorn's class, h11's or httptools'
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    cycle: Any
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the deadline of the first request."""
        super().connection_made(transport)
        accepted: socket.socket | None = transport.get_extra_info("socket")
        for name, (level, value) in _SOCKET_OPTIONS.items():
            if accepted is not None and accepted.family != socket.AF_UNIX and hasattr(socket, name):
                accepted.setsockopt(level, getattr(socket, name), value)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadline."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._close_if_waiting, self.cycle)

    def _close_if_waiting(self, last_request: Any) -> None:
        has_ended = last_request is None or last_request.response_complete
        if self.cycle is last_request and has_ended:
            self.transport.close()
        else:
            self._start_timer()


def with_body_deadline(receive: Receive) -> Receive:
    """Return `receive` that reports a disconnected client if a part of the body does not arrive in BODY_SECONDS."""
    is_complete = False

    async def receive_in_time() -> Message:
        nonlocal is_complete
        if is_complete:  # what comes now is the end of the connection, for which a long response waits
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), BODY_SECONDS)
        except TimeoutError:
            is_complete = True
            return {"type": "http.disconnect"}
        is_complete = not message.get("more_body", False)
        return message

    return receive_in_time
