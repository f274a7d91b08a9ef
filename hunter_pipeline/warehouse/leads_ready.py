"""Read the view `leads_ready`: lists of leads, one lead and what belongs to it."""

from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql

from hunter_pipeline.warehouse.connection import Connection, Row, fetch_all, fetch_value, statement
from hunter_pipeline.warehouse.list_queries import (
    MEMBER_CONDITIONS,
    ROW_CONDITIONS,
    Filters,
    Query,
    RowPage,
    Window,
    both_orders,
    conditions_of,
)

_URGENT: LiteralString = "score desc, deal_value_base desc nulls last, expires_at asc nulls last, lead_key"
_ORDERS: dict[str, tuple[LiteralString, LiteralString]] = {  # ascending, descending
    "score": ("score asc, deal_value_base asc nulls first, expires_at desc nulls first, lead_key", _URGENT),
    "canonical_name": both_orders("lower(canonical_name)", "lead_key"),
    "domain": both_orders("domain", "lead_key"),
    "country": both_orders("country", _URGENT),
    "referral_type": both_orders("referral_type", _URGENT),
    "status": both_orders("status", _URGENT),
    "deal_value": both_orders("deal_value_base", _URGENT),
    "expires_at": both_orders("expires_at", _URGENT),
    "updated_at": both_orders("updated_at", "lead_key"),
    "source_created_at": both_orders("source_created_at", _URGENT),
    "referral_name": both_orders("lower(referral_name)", "lead_key"),
    "contact_name": both_orders("lower(contact_name)", "lead_key"),
}
# The columns by which leads can be sorted.
SORTS = tuple(_ORDERS)
# The orders that can be read from lead_scores, which is much faster than leads_ready.
_SCORE_ORDERS = ("score", "referral_type", "status", "deal_value", "expires_at", "source_created_at")
_AMONG: LiteralString = "leads.lead_key = any(%(lead_keys)s::text[])"
_OPEN: LiteralString = "status in ('New', 'Active') and missing_since is null"
# The number of found leads up to which it is faster to score only these than to score all.
_MAX_FOUND = 2_000
# The largest number of referrals that the dialog of a company lists.
MAX_REFERRALS = 50


def page(
    connection: Connection,
    filters: Filters,
    *,
    sort: str = "score",
    descending: bool = True,
    page: int = 1,
    page_size: int | None = None,
    further: int = 0,
) -> RowPage:
    """
    Return a page of leads_ready, the most urgent first; all leads if `page_size` is None. Personal data.

    sort:    one of SORTS.
    further: the number of leads after the page that are returned with it.
    Raises:  KeyError for another sort.
    """
    order, values = _ORDERS[sort][descending], filters.parameters()
    if page_size is None:
        query = Query("exported_leads", _conditions(values), order)
        everything = connection.execute(query.sql(), values).fetchall()
        return RowPage(everything, len(everything))
    window = Window(page, page_size, further)
    keys = _first_keys(connection, window.end) if order == _URGENT and not values else None
    if keys is not None:
        keys = keys[window.offset :]
        total = int(fetch_value(connection, "count_leads"))
    else:
        keys, total = _lead_keys(connection, values, sort, order, window)
    return RowPage(fetch_all(connection, "leads_of", lead_keys=keys) if keys else [], total)


def stream(connection: Connection, filters: Filters, *, sort: str = "score", descending: bool = True) -> Iterator[Row]:
    """Yield all leads that pass the filters, in the form of `page`, from a server-side cursor."""
    values, order = filters.parameters(), _ORDERS[sort][descending]
    return Query("exported_leads", _conditions(values), order).stream(connection, values)


def lead(connection: Connection, lead_key: str) -> Row | None:
    """Return the row of leads_ready with this key, None if no referral of the lead is open. Personal data."""
    return next(iter(fetch_all(connection, "leads_of", lead_keys=[lead_key])), None)


def referrals_of(connection: Connection, lead_key: str) -> list[Row]:
    """Return at most 50 referrals of a lead without their contacts, open and closed, the newest first."""
    return fetch_all(connection, "referrals_of_lead", lead_key=lead_key, at_most=MAX_REFERRALS)


def related(connection: Connection, lead_key: str) -> list[Row]:
    """
    Return at most 50 other leads of the same Microsoft tenant, or with the same company name and country.

    Each has `lead_key`, `referral_id` (its newest referral), `same_tenant`, `name`, `domain` and `country`.
    """
    return fetch_all(connection, "related_leads", lead_key=lead_key, at_most=MAX_REFERRALS)


def count_urgent(connection: Connection) -> int:
    """Return how many leads expire within 24 hours or have a customer who asked for a call in the last 72 hours."""
    return int(fetch_value(connection, "count_urgent_leads"))


def sample(connection: Connection) -> list[Row]:
    """Return the five most urgent leads, without personal data."""
    return fetch_all(connection, "leads_sample")


def _first_keys(connection: Connection, count: int) -> list[str] | None:
    """
    Return the keys of the first leads in order of urgency, or None if all leads have to be scored to find them.

    Leads that expire within 24 hours, and those whose customer has just asked for a call, come before all others, so
    that the first pages need only these.
    """
    urgent = fetch_all(connection, "urgent_lead_keys", at_most=_MAX_FOUND + 1)
    if not count <= len(urgent) <= _MAX_FOUND:
        return None
    values = {"lead_keys": [row["lead_key"] for row in urgent]}
    query = Query("scored_lead_keys", [_AMONG, "leads.state in (4, 5)"], _URGENT)
    rows = query.fetch(connection, values, Window(1, count))
    return [row["lead_key"] for row in rows] if len(rows) == count else None


def _lead_keys(
    connection: Connection, values: Row, sort: str, order: LiteralString, window: Window
) -> tuple[list[str], int]:
    """Return the keys of a page of leads, and the total number of leads."""
    name = "scored_lead_keys" if sort in _SCORE_ORDERS else "listed_lead_keys"
    conditions: list[LiteralString] = _conditions(values)
    members = conditions_of(MEMBER_CONDITIONS, values)
    if members and sort in _SCORE_ORDERS:
        some = Query("open_lead_keys", [_OPEN, *members]).sql() + sql.SQL(" group by lead_key limit %(at_most)s")
        found = connection.execute(some, {**values, "at_most": _MAX_FOUND + 1}).fetchall()
        if len(found) <= _MAX_FOUND:
            values = {**values, "lead_keys": [row["lead_key"] for row in found]}
            conditions = [_AMONG, *conditions_of(ROW_CONDITIONS, values)]
    rows, total = Query(name, conditions, order).fetch_counted(connection, values, window)
    return [row["lead_key"] for row in rows], total


def _conditions(values: Row) -> list[LiteralString]:
    """Return the conditions of a list of leads."""
    members = conditions_of(MEMBER_CONDITIONS, values)
    found: LiteralString = " and ".join((_OPEN, *members))
    # an array, because PostgreSQL computes the scores once per referral found for a semi-join
    keys: LiteralString = f"leads.lead_key = any(array({statement('open_lead_keys')} where {found}))"
    return [*conditions_of(ROW_CONDITIONS, values), *([keys] if members else [])]
