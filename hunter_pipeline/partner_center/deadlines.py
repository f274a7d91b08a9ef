"""
Connections that are broken off when their time is up, however slowly the far side drips its bytes.

What belongs here: how a connection is broken off. What does not: how long anything may take (retry.py). A socket's
own time-out begins anew with every byte, so a server that sends one now and then would hold a sync for ever.
"""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPSConnection


@contextmanager
def broken_off_after(seconds: float, break_off: Callable[[], object]) -> Generator[None]:
    """
    Call `break_off` from another thread when the block takes longer.

    Raises: TimeoutError then, instead of whatever the broken connection made the block raise or return.
    """
    is_over = threading.Event()

    def end() -> None:
        is_over.set()
        with suppress(OSError, RuntimeError):  # it has just ended by itself
            break_off()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if not is_over.is_set():
            raise
    finally:
        timer.cancel()
    if is_over.is_set():
        raise TimeoutError


class _Connection(HTTPSConnection):
    """A proxy's answer and an answer's head have to be whole within the time-out that each byte has."""

    def _tunnel(self) -> None:
        with self._in_time():
            super()._tunnel()  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]

    def getresponse(self) -> HTTPResponse:
        line, response = self.sock, None
        try:
            with self._in_time():
                response = super().getresponse()
        except TimeoutError:
            if response is not None:  # a head that was broken off can look like one that has ended
                response.close()
            raise
        # `response.shutdown()` closes one direction only, and a server that goes on sending would not be stopped
        response._sock_shutdown = partial(_cut, line)  # pyright: ignore[reportPrivateUsage]
        return response

    @contextmanager
    def _in_time(self) -> Generator[None]:
        line = self.sock
        with broken_off_after(float(self.timeout or 0), partial(_cut, line)):
            yield


def _cut(line: Any, _how: int = socket.SHUT_RDWR) -> None:
    """End both directions; SSLSocket's own `shutdown` would take its decryption away from the thread that reads."""
    socket.socket.shutdown(line, socket.SHUT_RDWR)


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]


class PunctualAdapter(HTTPAdapter):
    """Makes such connections, directly and through a proxy."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Requests calls it to make its pools."""
        super().init_poolmanager(*arguments, **options)
        _use_ours(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> ProxyManager:
        """Requests calls it to make a proxy's pools."""
        manager = super().proxy_manager_for(proxy, **options)
        if type(manager) is ProxyManager:  # a SOCKS proxy has connections of its own kind
            _use_ours(manager)
        return manager


def _use_ours(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"https": _Pool}
