"""
The crash loop: `kill -9` at random moments of a running `hunter up`, while the referrals of the sandbox change.

Each round kills one thing: a `hunter sync`, Dagster's daemon, its code server (or the run in it), PostgreSQL's
postmaster. Then only what an administrator's supervisor would restart is restarted (`hunter up`, if it has ended), and
the system has to recover by itself: every referral of the sandbox is in `partner_center_referrals` exactly once in its
newest version, no run is started without a process, the lease of the sync is free, and no process is left over.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.rows import dict_row

from hunter_pipeline.local.supervisor import READY
from hunter_pipeline.referrals.timestamps import sortable_utc
from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline.warehouse import embedded

HUNTER = [sys.executable, "-c", "from hunter_pipeline.cli import main; main()"]
TARGETS = ("hunter sync", "Dagster's daemon", "code server and run", "PostgreSQL", "code server")
REFERRALS = 300
CHANGE_SECONDS = 0.2
INTERVAL = 5
RECOVER_SECONDS = 150
# The share of rounds that wait for a run, so that the crash happens in its middle.
MID_RUN_SHARE = 0.75
_UNFINISHED = "select run_id from runs where status in ('STARTED', 'STARTING', 'CANCELING')"
_UNFINISHED_OF_CLI = f"{_UNFINISHED} and run_id in (select run_id from run_tags where value = 'cli')"
_RUNNING_SYNCS = "select 1 from sync_runs where status = 'running'"
# A sync that was killed leaves its row, which the next sync takes over and deletes.
_LEASE = "select owner from sync_lease"


@dataclass
class CrashResult:
    """One crash and how the system recovered; `wrong` is empty if it did."""

    number: int
    target: str
    after: float
    during_sync: bool
    restarted: str
    seconds: float
    referrals: int
    wrong: list[str]


class System:
    """A sandbox in this process, and a `hunter up` in its own home."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.home = folder / "h"
        self.folder = folder
        self.sandbox = sandbox
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
            port, desk_port = one.getsockname()[1], other.getsockname()[1]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("HUNTER_", "DAGSTER_"))}
        self.environment = {
            **clean,
            **sandbox.environment(),
            "HUNTER_HOME": str(self.home),
            "HUNTER_SYNC_INTERVAL_SECONDS": str(INTERVAL),
            "HUNTER_DAGSTER_URL": f"http://127.0.0.1:{port}",
            "HUNTER_API_PORT": str(desk_port),
            "HUNTER_PARTNER_CENTER_PAGE_SIZE": "25",
        }
        self.log = (folder / "log").open("ab")
        self.up: subprocess.Popen[bytes] | None = None

    def hunter(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command in its own session."""
        return subprocess.Popen(
            [*HUNTER, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start(self) -> None:
        """Start `hunter up` and wait until it is ready."""
        self.log.flush()
        position = Path(self.log.name).stat().st_size
        self.up = self.hunter("up")

        def is_ready() -> bool:
            assert self.up is not None
            if self.up.poll() is not None:
                raise RuntimeError("hunter up ended: " + self.output(position)[-500:])
            return READY in self.output(position)

        wait_for(is_ready, 120)

    def supervise(self) -> None:
        """Restart `hunter up` if it has ended, as an administrator's supervisor would."""
        if self.up is not None and self.up.poll() is not None:
            self.start()

    def output(self, since: int = 0) -> str:
        """Return what the commands have printed."""
        return Path(self.log.name).read_bytes()[since:].decode(errors="replace")

    def processes(self) -> list[psutil.Process]:
        """Return the living processes of this home, PostgreSQL's included."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                texts = [process.environ().get("HUNTER_HOME", ""), *process.cmdline()]
                if any(str(self.home) in text for text in texts):
                    found.append(process)
        return found

    def find(self, *words: str) -> list[psutil.Process]:
        """Return the processes whose command line contains one of the words."""
        found: list[psutil.Process] = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if any(word in " ".join(process.cmdline()) for word in words):
                    found.append(process)
        return found

    def rows(self, statement: str, database: str = embedded.DATABASE) -> list[dict[str, Any]]:
        """Return the rows of a query. Raises: psycopg.Error while PostgreSQL is down."""
        address = embedded.address(self.home, database)
        if address is None:
            raise psycopg.OperationalError("down")
        with psycopg.connect(address, row_factory=dict_row, connect_timeout=5) as connection:
            return connection.execute(statement.encode()).fetchall()

    def close(self) -> list[str]:
        """Send Ctrl-C, then kill what is left; return what was left."""
        if self.up is not None and self.up.poll() is None:
            self.up.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.up.wait(90)
        remaining = self.processes()
        for process in remaining:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.log.close()
        return [f"left over: {process.pid}" for process in remaining]


def wait_for(condition: Callable[[], Any], seconds: float) -> Any:
    """Return the first true value of the condition. Raises: TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.Error):
            if found := condition():
                return found
        time.sleep(0.2)
    raise TimeoutError(f"not within {seconds:.0f} seconds")


