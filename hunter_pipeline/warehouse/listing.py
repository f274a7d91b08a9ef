"""Read referrals for the API and the lead desk: filtered, searched, sorted and paged, or one with its details."""

from collections.abc import Iterator
from datetime import datetime
from typing import LiteralString

from hunter_pipeline.referrals.referral import CO_SELL, MARKETPLACE, SOLUTION_PROVIDER, STATUSES
from hunter_pipeline.warehouse.connection import Connection, Row, fetch_all, fetch_one, fetch_value
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

_NEWEST: LiteralString = "source_updated_at desc nulls last, referral_id"
_ORDERS: dict[str, tuple[LiteralString, LiteralString]] = {  # ascending, descending
    "source_updated_at": both_orders("source_updated_at", "referral_id"),
    "source_created_at": both_orders("source_created_at", "referral_id"),
    "expires_at": both_orders("expires_at", "referral_id"),
    "deal_value": both_orders("deal_value", "referral_id"),
    "company_name": both_orders("company_sort", "referral_id"),
    "name": both_orders("name_sort", "referral_id"),
    "country": both_orders("country", _NEWEST),
    "referral_type": both_orders("referral_type", _NEWEST),
    "status": both_orders("status", _NEWEST),
}
_IDS: LiteralString = "%(referral_ids)s::text[]"
_OF_PAGE = Query("listed_referrals", [f"referral_id = any({_IDS})"], f"array_position({_IDS}, referral_id)")
# The columns by which referrals can be sorted.
SORTS = tuple(_ORDERS)


def page(
    connection: Connection,
    filters: Filters,
    *,
    sort: str = "source_updated_at",
    descending: bool = True,
    page: int = 1,
    page_size: int = 50,
) -> RowPage:
    """
    Return a page of referrals without their contacts, counted from 1; rows without a value come last.

    sort:   one of SORTS.
    Raises: KeyError for another sort.
    """
    order = _ORDERS[sort][descending]
    values = filters.parameters()
    conditions = _conditions(values)
    window = Window(page, page_size)
    if values.keys() - {"referral_type", "status"}:
        rows, total = Query("found_referral_ids", conditions, order).fetch_counted(connection, values, window)
    else:
        rows = Query("listed_referral_ids", conditions, order).fetch(connection, values, window)
        counted = Query("count_listed_referrals", conditions)
        total = connection.execute(counted.sql(), values).fetchall()[0]["total"]
    ids = [row["referral_id"] for row in rows]
    return RowPage(connection.execute(_OF_PAGE.sql(), {"referral_ids": ids}).fetchall() if ids else [], total)


def stream(
    connection: Connection, filters: Filters, *, sort: str = "source_updated_at", descending: bool = True
) -> Iterator[Row]:
    """Yield all referrals that pass the filters, in the form of `page`, from a server-side cursor."""
    values, order = filters.parameters(), _ORDERS[sort][descending]
    return Query("listed_referrals", _conditions(values), order).stream(connection, values)


def detail(connection: Connection, referral_id: str) -> Row | None:
    """
    Return a referral with its contacts and company, or None if the id is unknown. Personal data.

    contacts: [{"name", "email", "phone", "title"}]; company: {"domain", "canonical_name", "country", "provider",
    "azure_tenant_id"}, or None if the referral has no domain.
    """
    return fetch_one(connection, "referral_detail", referral_id=referral_id)


def history(connection: Connection, referral_id: str) -> list[Row]:
    """Return `status`, `substatus`, `valid_from` and `valid_to` (None: until now) of a referral, the oldest first."""
    return fetch_all(connection, "referral_history", referral_id=referral_id)


def payload(connection: Connection, referral_id: str) -> Row | None:
    """Return the newest version as Partner Center sent it, or None if there is none. Personal data."""
    return fetch_value(connection, "referral_payload", referral_id=referral_id)


def funnel(connection: Connection) -> list[Row]:
    """Return `status` and `count` of the referrals that are not missing, in the order of a deal's stages."""
    return fetch_all(connection, "funnel")


def expiring(connection: Connection, days: list[datetime]) -> list[Row]:
    """
    Return `start` and `count` of the New referrals that expire on each day.

    days: the start of each day, and the end of the last one.
    """
    return fetch_all(connection, "expiring", days=days)


def known_values(connection: Connection) -> dict[str, list[str]]:
    """Return the values of type, status and country: the documented ones, then others that are stored."""
    rows = fetch_all(connection, "known_values")
    known = {"referral_type": (CO_SELL, MARKETPLACE, SOLUTION_PROVIDER), "status": STATUSES, "country": ()}
    return {
        name: [*words, *sorted({row[name] for row in rows if row[name] is not None} - set(words))]
        for name, words in known.items()
    }


def _conditions(values: Row) -> list[LiteralString]:
    """Return the conditions of a list of referrals; filters of the expiry leave missing referrals out."""
    missing: list[LiteralString] = (
        ["missing_since is null"] if {"expires_after", "expires_before"} & values.keys() else []
    )
    return [*conditions_of(ROW_CONDITIONS, values), *conditions_of(MEMBER_CONDITIONS, values), *missing]
