"""
Compare a sync with other ways to do the same work, side by side.

    python -m bench               1,000 and 10,000 referrals
    python -m bench 100000        this many
    python -m bench --rounds 5    the median of five rounds instead of three

A pre-rendered Partner Center runs in a process of its own, PostgreSQL is the embedded one, and each program runs in a
process of its own (`bench/subjects.py`, `bench/dlt_merge.py`), in alternation. The tables go to standard output.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import requests

from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline.warehouse import embedded

# The row-at-a-time way takes minutes beyond this.
MAX_ORM = 10_000
ROOT = Path(__file__).parents[1]
DLT = Path(os.environ.get("BENCH_DLT", ROOT / ".venv-bench" / "bin" / "python"))


@dataclass
class Figures:
    """What the rounds of one program measured: seconds of the process and inside it, memory in MB, WAL in bytes."""

    wall: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    wal: list[int] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)

    def add(self, wall: float, wal: int, found: dict[str, Any]) -> None:
        self.wall.append(wall)
        self.inside.append(found["inside"])
        self.memory.append(found["memory_mb"])
        self.wal.append(wal)
        self.last = found


class Bench:
    """One upstream of a size, one PostgreSQL, and the programs against them."""

    def __init__(self, folder: Path, upstream: str, sandbox: Sandbox, server: str) -> None:
        self.folder = folder
        self.upstream = upstream
        self.sandbox = sandbox
        self.server = server
        self.figures: dict[str, Figures] = {}

    def database(self, name: str, *, new: bool) -> str:
        with psycopg.connect(self.server, autocommit=True) as connection:
            exists = connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone()
            if exists and new:
                connection.execute(f"drop database {name} with (force)")
            if new or not exists:
                connection.execute(f"create database {name}")
        return self.server.replace("/postgres?", f"/{name}?")

    def environment(self, database: str) -> dict[str, str]:
        return {
            **os.environ,
            **self.sandbox.environment(),
            "HUNTER_PARTNER_CENTER_API_URL": self.upstream,
            "HUNTER_HOME": str(self.folder / "home"),
            "HUNTER_DATABASE_URL": database,
            "HUNTER_TENANT_LOOKUP": "false",
            "HUNTER_LOG_FORMAT": "json",
            "REQUESTS_CA_BUNDLE": str(self.folder / "ca-all.pem"),
            "BENCH_URL": self.upstream,
            "BENCH_DATABASE": database,
            "BENCH_STATE": str(self.folder / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }

    def run(self, name: str, command: list[str], *, new: bool, database: str, **changes: str) -> None:
        """Run a program once, on a new database or on the one of its last run."""
        url = self.database(database, new=new)
        environment = self.environment(url) | changes
        if database == "hunter" and new:
            hunter = [sys.executable, "-m", "hunter_pipeline.cli"]
            for words in (["db", "upgrade"], ["auth", "login"]):
                subprocess.run([*hunter, *words], env=environment, check=True, capture_output=True)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("vacuum")  # as autovacuum does within a minute of a sync; they are ten minutes apart
            connection.execute("checkpoint")
            before = connection.execute("select pg_current_wal_insert_lsn()").fetchone()
            start = time.perf_counter()
            ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, cwd=ROOT)
            wall = time.perf_counter() - start
            query = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)::bigint"
            [wal] = connection.execute(query, before).fetchone() or [0]
        if ended.returncode != 0:
            raise SystemExit(f"{name} failed:\n{ended.stderr[-3000:]}")
        found = json.loads(ended.stdout.splitlines()[-1])
        self.figures.setdefault(name, Figures()).add(wall, wal, found)
        print(f"  {name:34} {wall:8.2f} s   {found}", file=sys.stderr, flush=True)

    def change(self, percent: float) -> None:
        requests.get(
            f"{self.upstream}/bench/change?percent={percent}", verify=str(self.folder / "ca.pem"), timeout=600
        ).raise_for_status()

    def round(self, size: int) -> None:
        """Run every program once, in turn."""
        ours = [sys.executable, "-m", "bench.subjects", "hunter"]
        self.run(
            "floor (download and COPY)", [sys.executable, "-m", "bench.subjects", "floor"], new=True, database="floor"
        )
        self.run("hunter, first load", ours, new=True, database="hunter")
        if DLT.exists():
            shutil.rmtree(self.folder / "dlt", ignore_errors=True)
            merge = [str(DLT), "-m", "bench.dlt_merge"]
            self.run("dlt, first load", merge, new=True, database="dlt")
            self.run("dlt, again", merge, new=False, database="dlt")
        self.run("hunter, incremental, nothing new", ours, new=False, database="hunter")
        self.run("hunter, full, nothing new", ours, new=False, database="hunter", BENCH_MODE="full")
        self.change(1)
        self.run("hunter, incremental, 1 % new", ours, new=False, database="hunter")
        if size <= MAX_ORM:
            self.run(
                "one row at a time (ORM)", [sys.executable, "-m", "bench.subjects", "orm"], new=True, database="orm"
            )

    def reads(self) -> dict[str, Any]:
        """Return the figures of `bench/api_reads.py` on the database that the syncs have filled."""
        environment = self.environment(self.database("hunter", new=False))
        command = [sys.executable, "-m", "bench.api_reads"]
        ended = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        return json.loads(ended.stdout)


@contextmanager
def upstream(folder: Path, size: int) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.upstream", str(folder), str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def compare(size: int, rounds: int) -> tuple[dict[str, Figures], dict[str, Any]]:
    """Return the figures of each program at one size, and those of the API's reads."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hunter-bench-")))
        sandbox = stack.enter_context(Sandbox(SandboxOptions(referrals=1)))
        url = stack.enter_context(upstream(folder, size))
        authorities = (folder / "ca.pem", Path(sandbox.environment()["REQUESTS_CA_BUNDLE"]))
        (folder / "ca-all.pem").write_text("".join(path.read_text() for path in authorities))
        (folder / "home").mkdir()
        embedded.start(folder / "home")
        stack.callback(embedded.stop, folder / "home")
        server = embedded.address(folder / "home", "postgres") or ""
        bench = Bench(folder, url, sandbox, server)
        for number in range(1, rounds + 1):
            print(f"{size:,} referrals, round {number} of {rounds}", file=sys.stderr)
            bench.round(size)
        return bench.figures, bench.reads()


