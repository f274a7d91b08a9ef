"""
Starts, watches and stops what `hunter up` and `hunter demo` run: Dagster's web UI and daemon, and the lead desk.

Each runs in a process group of its own, so that stopping it leaves nothing behind.
"""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import requests
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from hunter_pipeline.config.environment import of_children
from hunter_pipeline.config.logs import log
from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError, HunterError
from hunter_pipeline.local.dagster_instance import open_instance
from hunter_pipeline.local.home_lock import Urls, note
from hunter_pipeline.local.process_groups import end_group
from hunter_pipeline.sandbox import TENANT_ID
from hunter_pipeline.warehouse import embedded, sync_cursors, sync_lease
from hunter_pipeline.warehouse.connection import Warehouse

START_SECONDS = 120
WATCH_SECONDS = 1.0
DESK_PAUSE_SECONDS = 10.0
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name
    locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
_UNFINISHED = [
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@contextmanager
def database_until_done(settings: Settings, *, whoever_started_it: bool = False) -> Iterator[None]:
    """Stop the embedded server at the end of the block, if it was started in it: others may be using one that ran."""
    ours = settings.database_url is None and (whoever_started_it or embedded.running_pid(settings.home) is None)
    try:
        yield
    finally:
        if ours:
            embedded.stop(settings.home)


class Services:
    """The processes of one home: Dagster, which has to live, and the lead desk, which is started again."""

    def __init__(self, settings: Settings, urls: Urls) -> None:
        self.settings = settings
        self.urls = urls
        self.logs = settings.folder("logs")
        self.dagster = self._start(_dagster_command(urls.dagster, settings.log_style), "dagster.log")
        self._desk_is_due = 0.0
        self.desk = self._start_desk()

    def wait_until_ready(self) -> None:
        """Raises: ConfigurationError where one does not come up; the hint names its log."""
        _wait(self.dagster, lambda: _dagster_is_ready(self.urls.dagster), "Dagster", self.logs / "dagster.log")
        _wait(self.desk, lambda: _desk_is_ready(self.urls.desk), "The lead desk", self.logs / "desk.log")

    def keep_desk(self) -> bool:
        """
        Start the lead desk again where it has ended: the syncs go on without it, the sellers do not.

        At most one start in DESK_PAUSE_SECONDS. Returns whether it had to be started.
        """
        code = self.desk.poll()
        if code is None or time.monotonic() < self._desk_is_due:
            return False
        log.warning("lead_desk_restarted", exit_code=code, log=str(self.logs / "desk.log"))
        self.desk = self._start_desk()
        return True

    def end(self) -> None:
        """End both, runs in flight included."""
        for process in (self.desk, self.dagster):
            end_group(process.pid, self.settings.dagster_home)
            process.wait()

    def _paths(self) -> dict[str, str]:
        """What names a file from here."""
        cache = self.settings.partner_center_token_cache
        return {"HUNTER_HOME": str(self.settings.home)} | (
            {"HUNTER_PARTNER_CENTER_TOKEN_CACHE": str(cache)} if cache else {}
        )

    def _start_desk(self) -> "subprocess.Popen[bytes]":
        self._desk_is_due = time.monotonic() + DESK_PAUSE_SECONDS
        place = urlsplit(self.urls.desk)
        environment = {
            "HUNTER_DAGSTER_URL": self.urls.dagster,
            "HUNTER_API_HOST": self.settings.api_host,
            "HUNTER_API_PORT": str(place.port),
        }
        process = self._start([sys.executable, "-m", "hunter_pipeline.cli", "serve"], "desk.log", environment)
        note(self.settings, self.urls, [self.dagster.pid, process.pid])
        return process

    def _start(
        self, command: list[str], name: str, environment: dict[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        with (self.logs / name).open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own words only # nosec B603
                command,
                env=of_children() | self._paths() | (environment or {}),
                cwd=self.settings.home,  # where no .env lies
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )


@contextmanager
def running(settings: Settings, urls: Urls) -> Iterator[Services]:
    """
    Dagster's web UI and daemon and the lead desk, ready; ended with the block, runs in flight included.

    Raises: ConfigurationError where one does not come up; the hint names its log.
    """
    report_dead_runs(settings)
    services = Services(settings, urls)
    try:
        services.wait_until_ready()
        yield services
    finally:
        services.end()


def report_dead_runs(settings: Settings) -> int:
    """
    Tell Dagster of runs that still say "started" while nothing of them lives; returns how many.

    Called where no Dagster of this home runs, and only while nobody holds the lock of a sync.
    """
    with Warehouse.from_settings(settings).connection() as connection:
        if sync_lease.holder(connection) is not None:
            return 0
    with open_instance() as instance:
        dead = instance.get_runs(RunsFilter(statuses=_UNFINISHED))
        for run in dead:
            _report(instance, run.run_id)
        return len(dead)


def _report(instance: DagsterInstance, run_id: str) -> None:
    run = instance.get_run_by_id(run_id)
    if run is not None:
        instance.report_run_failed(run, "Its process died before the run could end; the next sync goes on.")


@contextmanager
def until_stopped() -> Iterator[None]:
    """
    Let Ctrl-C, SIGTERM or a closed terminal end the block as its normal end.

    A second Ctrl-C does not disturb the tidying up.
    """
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # not under nohup
        signals.append(signal.SIGHUP)

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        _tell("Stopping what was started; this takes some seconds.")
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in signals}
    try:
        yield
    except KeyboardInterrupt:
        _tell("Stopped.")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(sentence: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(sentence, file=sys.stderr, flush=True)


def watch(services: Services) -> NoReturn:
    """
    Wait for as long as Dagster lives; start the embedded PostgreSQL and the lead desk again should they die.

    Raises: HunterError where Dagster ends by itself.
    """
    code: int | None = None
    while code is None:
        keep_database(services.settings)
        services.keep_desk()
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = services.dagster.wait(WATCH_SECONDS)
    raise HunterError(
        f"Dagster ended by itself with exit code {code}.", hint=f"Look at {services.logs / 'dagster.log'}."
    )


def keep_database(settings: Settings) -> bool:
    """
    Start the embedded server where it has died: Dagster's own processes wait for it and never start it.

    Returns whether it had to be started. Where it cannot start yet (its dead predecessor's children are still
    ending, the disk is full), that is said in the log, and the next call tries again.
    """
    if settings.database_url is not None or embedded.running_pid(settings.home) is not None:
        return False
    try:
        embedded.start(settings.home)
    except HunterError as error:
        log.warning("embedded_postgresql_down", error=error.message, hint=error.hint)
        return False
    log.warning("embedded_postgresql_restarted")
    return True


def refuse_mixing(settings: Settings) -> None:
    """
    Keep made-up referrals and real ones out of one database: nobody is to call the sandbox's people.

    Raises: ConfigurationError where the database holds the other kind.
    """
    with Warehouse.from_settings(settings).connection() as connection:
        known = sync_cursors.tenants(connection)
    is_demo = settings.partner_center_tenant_id == TENANT_ID
    if known - {TENANT_ID} if is_demo else known & {TENANT_ID}:
        whose = "real referrals, of another tenant" if is_demo else "the demo's made-up referrals"
        raise ConfigurationError(
            f"The database holds {whose}.",
            hint="Set HUNTER_HOME to another folder (or HUNTER_DATABASE_URL to another database).",
        )


def _dagster_command(url: str, log_style: str) -> list[str]:
    parts = urlsplit(url)
    place = ["--host", parts.hostname or "127.0.0.1", "--port", str(parts.port or 3000)]
    style = ["--log-format", "json" if log_style == "json" else "colored"]
    return [sys.executable, "-m", "dagster", "dev", "--workspace", str(project_file("workspace.yaml")), *place, *style]


def _wait(process: "subprocess.Popen[bytes]", is_ready: Callable[[], bool], name: str, log_file: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(requests.RequestException, ValueError, KeyError, TypeError):
            if is_ready():
                return
        time.sleep(0.3)
    raise ConfigurationError(f"{name} did not come up.", hint=f"Look at {log_file}.")


def _dagster_is_ready(url: str) -> bool:
    answer = requests.post(f"{url}/graphql", json={"query": _LOCATIONS}, timeout=10).json()
    entries = answer["data"]["workspaceOrError"]["locationEntries"]
    return bool(entries) and all(entry["locationOrLoadError"] for entry in entries)


def _desk_is_ready(url: str) -> bool:
    return requests.get(f"{url}/healthz/live", timeout=10).ok
