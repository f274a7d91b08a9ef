"""
End all processes of a test session when the session ends in any way.

`start` begins a session; pytest's processes and their children inherit its name and its temporary folder. The
watchdog is a process of its own beside pytest, because a killed pytest cannot clean up:
`python -m hunter_pipeline_tests.watchdog SESSION FOLDER`, with a pipe from pytest as its standard input.
"""

import os
import select
import shutil
import subprocess
import sys
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

# In the environment of every process of a session, with the session's name as its value.
SESSION_VARIABLE = "PYTEST_SESSION_OF_HUNTER"
# A socket lies up to 73 bytes below it, and its path may have 103 bytes on macOS.
_LONGEST_TEMPORARY_FOLDER = 30
_SHORT_TEMPORARY_FOLDER = "/tmp"
_LOOK_SECONDS = 1.0
# The seconds that a process has to end by itself before it is killed.
_STOP_SECONDS = 5.0
# A process that is just starting may be missed by one check.
_LOOKS = 20


class Session(NamedTuple):
    """A test session: its name, its temporary folder and its watchdog."""

    name: str
    folder: Path
    watchdog: "subprocess.Popen[bytes]"

    def end(self) -> None:
        """Tell the watchdog to end the session, and wait until it has cleaned up."""
        if self.watchdog.stdin is not None:
            self.watchdog.stdin.close()
        self.watchdog.wait()


def start() -> Session:
    """Begin a session: set its name in the environment, create a short temporary folder, start the watchdog."""
    base = tempfile.gettempdir()
    if len(base) > _LONGEST_TEMPORARY_FOLDER and os.access(_SHORT_TEMPORARY_FOLDER, os.W_OK):
        base = _SHORT_TEMPORARY_FOLDER
    folder = Path(tempfile.mkdtemp(prefix="hunter-", dir=base)).resolve()
    name = str(uuid.uuid4())
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "hunter_pipeline_tests.watchdog", name, str(folder)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    os.environ |= {SESSION_VARIABLE: name, "TMPDIR": str(folder)}
    tempfile.tempdir = None  # tempfile caches the machine's folder
    return Session(name, folder, watchdog)


def own_variable() -> dict[str, str]:
    """Return the variable of this session, for a process that does not inherit the whole environment."""
    return {SESSION_VARIABLE: os.environ[SESSION_VARIABLE]} if SESSION_VARIABLE in os.environ else {}


def processes_of(session: str) -> list[psutil.Process]:
    """
    Return the running processes of a session and their children.

    Children of PostgreSQL and Chromium overwrite their environment, so they are found through their parents.
    """
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(SESSION_VARIABLE) == session:
                found |= {each.pid: each for each in (process, *process.children(recursive=True))}
    return [process for process in found.values() if _is_alive(process)]


def end_session(session: str, folder: Path) -> None:
    """End every process of a session, also those that start meanwhile; then delete its folder and disks in it."""
    for _ in range(_LOOKS):
        left = processes_of(session)
        if not left:
            break
        for process in left:
            with suppress(psutil.Error):
                process.terminate()
        for process in psutil.wait_procs(left, timeout=_STOP_SECONDS)[1]:
            with suppress(psutil.Error):
                process.kill()
    for disk in psutil.disk_partitions(all=True):
        if folder in Path(disk.mountpoint).parents:
            subprocess.run(["umount", "--lazy", disk.mountpoint], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def _wait_for_the_end(parent: int) -> None:
    """Return when pytest closes the pipe or dies, also if another process holds a copy of the pipe."""
    while os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin], [], [], _LOOK_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 1):
            return


if __name__ == "__main__":
    _wait_for_the_end(os.getppid())
    end_session(sys.argv[1], Path(sys.argv[2]))
