"""Prepare the variables of a process, from the environment, `.env` or a running demo, and those of its children."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from dotenv import dotenv_values

DOTENV = ".env"
PREFIX = "HUNTER_"
PARTNER_CENTER = PREFIX + "PARTNER_CENTER_"
# Written under HUNTER_HOME while a demo runs, so that `hunter sync` in another terminal finds its sandbox.
DEMO_FILE = "demo.env"
# Set in a demo's processes: the id of the process that runs the sandbox.
DEMO_VARIABLE = PREFIX + "DEMO_PID"
# File times are coarser than process start times.
_CLOCK_SECONDS = 1.0
# https://www.postgresql.org/docs/current/libpq-envars.html
_SESSION_VARIABLES = ("PGOPTIONS", "PGTZ", "PGDATESTYLE", "PGGEQO", "PGCLIENTENCODING", "PGAPPNAME")
# Read by docker-compose.yml and docs/kubernetes.md, not by the program.
_OTHER_VARIABLES = (DEMO_VARIABLE, PREFIX + "VERSION", PREFIX + "ADMIN_URL")
# Kubernetes sets these for a service whose name begins with `hunter`.
_SERVICE_LINK = re.compile(r".*_(?:SERVICE_(?:HOST|PORT(?:_.*)?)|PORT(?:_[0-9]+_(?:TCP|UDP).*)?)")
_REAL_DATA_VARIABLES = (PREFIX + "DATABASE_URL", "DAGSTER_PG_URL", PREFIX + "TOKEN_KEYS", PREFIX + "ALERT_URLS")


def child_environment() -> dict[str, str]:
    """
    Return the environment merged over this folder's `.env`, for a child process that starts in another folder.

    Children start elsewhere because Dagster gives the `.env` of its folder precedence over the environment.
    """
    from_file = {} if DEMO_VARIABLE in os.environ else _read_dotenv()
    is_set = {name.upper() for name, value in os.environ.items() if value}
    return dict(os.environ) | {name: value for name, value in from_file.items() if name.upper() not in is_set}


def enter_demo(partner_center: Mapping[str, str], home: Path) -> dict[str, str]:
    """
    Set the variables of this process and its children to a sandbox and the embedded database.

    Returns the variables for DEMO_FILE.
    """
    _unset(lambda name: name.startswith(PARTNER_CENTER) or name in _REAL_DATA_VARIABLES)
    values = {**partner_center, f"{PREFIX}HOME": str(home), DEMO_VARIABLE: str(os.getpid())}
    os.environ |= values
    return values


def adopt_demo(home: Path) -> bool:
    """
    Set all variables of the demo that runs in this home; return whether there is one.

    Does nothing if any HUNTER_PARTNER_CENTER_* is set: a real sign-in must never be sent to the sandbox. Does nothing
    in a copy of the home either: the file names the home that the demo runs in.
    """
    demo = home / DEMO_FILE
    if DEMO_VARIABLE in os.environ or not demo.is_file():
        return False
    configured = _read_dotenv() | dict(os.environ)
    if any(value and name.upper().startswith(PARTNER_CENTER) for name, value in configured.items()):
        return False
    values = {name: value for name, value in dotenv_values(demo).items() if value}
    if Path(values.get(f"{PREFIX}HOME") or "/").resolve() != home.resolve():
        return False
    pid = values.get(DEMO_VARIABLE, "")
    if not (pid.isdecimal() and _is_writer_alive(int(pid), demo)):
        return False
    _unset(lambda name: name in _REAL_DATA_VARIABLES)
    os.environ |= values
    return True


def dotenv_text(values: Mapping[str, str]) -> str:
    """Return the text of a `.env` file with these values, quoted for any characters in them."""
    escaped = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in values.items()}
    return "".join(f"{name}='{value}'\n" for name, value in escaped.items())


def hunter_variables() -> list[str]:
    """Return the names of the HUNTER_* settings in the environment and this folder's `.env`, in capitals and sorted."""
    names = {name.upper() for name in (*os.environ, *({} if DEMO_VARIABLE in os.environ else _read_dotenv()))}
    return sorted(
        name
        for name in names
        if name.startswith(PREFIX) and name not in _OTHER_VARIABLES and not _SERVICE_LINK.fullmatch(name)
    )


def ignore_libpq_variables(*, is_embedded: bool) -> None:
    """
    Remove PG* variables from the environment of this process, so that libpq ignores them, and set the session's own.

    For the embedded server all are removed. For the user's own server only those are removed that change a session's
    behaviour, because its password, service or certificates may come from the environment. Time zone and
    date style are set here and not as `options` of a connection, which poolers refuse.
    """
    _unset(lambda name: name.startswith("PG") if is_embedded else name in _SESSION_VARIABLES)
    os.environ |= {"PGTZ": "UTC", "PGDATESTYLE": "ISO"}


def _unset(is_unwanted: Callable[[str], bool]) -> None:
    # pydantic-settings ignores the case of names
    for name in [name for name in os.environ if is_unwanted(name.upper())]:
        del os.environ[name]


def _read_dotenv() -> dict[str, str]:
    values = dotenv_values(DOTENV) if Path(DOTENV).is_file() else {}
    return {name: value for name, value in values.items() if value}


def _is_writer_alive(pid: int, file: Path) -> bool:
    import psutil  # noqa: PLC0415 - only needed if a demo was started

    # a process that reuses the id started after the file was written
    try:
        return psutil.Process(pid).create_time() <= file.stat().st_mtime + _CLOCK_SECONDS
    except (psutil.Error, OSError, ValueError, OverflowError):
        return False
