"""
Times each step of a sync on generated referrals in a temporary embedded PostgreSQL, without network.

    python -m bench            1,000 and 10,000 referrals
    python -m bench 100000     this many referrals
"""

import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import structlog

from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.pipeline import steps
from hunter_pipeline.sandbox.generator import generate_referral
from hunter_pipeline.warehouse import embedded, leads_ready, migrate
from hunter_pipeline.warehouse.connection import Connection, Warehouse

PAGE = 200
STREAM = steps.Stream("bench", "Incoming")


@dataclass
class Page:
    """A page of referrals, as the client yields it."""

    items: list[Any]


class FakePartnerCenter:
    """Serves referrals from memory, so that only the pipeline's own work is timed."""

    requests = retries = 0

    def __init__(self, payloads: list[dict[str, Any]]) -> None:
        self.payloads = sorted(payloads, key=lambda payload: payload["updatedDateTime"])

    def signed_in_as(self) -> None:
        return None

    def pages(self, *, updated_since: str | None = None, **_: Any) -> Iterator[Page]:
        rows = [row for row in self.payloads if updated_since is None or row["updatedDateTime"] >= updated_since]
        for start in range(0, max(len(rows), 1), PAGE):
            yield Page(rows[start : start + PAGE])


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or [1_000, 10_000]
    home = Path(tempfile.mkdtemp(prefix="hunter-bench-"))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        print("seconds        " + "".join(f"{size:>12,}" for size in sizes))
        columns = [run(home, size) for size in sizes]
        for name in columns[0]:
            print(f"{name:<15}" + "".join(f"{column[name]:>12.3f}" for column in columns))
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def run(home: Path, size: int) -> dict[str, float]:
    warehouse = Warehouse(None, home / str(size))
    try:
        migrate.upgrade(warehouse)
        epoch = datetime.now(UTC)
        upstream = FakePartnerCenter([generate_referral(42, number, epoch) for number in range(size)])
        with warehouse.connection() as connection:
            return time_steps(connection, upstream)
    finally:
        embedded.stop(home / str(size))


def time_steps(connection: Connection, upstream: FakePartnerCenter) -> dict[str, float]:
    times: dict[str, float] = {}
    pulled: list[steps.Pull] = []

    def timed(name: str, call: Callable[[], Any]) -> None:
        start = time.perf_counter()
        call()
        connection.commit()
        times[name] = time.perf_counter() - start

    def pull(mode: str) -> None:
        client = cast(PartnerCenterClient, upstream)
        pulled.append(steps.pull(client, connection, STREAM, mode=mode, run_id=mode, page_size=PAGE))

    timed("pull", lambda: pull("incremental"))
    timed("normalize", lambda: steps.normalize(connection, own_domains=()))
    timed("merge", lambda: steps.merge(connection, STREAM, pulled[-1]))
    timed("companies", lambda: steps.companies(connection, None))
    timed("leads_ready", lambda: leads_ready.leads_ready(connection))
    timed("again: pull", lambda: pull("incremental"))
    timed("again: normal.", lambda: steps.normalize(connection, own_domains=()))
    timed("again: merge", lambda: steps.merge(connection, STREAM, pulled[-1]))
    timed("again: compan.", lambda: steps.companies(connection, None))
    timed("again: leads", lambda: leads_ready.leads_ready(connection))
    timed("full: pull", lambda: pull("full"))
    timed("full: merge", lambda: steps.merge(connection, STREAM, pulled[-1]))
    return times


if __name__ == "__main__":
    main()
