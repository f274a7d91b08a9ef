"""
Manage the lease that lets one sync run at a time: a row with an owner and a heartbeat.

Unlike a session's advisory lock, a row also works behind poolers that change the server connection between
transactions.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import psutil

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse.connection import Connection, Row, Warehouse, execute, fetch_one, fetch_value

# Seconds without a heartbeat after which another sync may take over the lease.
EXPIRES_SECONDS = 90.0
# Seconds between two heartbeats.
HEARTBEAT_SECONDS = 15.0
_POLL_SECONDS = 1.0


def this_process() -> str:
    """Return the name of this process: host, process id and start time, since process ids are reused."""
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def is_dead(process: str) -> bool:
    """Return whether a name from `this_process` belongs to a process of this machine that has ended."""
    host, pid, started = [*process.rsplit("/", 2), "", ""][:3]
    if host != socket.gethostname():
        return False
    with contextlib.suppress(psutil.Error, ValueError):
        found = psutil.Process(int(pid))
        return found.status() == psutil.STATUS_ZOMBIE or f"{found.create_time():.2f}" != started
    return True


class Lease:
    """The lease of one owner: a run id, or the name of a command that keeps syncs out."""

    def __init__(self, warehouse: Warehouse, owner: str) -> None:
        self.owner = owner
        self._warehouse = warehouse
        self._stopping = threading.Event()
        self._heartbeat: threading.Thread | None = None

    def acquire(self, connection: Connection) -> bool:
        """Acquire the lease and start its heartbeat; return False if a living owner holds it."""
        found = _holder(connection)
        dead = found["process"] if found and is_dead(found["process"]) else None
        taken = fetch_value(
            connection,
            "acquire_lease",
            owner=self.owner,
            process=this_process(),
            expires_after=EXPIRES_SECONDS,
            dead_process=dead,
        )
        connection.commit()
        if taken != self.owner:
            return False
        self._heartbeat = threading.Thread(target=self._keep_alive, name="sync lease", daemon=True)
        self._heartbeat.start()
        return True

    def wait(self, connection: Connection, seconds: float, on_wait: Callable[[], None]) -> bool:
        """Acquire the lease when it is free; call `on_wait` once before waiting; return False after `seconds`."""
        if self.acquire(connection):
            return True
        on_wait()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
            if self.acquire(connection):
                return True
        return False

    def release(self, connection: Connection) -> None:
        """Release the lease."""
        self._stopping.set()
        if self._heartbeat is not None:
            self._heartbeat.join()
            self._heartbeat = None
        execute(connection, "release_lease", owner=self.owner)
        connection.commit()

    def _keep_alive(self) -> None:
        """Renew the lease until it is released; if the database is unavailable, try again at the next heartbeat."""
        while not self._stopping.wait(HEARTBEAT_SECONDS):
            try:
                with self._warehouse.connection() as connection:
                    renew(connection, self.owner)
            except DatabaseError as error:
                log.warning("sync_heartbeat_failed", error=error.message)


@contextmanager
def held(
    warehouse: Warehouse, owner: str, *, seconds: float, on_wait: Callable[[], None] = lambda: None
) -> Generator[None]:
    """
    Keep syncs out during the block: wait for a running one, and hold the lease.

    Raises: DatabaseError if the running sync does not end in time.
    """
    lease = Lease(warehouse, owner)
    with warehouse.connection() as connection:
        if not lease.wait(connection, seconds, on_wait):
            raise DatabaseError(
                f"A sync has been running for more than {seconds:.0f} seconds.",
                hint="Wait until it ends or stop it, then run the command again.",
            )
    try:
        yield
    finally:
        with warehouse.connection() as connection:
            lease.release(connection)


def holder(connection: Connection) -> str | None:
    """Return the owner of the lease, or None if it is free."""
    found = _holder(connection)
    return found["owner"] if found and found["is_fresh"] and not is_dead(found["process"]) else None


def renew(connection: Connection, owner: str) -> bool:
    """Renew the heartbeat of the owner; return False if it has lost the lease."""
    return execute(connection, "renew_lease", owner=owner) == 1


def _holder(connection: Connection) -> Row | None:
    return fetch_one(connection, "lease_holder", expires_after=EXPIRES_SECONDS)
