"""
Provide the fixtures of all tests: a real PostgreSQL, a sandbox over HTTPS, a home with a signed-in account.

One embedded server serves the whole session; each test with `database_url` gets a database of its own on it.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from psycopg import sql

from hunter_pipeline import cli
from hunter_pipeline.config.environment import PREFIX
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.pipeline.sign_in import open_client
from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline_tests import free_ports, schedule, servers, watchdog
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import Installation, open_installation, sign_in

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

REFERRALS = 60
ROLES = ("hunter_owner", "hunter_pipeline", "hunter_reader")
SESSION = pytest.StashKey[watchdog.Session]()

# No deadline for an example: hypothesis would report a slow machine as an error.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")
hypothesis.settings.register_profile("few examples", max_examples=10)  # for `make test-fast`


def pytest_configure(config: pytest.Config) -> None:
    """Begin a session whose processes end with it; the workers of pytest-xdist belong to it."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]  # the machine's variables for another server
    # background jobs of a shell (`make test &`) ignore Ctrl-C, and the processes of the tests would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        config.stash[SESSION] = watchdog.start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the session; print a notice on the last line if there was no browser."""
    if (session := config.stash.get(SESSION, None)) is None:
        return
    session.end()
    reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    skipped: list[Any] = reporter.stats.get("skipped", []) if reporter else []
    if reporter and skipped:
        from hunter_pipeline_tests.web.browser import NO_BROWSER  # the import of playwright is slow

        if count := sum(NO_BROWSER in str(report.longrepr) for report in skipped):
            reporter.write_line(f"{count} test{' was' if count == 1 else 's were'} skipped. {NO_BROWSER}", yellow=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first."""
    schedule.sort_longest_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> schedule.ModuleScheduling:
    """Keep the tests of a module, and those that start a whole Dagster, on one worker."""
    return schedule.ModuleScheduling(config, log)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep HUNTER_* and DAGSTER_* variables of the machine and the checkout's .env away from tests."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith((PREFIX, "DAGSTER_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUNTER_HOME", str(tmp_path / "home"))
    yield
    for name in set(os.environ) - set(before):
        del os.environ[name]  # the product sets variables for Dagster


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[Server]:
    with servers.embedded_server() as server:
        yield server


@pytest.fixture(scope="session")
def own_server() -> Iterator[Server]:
    """Start a PostgreSQL of the machine with a role that owns two databases and has no other rights."""
    programs = servers.own_programs()
    if programs is None:
        pytest.skip(servers.NO_SERVER)
    with servers.own_server(programs) as server:
        yield server


@pytest.fixture(scope="session")
def server(embedded_server: Server) -> Server:
    """Return the embedded server; modules that run on both servers override this fixture with params."""
    return embedded_server


@pytest.fixture
def database_url(server: Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """
    Set HUNTER_DATABASE_URL to a new database, and drop it at the end with the one for Dagster.

    It has the newest schema for a test that uses `warehouse`, and is empty otherwise.
    """
    template = server.newest_schema if "warehouse" in request.fixturenames else "template1"
    name = f"test_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**12}"
    with server.database(name, template=template) as url:
        monkeypatch.setenv("HUNTER_DATABASE_URL", url)
        yield url


@pytest.fixture
def admin(database_url: str, server: Server) -> Iterator[str]:
    """Return an administrator's address of an empty database; roles of sql/roles.sql are dropped at the end."""
    name = urlsplit(database_url).path.strip("/")
    yield server.admin_address(name)
    for database in (name, f"{name}_dagster"):
        nothing_there = suppress(psycopg.OperationalError, psycopg.errors.UndefinedObject)
        with nothing_there, psycopg.connect(server.admin_address(database)) as there:
            for role in ROLES:
                there.execute(sql.SQL("drop owned by {} cascade").format(sql.Identifier(role)))
    with psycopg.connect(server.admin, autocommit=True) as connection:
        drop = sql.SQL("drop database if exists {} with (force)")
        connection.execute(drop.format(sql.Identifier(f"{name}_dagster")))
        connection.execute(sql.SQL("drop role if exists {}").format(sql.SQL(", ").join(map(sql.Identifier, ROLES))))


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    """Return a database with the newest schema and no referrals."""
    return Warehouse.from_settings(load_settings())


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[Connection]:
    """Open a connection to the warehouse."""
    with warehouse.connection() as connection:
        yield connection


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Start a small Partner Center whose data does not change, and point the environment to it."""
    with Sandbox(SandboxOptions(referrals=REFERRALS)) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        yield sandbox


@pytest.fixture
def settings(sandbox: Sandbox, database_url: str, tmp_path: Path) -> Settings:
    """Return the settings of a process with the sandbox and the test's database."""
    return load_settings()


@pytest.fixture
def client(settings: Settings) -> Iterator[PartnerCenterClient]:
    """Return a client that is signed in to the sandbox."""
    with open_client(settings) as client:
        client.sign_in.login_device_code(lambda *_: None)
        yield client


@pytest.fixture(scope="module")
def shared(server: Server, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Open a sandbox, with the module's SANDBOX as its options, and a database that the tests of the module share."""
    with open_installation(server, getattr(request.module, "SANDBOX", SandboxOptions(referrals=30))) as installation:
        yield installation


@pytest.fixture
def installation(shared: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return the shared installation with a signed-in account and empty tables, and set its environment."""
    for name, value in shared.environment.items():
        monkeypatch.setenv(name, value)
    sign_in(shared)
    shared.reset()
    return shared


@pytest.fixture
def write_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let answers be sent to Partner Center."""
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")


@pytest.fixture
def free_port() -> int:
    """Return a port of this machine on which no process listens."""
    return free_ports.free_port()


class Result(NamedTuple):
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


Hunter = Callable[..., Result]


@pytest.fixture
def hunter(capfd: pytest.CaptureFixture[str]) -> Iterator[Hunter]:
    """Return a function that runs a command in this process; undo what it changes in the environment."""
    before = dict(os.environ)

    def run(*arguments: str) -> Result:
        capfd.readouterr()
        code = cli.run(list(arguments))
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return Result(code, str(out), str(err))

    yield run
    os.environ.clear()
    os.environ.update(before)
