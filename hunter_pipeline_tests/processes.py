"""The processes of a folder: what a program that a test has started must have ended."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil


def processes_below(folder: Path) -> list[psutil.Process]:
    """Return the living processes that have something in the folder in their arguments, or their HUNTER_HOME there."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            known = [process.environ().get("HUNTER_HOME", ""), *process.cmdline()]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in text for text in known):
                found.append(process)
    return found


@contextmanager
def ended_processes(folder: Path) -> Iterator[None]:
    """Kill what is left of the folder's processes at the end of the block."""
    try:
        yield
    finally:
        for process in processes_below(folder):
            with suppress(psutil.Error):
                process.kill()
