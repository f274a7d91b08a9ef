"""
Lists for people: referrals and leads, filtered, searched, sorted and paged; one referral with all that is known of it.

What belongs here: what the API and the lead desk read. What does not: how it is shown. A page is found by
walking an index; only the rows of the page itself are fetched.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import sql

from hunter_pipeline.referrals.referral import CO_SELL, MARKETPLACE, SOLUTION_PROVIDER, STATUSES
from hunter_pipeline.warehouse.connection import Connection, fetch_all, fetch_one, fetch_row, fetch_value, statement

Row = dict[str, Any]
_NEWEST = "source_updated_at desc nulls last, referral_id"
_REFERRAL_ORDERS: dict[str, tuple[LiteralString, LiteralString]] = {  # ascending, descending
    "source_updated_at": ("source_updated_at asc nulls last, referral_id", _NEWEST),
    "source_created_at": (
        "source_created_at asc nulls last, referral_id",
        "source_created_at desc nulls last, referral_id",
    ),
    "expires_at": ("expires_at asc nulls last, referral_id", "expires_at desc nulls last, referral_id"),
    "deal_value": ("deal_value asc nulls last, referral_id", "deal_value desc nulls last, referral_id"),
    "company_name": ("company_sort asc nulls last, referral_id", "company_sort desc nulls last, referral_id"),
    "name": ("name_sort asc nulls last, referral_id", "name_sort desc nulls last, referral_id"),
    "country": (f"country asc nulls last, {_NEWEST}", f"country desc nulls last, {_NEWEST}"),
    "referral_type": (f"referral_type asc nulls last, {_NEWEST}", f"referral_type desc nulls last, {_NEWEST}"),
    "status": (f"status asc nulls last, {_NEWEST}", f"status desc nulls last, {_NEWEST}"),
}
_URGENT = "score desc, deal_value_base desc nulls last, expires_at asc nulls last, lead_key"
_LEAD_ORDERS: dict[str, tuple[LiteralString, LiteralString]] = {
    "score": ("score asc, deal_value_base asc nulls first, expires_at desc nulls first, lead_key", _URGENT),
    "canonical_name": ("lower(canonical_name) asc, lead_key", "lower(canonical_name) desc, lead_key"),
    "domain": ("domain asc nulls last, lead_key", "domain desc nulls last, lead_key"),
    "country": (f"country asc nulls last, {_URGENT}", f"country desc nulls last, {_URGENT}"),
    "referral_type": (f"referral_type asc nulls last, {_URGENT}", f"referral_type desc nulls last, {_URGENT}"),
    "status": (f"status asc nulls last, {_URGENT}", f"status desc nulls last, {_URGENT}"),
    "deal_value": (f"deal_value_base asc nulls last, {_URGENT}", f"deal_value_base desc nulls last, {_URGENT}"),
    "expires_at": (f"expires_at asc nulls last, {_URGENT}", f"expires_at desc nulls last, {_URGENT}"),
    "updated_at": ("updated_at asc nulls last, lead_key", "updated_at desc nulls last, lead_key"),
}
# Orders that need no more than lead_scores, which is read much faster than leads_ready.
_SCORE_ORDERS = ("score", "referral_type", "status", "deal_value", "expires_at")
# Leads up to which it is faster to score those that were found than to score all.
_MAX_FOUND = 2_000
SORTS = tuple(_REFERRAL_ORDERS)
"""What a list of referrals can be sorted by."""
LEAD_SORTS = tuple(_LEAD_ORDERS)
STREAMED = 1_000
"""Rows that an export holds in memory."""


@dataclass(frozen=True, slots=True)
class Filters:
    """
    Which rows a list shows; None is "all".

    q: words that must all occur, in any case and order, in company, deal, domain, ids, city or contacts.
    """

    referral_type: str | None = None
    status: str | None = None
    q: str | None = None

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the statements of `listing.sql`."""
        words = (self.q or "").split()
        return {"referral_type": self.referral_type, "status": self.status, "patterns": _patterns(words) or None}


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and how many it has in all."""

    items: list[Row]
    total: int


def page(
    connection: Connection,
    filters: Filters,
    *,
    sort: str = "source_updated_at",
    descending: bool = True,
    page: int = 1,
    page_size: int = 50,
) -> Page:
    """
    A page of referrals without their contacts, counted from 1; nothing comes first for what has no value.

    sort:   one of SORTS.
    Raises: KeyError for another sort.
    """
    order = _REFERRAL_ORDERS[sort][descending]
    values = filters.parameters()
    if values["patterns"]:
        rows, total = _counted(connection, "found_referral_ids", order, values, page=page, page_size=page_size)
    else:
        rows = _rows(connection, "listed_referral_ids", order, values, page=page, page_size=page_size)
        total = int(fetch_value(connection, "count_listed_referrals", **values))
    ids = [row["referral_id"] for row in rows]
    return Page(fetch_all(connection, "listed_referrals", referral_ids=ids) if ids else [], total)


def leads_page(
    connection: Connection,
    filters: Filters,
    *,
    sort: str = "score",
    descending: bool = True,
    page: int = 1,
    page_size: int | None = None,
) -> Page:
    """
    A page of leads_ready, the most urgent first; `page_size=None` is all of them. Personal data.

    sort:   one of LEAD_SORTS.
    Raises: KeyError for another sort.
    """
    order = _LEAD_ORDERS[sort][descending]
    if page_size is None:
        everything = connection.execute(_ordered("exported_leads", order), filters.parameters()).fetchall()
        return Page(everything, len(everything))
    keys = _first_keys(connection, page * page_size) if order == _URGENT and filters == Filters() else None
    if keys is not None:
        keys = keys[(page - 1) * page_size :]
        total = int(fetch_value(connection, "count_leads"))
    else:
        keys, total = _lead_keys(connection, filters, sort, order, page=page, page_size=page_size)
    return Page(fetch_all(connection, "leads_of", lead_keys=keys) if keys else [], total)


def _first_keys(connection: Connection, count: int) -> list[str] | None:
    """
    Return the keys of the first leads in the order of calling, None where they have to be found among all.

    Leads that expire within 24 hours, and those whose customer has just asked to be called, come before all others, so
    that the first pages need no more than these.
    """
    urgent = fetch_all(connection, "urgent_lead_keys", at_most=_MAX_FOUND + 1)
    if not count <= len(urgent) <= _MAX_FOUND:
        return None
    values = {"lead_keys": [row["lead_key"] for row in urgent]}
    rows = _rows(connection, "urgent_leads_among", _URGENT, values, page=1, page_size=count)
    return [row["lead_key"] for row in rows] if len(rows) == count else None


def _lead_keys(
    connection: Connection, filters: Filters, sort: str, order: LiteralString, *, page: int, page_size: int
) -> tuple[list[str], int]:
    """Return the keys of a page of leads, and how many leads there are in all."""
    name, values = "scored_lead_keys" if sort in _SCORE_ORDERS else "listed_lead_keys", filters.parameters()
    if values["patterns"] and sort in _SCORE_ORDERS:
        found = fetch_all(connection, "found_lead_keys", patterns=values["patterns"], at_most=_MAX_FOUND + 1)
        if len(found) <= _MAX_FOUND:
            name, values["lead_keys"] = "scored_leads_among", [row["lead_key"] for row in found]
    rows, total = _counted(connection, name, order, values, page=page, page_size=page_size)
    return [row["lead_key"] for row in rows], total


def stream(
    connection: Connection, filters: Filters, *, sort: str = "source_updated_at", descending: bool = True
) -> Iterator[Row]:
    """All referrals that pass the filters, as `page` has them; a thousand are held at a time."""
    return _stream(connection, "exported_referrals", _REFERRAL_ORDERS[sort][descending], filters)


def leads_stream(
    connection: Connection, filters: Filters, *, sort: str = "score", descending: bool = True
) -> Iterator[Row]:
    """All leads that pass the filters, as `leads_page` has them; a thousand are held at a time."""
    return _stream(connection, "exported_leads", _LEAD_ORDERS[sort][descending], filters)


def detail(connection: Connection, referral_id: str) -> Row | None:
    """
    Everything that is known of a referral, None where there is none of that id. Personal data.

    contacts: [{"name", "email", "phone", "title"}]; company: {"domain", "canonical_name", "country", "provider",
    "azure_tenant_id"}, None where the referral has no domain.
    """
    return fetch_one(connection, "referral_detail", referral_id=referral_id)


def history(connection: Connection, referral_id: str) -> list[Row]:
    """`status`, `substatus`, `valid_from` and `valid_to` (None: until now), the oldest first."""
    return fetch_all(connection, "referral_history", referral_id=referral_id)


def payload(connection: Connection, referral_id: str) -> Row | None:
    """The newest version as Partner Center sent it, None where there is none. Personal data."""
    return fetch_value(connection, "referral_payload", referral_id=referral_id)


def funnel(connection: Connection) -> list[Row]:
    """Return `status` and `count` of the referrals that are not missing, in the order of a deal's life."""
    return fetch_all(connection, "funnel")


