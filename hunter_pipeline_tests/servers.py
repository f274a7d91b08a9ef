"""
Start the PostgreSQL servers of the tests: the embedded one, and one of the machine if it is installed.

The embedded server belongs to its user, who has all rights. On the machine's server a role owns the two databases of
a test and has no other rights, as on a server with a separate administrator.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from hunter_pipeline.warehouse import embedded, migrate
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until

# Fixtures for `@pytest.fixture(scope="session", params=SERVERS)`: tests that run on both.
SERVERS = ("embedded_server", pytest.param("own_server", marks=pytest.mark.slow))
OLDEST = 15
NO_SERVER = f"no PostgreSQL {OLDEST} or newer is installed on this machine (Debian: apt-get install postgresql-15)"
_OWNER = "hunter_tests"
_PROGRAMS = (
    *("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"),
    *("/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"),
)


@dataclass(frozen=True)
class Server:
    """
    A running server.

    home:  HUNTER_HOME of the embedded server; for another one a folder without a server.
    admin: the superuser's address of the database postgres.
    owner: role that owns the tests' databases; the superuser if None.
    """

    home: Path
    admin: str
    owner: str | None = None

    def admin_address(self, database: str) -> str:
        """Return the superuser's address of a database."""
        return urlsplit(self.admin)._replace(path=f"/{database}").geturl()

    def address(self, database: str) -> str:
        """Return the address of a test's database."""
        address = self.admin_address(database)
        return address if self.owner is None else address.replace("//postgres:@", f"//{self.owner}:@")

    @contextmanager
    def database(self, name: str, *, template: str = "template1") -> Iterator[str]:
        """Yield the address of a new database; drop it at the end, with the one for Dagster."""
        self._create(name, template)
        if self.owner is not None:
            self._create(f"{name}_dagster", "template1")
        try:
            yield self.address(name)
        finally:
            for database in (name, f"{name}_dagster"):
                self._run("drop database if exists {} with (force)", database)

    @cached_property
    def newest_schema(self) -> str:
        """The name of a database with the newest schema, a template for others: copying takes a tenth of upgrading."""
        self._create("newest_schema", "template1")
        migrate.upgrade(Warehouse(self.address("newest_schema"), self.home))
        return "newest_schema"

    def _create(self, name: str, template: str) -> None:
        copy = "create database {} owner {} template {} strategy file_copy"
        self._run(copy, name, self.owner or "postgres", template)
        if template != "template1":
            self._run("alter database {} set jit = off", name)  # a copy lacks what migration 0009 sets

    def _run(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def embedded_server() -> Iterator[Server]:
    """Run an embedded server in a short path, because a socket's path has a limit."""
    home = Path(tempfile.mkdtemp(prefix="server-"))
    embedded.start(home)
    server = Server(home, embedded.address(home, "postgres") or "")
    with psycopg.connect(server.admin, autocommit=True) as connection:
        connection.execute("alter system set fsync = off")  # data of a test need not survive a crash of the machine
        connection.execute("select pg_reload_conf()")
    try:
        yield server
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def own_server(programs: Path) -> Iterator[Server]:
    """Run a cluster with the machine's programs, and a role that is no superuser and may create nothing."""
    folder = Path(tempfile.mkdtemp(prefix="own-"))
    account = _server_account()
    if account is not None:
        shutil.chown(folder, account)
        folder.parent.chmod(0o711)
    _run_as(account, programs / "initdb", "--pgdata", folder / "data", "--username=postgres", "--auth=trust",
            "--encoding=UTF8", "--locale=C", "--no-sync")  # fmt: skip
    command = [programs / "postgres", "-D", folder / "data", "-k", folder, "-p", "5432"]
    for option in ("listen_addresses=", "unix_socket_permissions=0700", "fsync=off"):
        command += ["-c", option]
    log = folder.parent / f"{folder.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, user=account, cwd="/", stdout=output, stderr=output)
    server = Server(folder, f"postgresql://postgres:@/postgres?host={folder}&port=5432", _OWNER)
    try:
        wait_until(lambda: process.poll() is not None or _takes_connections(server.admin), explain=log.read_text)
        assert process.poll() is None, log.read_text()
        with psycopg.connect(server.admin) as connection:
            connection.execute(sql.SQL("create role {} login").format(sql.Identifier(_OWNER)))
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(DEADLINE_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def own_programs() -> Path | None:
    """Return the folder of the machine's oldest supported PostgreSQL, or None if there is none."""
    folders = [path for pattern in _PROGRAMS for path in Path("/").glob(pattern.removeprefix("/"))]
    if (pg_config := shutil.which("pg_config")) is not None:
        output = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(output.stdout.strip()))
    versions = {folder: _version(folder) for folder in folders if (folder / "initdb").exists()}
    fitting = [folder for folder, version in versions.items() if version >= OLDEST]
    return min(fitting, key=lambda folder: versions[folder], default=None)


def _version(programs: Path) -> int:
    output = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\) (\d+)", output.stdout)
    return int(found[1]) if found else 0


def _server_account() -> str | None:
    """Return the user of a server that root starts, because PostgreSQL refuses to run as root."""
    for name in ("postgres", "pgserver", "nobody") if os.geteuid() == 0 else ():
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


def _run_as(account: str | None, *command: object) -> None:
    done = subprocess.run([str(word) for word in command], user=account, cwd="/", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def _takes_connections(address: str) -> bool:
    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError:
        return False
    return True
