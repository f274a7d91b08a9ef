"""
Read referrals and leads for the API and the lead desk: filtered, searched, sorted and paged.

A page is found through an index; only the rows of the page itself are fetched.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
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
    "source_created_at": (
        f"source_created_at asc nulls last, {_URGENT}",
        f"source_created_at desc nulls last, {_URGENT}",
    ),
    "referral_name": (
        "lower(referral_name) asc nulls last, lead_key",
        "lower(referral_name) desc nulls last, lead_key",
    ),
    "contact_name": ("lower(contact_name) asc nulls last, lead_key", "lower(contact_name) desc nulls last, lead_key"),
}
# The orders that can be read from lead_scores, which is much faster than leads_ready.
_SCORE_ORDERS = ("score", "referral_type", "status", "deal_value", "expires_at", "source_created_at")
# The conditions of filters by parameter name; for a lead they apply to its primary referral.
_EXPIRES: LiteralString = "status = 'New' and expires_at > now()"
_ROW_CONDITIONS: dict[str, LiteralString] = {
    "referral_type": "referral_type = %(referral_type)s",
    "status": "status = %(status)s",
    "expires_after": f"{_EXPIRES} and expires_at >= %(expires_after)s",
    "expires_before": f"{_EXPIRES} and expires_at < %(expires_before)s",
    "min_value": "deal_value_base >= %(min_value)s",
}
# The conditions of filters by parameter name; for a lead they apply to any of its open referrals.
_MEMBER_CONDITIONS: dict[str, LiteralString] = {
    "country": "country = %(country)s",
    "created_after": "source_created_at >= %(created_after)s",
    "contact_requested": "customer_requested_contact = %(contact_requested)s",
    "patterns": "search_text like all(array(select fold_text(word) from unnest(%(patterns)s::text[]) as word))",
}
_AMONG: LiteralString = "leads.lead_key = any(%(lead_keys)s::text[])"
_OPEN: LiteralString = "status in ('New', 'Active') and missing_since is null"
# The number of found leads up to which it is faster to score only these than to score all.
_MAX_FOUND = 2_000
# The columns by which referrals, and leads, can be sorted.
SORTS = tuple(_REFERRAL_ORDERS)
LEAD_SORTS = tuple(_LEAD_ORDERS)
# The number of rows that an export holds in memory.
STREAMED = 1_000
# The largest number of referrals that the dialog of a company lists.
MAX_REFERRALS_OF_LEAD = 50
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
    order = _REFERRAL_ORDERS[sort][descending]
    values = filters.parameters()
    conditions = _referral_conditions(values)
    window = _Window(page, page_size)
    if values.keys() - {"referral_type", "status"}:
        rows, total = _counted(connection, _Query("found_referral_ids", conditions, order), values, window)
    else:
        rows = _rows(connection, _Query("listed_referral_ids", conditions, order), values, window)
        counted = _Query("count_listed_referrals", conditions)
        total = connection.execute(counted.sql(), values).fetchall()[0]["total"]
    ids = [row["referral_id"] for row in rows]
    return RowPage(fetch_all(connection, "listed_referrals", referral_ids=ids) if ids else [], total)


def leads_page(
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

    sort:    one of LEAD_SORTS.
    further: the number of leads after the page that are returned with it.
    Raises:  KeyError for another sort.
    """
    order, values = _LEAD_ORDERS[sort][descending], filters.parameters()
    if page_size is None:
        query = _Query("exported_leads", _lead_conditions(values), order)
        everything = connection.execute(query.sql(), values).fetchall()
        return RowPage(everything, len(everything))
    window = _Window(page, page_size, further)
    keys = _first_keys(connection, window.end) if order == _URGENT and not values else None
    if keys is not None:
        keys = keys[window.offset :]
        total = int(fetch_value(connection, "count_leads"))
    else:
        keys, total = _lead_keys(connection, values, sort, order, window)
    return RowPage(fetch_all(connection, "leads_of", lead_keys=keys) if keys else [], total)


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
    query = _Query("scored_lead_keys", [_AMONG, "leads.state in (4, 5)"], _URGENT)
    rows = _rows(connection, query, values, _Window(1, count))
    return [row["lead_key"] for row in rows] if len(rows) == count else None


