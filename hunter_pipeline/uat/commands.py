"""
The `hunter` command as a program of its own, the way a person or a scheduler runs it.

What belongs here: starting it and reading what it leaves behind. What does not: which outcome is right.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

from hunter_pipeline.config.environment import DEMO_VARIABLE, PREFIX
from hunter_pipeline.errors import HunterError

COUNTS = ("fetched", "new", "updated", "unchanged", "quarantined", "without_domain", "missing")
_SECONDS = 900
"""As long as Dagster lets a run live."""


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class DirectSync:
    """A `hunter sync --json`: its exit code, the summary that it printed, the lines of its log."""

    code: int
    summary: dict[str, Any]
    lines: list[str]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's events of that name; a line that is none is left out."""
        found: list[dict[str, Any]] = []
        for line in self.lines:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and event.get("event") == name:
                    found.append(event)
        return found


def start(
    environment: Mapping[str, str], *arguments: str, out: "int | IO[str]", err: "int | IO[str]"
) -> "subprocess.Popen[str]":
    """
    Start a command in a session of its own: Ctrl-C at this terminal reaches it through us only.

    out, err: a file, or subprocess.PIPE.
    """
    is_ours = environment.get(DEMO_VARIABLE) == str(os.getpid())
    return subprocess.Popen(  # noqa: S603 - our own words only # nosec B603
        [sys.executable, "-m", "hunter_pipeline.cli", *arguments],
        env=environment,
        # Dagster lays the .env of the folder that it starts in over its environment: a temporary home has none
        cwd=environment[f"{PREFIX}HOME"] if is_ours else None,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def run(environment: Mapping[str, str], *arguments: str, patience: float = 0) -> Ran:
    """
    Run a command to its end.

    patience: seconds that it may go on where we are interrupted, so that a sync ends as a success. Raises: HunterError
    where it does not end.
    """
    process = start(environment, *arguments, out=subprocess.PIPE, err=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise HunterError(f"`hunter {' '.join(arguments)}` did not end within {_SECONDS} seconds.") from None
    finally:
        end(process, patience)
    return Ran(process.returncode, out, err)


def end(process: "subprocess.Popen[str]", patience: float = 0) -> None:
    """See a command end: by itself within `patience` seconds, else asked to, else killed. Harmless where it has."""
    for number, seconds in ((None, patience), (signal.SIGTERM, 60), (signal.SIGKILL, 10)):
        if process.poll() is None and number is not None:
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=seconds)  # and not `wait`: it must not stop at a full pipe
            return


def sync(environment: Mapping[str, str], *options: str, patience: float = 0) -> DirectSync:
    """
    One `hunter sync --json` with its log as JSON.

    Raises: HunterError where it prints no summary.
    """
    ran = run({**environment, "HUNTER_LOG_FORMAT": "json"}, "sync", "--json", *options, patience=patience)
    try:
        summary = json.loads(ran.out)
        return DirectSync(ran.code, {**dict.fromkeys(COUNTS, 0), **summary}, ran.err.splitlines())
    except (ValueError, TypeError):
        raise HunterError(f"`hunter sync --json` printed no summary: {first_error(ran)}") from None


def first_error(ran: Ran) -> str:
    """The sentence that a command ended with, and its exit code."""
    told = [line.removeprefix("error: ") for line in ran.err.splitlines() if line.startswith("error: ")]
    return f"{told[0] if told else 'it said nothing.'} (exit code {ran.code})"
