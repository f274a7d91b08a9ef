"""Find or start the system under test, create the isolated environment for faults, and define what the steps share."""

import contextlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import psutil

from hunter_pipeline.config.environment import DEMO_VARIABLE, PREFIX
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError, DatabaseError, HunterError
from hunter_pipeline.local import processes
from hunter_pipeline.local.processes import Urls
from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline.uat import clients
from hunter_pipeline.uat.clients import ApiClient, GraphqlClient, SyncCommandResult
from hunter_pipeline.warehouse import embedded, migrate, tables
from hunter_pipeline.warehouse.connection import Warehouse

OWN_SYSTEM_REFERRALS = 60
OWN_SYSTEM_INTERVAL_SECONDS = 15
ISOLATED_REFERRALS = 20
# Seconds that a sync in a running system may continue after Ctrl-C: ended at once, it would be recorded as failed.
GRACE_SECONDS = 120


class Evidence(NamedTuple):
    """
    One observation, described so that the sentence is right whether `ok` is true or false.

    Shape: Evidence(False, "hunter sync ended with exit code 5 (expected: 0)")
    """

    ok: bool
    text: str


@dataclass(frozen=True)
class IsolatedEnvironment:
    """A temporary HUNTER_HOME with a sandbox to which an account is signed in."""

    home: Path
    sandbox: Sandbox

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment of its processes, without this machine's settings, `.env` and database."""
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith((PREFIX, "DAGSTER_"))}
        temporary = self.home / "t"
        temporary.mkdir(exist_ok=True)
        own = {
            f"{PREFIX}HOME": str(self.home),
            DEMO_VARIABLE: str(os.getpid()),
            "TMPDIR": str(temporary),  # temporary files of Dagster's processes are removed with the home
        }
        return {**kept, **self.sandbox.environment(), **own}

    @property
    def warehouse(self) -> Warehouse:
        """
        Return the embedded database that the processes have started.

        Raises: DatabaseError if it does not run.
        """
        address = embedded.address(self.home)
        if address is None:
            raise DatabaseError("The embedded PostgreSQL of the isolated environment does not run.")
        return Warehouse(address, self.home)


@contextmanager
def isolated_environment(referrals: int, left_behind: list[str]) -> Iterator[IsolatedEnvironment]:
    """
    Create an isolated environment, and remove it with its processes after the block.

    referrals:   how many the sandbox has; none of them changes by itself.
    left_behind: gets what could not be removed.
    Raises: HunterError.
    """
    home = Path(tempfile.mkdtemp(prefix="hunter-uat-"))  # short, because the path of a socket has a limit
    try:
        with Sandbox(SandboxOptions(referrals=referrals, certificate_dir=home)) as sandbox:
            environment = IsolatedEnvironment(home, sandbox)
            result = clients.run_command(environment.variables, "auth", "login")
            if result.code != 0:
                raise HunterError(f"Signing in to the sandbox failed: {result.error()}")
            yield environment
    finally:
        left_behind += _remove_home(home)


def _remove_home(home: Path) -> list[str]:
    """End all processes of a home and delete it; return what could not be removed."""
    with contextlib.suppress(HunterError):
        embedded.stop(home)
    running = _processes_of(home)
    for process in running:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(running, timeout=10)
    shutil.rmtree(home, ignore_errors=True)
    alive = [f"process {process.pid}" for process in _processes_of(home)]
    return alive + ([f"folder {home}"] if home.exists() else [])


def _processes_of(home: Path) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(f"{PREFIX}HOME") == str(home):
                found.append(process)
    return found


@dataclass(frozen=True)
class System:
    """
    A system under test.

    description: what it is, for the report.
    variables:   the environment of a process that works with it.
    own:         the isolated environment of a system that the test has started; None if it ran before.
    stop:        ends the services of such a system.
    """

    description: str
    api: ApiClient
    dagster: GraphqlClient
    warehouse: Warehouse
    variables: Mapping[str, str]
    interval_seconds: int
    own_domains: tuple[str, ...] = ()
    own: IsolatedEnvironment | None = None
    stop: Callable[[], None] = lambda: None

    @property
    def grace_seconds(self) -> float:
        """Return how long a sync may continue after Ctrl-C."""
        return 0 if self.own else GRACE_SECONDS

    def describe(self) -> dict[str, str]:
        """Return the head of the report, without secrets."""
        ours, dagster = version("hunter-pipeline"), version("dagster")
        return {
            "System": self.description,
            "API": self.api.url,
            "Dagster": self.dagster.url,
            "Cadence": f"{self.interval_seconds} seconds",
            "Database": self._describe_database(),
            "Versions": f"hunter_pipeline {ours}, Dagster {dagster}, Python {platform.python_version()}",
        }

    def _describe_database(self) -> str:
        server = "embedded" if self.own or self.warehouse.url is None else "HUNTER_DATABASE_URL"
        try:
            revision, newest = migrate.status(self.warehouse)
            with self.warehouse.connection() as connection:
                postgresql = tables.server_version(connection)
        except HunterError as error:
            return f"{server}: {error.message}"
        is_newest = "the newest" if revision == newest else f"the newest is {newest}"
        return f"{server}, PostgreSQL {postgresql}, schema revision {revision} ({is_newest})"


