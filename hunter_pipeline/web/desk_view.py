"""
The view of the lead desk that an address names: filters, orders and page numbers.

Invalid values fall back to the default. "Today" and "yesterday" are days of the reader's time zone.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from hunter_pipeline.warehouse import listing
from hunter_pipeline.web import pages
from hunter_pipeline.web.localization import day_start, time_zone

DEFAULT_SORT = "source_updated_at"
DEFAULT_LEAD_SORT = "score"
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


@dataclass(frozen=True, slots=True)
class DeskView:
    """The query of `/?status=New&sort=company_name&dir=asc&page=2&leads=3`; a missing parameter is the default."""

    values: dict[str, str] = field(default_factory=dict)
    sort: str = DEFAULT_SORT
    descending: bool = True
    lead_sort: str = DEFAULT_LEAD_SORT
    lead_descending: bool = True
    page: int = 1
    leads: int = 1
    zone: tzinfo = UTC
    last_visit: date = date.min

    @classmethod
    def from_request(cls, request: Request) -> "DeskView":
        """Read the view from the address, and the reader's time zone and last visit from the cookies."""
        query = request.query_params
        values = {name: value for name in FILTERS if (value := _clean_value(name, query.get(name)))}
        sort = _one_of(query.get("sort"), listing.SORTS, DEFAULT_SORT)
        lead_sort = _one_of(query.get("lead_sort"), listing.LEAD_SORTS, DEFAULT_LEAD_SORT)
        zone = time_zone(request.cookies.get(pages.ZONE_COOKIE))
        last_visit, _today = visits(request, zone)
        return cls(
            values,
            sort,
            query.get("dir", _first_direction(sort)) == "desc",
            lead_sort,
            query.get("lead_dir", _first_direction(lead_sort)) == "desc",
            _page_number(query.get("page")),
            _page_number(query.get("leads")),
            zone,
            last_visit,
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
    def has_default_order(self) -> bool:
        """Return whether the newest referrals come first."""
        return self.sort == DEFAULT_SORT and self.descending

    @property
    def has_default_lead_order(self) -> bool:
        """Return whether the leads stand in the order of calling."""
        return self.lead_sort == DEFAULT_LEAD_SORT and self.lead_descending

    @property
    def filters(self) -> listing.Filters:
        """Return the filters as the lists take them."""
        values, now = self.values, datetime.now(UTC)
        after, before = self._expiry(values.get("expires", ""), now)
        if values.get("show") == "today":
            tomorrow = day_start(now.astimezone(self.zone).date() + timedelta(days=1), self.zone)
            before = min(before or tomorrow, tomorrow)
        return listing.Filters(
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
        order = {} if self.has_default_order else {"sort": self.sort, "dir": _direction(self.descending)}
        if not self.has_default_lead_order:
            order |= {"lead_sort": self.lead_sort, "lead_dir": _direction(self.lead_descending)}
        numbers = {"page": self.page, "leads": self.leads, **changes}
        query = {**self.values, **order, **{name: number for name, number in numbers.items() if number > 1}}
        return f"?{urlencode(query)}" if query else ""

    def sort_query(self, column: str) -> str:
        """Return the query after a click on a column of the referrals: sorted by it, or in reverse if it already is."""
        descending = not self.descending if column == self.sort else column in DESCENDING_FIRST
        return replace(self, sort=column, descending=descending, page=1).query()

    def lead_sort_query(self, column: str) -> str:
        """Return the query after a click on a column of the leads."""
        descending = not self.lead_descending if column == self.lead_sort else column in DESCENDING_FIRST
        return replace(self, lead_sort=column, lead_descending=descending, leads=1).query()

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
        return _one_of(text, QUICK_FILTERS, "")
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


def _one_of(value: str | None, choices: tuple[str, ...], default: str) -> str:
    return value if value in choices else default


def _direction(descending: bool) -> str:
    return "desc" if descending else "asc"


def _first_direction(column: str) -> str:
    return _direction(column in DESCENDING_FIRST)


def _page_number(text: str | None) -> int:
    return min(max(int(text), 1), MAX_PAGE) if text is not None and _PAGE_NUMBER.fullmatch(text) else 1
