"""
Whose variables a process has: the administrator's, a running demo's, those that it hands to its children.

What belongs here: where variables come from and who goes first. What does not: what they mean (`settings.py`).
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
from dotenv import dotenv_values

DOTENV = ".env"
PREFIX = "HUNTER_"
PARTNER_CENTER = PREFIX + "PARTNER_CENTER_"
DEMO_FILE = "demo.env"
"""Written under HUNTER_HOME while a demo runs, so that `hunter sync` in another terminal finds its sandbox."""
DEMO_VARIABLE = PREFIX + "DEMO_PID"
"""Set in a demo's processes: the id of the one that runs the sandbox."""
_CLOCK_SECONDS = 1.0
"""A file's time is coarser than a process's."""
# https://www.postgresql.org/docs/current/libpq-envars.html
_SESSION_VARIABLES = ("PGOPTIONS", "PGTZ", "PGDATESTYLE", "PGGEQO", "PGCLIENTENCODING", "PGAPPNAME")
_OF_REAL_DATA = (PREFIX + "DATABASE_URL", "DAGSTER_PG_URL", PREFIX + "TOKEN_KEYS", PREFIX + "ALERT_URLS")


def of_children() -> dict[str, str]:
    """
    What a process that we start elsewhere has to be given, so that it knows what this one knows.

    `.env` of this folder, and over it the environment. Dagster does it the other way around with the `.env` of the
    folder that it starts in, so it starts in another one.
    """
    written = {} if DEMO_VARIABLE in os.environ else _dotenv()
    given = {name.upper() for name, value in os.environ.items() if value}
    return dict(os.environ) | {name: value for name, value in written.items() if name.upper() not in given}


def environment_of_demo(partner_center: Mapping[str, str], home: Path) -> dict[str, str]:
    """
    Point this process and its children at a sandbox and the embedded database, whatever else is configured.

    Returns the variables, for DEMO_FILE.
    """
    _forget(lambda name: name.startswith(PARTNER_CENTER) or name in _OF_REAL_DATA)
    values = {**partner_center, f"{PREFIX}HOME": str(home), DEMO_VARIABLE: str(os.getpid())}
    os.environ |= values
    return values


def dotenv_text(values: Mapping[str, str]) -> str:
    """Return the text of a `.env` file with these values, whatever characters a path among them has."""
    escaped = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in values.items()}
    return "".join(f"{name}='{value}'\n" for name, value in escaped.items())


def ignore_libpq_variables(*, is_embedded: bool) -> None:
    """
    Take PG* variables out of this process's environment, so that libpq does not obey them.

    For the embedded server all of them: they are about another server. For a server of the user's own those that
    change how a session behaves; a password, a service or certificates may well come from the environment.
    """
    _forget(lambda name: name.startswith("PG") if is_embedded else name in _SESSION_VARIABLES)


def adopt_demo(home: Path) -> bool:
    """
    Take over the running demo's variables, all or none.

    None where any HUNTER_PARTNER_CENTER_* is set: a real sign-in must never meet the sandbox's address.
    """
    demo = home / DEMO_FILE
    if DEMO_VARIABLE in os.environ or not demo.is_file():
        return False
    named = _dotenv() | dict(os.environ)
    if any(value and name.upper().startswith(PARTNER_CENTER) for name, value in named.items()):
        return False
    values = {name: value for name, value in dotenv_values(demo).items() if value}
    pid = values.get(DEMO_VARIABLE, "")
    if not (pid.isdecimal() and _lives(int(pid), demo)):
        return False
    _forget(lambda name: name in _OF_REAL_DATA)
    os.environ |= values
    return True


def _forget(unwanted: Callable[[str], bool]) -> None:
    """Take variables out of the environment, however they are capitalized: pydantic reads them all."""
    for name in [name for name in os.environ if unwanted(name.upper())]:
        del os.environ[name]


def _dotenv() -> dict[str, str]:
    found = dotenv_values(DOTENV) if Path(DOTENV).is_file() else {}
    return {name: value for name, value in found.items() if value}


def _lives(pid: int, announcement: Path) -> bool:
    """Whether the process that wrote the file lives: numbers are given out again, but to younger processes."""
    try:
        return psutil.Process(pid).create_time() <= announcement.stat().st_mtime + _CLOCK_SECONDS
    except (psutil.Error, OSError, ValueError, OverflowError):
        return False