def find_running_system(settings: Settings) -> System | None:
    """
    Return the system that runs in this home, or else the one at HUNTER_API_HOST and HUNTER_API_PORT; None if none runs.

    An API that responds there belongs to another installation if neither a database is configured nor this home's runs.
    Raises: ConfigurationError if the system of this home is still starting.
    """
    key = settings.api_key.get_secret_value() if settings.api_key else None
    if processes.is_home_locked(settings):
        urls = processes.recorded_urls(settings)
        if urls is None:
            raise ConfigurationError(
                f"Another hunter command uses {settings.home}, and its services do not run yet.",
                hint="Try again in a minute.",
            )
        description = f"the one that runs in {settings.home}"
    else:
        has_database = settings.database_url is not None or embedded.running_pid(settings.home) is not None
        if not has_database or not ApiClient(settings.api_url, key).is_hunter():
            return None
        urls = Urls(settings.dagster_url, settings.api_url)
        description = "the one that HUNTER_API_HOST, HUNTER_API_PORT, HUNTER_DAGSTER_URL and HUNTER_DATABASE_URL name"
    return System(
        description=description,
        api=ApiClient(urls.desk, key),
        dagster=GraphqlClient(urls.dagster),
        warehouse=Warehouse.from_settings(settings),
        variables=dict(os.environ),
        interval_seconds=settings.interval_seconds,
        own_domains=settings.own_domains,
    )


@contextmanager
def own_system(show: Callable[[str], None], left_behind: list[str]) -> Iterator[System]:
    """
    Run `hunter up` on free ports in an isolated environment.

    Raises: HunterError if it does not start.
    """
    show("Starting a system for the test")
    with isolated_environment(OWN_SYSTEM_REFERRALS, left_behind) as environment, ExitStack() as stack:
        dagster = GraphqlClient(f"http://127.0.0.1:{clients.free_port()}")
        variables = {
            **environment.variables,
            f"{PREFIX}DAGSTER_URL": dagster.url,
            f"{PREFIX}SYNC_INTERVAL_SECONDS": str(OWN_SYSTEM_INTERVAL_SECONDS),
        }
        api = stack.enter_context(clients.running_command(environment.home, variables, "up"))
        yield System(
            description="the test's own: a temporary home with a sandbox of Partner Center, removed at the end",
            api=api,
            dagster=dagster,
            warehouse=environment.warehouse,
            variables=variables,
            interval_seconds=OWN_SYSTEM_INTERVAL_SECONDS,
            own=environment,
            stop=stack.close,
        )


@dataclass
class AcceptanceContext:
    """
    The state that the steps share.

    show:        shows a person at the terminal what the test waits for.
    stack:       closes the isolated environment.
    left_behind: what could not be removed.
    syncs:       the results of `hunter sync` in the system, in order.
    """

    system: System
    show: Callable[[str], None]
    stack: ExitStack
    left_behind: list[str]
    syncs: list[SyncCommandResult] = field(default_factory=list)
    _isolated: IsolatedEnvironment | None = None

    @property
    def isolated(self) -> IsolatedEnvironment:
        """
        Return the isolated environment, for faults and for the feature flag off.

        Created at its first use; that of the test's own system, whose services are then stopped. Raises: HunterError.
        """
        if self._isolated is None:
            self.show("Preparing the isolated environment")
            if self.system.own is not None:
                self.system.stop()
                self._isolated = self.system.own
            else:
                environment = isolated_environment(ISOLATED_REFERRALS, self.left_behind)
                self._isolated = self.stack.enter_context(environment)
        return self._isolated
