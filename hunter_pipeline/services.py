"""
Starts, watches and stops what `hunter up` and `hunter demo` run: Dagster's web UI and daemon.

They run in a process group of their own, so that stopping it leaves nothing behind. One supervisor a
HUNTER_HOME: a second one is told where the first one is.
"""

import contextlib
import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import psutil
import requests
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from hunter_pipeline.domain.errors import ConfigurationError, HunterError
from hunter_pipeline.instance import open_instance
from hunter_pipeline.logs import log
from hunter_pipeline.project_files import project_file
from hunter_pipeline.sandbox import TENANT_ID
from hunter_pipeline.settings import Settings
from hunter_pipeline.warehouse import embedded, raw, runs
from hunter_pipeline.warehouse.connection import Warehouse

START_SECONDS = 120
STOP_SECONDS = 30
WATCH_SECONDS = 1.0
_NOTE = "services.json"
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { name
    locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
_UNFINISHED = [
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """
    Hold this HUNTER_HOME for one supervisor.

    Raises: ConfigurationError where another one lives, with its address.
    """
    path = settings.folder() / _NOTE
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ConfigurationError(
                f"hunter runs already in {settings.home}: {_noted(file.read()).get('url', 'no address yet')}.",
                hint="Use that one, stop it with Ctrl-C, or set HUNTER_HOME to another folder.",
            ) from None
        file.seek(0)
        _end_group(_noted(file.read()).get("group"), settings)  # left behind by a supervisor that was killed
        try:
            yield
        finally:
            file.truncate(0)


def note(settings: Settings, *, url: str, group: int) -> None:
    """Write down what runs, for whoever comes next."""
    (settings.home / _NOTE).write_text(json.dumps({"url": url, "group": group}), encoding="utf-8")


def running_url(settings: Settings) -> str | None:
    """Where this home's Dagster answers, None where no supervisor of this home has started one."""
    try:
        url = _noted((settings.home / _NOTE).read_text(encoding="utf-8")).get("url")
    except OSError:
        return None
    return url if isinstance(url, str) else None


@contextmanager
def database_until_done(settings: Settings, *, whoever_started_it: bool = False) -> Iterator[None]:
    """Stop the embedded server at the end of the block, if it was started in it: others may be using one that ran."""
    ours = settings.database_url is None and (whoever_started_it or embedded.running_pid(settings.home) is None)
    try:
        yield
    finally:
        if ours:
            embedded.stop(settings.home)


def free_url(url: str, *, or_next: bool) -> str:
    """
    The address with its own port, or, if asked for, with the next one that is free.

    Raises: ConfigurationError where it is taken, or where its host is not this machine.
    """
    parts = urlsplit(url)
    host, wanted = parts.hostname or "127.0.0.1", parts.port or 3000
    for port in range(wanted, min(wanted + (20 if or_next else 1), 65_536)):
        why = _why_not_listen(host, port)
        if why is None:
            return parts._replace(netloc=f"{f'[{host}]' if ':' in host else host}:{port}").geturl()
        if why != errno.EADDRINUSE:
            raise ConfigurationError(
                f"HUNTER_DAGSTER_URL holds {url}, where this machine cannot listen.",
                hint="Set it to an address of this machine and a port from 1024 up, such as http://127.0.0.1:3100.",
            )
    raise ConfigurationError(
        f"Port {wanted} is taken by another program.",
        hint="Stop that program, or set HUNTER_DAGSTER_URL to another port, such as http://127.0.0.1:3100.",
    )


def _why_not_listen(host: str, port: int) -> int | None:
    """The number of the error that listening there would meet, None where it would work."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno or -1
    return None


@contextmanager
def dagster_running(settings: Settings, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """
    Dagster's web UI and daemon, ready; ended with the block, runs in flight included.

    Raises: ConfigurationError where it does not come up; the hint names its log.
    """
    report_dead_runs(settings)
    logs = settings.folder("logs")
    with (logs / "dagster.log").open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own words only # nosec B603
            _command(url), stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
        note(settings, url=url, group=process.pid)
        try:
            _wait_until_ready(process, url, logs / "dagster.log")
            yield process
        finally:
            _end_group(process.pid, settings)
            process.wait()


def report_dead_runs(settings: Settings) -> int:
    """
    Tell Dagster of runs that still say "started" while nothing of them lives; returns how many.

    Called where no Dagster of this home runs, and only while nobody holds the lock of a sync.
    """
    with Warehouse.from_settings(settings).connection() as connection:
        if runs.sync_is_running(connection):
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


def watch(process: subprocess.Popen[bytes], settings: Settings) -> NoReturn:
    """
    Wait for as long as Dagster lives, and start the embedded PostgreSQL again should it die.

    Raises: HunterError where Dagster ends by itself.
    """
    code: int | None = None
    while code is None:
        keep_database(settings)
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(WATCH_SECONDS)
    raise HunterError(
        f"Dagster ended by itself with exit code {code}.", hint=f"Look at {settings.home / 'logs' / 'dagster.log'}."
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
        known = raw.tenants(connection)
    is_demo = settings.partner_center_tenant_id == TENANT_ID
    if known - {TENANT_ID} if is_demo else known & {TENANT_ID}:
        whose = "real referrals, of another tenant" if is_demo else "the demo's made-up referrals"
        raise ConfigurationError(
            f"The database holds {whose}.",
            hint="Set HUNTER_HOME to another folder (or HUNTER_DATABASE_URL to another database).",
        )


def _command(url: str) -> list[str]:
    parts = urlsplit(url)
    place = ["--host", parts.hostname or "127.0.0.1", "--port", str(parts.port or 3000)]
    return [sys.executable, "-m", "dagster", "dev", "--workspace", str(project_file("workspace.yaml")), *place]


def _noted(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _end_group(group: object, settings: Settings) -> None:
    """End a process group that we started: ask, wait, insist."""
    if not isinstance(group, int) or not _is_ours(group, settings):
        return
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not _members(group):
                return
            time.sleep(0.1)


def _is_ours(group: int, settings: Settings) -> bool:
    """Numbers are given out again: a group counts as ours only while a Dagster of this home is in it."""
    for process in _members(group):
        with contextlib.suppress(psutil.Error):
            if process.environ().get("DAGSTER_HOME") == str(settings.dagster_home):
                return True
    return False


def _members(group: int) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(requests.RequestException, ValueError, KeyError, TypeError):
            answer = requests.post(f"{url}/graphql", json={"query": _LOCATIONS}, timeout=10).json()
            entries = answer["data"]["workspaceOrError"]["locationEntries"]
            if entries and all(entry["locationOrLoadError"] for entry in entries):
                return
        time.sleep(0.3)
    raise ConfigurationError("Dagster did not come up.", hint=f"Look at {log}.")
