"""
Where the bars of the three charts stand: figures in, geometry and texts out; `templates/charts.html` draws them.

All lengths are units of a drawing 320 wide. The texts beside the bars are those of the language asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hunter_pipeline.web.words import Words

WIDTH = 320
DAYS = 14
SYNCS = 24
SOON_DAYS = 3
_LABELS = 84
_ROW = 28
_FLOOR = 112
_TOP = 18
_TICKS = 3
"""Every third day has its date below; more would not fit on a phone."""
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its place, what stands beside it, and `cells`, its line in the table for those who do not see it."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: str
    kind: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: its name (a part of the words' keys), height, sum in words, columns of its table, and bars."""

    name: str
    height: int
    total: str
    columns: tuple[str, ...]
    bars: list[Bar]

    @property
    def is_empty(self) -> bool:
        """Nothing but nothing: no bar has any length."""
        return not any(bar.width and bar.height for bar in self.bars)


def funnel(rows: Rows, words: Words) -> Chart:
    """How many referrals stand in each status: `status` (None: it has none) and `count`, lying bars."""
    most = max((row["count"] for row in rows), default=0) or 1
    room = WIDTH - _LABELS - 44
    bars: list[Bar] = []
    for place, row in enumerate(rows):
        label, value = words.named("status", row["status"], words("status.unknown")), words.number(row["count"])
        kind = str(row["status"] or "unknown").lower()
        bars.append(Bar(_LABELS, place * _ROW + 5, room * row["count"] / most, 18, label, value, kind, (label, value)))
    total = words.count("charts.total", sum(row["count"] for row in rows))
    columns = (words("columns.status"), words("charts.count"))
    return Chart("funnel", len(rows) * _ROW or 1, total, columns, bars)


def expiring(rows: Rows, words: Words) -> Chart:
    """How many referrals expire on each of the next days: `day` and `count`, standing bars."""
    most = max((row["count"] for row in rows), default=0) or 1
    step = WIDTH / max(len(rows), 1)
    bars: list[Bar] = []
    for place, row in enumerate(rows):
        tall = (_FLOOR - _TOP) * row["count"] / most
        value = words.number(row["count"]) if row["count"] else ""
        label = words.short_day(row["day"]) if place % _TICKS == 0 else ""
        cells = (words.day(row["day"]), words.number(row["count"]))
        kind = "soon" if place < SOON_DAYS else "later"
        bars.append(Bar(place * step + 3, _FLOOR - tall, step - 6, tall, label, value, kind, cells))
    total = words.count("charts.expiring_total", sum(row["count"] for row in rows))
    return Chart("expiring", _FLOOR + 20, total, (words("charts.day"), words("charts.count")), bars)


def syncs(rows: Rows, words: Words) -> Chart:
    """How long each of the last syncs took and how it ended: rows of `sync_runs`, the newest first."""
    shown = list(reversed(rows))
    longest = max((row["duration_seconds"] or 0 for row in shown), default=0) or 1
    step = WIDTH / max(len(shown), 12)
    bars: list[Bar] = []
    for place, row in enumerate(shown):
        seconds = row["duration_seconds"]
        tall = max((_FLOOR - _TOP) * (seconds or 0) / longest, 4)
        took, outcome = words.seconds(seconds), words.named("outcome", row["status"])
        cells = (words.moment(row["started_at"]), took, outcome)
        mark = "✕" if row["status"] == "failed" else ""
        bars.append(Bar(place * step + 2, _FLOOR - tall, step - 4, tall, "", mark, row["status"], cells))
    failed = sum(row["status"] == "failed" for row in shown)
    total = words.count("charts.syncs_total", len(shown), failed=failed)
    columns = (words("charts.started"), words("charts.took"), words("charts.outcome"))
    return Chart("syncs", _FLOOR + 6, total, columns, bars)


def is_soon(row: Mapping[str, Any], now: Any) -> bool:
    """Whether a referral waits for an answer and loses it within three days."""
    expires = row["expires_at"]
    return row["status"] == "New" and expires is not None and now <= expires <= now + timedelta(days=SOON_DAYS)
