"""Manage the processes of one HUNTER_HOME: the supervisor's lock, the recorded services, process groups and ports."""

import contextlib
import errno
import fcntl
import json
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError

# The supervisor locks this file in HUNTER_HOME, and writes the addresses of its services into it.
_RECORD = "services.json"
# The number of ports that are tried, beginning with the configured one.
_PORTS = 20
_TERMINATE_SECONDS = 30
_KILL_SECONDS = 5


class Urls(NamedTuple):
    """The addresses of the services."""

    dagster: str
    desk: str


class UrlSetting(NamedTuple):
    """The setting of a URL, for error messages."""

    host_variable: str
    port_variable: str
    example: str


DAGSTER = UrlSetting("HUNTER_DAGSTER_URL", "HUNTER_DAGSTER_URL", "http://127.0.0.1:3100")
API = UrlSetting("HUNTER_API_HOST", "HUNTER_API_PORT", "8100")


@contextmanager
def lock_home(settings: Settings) -> Iterator[None]:
    """
    Lock this HUNTER_HOME for one supervisor, and end the processes that a killed supervisor has left running.

    Raises: ConfigurationError with the URL of another supervisor if that holds the lock.
    """
    make_private(settings.folder())
    descriptor = os.open(settings.home / _RECORD, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ConfigurationError(
                f"hunter is already running in {settings.home}: {_parse(file.read()).get('url', 'it has no URL yet')}.",
                hint="Use that one, stop it with Ctrl-C, or set HUNTER_HOME to another folder.",
            ) from None
        file.seek(0)
        groups = _parse(file.read()).get("groups")
        for group in groups if isinstance(groups, list) else []:
            end_group(group, settings.dagster_home)
        try:
            yield
        finally:
            file.truncate(0)


def make_private(home: Path) -> None:
    """Remove other users' rights on all files of a home, which an older version or another program may have created."""
    for folder, names, files in os.walk(home):
        if Path(folder) == home and "postgres" in names:
            names.remove("postgres")  # PostgreSQL keeps its folder private and may run as another user
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            mode = stat.S_IMODE(path.lstat().st_mode)
            # the account of the database needs access through a home that belongs to root
            wanted = mode & (0o711 if path == home and os.geteuid() == 0 else 0o700)
            if mode != wanted and not path.is_symlink():
                path.chmod(wanted)


def is_home_locked(settings: Settings) -> bool:
    """Return whether a supervisor holds the lock of this home; its record alone can be out of date."""
    try:
        with (settings.home / _RECORD).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def record_services(settings: Settings, urls: Urls, groups: list[int]) -> None:
    """Record the addresses of the services and the ids of their process groups."""
    text = json.dumps({"url": urls.dagster, "desk": urls.desk, "groups": groups})
    (settings.home / _RECORD).write_text(text, encoding="utf-8")


def recorded_urls(settings: Settings) -> Urls | None:
    """Return the addresses of the services of this home, or None if no supervisor has started any."""
    try:
        record = _parse((settings.home / _RECORD).read_text(encoding="utf-8"))
    except OSError:
        return None
    url, desk = record.get("url"), record.get("desk")
    return Urls(url, desk) if isinstance(url, str) and isinstance(desk, str) else None


def _parse(text: str) -> dict[str, object]:
    try:
        record = json.loads(text)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def end_group(group: object, dagster_home: Path) -> None:
    """Terminate a process group of this home, and kill it if it does not end; leave any other group alone."""
    if not isinstance(group, int) or not _is_ours(group, dagster_home):
        return
    for number, seconds in ((signal.SIGTERM, _TERMINATE_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not group_members(group):
                return
            time.sleep(0.1)


def group_members(group: int) -> list[psutil.Process]:
    """Return the running processes of a group."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _is_ours(group: int, dagster_home: Path) -> bool:
    # ids are reused: a group is ours only if a process in it works for this home
    for process in group_members(group):
        with contextlib.suppress(psutil.Error):
            if process.environ().get("DAGSTER_HOME") == str(dagster_home):
                return True
    return False


def free_url(url: str, setting: UrlSetting, *, or_next: bool) -> str:
    """
    Return the URL if its port is free; otherwise, with `or_next`, the same URL with the next free port.

    Raises: ConfigurationError if no port is free, or this machine cannot listen on the host.
    """
    parts = urlsplit(url)
    host, first = parts.hostname or "127.0.0.1", parts.port or 80
    for port in range(first, min(first + (_PORTS if or_next else 1), 65_536)):
        error = _listen_error(host, port)
        if error is None:
            return parts._replace(netloc=f"{f'[{host}]' if ':' in host else host}:{port}").geturl()
        if error != errno.EADDRINUSE:
            raise ConfigurationError(
                f"{setting.host_variable} names {url}, where this machine cannot listen.",
                hint=f"Use an address of this machine, such as 127.0.0.1, and a port from 1024 up in "
                f"{setting.port_variable}, such as {setting.example}.",
            )
    raise ConfigurationError(
        f"Port {first} is in use by another program.",
        hint=f"Stop that program, or set {setting.port_variable} to another port, such as {setting.example}.",
    )


def _listen_error(host: str, port: int) -> int | None:
    """Return the error number of an attempt to listen on the address, or None if it succeeds."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno or -1
    return None
