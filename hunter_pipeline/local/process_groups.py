"""
Process groups that we started: is one still ours, who lives in it, and how it is ended.

What belongs here: what is true of any group. What does not: which programs we run (`services.py`).
"""

import contextlib
import os
import signal
import time
from pathlib import Path

import psutil

STOP_SECONDS = 30


def end_group(group: object, dagster_home: Path) -> None:
    """End a group that we started: ask, wait, insist. Any other number, and what is no number, is left alone."""
    if not isinstance(group, int) or not _is_ours(group, dagster_home):
        return
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not members(group):
                return
            time.sleep(0.1)


def members(group: int) -> list[psutil.Process]:
    """The living processes of a group."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _is_ours(group: int, dagster_home: Path) -> bool:
    """Numbers are given out again: a group counts as ours only while a Dagster of this home is in it."""
    for process in members(group):
        with contextlib.suppress(psutil.Error):
            if process.environ().get("DAGSTER_HOME") == str(dagster_home):
                return True
    return False
