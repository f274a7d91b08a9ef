"""
The crash loop: `kill -9` at random moments of a running `hunter up`, while the sandbox's world moves.

Each round kills one thing: a `hunter sync`, Dagster's daemon, its code server (or the run in it), PostgreSQL's
postmaster. Then only that is started again which a supervisor would start (`hunter up`, where it has ended), and the
system has to come round by itself: every referral of the sandbox is in `partner_center_referrals` exactly once in its
newest version, no run says "started" without a process, no lock is held, no process of the round is left over.
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

from hunter_pipeline.referrals.timestamps import sortable_utc
from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline.warehouse import embedded

HUNTER = [sys.executable, "-c", "from hunter_pipeline.cli import main; main()"]
TARGETS = ("hunter sync", "Dagster's daemon", "code server and run", "PostgreSQL", "code server")
REFERRALS = 300
MOVES_SECONDS = 0.2
INTERVAL = 5
RECOVER_SECONDS = 150
WAIT_FOR_A_RUN = 0.75
_UNFINISHED = "select run_id from runs where status in ('STARTED', 'STARTING', 'CANCELING')"
_BY_CLI = f"{_UNFINISHED} and run_id in (select run_id from run_tags where value = 'cli')"
_LOCKS = "select count(*) from pg_locks where locktype = 'advisory' and granted"


@dataclass
class Round:
    """One kill and what came of it; `wrong` is empty where it was survived."""

    number: int
    target: str
    after: float
    during_run: bool
    restarted: str
    seconds: float
    referrals: int
    wrong: list[str]


class System:
    """A sandbox in this process and a `hunter up` of its own home, as an administrator would run it."""

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

    def hunter(self, *words: str) -> "subprocess.Popen[bytes]":
        """A command, in a session of its own."""
        return subprocess.Popen(
            [*HUNTER, *words],
            env=self.environment,
            cwd=self.folder,
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start(self) -> None:
        """`hunter up`, ready."""
        self.log.flush()
        seen = Path(self.log.name).stat().st_size
        self.up = self.hunter("up")

        def is_ready() -> bool:
            assert self.up is not None
            if self.up.poll() is not None:
                raise RuntimeError("hunter up ended: " + self.told(seen)[-500:])
            return "Ctrl-C ends it" in self.told(seen)

        until(is_ready, 120)

    def supervise(self) -> None:
        """What a supervisor does: start `hunter up` where it has ended."""
        if self.up is not None and self.up.poll() is not None:
            self.start()

    def told(self, since: int = 0) -> str:
        """What the commands printed."""
        return Path(self.log.name).read_bytes()[since:].decode(errors="replace")

    def processes(self) -> list[psutil.Process]:
        """Every living process of this home, PostgreSQL's included."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                marks = [process.environ().get("HUNTER_HOME", ""), *process.cmdline()]
                if any(str(self.home) in mark for mark in marks):
                    found.append(process)
        return found

    def find(self, *words: str) -> list[psutil.Process]:
        """Those whose command line has one of the words."""
        found: list[psutil.Process] = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if any(word in " ".join(process.cmdline()) for word in words):
                    found.append(process)
        return found

    def rows(self, statement: str, database: str = embedded.DATABASE) -> list[dict[str, Any]]:
        """What a query gives, nothing while PostgreSQL is down."""
        address = embedded.address(self.home, database)
        if address is None:
            raise psycopg.OperationalError("down")
        with psycopg.connect(address, row_factory=dict_row, connect_timeout=5) as connection:
            return connection.execute(statement.encode()).fetchall()

    def close(self) -> list[str]:
        """Ctrl-C, then what is left; returns what should not be."""
        if self.up is not None and self.up.poll() is None:
            self.up.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.up.wait(90)
        left = self.processes()
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.log.close()
        return [f"left over: {process.pid}" for process in left]