def _lead_keys(
    connection: Connection, values: Row, sort: str, order: LiteralString, window: "_Window"
) -> tuple[list[str], int]:
    """Return the keys of a page of leads, and the total number of leads."""
    name = "scored_lead_keys" if sort in _SCORE_ORDERS else "listed_lead_keys"
    conditions: list[LiteralString] = _lead_conditions(values)
    members = _named(_MEMBER_CONDITIONS, values)
    if members and sort in _SCORE_ORDERS:
        some = _Query("open_lead_keys", [_OPEN, *members]).sql() + sql.SQL(" group by lead_key limit %(at_most)s")
        found = connection.execute(some, {**values, "at_most": _MAX_FOUND + 1}).fetchall()
        if len(found) <= _MAX_FOUND:
            values = {**values, "lead_keys": [row["lead_key"] for row in found]}
            conditions = [_AMONG, *_named(_ROW_CONDITIONS, values)]
    rows, total = _counted(connection, _Query(name, conditions, order), values, window)
    return [row["lead_key"] for row in rows], total


def stream(
    connection: Connection, filters: Filters, *, sort: str = "source_updated_at", descending: bool = True
) -> Iterator[Row]:
    """Yield all referrals that pass the filters, in the form of `page`, from a server-side cursor."""
    values, order = filters.parameters(), _REFERRAL_ORDERS[sort][descending]
    return _stream(connection, _Query("exported_referrals", _referral_conditions(values), order), values)


def leads_stream(
    connection: Connection, filters: Filters, *, sort: str = "score", descending: bool = True
) -> Iterator[Row]:
    """Yield all leads that pass the filters, in the form of `leads_page`, from a server-side cursor."""
    values, order = filters.parameters(), _LEAD_ORDERS[sort][descending]
    return _stream(connection, _Query("exported_leads", _lead_conditions(values), order), values)


def detail(connection: Connection, referral_id: str) -> Row | None:
    """
    Return a referral with its contacts and company, or None if the id is unknown. Personal data.

    contacts: [{"name", "email", "phone", "title"}]; company: {"domain", "canonical_name", "country", "provider",
    "azure_tenant_id"}, or None if the referral has no domain.
    """
    return fetch_one(connection, "referral_detail", referral_id=referral_id)


def lead_of(connection: Connection, lead_key: str) -> Row | None:
    """Return the row of leads_ready with this key, None if no referral of the lead is open. Personal data."""
    return next(iter(fetch_all(connection, "leads_of", lead_keys=[lead_key])), None)


def referrals_of_lead(connection: Connection, lead_key: str) -> list[Row]:
    """Return at most 50 referrals of a lead without their contacts, open and closed, the newest first."""
    return fetch_all(connection, "referrals_of_lead", lead_key=lead_key, at_most=MAX_REFERRALS_OF_LEAD)


def related_leads(connection: Connection, lead_key: str) -> list[Row]:
    """
    Return at most 50 other leads of the same Microsoft tenant, or with the same company name and country.

    Each has `lead_key`, `referral_id` (its newest referral), `same_tenant`, `name`, `domain` and `country`.
    """
    return fetch_all(connection, "related_leads", lead_key=lead_key, at_most=MAX_REFERRALS_OF_LEAD)


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


def syncs(connection: Connection, limit: int) -> list[Row]:
    """Return the summaries of the last syncs with `started_at` and `finished_at`, the newest first."""
    return fetch_all(connection, "recent_syncs", at_most=limit)


def sync_numbers(connection: Connection) -> Row:
    """Return syncs by outcome, `success_seconds`, `retries`, `quarantined`, and `age_seconds` of the last success."""
    return fetch_row(connection, "sync_numbers")


