"""
What of the lists the lead desk shows: filters, order and pages, as its address holds them.

An address that somebody has mistyped shows something sensible instead of an error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from urllib.parse import urlencode

from hunter_pipeline.warehouse.listing import SORTS, Filters

PAGE_SIZE = 25
LEADS = 5
MAX_SEARCH = 200
MAX_PAGE = 100_000
DEFAULT_SORT = "source_updated_at"
FALLING_FIRST = ("deal_value", "source_updated_at", "source_created_at")
"""Columns whose first click shows the greatest first."""
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class View:
    """`/?status=New&sort=company_name&dir=asc&page=2&leads=3`; what is not named is the default."""

    filters: Filters = field(default_factory=Filters)
    sort: str = DEFAULT_SORT
    descending: bool = True
    page: int = 1
    leads: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "View":
        """Read an address's query."""
        filters = Filters(*(_text(query.get(name)) for name in ("referral_type", "status", "q")))
        sort = query.get("sort", "")
        sort = sort if sort in SORTS else DEFAULT_SORT
        descending = query.get("dir", "desc" if sort in FALLING_FIRST else "asc") == "desc"
        return cls(filters, sort, descending, _page(query.get("page")), _page(query.get("leads")))

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return self.filters != Filters()

    @property
    def has_default_order(self) -> bool:
        """Whether the newest come first, as they do by themselves."""
        return self.sort == DEFAULT_SORT and self.descending

    def url(self, **pages: int) -> str:
        """The query of this view with other pages, e.g. '?status=New&page=2'; '' for the default view."""
        order = {} if self.has_default_order else {"sort": self.sort, "dir": "desc" if self.descending else "asc"}
        turned = {"page": self.page, "leads": self.leads, **pages}
        query = {**self._filters(), **order, **{name: page for name, page in turned.items() if page > 1}}
        return f"?{urlencode(query)}" if query else ""

    def sorted_by(self, column: str) -> str:
        """The query after a click on a column's head: by this column, or the other way round."""
        falls = not self.descending if column == self.sort else column in FALLING_FIRST
        return View(self.filters, column, falls, 1, self.leads).url()

    def exported(self, form: str) -> str:
        """The query of a file ('csv' or 'xlsx') with what is filtered."""
        return urlencode({"format": form, **self._filters()})

    def _filters(self) -> dict[str, str]:
        named = (("q", self.filters.q), ("referral_type", self.filters.referral_type), ("status", self.filters.status))
        return {name: value for name, value in named if value is not None}


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of a list: its rows, counted from `first` to `last` of `total`."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, ceil(self.total / self.size))

    @property
    def first(self) -> int:
        """Number of the first row shown."""
        return (self.page - 1) * self.size + 1

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return self.first + len(self.rows) - 1


def _text(value: str | None) -> str | None:
    """What was typed, trimmed; PostgreSQL's text holds no NUL."""
    return (value or "").replace("\x00", "").strip()[:MAX_SEARCH] or None


def _page(value: str | None) -> int:
    return min(max(int(value), 1), MAX_PAGE) if value and _NUMBER.fullmatch(value) else 1
