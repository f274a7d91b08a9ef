"""
Read and lay out the desk's three bar charts, which `templates/charts.html` draws.

All lengths are in units of a drawing that is 320 wide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from hunter_pipeline.warehouse import listing, sync_runs
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline.web.localization import Localizer, day_start

WIDTH = 320
EXPIRY_DAYS = 14
SYNCS = 24
# A New referral that expires within this many days is highlighted.
SOON_DAYS = 3
_LABEL_WIDTH = 84
_VALUE_WIDTH = 44
_ROW_HEIGHT = 28
_BASELINE = 112
_TOP = 18
# Every third day has its date below; more do not fit on a phone.
_LABELED_DAYS = 3
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Bar:
    """
    A bar with the texts beside it.

    cells: its row in the chart's table for screen readers.
    query: the query of the desk that lists what the bar counts, None if there is none.
    """

    x: float
    y: float
    width: float
    height: float
    label: str
    value: str
    kind: str
    cells: tuple[str, ...]
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart; `name` is part of its texts' keys, `columns` are the headers of its table."""

    name: str
    height: int
    total: str
    columns: tuple[str, ...]
    bars: list[Bar]

    @property
    def is_empty(self) -> bool:
        """Return whether no bar has any length."""
        return not any(bar.width and bar.height for bar in self.bars)


def read_charts(connection: Connection, t: Localizer) -> list[Chart]:
    """Return the desk's charts with the current data."""
    return [
        funnel_chart(listing.funnel(connection), t),
        expiry_chart(listing.expiring(connection, _next_days(t.zone)), t),
        sync_chart(sync_runs.recent(connection, SYNCS), t),
    ]


def funnel_chart(rows: Rows, t: Localizer) -> Chart:
    """Draw the number of referrals in each status as horizontal bars; rows have `status` (or None) and `count`."""
    largest = max((row["count"] for row in rows), default=0) or 1
    bars: list[Bar] = []
    for index, row in enumerate(rows):
        label, value = t.label("status", row["status"], t("status.unknown")), t.number(row["count"])
        width = (WIDTH - _LABEL_WIDTH - _VALUE_WIDTH) * row["count"] / largest
        kind = str(row["status"] or "unknown").lower()
        query = f"?{urlencode({'status': row['status']})}" if row["status"] else None
        bars.append(Bar(_LABEL_WIDTH, index * _ROW_HEIGHT + 5, width, 18, label, value, kind, (label, value), query))
    total = t.plural("charts.total", sum(row["count"] for row in rows))
    return Chart("funnel", len(rows) * _ROW_HEIGHT or 1, total, (t("columns.status"), t("charts.count")), bars)


def expiry_chart(rows: Rows, t: Localizer) -> Chart:
    """Draw the number of referrals that expire on each of the next days; rows have `start` and `count`."""
    largest = max((row["count"] for row in rows), default=0) or 1
    step = WIDTH / max(len(rows), 1)
    bars: list[Bar] = []
    for index, row in enumerate(rows):
        height = (_BASELINE - _TOP) * row["count"] / largest
        value = t.number(row["count"]) if row["count"] else ""
        day = row["start"].astimezone(t.zone).date()
        label = t.short_date(day) if index % _LABELED_DAYS == 0 else ""
        cells = (t.calendar_date(day), t.number(row["count"]))
        kind = "soon" if index < SOON_DAYS else "later"
        bars.append(
            Bar(index * step + 3, _BASELINE - height, step - 6, height, label, value, kind, cells, f"?expires={day}")
        )
    total = t.plural("charts.expiring_total", sum(row["count"] for row in rows))
    return Chart("expiring", _BASELINE + 20, total, (t("charts.day"), t("charts.count")), bars)


def sync_chart(rows: Rows, t: Localizer) -> Chart:
    """Draw the duration and the outcome of the last syncs; rows are those of `sync_runs`, the newest first."""
    longest = max((row["duration_seconds"] or 0 for row in rows), default=0) or 1
    step = WIDTH / max(len(rows), 12)
    bars: list[Bar] = []
    for index, row in enumerate(reversed(rows)):
        seconds = row["duration_seconds"]
        height = max((_BASELINE - _TOP) * (seconds or 0) / longest, 4)
        cells = (t.date_time(row["started_at"]), t.duration(seconds), t.label("outcome", row["status"]))
        mark = "✕" if row["status"] == "failed" else ""
        bars.append(Bar(index * step + 2, _BASELINE - height, step - 4, height, "", mark, row["status"], cells))
    failed = sum(row["status"] == "failed" for row in rows)
    total = t.plural("charts.syncs_total", len(rows), failed=failed)
    columns = (t("charts.started"), t("charts.duration"), t("charts.outcome"))
    return Chart("syncs", _BASELINE + 6, total, columns, bars)


def _next_days(zone: tzinfo) -> list[datetime]:
    """Return the beginnings of the next days in a time zone, today first, and the end of the last."""
    today = datetime.now(zone).date()
    return [day_start(today + timedelta(days=number), zone) for number in range(EXPIRY_DAYS + 1)]


def expires_soon(row: Mapping[str, Any], now: datetime) -> bool:
    """Return whether a referral is New and expires within 24 hours."""
    expires = row["expires_at"]
    return row["status"] == "New" and expires is not None and now <= expires <= now + timedelta(days=1)
