"""
A home for one test, with a Partner Center of its own; afterwards it is as if it had never been.

Its processes get their whole environment from here, so that none of this machine's settings, no `.env` and no
database of the user's is ever met.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from hunter_pipeline.config.environment import DEMO_VARIABLE, PREFIX
from hunter_pipeline.errors import DatabaseError, HunterError
from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline.uat import commands
from hunter_pipeline.warehouse import embedded
from hunter_pipeline.warehouse.connection import Warehouse

_OURS = (PREFIX, "DAGSTER_")


@dataclass(frozen=True)
class TemporaryHome:
    """A folder, a sandbox, and the variables of a process that works with them, signed in."""

    path: Path
    sandbox: Sandbox

    @property
    def environment(self) -> dict[str, str]:
        """Everything that a process of this home gets to see."""
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_OURS)}
        own = {
            f"{PREFIX}HOME": str(self.path),
            DEMO_VARIABLE: str(os.getpid()),
            "TMPDIR": str(_scratch(self.path)),  # what Dagster's processes leave there goes with the home
        }
        return {**kept, **self.sandbox.environment(), **own}

    @property
    def warehouse(self) -> Warehouse:
        """
        Its embedded database, as it runs; never started by this process, which would touch the folder at its own end.

        Raises: DatabaseError where it does not run.
        """
        address = embedded.address(self.path)
        if address is None:
            raise DatabaseError("The embedded PostgreSQL of the temporary home does not run.")
        return Warehouse(address, self.path)


@contextmanager
def temporary_home(referrals: int, remnants: list[str]) -> Iterator[TemporaryHome]:
    """
    A home where somebody is signed in, until the end of the block.

    referrals: how many the sandbox has; its world stands still.
    remnants:  gets what could not be removed.
    Raises: HunterError.
    """
    path = Path(tempfile.mkdtemp(prefix="hunter-uat-"))  # a short path: a socket's has a limit
    try:
        with Sandbox(SandboxOptions(referrals=referrals, certificate_dir=path)) as sandbox:
            home = TemporaryHome(path, sandbox)
            ran = commands.run(home.environment, "auth", "login")
            if ran.code != 0:
                raise HunterError(f"Signing in to the sandbox failed: {commands.first_error(ran)}")
            yield home
    finally:
        remnants += _remove(path)


def _scratch(path: Path) -> Path:
    folder = path / "t"
    folder.mkdir(exist_ok=True)
    return folder


def _remove(path: Path) -> list[str]:
    """End what still runs in a home and delete it; returns what is left of it all the same."""
    with contextlib.suppress(HunterError):
        embedded.stop(path)
    late = _processes(path)
    for process in late:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(late, timeout=10)
    shutil.rmtree(path, ignore_errors=True)
    alive = [f"process {process.pid}" for process in _processes(path)]
    return alive + ([f"folder {path}"] if path.exists() else [])


def _processes(path: Path) -> list[psutil.Process]:
    """The living processes whose HUNTER_HOME is this one: nobody but us has ever heard of it."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(f"{PREFIX}HOME") == str(path):
                found.append(process)
    return found