def expiring(connection: Connection, days: int) -> list[Row]:
    """Return `day` and `count` of the New referrals that expire then, one row for each of the next days."""
    return fetch_all(connection, "expiring", days=days)


def syncs(connection: Connection, limit: int) -> list[Row]:
    """Return the summaries of the last syncs with `started_at` and `finished_at`, the newest first."""
    return fetch_all(connection, "recent_syncs", at_most=limit)


def sync_numbers(connection: Connection) -> Row:
    """Return syncs by outcome, `success_seconds`, `retries`, `quarantined`, and `age_seconds` of the last success."""
    return fetch_row(connection, "sync_numbers")


def known_values(connection: Connection) -> dict[str, list[str]]:
    """Return the values of `referral_type` and `status`: the documented ones, then others that are stored."""
    rows = fetch_all(connection, "known_values")
    known = {"referral_type": (CO_SELL, MARKETPLACE, SOLUTION_PROVIDER), "status": STATUSES}
    return {
        name: [*words, *sorted({row[name] for row in rows if row[name] is not None} - set(words))]
        for name, words in known.items()
    }


def _patterns(words: list[str]) -> list[str]:
    """Return patterns of `like` that match texts containing the words."""
    escaped = (word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words)
    return [f"%{word}%" for word in escaped]


