"""
Build the statements of lists: filters, orders and pages of referrals and of leads.

A page is found through an index; only the rows of the page itself are fetched.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql

from hunter_pipeline.warehouse.connection import Connection, Row, statement

# The conditions of filters by parameter name; for a lead they apply to its primary referral.
_EXPIRES: LiteralString = "status = 'New' and expires_at > now()"
ROW_CONDITIONS: dict[str, LiteralString] = {
    "referral_type": "referral_type = %(referral_type)s",
    "status": "status = %(status)s",
    "expires_after": f"{_EXPIRES} and expires_at >= %(expires_after)s",
    "expires_before": f"{_EXPIRES} and expires_at < %(expires_before)s",
    "min_value": "deal_value_base >= %(min_value)s",
}
# The conditions of filters by parameter name; for a lead they apply to any of its open referrals.
MEMBER_CONDITIONS: dict[str, LiteralString] = {
    "country": "country = %(country)s",
    "created_after": "source_created_at >= %(created_after)s",
    "contact_requested": "customer_requested_contact = %(contact_requested)s",
    "patterns": "search_text like all(array(select fold_text(word) from unnest(%(patterns)s::text[]) as word))",
}
# The number of rows that an export holds in memory.
STREAMED = 1_000
# The characters of a telephone number, and the least number of its digits.
_PHONE_NUMBER = re.compile(r"[\s\d+().\-/]+")
_PHONE_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Filters:
    """
    The filters of a list; None means no filter.

    q:                 words that must all occur, in any order, in company, referral, domain, ids, city, country,
                       solutions or contacts; case, accents, IDN spellings and the grouping of numbers do not matter.
    expires_after:     only New referrals that expire at or after this time, and in the future.
    expires_before:    only New referrals that expire before this time, and in the future.
    min_value:         the minimum deal value in HUNTER_CURRENCY.
    created_after:     only referrals created at or after this time.
    contact_requested: whether the customer asked for a call.

    For a lead, the filters of type, status, expiry and value apply to its primary referral, which its row shows; the
    others apply to any of its open referrals.
    """

    referral_type: str | None = None
    status: str | None = None
    q: str | None = None
    country: str | None = None
    expires_after: datetime | None = None
    expires_before: datetime | None = None
    min_value: int | None = None
    created_after: datetime | None = None
    contact_requested: bool | None = None

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the conditions that are set."""
        values = {**asdict(self), "patterns": _patterns(self.q or "") or None}
        del values["q"]
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RowPage:
    """A page of a list, and the number of rows of the whole list."""

    items: list[Row]
    total: int


@dataclass(frozen=True, slots=True)
class Window:
    """The position of a page, counted from 1, and the number of further rows after it."""

    page: int
    size: int
    further: int = 0

    @property
    def offset(self) -> int:
        """Return the number of rows before the page."""
        return (self.page - 1) * self.size

    @property
    def end(self) -> int:
        """Return the number of rows to the end of the page and the further rows."""
        return self.page * self.size + self.further


@dataclass(frozen=True, slots=True)
class Query:
    """A statement of `sql/queries/` with conditions and an order; all of them are constant texts."""

    name: str
    conditions: Sequence[LiteralString] = ()
    order: LiteralString | None = None

    def sql(self) -> sql.Composed:
        """Return the whole statement."""
        composed = sql.SQL("{}").format(sql.SQL(statement(self.name)))
        if self.conditions:
            composed += sql.SQL(" where ") + sql.SQL(" and ").join(map(sql.SQL, self.conditions))
        return composed if self.order is None else composed + sql.SQL(" order by ") + sql.SQL(self.order)

    def fetch(self, connection: Connection, values: Row, window: Window) -> list[Row]:
        """Return the rows of a page."""
        limited = self.sql() + sql.SQL(" limit %(limit)s offset %(offset)s")
        place = {"limit": window.size + window.further, "offset": window.offset}
        return connection.execute(limited, {**values, **place}).fetchall()

    def fetch_counted(self, connection: Connection, values: Row, window: Window) -> tuple[list[Row], int]:
        """Return the rows of a page without their column `total`, and that total, even if the page is past the end."""
        rows = self.fetch(connection, values, window)
        first = rows or (self.fetch(connection, values, Window(1, 1)) if window.page > 1 else [])
        total = first[0]["total"] if first else 0
        for row in rows:
            del row["total"]
        return rows, total

    def stream(self, connection: Connection, values: Row) -> Iterator[Row]:
        """Yield all rows from a server-side cursor."""
        with connection.cursor(self.name) as cursor:
            cursor.itersize = STREAMED
            cursor.execute(self.sql(), values)
            yield from cursor


def both_orders(column: LiteralString, then: LiteralString) -> tuple[LiteralString, LiteralString]:
    """Return the ascending and the descending order of a column; rows without a value come last in both."""
    return f"{column} asc nulls last, {then}", f"{column} desc nulls last, {then}"


def conditions_of(conditions: dict[str, LiteralString], values: Row) -> list[LiteralString]:
    """Return the conditions of the filters that are set."""
    return [condition for name, condition in conditions.items() if name in values]


def _patterns(text: str) -> list[str]:
    """Return patterns of `like` that match texts with the words; the digits of a telephone number are one word."""
    words = [text] if _is_phone_number(text) else text.split()
    words = [re.sub(r"\D", "", word) if _is_phone_number(word) else word for word in words]
    escaped = (word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words)
    return [f"%{word}%" for word in escaped]


def _is_phone_number(text: str) -> bool:
    return _PHONE_NUMBER.fullmatch(text) is not None and sum(letter.isdigit() for letter in text) >= _PHONE_DIGITS
