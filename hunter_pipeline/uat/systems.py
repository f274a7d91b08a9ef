"""
Which system is tested: the one that runs, or else one of our own that ends with the test.

What belongs here: finding it, starting it, describing it. What does not: what is asked of it (`steps.py`).
"""

import os
import platform
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import NamedTuple

from hunter_pipeline.config.environment import PREFIX
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError, HunterError
from hunter_pipeline.local import home_lock
from hunter_pipeline.local.home_lock import Urls
from hunter_pipeline.uat import commands
from hunter_pipeline.uat.clients import Api, Dagster
from hunter_pipeline.uat.temporary import TemporaryHome, temporary_home
from hunter_pipeline.warehouse import embedded, migrate, tables
from hunter_pipeline.warehouse.connection import Warehouse

REFERRALS = 60
INTERVAL_SECONDS = 5
START_SECONDS = 180
POLITE_SECONDS = 120


@dataclass(frozen=True)
class System:
    """
    A system under test.

    words:       what it is, for the report.
    environment: of a process that works with it.
    own:         its home and what ends its services, where the test has started it; None where it ran before.
    """

    words: str
    api: Api
    dagster: Dagster
    warehouse: Warehouse
    environment: Mapping[str, str]
    interval_seconds: int
    own_domains: tuple[str, ...] = ()
    own: "Own | None" = None

    @property
    def patience(self) -> float:
        """Seconds that a sync may go on after Ctrl-C: broken off, it would stand in somebody's records as failed."""
        return 0 if self.own else POLITE_SECONDS

    def described(self) -> dict[str, str]:
        """The head of the report; what cannot be found out is said to be so. No secrets."""
        return {
            "System": self.words,
            "API": self.api.url,
            "Dagster": self.dagster.url,
            "Cadence": f"{self.interval_seconds} seconds",
            "Database": self._database(),
            "Versions": versions(),
        }

    def _database(self) -> str:
        kind = "embedded" if self.own or self.warehouse.url is None else "HUNTER_DATABASE_URL"
        try:
            revision, newest = migrate.status(self.warehouse)
            with self.warehouse.connection() as connection:
                server = tables.server_version(connection)
        except HunterError as error:
            return f"{kind}: {error.message}"
        is_newest = "the newest" if revision == newest else f"the newest is {newest}"
        return f"{kind}, PostgreSQL {server}, schema revision {revision} ({is_newest})"


class Own(NamedTuple):
    """What the test has started itself."""

    home: TemporaryHome
    end: Callable[[], None]


def versions() -> str:
    """Of what this process runs with, e.g. 'hunter_pipeline 0.1.0, Dagster 1.13.27, Python 3.11.9'."""
    ours, dagster = version("hunter-pipeline"), version("dagster")
    return f"hunter_pipeline {ours}, Dagster {dagster}, Python {platform.python_version()}"


def find_running(settings: Settings) -> System | None:
    """
    This home's running system, or the one behind HUNTER_API_HOST and HUNTER_API_PORT; None where there is none.

    An API that answers there while neither a database is named nor this home's own runs is somebody else's.
    Raises: ConfigurationError where the system is just being started.
    """
    key = settings.api_key.get_secret_value() if settings.api_key else None
    if home_lock.is_held(settings):
        urls = home_lock.running_urls(settings)
        if urls is None:
            raise ConfigurationError(
                f"Another hunter command is at work in {settings.home}, and its services do not run yet.",
                hint="Try again in a minute.",
            )
        words = f"the one that runs in {settings.home}"
    else:
        has_database = settings.database_url is not None or embedded.running_pid(settings.home) is not None
        if not has_database or not Api(settings.api_url, key).is_there():
            return None
        urls = Urls(settings.dagster_url, settings.api_url)
        words = "the one that HUNTER_API_HOST, HUNTER_API_PORT, HUNTER_DAGSTER_URL and HUNTER_DATABASE_URL name"
    return System(
        words=words,
        api=Api(urls.desk, key),
        dagster=Dagster(urls.dagster),
        warehouse=Warehouse.from_settings(settings),
        environment=dict(os.environ),
        interval_seconds=settings.interval_seconds,
        own_domains=settings.own_domains,
    )


@contextmanager
def embedded_system(tell: Callable[[str], None], remnants: list[str]) -> Iterator[System]:
    """
    A system of our own: a temporary home, a sandbox, and `hunter up` on free ports, signed in.

    Raises: HunterError where it does not come up.
    """
    tell("Starting a system of our own")
    with temporary_home(REFERRALS, remnants) as home, ExitStack() as stack:
        urls = Urls(f"http://127.0.0.1:{_free_port()}", f"http://127.0.0.1:{_free_port()}")
        environment = {
            **home.environment,
            f"{PREFIX}DAGSTER_URL": urls.dagster,
            f"{PREFIX}API_PORT": urls.desk.rpartition(":")[2],
            f"{PREFIX}SYNC_INTERVAL_SECONDS": str(INTERVAL_SECONDS),
        }
        stack.enter_context(served(home, environment, "up", Api(urls.desk)))
        yield System(
            words="one of the test's own: a temporary home with a sandbox of Partner Center, removed at the end",
            api=Api(urls.desk),
            dagster=Dagster(urls.dagster),
            warehouse=home.warehouse,
            environment=environment,
            interval_seconds=INTERVAL_SECONDS,
            own=Own(home, stack.close),
        )


@contextmanager
def served(home: TemporaryHome, environment: Mapping[str, str], command: str, api: Api) -> Iterator[None]:
    """
    `hunter up` or `hunter serve` in a temporary home, answering; ended with the block.

    Raises: HunterError where it does not come up.
    """
    out, err = home.path / f"{command}.out", home.path / f"{command}.err"
    with out.open("w", encoding="utf-8") as to_out, err.open("w", encoding="utf-8") as to_err:
        process = commands.start(environment, command, out=to_out, err=to_err)
        try:
            until = time.monotonic() + START_SECONDS
            while not api.is_there() or (command == "up" and "Ctrl-C ends it." not in out.read_text(encoding="utf-8")):
                if process.poll() is not None or time.monotonic() > until:
                    ran = commands.Ran(process.poll() or 0, "", err.read_text(encoding="utf-8", errors="replace"))
                    raise HunterError(f"`hunter {command}` did not come up: {commands.first_error(ran)}")
                time.sleep(0.3)
            yield
        finally:
            commands.end(process)


def free_api(environment: Mapping[str, str]) -> tuple[Api, dict[str, str]]:
    """An API on a free port, and the environment of the process that is to serve it there."""
    port = _free_port()
    return Api(f"http://127.0.0.1:{port}"), {**environment, f"{PREFIX}API_PORT": str(port)}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
