"""Read pages of the list of referrals; a skip token leads from one page to the next."""

import base64
import binascii
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from hunter_pipeline.sandbox.generator import property_names
from hunter_pipeline.sandbox.odata import (
    Order,
    QueryOptionError,
    parse_filter,
    parse_order,
    parse_select,
    parse_skip,
    parse_top,
)
from hunter_pipeline.sandbox.world import World

DEFAULT_PAGE_SIZE = 100
QUERY_OPTIONS = frozenset({"$filter", "$orderby", "$top", "$skip", "$select", "$skiptoken", "$count"})
# From this number of referrals on, the sorted ids are kept between pages. Smaller worlds are sorted for each page, so
# that changes that a test makes in place are seen at once.
CACHED_FROM = 5_000
_SKIP_TOKEN = re.compile(r"\+RID:~([A-Za-z0-9+/=]+)/#RT:\d+")


@dataclass(frozen=True)
class ListQuery:
    """A query for a page of the list. The skip token holds all of it, as the service keeps nothing between requests."""

    filter: str | None = None
    orderby: str | None = None
    select: str | None = None
    page_size: int = DEFAULT_PAGE_SIZE
    offset: int = 0
    end: int | None = None

    @property
    def page_number(self) -> int:
        """Return the number of the page, from 1."""
        return self.offset // self.page_size + 1


def parse_query(parameters: Mapping[str, str], page_size_limit: int, *, top_is_total: bool = False) -> ListQuery:
    """
    Return the query of a request; raise QueryOptionError for an option that the API does not have.

    top_is_total: `$top` limits the whole list, as Microsoft's connector documents it, and not a page.
    """
    for name in parameters:
        if name not in QUERY_OPTIONS:
            raise QueryOptionError(name, f"The query parameter '{name}' is not supported.")
    if "$skiptoken" in parameters:
        return parse_skip_token(parameters["$skiptoken"])
    page_size = min(DEFAULT_PAGE_SIZE, page_size_limit)
    offset = parse_skip(parameters["$skip"]) if "$skip" in parameters else 0
    end = None
    if "$top" in parameters:
        top = parse_top(parameters["$top"], page_size_limit)
        page_size, end = (min(page_size, top), offset + top) if top_is_total else (top, None)
    conditions = parameters.get("$filter"), parameters.get("$orderby"), parameters.get("$select")
    return ListQuery(*conditions, page_size, offset, end)


def page_number(parameters: Mapping[str, str]) -> int:
    """Return the number of the page that a request is for; 1 if its token cannot be read."""
    try:
        if "$skip" in parameters:
            return parse_query(parameters, sys.maxsize).page_number
        return parse_skip_token(parameters["$skiptoken"]).page_number if "$skiptoken" in parameters else 1
    except QueryOptionError:
        return 1


def skip_token(query: ListQuery) -> str:
    """Return a token for a page. Like the real ones it has characters that must be escaped in a URL."""
    packed = base64.b64encode(json.dumps(asdict(query)).encode()).decode()
    return f"+RID:~{packed}/#RT:{query.page_number}"


def parse_skip_token(token: str) -> ListQuery:
    """Return the query in a token; raise QueryOptionError for a token of another origin."""
    match = _SKIP_TOKEN.fullmatch(token)
    try:
        return ListQuery(**json.loads(base64.b64decode(match[1] if match else "", validate=True)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise QueryOptionError("$skiptoken", "The skip token is not valid.") from error


def next_link(host: str, query: ListQuery, *, with_skip: bool = False) -> str:
    """
    Return a link in the documented form: plain http, a path without /engagements, escapes in lower case.

    with_skip: repeat the options of the query and count with `$skip`, as other OData services do.
    """
    if with_skip:
        options = {"$filter": query.filter, "$orderby": query.orderby, "$select": query.select}
        numbers = {"$skip": query.offset, "$top": query.page_size}
        given = {name: text for name, text in options.items() if text is not None}
        return f"http://{host}/v1.0/referrals?{urlencode({**given, **numbers})}"
    escaped = re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), quote(skip_token(query), safe=""))
    return f"http://{host}/v1.0/referrals?$skiptoken={escaped}"


class PageReader:
    """Reads pages of referrals from a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cache: dict[tuple[int, str | None, str | None], list[str]] = {}

    def read(self, query: ListQuery) -> tuple[list[Any], ListQuery | None]:
        """Return the referrals of a page and the query for the next page; None after the last."""
        names = parse_select(query.select, property_names()) if query.select else None
        end = min(query.offset + query.page_size, query.end or sys.maxsize)
        with self._world.lock:
            ids = self._matching_ids(query)
            page = [_select(self._world.referrals[key], names) for key in ids[query.offset : end]]
        return page, (replace(query, offset=end) if end < min(len(ids), query.end or sys.maxsize) else None)

    def _matching_ids(self, query: ListQuery) -> list[str]:
        cache_key = (self._world.version, query.filter, query.orderby)
        if cache_key in self._cache:
            return self._cache[cache_key]
        order = parse_order(query.orderby) if query.orderby else Order()
        matches = parse_filter(query.filter) if query.filter else lambda _payload: True
        keyed = [(order.sort_key(row), key) for key, row in self._world.referrals.items() if matches(row)]
        ids = [key for _, key in sorted(keyed, reverse=order.descending)]
        if len(self._world.referrals) >= CACHED_FROM:
            self._cache = {cache_key: ids}
        return ids


def _select(payload: Any, names: list[str] | None) -> Any:
    if names is None or not isinstance(payload, dict):
        return payload
    return {name: payload[name] for name in names if name in payload}
