"""
Start, watch and stop Dagster's processes and the lead desk for `hunter up` and `hunter demo`.

Each process has its own process group, so that its children end with it.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import requests

from hunter_pipeline.config.environment import child_environment
from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.defs import maintenance
from hunter_pipeline.errors import ConfigurationError, HunterError
from hunter_pipeline.local.dagster_instance import open_instance
from hunter_pipeline.local.processes import Urls, end_group, record_services
from hunter_pipeline.local.service_logs import ServiceLogs
from hunter_pipeline.sandbox import TENANT_ID
from hunter_pipeline.warehouse import embedded, sync_cursors, sync_lease
from hunter_pipeline.warehouse.connection import Warehouse

# The last line that `hunter up` and `hunter demo` print when everything runs.
READY = "Press Ctrl-C to stop."
# A slow machine needs minutes to start; a process that ends is noticed at once.
START_SECONDS = 300
WATCH_SECONDS = 1.0
# The shortest time between two starts of the lead desk.
DESK_PAUSE_SECONDS = 10.0
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name
    locationOrLoadError { __typename ... on PythonError { message } } } } } }"""


@contextmanager
def stop_database_after(settings: Settings, *, even_if_running: bool = False) -> Iterator[None]:
    """Stop the embedded server after the block, unless it was running before and others may use it."""
    must_stop = settings.database_url is None and (even_if_running or embedded.running_pid(settings.home) is None)
    try:
        yield
    finally:
        if must_stop:
            embedded.stop(settings.home)