def until(holds: Callable[[], Any], seconds: float) -> Any:
    """What `holds` gives as soon as it is something; an error where it is nothing in all that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(psycopg.Error):
            if found := holds():
                return found
        time.sleep(0.2)
    raise TimeoutError(f"not within {seconds:.0f} seconds")


def difference(system: System) -> list[str]:
    """How the table differs from the sandbox's world."""
    rows = system.rows(
        "select p.referral_id, n.source_updated_key as key from partner_center_referrals as p "
        "left join lateral (select source_updated_key from raw_referrals as r where r.referral_id = p.referral_id "
        "and r.source_updated_at is not distinct from p.source_updated_at order by 1 desc limit 1) as n on true"
    )
    here = [(row["referral_id"], row["key"]) for row in rows]
    there = {key: sortable_utc(item["updatedDateTime"]) for key, item in system.sandbox.world.incoming().items()}
    wrong = [f"{len(here) - len(dict(here))} doubled"] if len(here) != len(dict(here)) else []
    stale = sum(dict(here).get(key) != stamp for key, stamp in there.items())
    return [
        *wrong,
        *([f"{stale} lost or stale"] if stale else []),
        *(["unknown rows"] if dict(here).keys() - there else []),
    ]


def one_round(system: System, number: int, chance: random.Random) -> Round:
    """Kill something at a random moment, then see to it that everything comes round."""
    target = TARGETS[number % len(TARGETS)]
    system.sandbox.start_changes(MOVES_SECONDS)
    sync = system.hunter("sync") if target == "hunter sync" else None
    # most rounds wait for a run of theirs, to strike in its middle; the others strike anywhere
    if chance.random() < WAIT_FOR_A_RUN:
        with contextlib.suppress(TimeoutError):
            until(lambda: system.rows(_BY_CLI if sync else _UNFINISHED, "dagster"), 15)
        after = chance.uniform(0.0, 1.5)
    else:
        after = chance.uniform(0.0, 5.0)
    time.sleep(after)
    during = False
    with contextlib.suppress(psycopg.Error):
        during = bool(system.rows("select 1 from sync_runs where status = 'running'"))
    killed_at = time.monotonic()
    _kill(system, target, sync)
    system.sandbox.world.change(3)
    before = system.up
    _stop_moving(system.sandbox)
    wrong: list[str] = []
    checks: dict[str, Callable[[], bool]] = {
        "a part does not come back": lambda: _is_whole(system) and bool(system.sandbox.world.change(1)),
        "the table does not catch up": lambda: not difference(system),
        "a run stays started": lambda: not system.rows(_UNFINISHED, "dagster"),
        "a sync stays running": lambda: not system.rows("select 1 from sync_runs where status = 'running'"),
        "a lock stays held": lambda: not system.rows(_LOCKS)[0]["count"],
    }
    for words, holds in checks.items():
        try:
            until(lambda holds=holds: system.supervise() or holds(), RECOVER_SECONDS)
        except TimeoutError:
            wrong.append(words)
            with contextlib.suppress(psycopg.Error):
                wrong += difference(system)
    restarted = "nothing" if system.up is before else "hunter up"
    seconds = time.monotonic() - killed_at
    return Round(number + 1, target, after, during, restarted, seconds, len(system.sandbox.world.incoming()), wrong)


def _is_whole(system: System) -> bool:
    """Whether PostgreSQL, the daemon and the code server live, and `hunter up` has not ended."""
    parts = ("dagster._daemon", "code-server", "api grpc", "dagster_webserver")
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
        words = {"Dagster's daemon": ["dagster._daemon"], "code server": ["code-server", "api grpc"]}
        runs = ["multiprocessing.spawn"]  # what a code server runs a sync in
        for process in system.find(*words.get(target, [*runs, *words["code server"]])):
            with contextlib.suppress(psutil.Error):
                process.kill()


def _stop_moving(sandbox: Sandbox) -> None:
    sandbox.stop_changes()


def loop(rounds: int, *, seed: int, seconds: float) -> Iterator[Round]:
    """The whole loop; the last round also sees to it that Ctrl-C leaves no process behind."""
    folder = Path(tempfile.mkdtemp(prefix="hc-"))
    end = time.monotonic() + seconds
    chance = random.Random(seed)
    with Sandbox(SandboxOptions(referrals=REFERRALS, seed=seed)) as sandbox:
        system = System(folder, sandbox)
        try:
            assert system.hunter("auth", "login").wait(120) == 0, system.told()
            system.start()
            until(lambda: not difference(system), 120)
            for number in range(rounds):
                found = one_round(system, number, chance)
                last = number == rounds - 1 or time.monotonic() > end
                if last:
                    _stop_moving(sandbox)
                    found.wrong += system.close()
                yield found
                if last:
                    break
        finally:
            if not system.log.closed:
                system.close()
            if os.environ.get("CHAOS_KEEP"):
                print(f"kept: {folder}", file=sys.stderr)
            else:
                shutil.rmtree(folder, ignore_errors=True)