def known_values(connection: Connection) -> dict[str, list[str]]:
    """Return the values of type, status and country: the documented ones, then others that are stored."""
    rows = fetch_all(connection, "known_values")
    known = {"referral_type": (CO_SELL, MARKETPLACE, SOLUTION_PROVIDER), "status": STATUSES, "country": ()}
    return {
        name: [*words, *sorted({row[name] for row in rows if row[name] is not None} - set(words))]
        for name, words in known.items()
    }


@dataclass(frozen=True, slots=True)
class _Window:
    """The position of a page, counted from 1, and the number of further rows after it."""

    page: int
    size: int
    further: int = 0

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    @property
    def end(self) -> int:
        return self.page * self.size + self.further


def _patterns(text: str) -> list[str]:
    """Return patterns of `like` that match texts with the words; the digits of a telephone number are one word."""
    words = [text] if _is_phone_number(text) else text.split()
    words = [re.sub(r"\D", "", word) if _is_phone_number(word) else word for word in words]
    escaped = (word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words)
    return [f"%{word}%" for word in escaped]


def _is_phone_number(text: str) -> bool:
    return _PHONE_NUMBER.fullmatch(text) is not None and sum(letter.isdigit() for letter in text) >= _PHONE_DIGITS


def _named(conditions: dict[str, LiteralString], values: Row) -> list[LiteralString]:
    return [condition for name, condition in conditions.items() if name in values]


def _referral_conditions(values: Row) -> list[LiteralString]:
    """Return the conditions of a list of referrals; filters of the expiry leave missing referrals out."""
    missing: list[LiteralString] = (
        ["missing_since is null"] if {"expires_after", "expires_before"} & values.keys() else []
    )
    return [*_named(_ROW_CONDITIONS, values), *_named(_MEMBER_CONDITIONS, values), *missing]


def _lead_conditions(values: Row) -> list[LiteralString]:
    """Return the conditions of a list of leads."""
    members = _named(_MEMBER_CONDITIONS, values)
    found: LiteralString = " and ".join((_OPEN, *members))
    # an array, because PostgreSQL computes the scores once per referral found for a semi-join
    keys: LiteralString = f"leads.lead_key = any(array({statement('open_lead_keys')} where {found}))"
    return [*_named(_ROW_CONDITIONS, values), *([keys] if members else [])]


@dataclass(frozen=True, slots=True)
class _Query:
    """A statement of `listing.sql` with conditions and an order; all of them are constant texts."""

    name: str
    conditions: Sequence[LiteralString] = ()
    order: LiteralString | None = None

    def sql(self) -> sql.Composed:
        composed = sql.SQL("{}").format(sql.SQL(statement(self.name)))
        if self.conditions:
            composed += sql.SQL(" where ") + sql.SQL(" and ").join(map(sql.SQL, self.conditions))
        return composed if self.order is None else composed + sql.SQL(" order by ") + sql.SQL(self.order)


def _rows(connection: Connection, query: _Query, values: Row, window: _Window) -> list[Row]:
    limited = query.sql() + sql.SQL(" limit %(limit)s offset %(offset)s")
    place = {"limit": window.size + window.further, "offset": window.offset}
    return connection.execute(limited, {**values, **place}).fetchall()


def _counted(connection: Connection, query: _Query, values: Row, window: _Window) -> tuple[list[Row], int]:
    """Return a page of a statement with a column `total`, and that total, even if the page is past the last one."""
    rows = _rows(connection, query, values, window)
    first = rows or (_rows(connection, query, values, _Window(1, 1)) if window.page > 1 else [])
    total = first[0]["total"] if first else 0
    for row in rows:
        del row["total"]
    return rows, total


def _stream(connection: Connection, query: _Query, values: Row) -> Iterator[Row]:
    with connection.cursor(query.name) as cursor:
        cursor.itersize = STREAMED
        cursor.execute(query.sql(), values)
        yield from cursor
