"""Find and end the processes of a folder, which a program under test should have ended."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil


def processes_below(folder: Path) -> list[psutil.Process]:
    """Return the running processes that have a path in the folder in their arguments or as HUNTER_HOME."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            known = [process.environ().get("HUNTER_HOME", ""), *process.cmdline()]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in text for text in known):
                found.append(process)
    return found


@contextmanager
def ended_processes(folder: Path) -> Iterator[None]:
    """Kill the remaining processes of the folder at the end of the block."""
    try:
        yield
    finally:
        for process in processes_below(folder):
            with suppress(psutil.Error):
                process.kill()