class Services:
    """
    The processes of one home: Dagster's code server, web UI and daemon, and the lead desk.

    The lead desk is restarted when it ends; Dagster's processes need each other and end together.
    """

    def __init__(self, settings: Settings, urls: Urls) -> None:
        self.settings = settings
        self.urls = urls
        # in production all logs go to standard error, for journald or a container
        self.logs = ServiceLogs(None if settings.log_style == "json" else settings.folder("logs"))
        # not under HUNTER_HOME, because the path of a socket is limited to about 100 bytes
        self.sockets = Path(tempfile.mkdtemp(prefix="hunter-"))
        self.dagster: list[subprocess.Popen[bytes]] = []
        self.desk: subprocess.Popen[bytes] | None = None
        self._next_desk_start = 0.0

    def start(self) -> None:
        """
        Start everything and wait until it responds.

        Raises: ConfigurationError if something does not start; the hint names its log.
        """
        code_socket, workspace = self.sockets / "code", self.sockets / "workspace.yaml"
        location = {"grpc_server": {"socket": str(code_socket), "location_name": "hunter_pipeline"}}
        workspace.write_text(json.dumps({"load_from": [location]}), encoding="utf-8")
        code = ["dagster", "api", "grpc", "--socket", str(code_socket), "--module-name", "hunter_pipeline.definitions"]
        self._start_dagster(*code, "--location-name", "hunter_pipeline")
        desk = self._start_desk()
        # the web UI and the daemon load the code location once, when they start
        self._wait(code_socket.exists, self.exit_code, "Dagster", "dagster.log")
        parts = urlsplit(self.urls.dagster)
        hosts = ",".join(filter(None, (parts.hostname, os.environ.get("DAGSTER_ALLOWED_HOSTS"))))
        web = ["hunter_pipeline.web.dagster_webserver", "--workspace", str(workspace)]
        address = ["--host", parts.hostname or "127.0.0.1", "--port", str(parts.port or 3000)]
        self._start_dagster(*web, *address, environment={"DAGSTER_ALLOWED_HOSTS": hosts})
        self._start_dagster("dagster._daemon", "run", "--workspace", str(workspace))
        self._wait(lambda: _dagster_is_ready(self.urls.dagster), self.exit_code, "Dagster", "dagster.log")
        self._wait(lambda: _desk_is_ready(self.urls.desk), desk.poll, "The lead desk", "desk.log")

    def keep_desk(self) -> None:
        """Start the lead desk if it has ended, at most once per DESK_PAUSE_SECONDS."""
        code = self.desk.poll() if self.desk else None
        if code is not None and time.monotonic() >= self._next_desk_start:
            log.warning("lead_desk_restarted", exit_code=code, hint=self.logs.describe("desk.log"))
            self._start_desk()

    def exit_code(self) -> int | None:
        """Return the exit code of a Dagster process that has ended, or None while all run."""
        return next((code for process in self.dagster if (code := process.poll()) is not None), None)

    def end(self) -> None:
        """End everything, and the runs in progress."""
        for process in filter(None, (self.desk, *reversed(self.dagster))):
            end_group(process.pid, self.settings.dagster_home)
            process.wait()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _start_dagster(self, *command: str, environment: dict[str, str] | None = None) -> None:
        style = "json" if self.settings.log_style == "json" else "colored"
        words = [sys.executable, "-m", *command, "--log-format", style]
        self.dagster.append(self._start(words, "dagster.log", environment))
        self._record()

    def _start_desk(self) -> "subprocess.Popen[bytes]":
        self._next_desk_start = time.monotonic() + DESK_PAUSE_SECONDS
        environment = {
            "HUNTER_DAGSTER_URL": self.urls.dagster,
            "HUNTER_API_HOST": self.settings.api_host,
            "HUNTER_API_PORT": str(urlsplit(self.urls.desk).port),
        }
        desk = self.desk = self._start([sys.executable, "-m", "hunter_pipeline.cli", "serve"], "desk.log", environment)
        self._record()
        return desk

    def _record(self) -> None:
        groups = [process.pid for process in (*self.dagster, self.desk) if process is not None]
        record_services(self.settings, self.urls, groups)

    def _start(
        self, command: list[str], log_name: str, environment: dict[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        # a relative path would mean another file in the folder where the child starts
        paths = {"HUNTER_HOME": str(self.settings.home)}
        if self.settings.partner_center_token_cache:
            paths["HUNTER_PARTNER_CENTER_TOKEN_CACHE"] = str(self.settings.partner_center_token_cache)
        with self.logs.open(log_name) as output:
            return subprocess.Popen(  # noqa: S603 - a command of this module # nosec B603
                command,
                env=child_environment() | paths | (environment or {}),
                cwd=self.settings.home,  # a folder without a .env
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _wait(
        self, is_ready: Callable[[], bool], exit_code: Callable[[], int | None], name: str, log_name: str
    ) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and exit_code() is None:
            with contextlib.suppress(requests.RequestException, ValueError, KeyError, TypeError):
                if is_ready():
                    return
            time.sleep(0.3)
        raise ConfigurationError(f"{name} did not start.", hint=self.logs.describe(log_name))


@contextmanager
def running(settings: Settings, urls: Urls) -> Iterator[Services]:
    """
    Run Dagster's web UI and daemon and the lead desk, ready inside the block and ended after it.

    Raises: ConfigurationError if one does not start; the hint names its log.
    """
    fail_unfinished_runs(settings)
    services = Services(settings, urls)
    try:
        services.start()
        yield services
    finally:
        services.end()


def fail_unfinished_runs(settings: Settings) -> int:
    """
    Fail the runs that Dagster counts as started; return how many.

    Call it before Dagster starts, when none of them can be alive. Does nothing while a sync holds its lock.
    """
    with Warehouse.from_settings(settings).connection() as connection:
        if sync_lease.holder(connection) is not None:
            return 0
    with open_instance() as instance:
        return maintenance.report_dead_runs(instance, all_are_dead=True)


@contextmanager
def until_stopped(*, as_events: bool = False) -> Iterator[None]:
    """
    End the block normally on Ctrl-C, SIGTERM or a closed terminal.

    Further signals are ignored while the block cleans up. What happens is printed to standard error, as events of the
    log where `as_events` is set.
    """
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # not under nohup
        signals.append(signal.SIGHUP)

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        _print(as_events, "services_stopping", "Stopping; this takes a few seconds.")
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in signals}
    try:
        yield
    except KeyboardInterrupt:
        _print(as_events, "services_stopped", "Stopped.")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(as_event: bool, event: str, sentence: str) -> None:
    # the terminal may be closed, and the signal may have come while the process was writing
    with contextlib.suppress(OSError, RuntimeError):
        if as_event:
            log.info(event)
        else:
            print(sentence, file=sys.stderr, flush=True)


def notify_systemd() -> None:
    """Tell systemd that the service is ready; does nothing if it did not start this process (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.connect("\0" + address[1:] if address.startswith("@") else address)
            connection.sendall(b"READY=1")


def watch(services: Services) -> NoReturn:
    """
    Wait while Dagster runs; restart the embedded PostgreSQL and the lead desk if they end.

    Raises: HunterError if Dagster ends by itself.
    """
    while (code := services.exit_code()) is None:
        keep_database(services.settings)
        services.keep_desk()
        services.logs.rotate()
        time.sleep(WATCH_SECONDS)
    raise HunterError(f"Dagster ended by itself with exit code {code}.", hint=services.logs.describe("dagster.log"))


def keep_database(settings: Settings) -> bool:
    """
    Start the embedded server if it has died; return whether it was started.

    If it cannot start yet (children of the dead server are still ending, the disk is full), logs a warning; the next
    call tries again.
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
    Check that a database with the sandbox's referrals is not used for a real tenant, and vice versa.

    Raises: ConfigurationError.
    """
    with Warehouse.from_settings(settings).connection() as connection:
        known = sync_cursors.tenants(connection)
    is_demo = settings.partner_center_tenant_id == TENANT_ID
    if known - {TENANT_ID} if is_demo else known & {TENANT_ID}:
        stored = "real referrals of another tenant" if is_demo else "the demo's generated referrals"
        raise ConfigurationError(
            f"The database contains {stored}.",
            hint="Set HUNTER_HOME to another folder (or HUNTER_DATABASE_URL to another database).",
        )


def _dagster_is_ready(url: str) -> bool:
    response = requests.post(f"{url}/graphql", json={"query": _LOCATIONS}, timeout=10).json()
    entries = response["data"]["workspaceOrError"]["locationEntries"]
    return bool(entries) and all(entry["locationOrLoadError"] for entry in entries)


def _desk_is_ready(url: str) -> bool:
    return requests.get(f"{url}/healthz/live", timeout=10).ok
