"""
The view of the lead desk that an address names: filters, orders and page numbers.

Invalid values fall back to the default. "Today" and "yesterday" are days of the reader's time zone.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import Request

from hunter_pipeline.warehouse import leads_ready, listing
from hunter_pipeline.warehouse.list_queries import Filters
from hunter_pipeline.web import pages
from hunter_pipeline.web.localization import day_start, time_zone

# Columns that the first click on their header sorts in descending order.
DESCENDING_FIRST = ("score", "deal_value", "source_updated_at", "source_created_at")
FILTERS = ("q", "show", "referral_type", "status", "country", "expires", "value")
# The values of the filter `show`; '' is all leads.
QUICK_FILTERS = ("", "today", "new", "asked")
EXPIRES_WITHIN = {"24h": 24, "72h": 72, "7d": 7 * 24, "30d": 30 * 24}
LEAST_VALUES = (1_000, 10_000, 50_000, 100_000, 500_000)
MAX_SEARCH_CHARACTERS = 200
MAX_PAGE = 100_000
# The cookie with the last two days on which this browser opened the desk: '2026-11-27.2026-11-30'.
VISITS_COOKIE = "visits"
_PAGE_NUMBER = re.compile(r"[0-9]{1,9}")


class Order(NamedTuple):
    """The order of a list."""

    column: str
    descending: bool

    @property
    def direction(self) -> str:
        """Return the direction as addresses name it."""
        return "desc" if self.descending else "asc"

    def after_click(self, column: str) -> "Order":
        """Return the order after a click on a column: by it, or in reverse if the list already is."""
        return Order(column, not self.descending if column == self.column else column in DESCENDING_FIRST)


# The newest referrals first, and the leads in the order of calling.
DEFAULT_ORDER, DEFAULT_LEAD_ORDER = Order("source_updated_at", True), Order("score", True)


@dataclass(frozen=True, slots=True)
class DeskView:
    """The query of `/?status=New&sort=company_name&dir=asc&page=2&leads=3`; a missing parameter is the default."""

    values: dict[str, str] = field(default_factory=dict)
    order: Order = DEFAULT_ORDER
    lead_order: Order = DEFAULT_LEAD_ORDER
    page: int = 1
    leads: int = 1
    zone: tzinfo = UTC
    last_visit: date = date.min

    @classmethod
    def from_request(cls, request: Request) -> "DeskView":
        """Read the view from the address, and the reader's time zone and last visit from the cookies."""
        query = request.query_params
        zone = time_zone(request.cookies.get(pages.ZONE_COOKIE))
        return cls(
            {name: value for name in FILTERS if (value := _clean_value(name, query.get(name)))},
            _order(query.get("sort"), query.get("dir"), listing.SORTS, DEFAULT_ORDER),
            _order(query.get("lead_sort"), query.get("lead_dir"), leads_ready.SORTS, DEFAULT_LEAD_ORDER),
            _page_number(query.get("page")),
            _page_number(query.get("leads")),
            zone,
            visits(request, zone)[0],
        )

    @property
    def is_filtered(self) -> bool:
        """Return whether any filter is set."""
        return bool(self.values)

    @property
    def has_more_filters(self) -> bool:
        """Return whether a filter is set that a phone shows on demand only."""
        return bool(self.values.keys() - {"q", "show"})

    @property
    def order_query(self) -> dict[str, str]:
        """Return the parameters of the referrals' order, none for the default."""
        return {"sort": self.order.column, "dir": self.order.direction} if self.order != DEFAULT_ORDER else {}

    @property
    def lead_order_query(self) -> dict[str, str]:
        """Return the parameters of the leads' order, none for the default."""
        order = self.lead_order
        return {"lead_sort": order.column, "lead_dir": order.direction} if order != DEFAULT_LEAD_ORDER else {}

    @property
    def filters(self) -> Filters:
        """Return the filters as the lists take them."""
        values, now = self.values, datetime.now(UTC)
        after, before = self._expiry(values.get("expires", ""), now)
        if values.get("show") == "today":
            tomorrow = day_start(now.astimezone(self.zone).date() + timedelta(days=1), self.zone)
            before = min(before or tomorrow, tomorrow)
        return Filters(
            referral_type=values.get("referral_type"),
            status=values.get("status"),
            q=values.get("q"),
            country=values.get("country"),
            expires_after=after,
            expires_before=before,
            min_value=int(values["value"]) if "value" in values else None,
            created_after=day_start(self.last_visit, self.zone) if values.get("show") == "new" else None,
            contact_requested=True if values.get("show") == "asked" else None,
        )

    @property
    def api_query(self) -> dict[str, Any]:
        """Return the filters as parameters of the API: {'status': 'New'}."""
        values = self.filters.parameters()
        values.pop("patterns", None)
        query = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
        return {**query, **({"q": self.values["q"]} if "q" in self.values else {})}

    def query(self, **changes: Any) -> str:
        """Return the query of this view with other page numbers: '?status=New&page=2', or '' for the default view."""
        numbers = {"page": self.page, "leads": self.leads, **changes}
        further = {name: number for name, number in numbers.items() if number > 1}
        query = {**self.values, **self.order_query, **self.lead_order_query, **further}
        return f"?{urlencode(query)}" if query else ""

    def sort_query(self, column: str) -> str:
        """Return the query after a click on a column of the referrals."""
        return replace(self, order=self.order.after_click(column), page=1).query()

    def lead_sort_query(self, column: str) -> str:
        """Return the query after a click on a column of the leads."""
        return replace(self, lead_order=self.lead_order.after_click(column), leads=1).query()

    def _expiry(self, value: str, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the range of times that a value of the filter `expires` means."""
        if value in EXPIRES_WITHIN:
            return None, now + timedelta(hours=EXPIRES_WITHIN[value])
        if not value:
            return None, None
        day = date.fromisoformat(value)
        return day_start(day, self.zone), day_start(day + timedelta(days=1), self.zone)


def visits(request: Request, zone: tzinfo) -> tuple[date, date]:
    """Return the day of the browser's last visit before today, yesterday if it is not known, and today."""
    today = datetime.now(zone).date()
    days = [day for text in request.cookies.get(VISITS_COOKIE, "").split(".") if (day := _parse_date(text))]
    return max((day for day in days if day < today), default=today - timedelta(days=1)), today


def _clean_value(name: str, value: str | None) -> str | None:
    text = (value or "").replace("\x00", "").strip()[:MAX_SEARCH_CHARACTERS]
    if name == "show":
        return text if text in QUICK_FILTERS else None
    if name == "value":
        return text if _PAGE_NUMBER.fullmatch(text) else None
    if name == "expires":
        return text if text in EXPIRES_WITHIN or _parse_date(text) else None
    return text or None


def _parse_date(text: str) -> date | None:
    """Return the day of a text such as '2026-11-27', None if it is none that has a neighbour on both sides."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date.min.year < day.year < date.max.year else None


def _order(column: str | None, direction: str | None, columns: tuple[str, ...], default: Order) -> Order:
    """Return the order that an address names; without a direction it is the one of the first click."""
    column = column if column in columns else default.column
    return Order(column, column in DESCENDING_FIRST if direction is None else direction == "desc")


def _page_number(text: str | None) -> int:
    return min(max(int(text), 1), MAX_PAGE) if text is not None and _PAGE_NUMBER.fullmatch(text) else 1
