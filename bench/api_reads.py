"""
Measure the API's reads on the database that a sync has filled: alone, and under load.

    python -m bench.api_reads

It reads the environment of `bench/__main__.py`, serves the API in a process of its own, and prints JSON: the median of
an answer in ms and answers a second with sixteen clients for each path, and what happens under load.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psutil
import requests

PATHS = {
    "referrals, first page": "/api/v1/partner-center/referrals",
    "leads, first page": "/api/v1/leads?page=1",
    "leads, a search": "/api/v1/leads?page=1&q=fabrikam",
    "lead desk": "/",
    "leads as CSV": "/api/v1/leads/export?format=csv",
}
LIVE = "/healthz/live"
ALONE = 10
CLIENTS = 16
SECONDS = 5
EXPORTS = 64
CROWD = 256


@contextmanager
def api() -> Iterator[tuple[str, psutil.Process]]:
    """Serve the API; yield its URL and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"HUNTER_API_HOST": "127.0.0.1", "HUNTER_API_PORT": str(port)}
    command = [sys.executable, "-m", "hunter_pipeline.cli", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(300):
                try:
                    requests.get(url + LIVE, timeout=5)
                    break
                except requests.ConnectionError:
                    time.sleep(0.2)
            yield url, psutil.Process(server.pid)
        finally:
            server.terminate()


def get(url: str) -> tuple[int, float]:
    """Return the status of an answer, 0 if there was none, and the seconds until its end."""
    start = time.perf_counter()
    try:
        with requests.get(url, timeout=300, stream=True) as answer:
            for _ in answer.iter_content(1 << 16):
                pass
            status = answer.status_code
    except requests.RequestException:
        status = 0
    return status, time.perf_counter() - start


def answers_a_second(url: str) -> float:
    """Return how many answers a second a number of clients get."""
    end = time.perf_counter() + SECONDS

    def client() -> int:
        count = 0
        while time.perf_counter() < end:
            count += get(url)[0] == requests.codes.ok
        return count

    with ThreadPoolExecutor(CLIENTS) as pool:
        counts = [pool.submit(client) for _ in range(CLIENTS)]
        return sum(count.result() for count in counts) / SECONDS


def under_load(url: str, process: psutil.Process, path: str, clients: int) -> dict[str, Any]:
    """
    Send requests at once from another process; return their statuses and times.

    Meanwhile this process asks for /healthz/live; the longest answer and the memory of the server are returned as well.
    """
    longest = peak = 0.0
    before = process.memory_info().rss / 1e6
    command = [sys.executable, "-m", "bench.api_reads", url + path, str(clients)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:
        while crowd.poll() is None:
            longest = max(longest, get(url + LIVE)[1])
            peak = max(peak, process.memory_info().rss / 1e6)
            time.sleep(0.05)
        found = json.loads(crowd.stdout.read() if crowd.stdout else "")
    return {**found, "live_ms": round(longest * 1000), "memory_before_mb": round(before), "memory_mb": round(peak)}


def crowd(url: str, clients: int) -> dict[str, Any]:
    """Send requests at once; return the number of answers by status, and the seconds until the last and the median."""
    with ThreadPoolExecutor(clients) as pool:
        start = time.perf_counter()
        found = list(pool.map(get, [url] * clients))
        seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 1),
        "statuses": dict(Counter(status for status, _ in found)),
        "median": round(statistics.median(each for _, each in found), 2),
    }


def main() -> None:
    """Measure and print; with a URL and a number of clients, be the crowd."""
    if len(sys.argv) > 1:
        print(json.dumps(crowd(sys.argv[1], int(sys.argv[2]))))
        return
    with api() as (url, process):
        reads: dict[str, dict[str, float]] = {}
        for name, path in PATHS.items():
            get(url + path)
            alone = statistics.median(get(url + path)[1] for _ in range(ALONE))
            reads[name] = {"ms": round(alone * 1000, 1), "a_second": round(answers_a_second(url + path), 1)}
        load = {
            f"{EXPORTS} exports": under_load(url, process, PATHS["leads as CSV"], EXPORTS),
            f"{CROWD} first pages of leads": under_load(url, process, PATHS["leads, first page"], CROWD),
        }
    print(json.dumps({"reads": reads, "load": load}))


if __name__ == "__main__":
    main()
