"""
Serve the health checks (/healthz) and the metrics for Prometheus (/metrics).

The probes of one request run at the same time, each with a time-out, and none of them starts anything. The numbers of
syncs and referrals are read from the database at each scrape, so that all replicas report the same; only requests are
counted in the process.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeVar

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector
from pydantic import BaseModel

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import HunterError
from hunter_pipeline.warehouse import embedded, listing, migrate, sync_runs
from hunter_pipeline.warehouse.connection import Connection, Warehouse

PROBE_SECONDS = 2.0
# The request to Dagster ends with its probe, so that the probe's thread is free again.
DAGSTER_SECONDS = PROBE_SECONDS
# How long /metrics waits for the database: Prometheus itself gives up after ten seconds and then gets no number at all.
SCRAPE_SECONDS = 5.0
# Threads for probes, those included that still run after their time-out.
PROBE_THREADS = 8

T = TypeVar("T")
router = APIRouter()


class LastSync(BaseModel):
    """The newest sync."""

    run_id: str
    status: Literal["running", "success", "skipped", "failed"]
    reason: str | None
    mode: Literal["incremental", "full"]
    started_at: datetime
    finished_at: datetime | None


class Health(BaseModel):
    """The health of the service: "degraded" without Dagster (no sync can be started), "down" without the database."""

    status: Literal["ok", "degraded", "down"]
    partner_center_enabled: bool
    database: Literal["ok", "down"]
    dagster: Literal["ok", "down"]
    last_sync: LastSync | None


class Probe(BaseModel):
    """The result of a liveness or readiness probe."""

    status: Literal["ok", "down"] = "ok"


@router.get("/healthz", response_model=Health, responses={503: {"model": Health}}, tags=["health"])
async def health(request: Request, response: Response) -> dict[str, Any]:
    """Report what works; the status is 503 only if the database is down."""
    state = request.app.state
    results: dict[str, Any] = {}

    async def run(name: str, probe: Callable[[], Any]) -> None:
        results[name] = await _probe(state.probe_threads, name, probe, PROBE_SECONDS)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, "database", partial(_read, state.warehouse, _read_last_sync))
        tasks.start_soon(run, "dagster", partial(state.dagster.find_job, seconds=DAGSTER_SECONDS))
    database, dagster = results["database"], results["dagster"]
    if database is None:
        response.status_code = 503
    return {
        "status": "down" if database is None else "degraded" if dagster is None else "ok",
        "partner_center_enabled": state.settings.partner_center_enabled,
        "database": "down" if database is None else "ok",
        "dagster": "down" if dagster is None else "ok",
        "last_sync": database["last_sync"] if database else None,
    }


@router.get("/healthz/live", tags=["health"])
async def liveness() -> Probe:
    """Report that the process answers, without checking anything else."""
    return Probe()


@router.get("/healthz/ready", responses={503: {"model": Probe}}, tags=["health"])
async def readiness(request: Request, response: Response) -> Probe:
    """Report whether requests can be served: the database answers, and its schema has this version's revision."""
    state = request.app.state
    probe = partial(_is_schema_current, state.warehouse)
    if await _probe(state.probe_threads, "schema", probe, PROBE_SECONDS):
        return Probe()
    response.status_code = 503
    return Probe(status="down")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}}, tags=["health"])
async def metrics(request: Request) -> Response:
    """Return the metrics for Prometheus."""
    state = request.app.state
    probe = partial(_read, state.warehouse, read_metrics)
    stored = await _probe(state.probe_threads, "metrics", probe, SCRAPE_SECONDS)
    return Response(state.metrics.render(stored), media_type="text/plain; version=0.0.4; charset=utf-8")


class RequestMetrics:
    """Count the requests of one service by route, and render all its metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "hunter_http_requests_total", "Requests by route and status.", ["method", "route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "hunter_http_request_seconds", "Seconds to answer a request.", ["method", "route"],
            registry=self.registry,
        )  # fmt: skip

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the template of its path."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def render(self, stored: Sequence[Metric] | None) -> bytes:
        """Return all metrics in Prometheus' format; `stored` are the database's, None if it did not answer."""
        is_up = GaugeMetricFamily(
            "hunter_database_up", "1 if the database answers, else 0.", value=float(stored is not None)
        )
        database = CollectorRegistry()
        database.register(_Collector([is_up, *(stored or ())]))
        return generate_latest(database) + generate_latest(self.registry)


class _Collector(Collector):
    """Metrics that were read already, as Prometheus' client takes them."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """Return the metrics."""
        return self.metrics


def read_metrics(connection: Connection) -> list[Metric]:
    """Return the metrics that are counted in the database."""
    numbers = sync_runs.numbers(connection)
    outcomes = CounterMetricFamily("hunter_syncs", "Syncs by outcome.", labels=["outcome"])
    for outcome in ("success", "skipped", "failed"):
        outcomes.add_metric([outcome], numbers[outcome])
    durations = SummaryMetricFamily(
        "hunter_sync_duration_seconds", "Duration of successful syncs in seconds.",
        count_value=numbers["success"], sum_value=numbers["success_seconds"],
    )  # fmt: skip
    retries = CounterMetricFamily("hunter_sync_retries", "Repeated requests to Partner Center.", numbers["retries"])
    quarantined = GaugeMetricFamily("hunter_quarantined_referrals", "Payloads in quarantine.", numbers["quarantined"])
    referrals = GaugeMetricFamily("hunter_referrals", "Referrals that are not missing, by status.", labels=["status"])
    for row in listing.funnel(connection):
        referrals.add_metric([row["status"] or "unknown"], row["count"])
    metrics = [outcomes, durations, retries, quarantined, referrals]
    if numbers["age_seconds"] is not None:
        age = "Seconds since the last successful sync."
        metrics.append(GaugeMetricFamily("hunter_seconds_since_last_success", age, numbers["age_seconds"]))
    return metrics


def _read_last_sync(connection: Connection) -> dict[str, Any]:
    return {"last_sync": sync_runs.last_run(connection)}


async def _probe(threads: CapacityLimiter, name: str, probe: Callable[[], T], seconds: float) -> T | None:
    """Run a probe in a thread; return its result, or None if it failed or timed out."""
    with anyio.move_on_after(seconds):
        try:
            return await to_thread.run_sync(probe, abandon_on_cancel=True, limiter=threads)
        except HunterError as error:
            log.warning("health_part_down", part=name, error=error.message)
            return None
    log.warning("health_part_down", part=name, error=f"No answer within {seconds:.0f} seconds.")
    return None


def _is_schema_current(warehouse: Warehouse) -> bool:
    if _is_embedded_and_stopped(warehouse):
        return False
    current, newest = migrate.status(warehouse)
    return current == newest


def _read(warehouse: Warehouse, read: Callable[[Connection], T]) -> T | None:
    if _is_embedded_and_stopped(warehouse):
        return None
    with warehouse.connection() as connection:
        return read(connection)


def _is_embedded_and_stopped(warehouse: Warehouse) -> bool:
    """Return whether the database is an embedded server that does not run: a connection would start it."""
    return warehouse.url is None and embedded.running_pid(warehouse.home) is None
