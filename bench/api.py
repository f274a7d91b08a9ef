"""
Times the API on generated referrals: a real server process on loopback, requests one after another.

    python -m bench.api                  10,000 referrals
    python -m bench.api 10000 100000     this many referrals
"""

import logging
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import requests
import structlog

from bench.__main__ import FakePartnerCenter, time_steps
from hunter_pipeline.sandbox.generator import generate_referral
from hunter_pipeline.warehouse import embedded, migrate
from hunter_pipeline.warehouse.connection import Warehouse

REQUESTS = 40
LIST = "/api/v1/partner-center/referrals"
DESK = {"Accept": "text/html"}


def addresses(size: int) -> dict[str, str]:
    """Return the paths to request, by their name in the table."""
    return {
        "first page": LIST,
        "last page": f"{LIST}?page={size // 50}",
        "by company": f"{LIST}?sort=company_name&order=asc",
        "by value, last": f"{LIST}?sort=deal_value&page={size // 50}",
        "one type, one status": f"{LIST}?referral_type=co-sell&status=Active",
        "search": f"{LIST}?q=ltd",
        "search, nothing found": f"{LIST}?q=zzzzzz",
        "leads, first page": "/api/v1/leads?page=1",
        "leads, a search": "/api/v1/leads?page=1&q=ltd",
        "lead desk": "/",
        "health": "/healthz/ready",
    }


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for size in [int(text) for text in sys.argv[1:]] or [10_000]:
        home = Path(tempfile.mkdtemp(prefix="hunter-bench-"))
        try:
            fill(home, size)
            measure(home, size)
        finally:
            embedded.stop(home)
            shutil.rmtree(home, ignore_errors=True)


def fill(home: Path, size: int) -> None:
    warehouse = Warehouse(None, home)
    migrate.upgrade(warehouse)
    epoch = datetime.now(UTC)
    with warehouse.connection() as connection:
        time_steps(connection, FakePartnerCenter([generate_referral(42, number, epoch) for number in range(size)]))
    with warehouse.connection() as connection:
        connection.autocommit = True
        connection.execute("vacuum analyze")  # autovacuum would do it within a minute


def measure(home: Path, size: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"HUNTER_HOME": str(home), "HUNTER_API_PORT": str(port), "HUNTER_DAGSTER_URL": "http://127.0.0.1:9"}
    others = {name: value for name, value in os.environ.items() if not name.startswith("HUNTER_")}
    server = subprocess.Popen(
        [sys.executable, "-m", "hunter_pipeline.cli", "serve"],
        env=others | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait(url)
        print(f"{size:,} referrals, {REQUESTS} requests each{'p50 ms':>12}{'p95 ms':>10}{'KB':>8}")
        for name, path in addresses(size).items():
            times, length = timed(url + path, REQUESTS)
            print(f"  {name:<36}{statistics.median(times):>12.1f}{quantile(times):>10.1f}{length / 1024:>8.0f}")
        for name, path in (("all leads", "/api/v1/leads"), ("export, CSV", f"{LIST}/export")):
            times, length = timed(url + path, 3)
            middle, worst = statistics.median(times), max(times)
            print(f"  {name + ', 3 requests':<36}{middle:>12.1f}{worst:>10.1f}{length / 1024:>8.0f}")
    finally:
        server.terminate()
        server.wait(30)


def wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            requests.get(f"{url}/healthz/live", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("hunter serve did not start")


def timed(url: str, number: int) -> tuple[list[float], int]:
    times: list[float] = []
    length = 0
    with requests.Session() as session:
        session.get(url, headers=DESK, timeout=120)
        for _ in range(number):
            start = time.perf_counter()
            response = session.get(url, headers=DESK, timeout=120)
            times.append((time.perf_counter() - start) * 1000)
            response.raise_for_status()
            length = len(response.content)
    return times, length


def quantile(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
