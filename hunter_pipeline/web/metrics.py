"""
What Prometheus reads at /metrics: counted in the database at each scrape, so every replica tells the same.

Only requests are counted in the process, by the template of their path.
"""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily

from hunter_pipeline.warehouse import listing
from hunter_pipeline.warehouse.connection import Connection


class Metrics:
    """The numbers of one service, in a registry of its own."""

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

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self, found: Sequence[Metric] | None) -> bytes:
        """Everything, in Prometheus' format; `found` is what `stored` read, None where the database did not answer."""
        of_database = CollectorRegistry()
        of_database.register(_Stored(found))  # pyright: ignore[reportArgumentType] - it has collect()
        return generate_latest(of_database) + generate_latest(self.registry)


class _Stored:
    """The numbers of one scrape; a database out of reach is a number as well."""

    def __init__(self, found: Sequence[Metric] | None) -> None:
        self.found = found

    def collect(self) -> Iterable[Metric]:
        """The numbers of then."""
        is_up = 0.0 if self.found is None else 1.0
        yield GaugeMetricFamily("hunter_database_up", "1 where the database answers.", value=is_up)
        yield from self.found or ()


def stored(connection: Connection) -> Iterator[Metric]:
    """What the database holds now. Raises: DatabaseError."""
    numbers = listing.sync_numbers(connection)
    outcomes = CounterMetricFamily("hunter_syncs", "Syncs by how they ended.", labels=["outcome"])
    for outcome in ("success", "skipped", "failed"):
        outcomes.add_metric([outcome], numbers[outcome])
    yield outcomes
    yield SummaryMetricFamily(
        "hunter_sync_duration_seconds", "Seconds that successful syncs took.",
        count_value=numbers["success"], sum_value=numbers["success_seconds"],
    )  # fmt: skip
    yield CounterMetricFamily(
        "hunter_sync_retries", "Requests to Partner Center that were repeated.", numbers["retries"]
    )
    yield GaugeMetricFamily("hunter_quarantined_referrals", "Payloads that are no referral.", numbers["quarantined"])
    if numbers["age_seconds"] is not None:
        age = "Seconds since the last sync that succeeded."
        yield GaugeMetricFamily("hunter_seconds_since_last_success", age, numbers["age_seconds"])
    referrals = GaugeMetricFamily("hunter_referrals", "Referrals that are not missing, by status.", labels=["status"])
    for row in listing.funnel(connection):
        referrals.add_metric([row["status"] or "unknown"], row["count"])
    yield referrals