def _ordered(name: str, order: LiteralString) -> sql.Composed:
    """Return a statement of `listing.sql` with one of the orders above behind it, both constant texts."""
    return sql.SQL("{} order by {}").format(sql.SQL(statement(name)), sql.SQL(order))


def _rows(
    connection: Connection, name: str, order: LiteralString, values: Row, *, page: int, page_size: int
) -> list[Row]:
    statement = _ordered(name, order) + sql.SQL(" limit %(limit)s offset %(offset)s")
    place = {"limit": page_size, "offset": (page - 1) * page_size}
    return connection.execute(statement, {**values, **place}).fetchall()


def _counted(
    connection: Connection, name: str, order: LiteralString, values: Row, *, page: int, page_size: int
) -> tuple[list[Row], int]:
    """Return a page of a statement whose rows have a column `total`, and that total, also behind the last page."""
    rows = _rows(connection, name, order, values, page=page, page_size=page_size)
    first = rows or (_rows(connection, name, order, values, page=1, page_size=1) if page > 1 else [])
    total = first[0]["total"] if first else 0
    for row in rows:
        del row["total"]
    return rows, total


def _stream(connection: Connection, name: str, order: LiteralString, filters: Filters) -> Iterator[Row]:
    with connection.cursor(name) as cursor:
        cursor.itersize = STREAMED
        cursor.execute(_ordered(name, order), filters.parameters())
        yield from cursor