def difference(system: System) -> list[str]:
    """Return how the table differs from the sandbox."""
    rows = system.rows(
        "select p.referral_id, n.source_updated_key as key from partner_center_referrals as p "
        "left join lateral (select source_updated_key from raw_referrals as r where r.referral_id = p.referral_id "
        "and r.source_updated_at is not distinct from p.source_updated_at order by 1 desc limit 1) as n on true"
    )
    stored = {row["referral_id"]: row["key"] for row in rows}
    upstream = {key: sortable_utc(item["updatedDateTime"]) for key, item in system.sandbox.world.incoming().items()}
    duplicates = len(rows) - len(stored)
    stale = sum(stored.get(key) != updated for key, updated in upstream.items())
    return [
        *([f"{duplicates} duplicates"] if duplicates else []),
        *([f"{stale} lost or stale"] if stale else []),
        *(["unknown rows"] if stored.keys() - upstream else []),
    ]


def run_round(system: System, number: int, chance: random.Random) -> CrashResult:
    """Kill something at a random moment, then wait until the system has recovered."""
    target = TARGETS[number % len(TARGETS)]
    system.sandbox.start_changes(CHANGE_SECONDS)
    sync = system.hunter("sync") if target == "hunter sync" else None
    after = _wait_before_crash(system, chance, of_cli=sync is not None)
    during_sync = False
    with contextlib.suppress(psycopg.Error):
        during_sync = bool(system.rows(_RUNNING_SYNCS))
    killed_at = time.monotonic()
    _kill(system, target, sync)
    system.sandbox.world.change(3)
    before = system.up
    system.sandbox.stop_changes()
    wrong = _wait_for_recovery(system)
    restarted = "nothing" if system.up is before else "hunter up"
    seconds = time.monotonic() - killed_at
    referrals = len(system.sandbox.world.incoming())
    return CrashResult(number + 1, target, after, during_sync, restarted, seconds, referrals, wrong)


def _wait_before_crash(system: System, chance: random.Random, *, of_cli: bool) -> float:
    """Wait, in most rounds for a run first; return the seconds of the random part."""
    after = chance.uniform(0.0, 5.0)
    if chance.random() < MID_RUN_SHARE:
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: system.rows(_UNFINISHED_OF_CLI if of_cli else _UNFINISHED, "dagster"), 15)
        after = chance.uniform(0.0, 1.5)
    time.sleep(after)
    return after


def _wait_for_recovery(system: System) -> list[str]:
    """Return what did not recover."""
    wrong: list[str] = []
    conditions: dict[str, Callable[[], bool]] = {
        "a part does not come back": lambda: _is_complete(system) and bool(system.sandbox.world.change(1)),
        "the table does not catch up": lambda: not difference(system),
        "a run stays started": lambda: not system.rows(_UNFINISHED, "dagster"),
        "a sync stays running": lambda: not system.rows(_RUNNING_SYNCS),
        "the lease of the sync stays held": lambda: not system.rows(_LEASE),
    }
    for problem, holds in conditions.items():
        try:
            wait_for(lambda holds=holds: system.supervise() or holds(), RECOVER_SECONDS)
        except TimeoutError:
            wrong.append(problem)
            with contextlib.suppress(psycopg.Error):
                wrong += difference(system)
    return wrong


def _is_complete(system: System) -> bool:
    """Return whether PostgreSQL, the daemon, the code server and the web server run."""
    parts = ("dagster._daemon", "api grpc", "dagster_webserver")
    return embedded.running_pid(system.home) is not None and all(system.find(part) for part in parts)


def _kill(system: System, target: str, sync: "subprocess.Popen[bytes] | None") -> None:
    if sync is not None:
        sync.kill()
        sync.wait()
    elif target == "PostgreSQL":
        pid = embedded.running_pid(system.home)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
    else:
        words = {
            "Dagster's daemon": ["dagster._daemon"],
            "code server": ["api grpc"],
            "code server and run": ["api grpc", "multiprocessing.spawn"],  # a code server executes a run in the latter
        }
        for process in system.find(*words[target]):
            with contextlib.suppress(psutil.Error):
                process.kill()


def run(rounds: int, *, seed: int, seconds: float) -> Iterator[CrashResult]:
    """Run the loop; the last round also checks that Ctrl-C leaves no process behind."""
    folder = Path(tempfile.mkdtemp(prefix="hc-"))
    deadline = time.monotonic() + seconds
    chance = random.Random(seed)
    with Sandbox(SandboxOptions(referrals=REFERRALS, seed=seed)) as sandbox:
        system = System(folder, sandbox)
        try:
            assert system.hunter("auth", "login").wait(120) == 0, system.output()
            system.start()
            wait_for(lambda: not difference(system), 120)
            for number in range(rounds):
                result = run_round(system, number, chance)
                is_last = number == rounds - 1 or time.monotonic() > deadline
                if is_last:
                    sandbox.stop_changes()
                    result.wrong += system.close()
                yield result
                if is_last:
                    break
        finally:
            if not system.log.closed:
                system.close()
            if os.environ.get("CHAOS_KEEP"):
                print(f"kept: {folder}", file=sys.stderr)
            else:
                shutil.rmtree(folder, ignore_errors=True)