def table(size: int, figures: dict[str, Figures]) -> str:
    """Return a Markdown table of medians; the ratio is to dlt's first load."""
    dlt = figures.get("dlt, first load")
    lines = [
        f"### {size:,} referrals",
        "",
        "| | whole process, s | inside, s | of dlt's first load | peak memory, MB | WAL, bytes a referral |",
        "|---|---|---|---|---|---|",
    ]
    for name, each in figures.items():
        wall = statistics.median(each.wall)
        ratio = f"{wall / statistics.median(dlt.wall):.2f}" if dlt else "-"
        lines.append(
            f"| {name} | {wall:.2f} | {statistics.median(each.inside):.2f} | {ratio} "
            f"| {max(each.memory):.0f} | {statistics.median(each.wal) / size:,.0f} |"
        )
    return "\n".join([*lines, ""])


def reads_table(found: dict[str, Any]) -> str:
    """Return Markdown tables of the API's reads, alone and under load."""
    lines = ["| read | one client, ms | 16 clients, answers a second |", "|---|---|---|"]
    lines += [f"| {name} | {each['ms']:,.0f} | {each['a_second']:,.0f} |" for name, each in found["reads"].items()]
    lines += [
        "",
        "| at once | last answer, s | median, s | statuses | slowest `/healthz/live`, ms | memory before, most, MB |",
    ]
    lines += ["|---|---|---|---|---|---|"]
    lines += [
        f"| {name} | {each['seconds']} | {each['median']} | {each['statuses']} | {each['live_ms']} "
        f"| {each['memory_before_mb']}, {each['memory_mb']} |"
        for name, each in found["load"].items()
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Compare at each size and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if not DLT.exists():
        print("dlt is not installed: make bench installs it.", file=sys.stderr)
    for size in arguments.sizes:
        figures, reads = compare(size, arguments.rounds)
        print(table(size, figures), reads_table(reads), sep="\n", flush=True)


if __name__ == "__main__":
    main()
