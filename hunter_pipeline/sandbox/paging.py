"""
Pages over a live world, and the token that leads from one to the next.

Belongs here: what a list request means, cutting out a page, `$skiptoken`. Does not belong here: the
filter language (odata.py) and answers (partner_center.py).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote

from hunter_pipeline.sandbox.odata import Order, RefusedError, parse_filter, parse_order, parse_select, parse_top
from hunter_pipeline.sandbox.world import World

DEFAULT_PAGE = 100
OPTIONS = frozenset({"$filter", "$orderby", "$top", "$select", "$skiptoken", "$count"})
# Below this a list is sorted anew for each page, so that edits made in place are seen at once.
CACHED_FROM = 5_000


@dataclass(frozen=True)
class Query:
    """What is asked for, and from which row on; all of it travels in the token."""

    filter: str | None = None
    order: str | None = None
    select: str | None = None
    top: int = DEFAULT_PAGE
    offset: int = 0

    @property
    def page(self) -> int:
        """The page's number, from 1."""
        return self.offset // self.top + 1


def query_of(parameters: Mapping[str, str], limit: int) -> Query:
    """What a request asks for; raises RefusedError for options that the API does not have."""
    for name in parameters:
        if name not in OPTIONS:
            raise RefusedError(name, f"The query parameter '{name}' is not supported.")
    if "$skiptoken" in parameters:
        return read_token(parameters["$skiptoken"])
    top = parse_top(parameters["$top"], limit) if "$top" in parameters else min(DEFAULT_PAGE, limit)
    return Query(parameters.get("$filter"), parameters.get("$orderby"), parameters.get("$select"), top)


def page_of(parameters: Mapping[str, str]) -> int:
    """The number of the page that a request is about; 1 where it cannot be told."""
    try:
        return read_token(parameters["$skiptoken"]).page if "$skiptoken" in parameters else 1
    except RefusedError:
        return 1


def make_token(query: Query) -> str:
    """An opaque token with characters that have to be escaped in a URL, as the real ones have."""
    packed = base64.b64encode(json.dumps(asdict(query)).encode()).decode()
    return f"+RID:~{packed}/#RT:{query.page}"


def read_token(token: str) -> Query:
    """The query in a token; raises RefusedError for one that is not ours."""
    match = re.fullmatch(r"\+RID:~([A-Za-z0-9+/=]+)/#RT:\d+", token)
    try:
        return Query(**json.loads(base64.b64decode(match[1], validate=True))) if match else _refuse()
    except (binascii.Error, ValueError, TypeError) as error:
        raise RefusedError("$skiptoken", "The skip token is not valid.") from error


def _refuse() -> Query:
    raise RefusedError("$skiptoken", "The skip token is not valid.")


def next_link(host: str, query: Query) -> str:
    """Exactly the documented form: plain http, a path without /engagements, lower-case escapes."""
    escaped = re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), quote(make_token(query), safe=""))
    return f"http://{host}/v1.0/referrals?$skiptoken={escaped}"


class Catalogue:
    """Answers list queries from a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cache: dict[tuple[int, str | None, str | None], list[str]] = {}

    def page(self, query: Query, known: frozenset[str]) -> tuple[list[Any], Query | None]:
        """Rows of the page and the query for the next; None after the last."""
        select = parse_select(query.select, known) if query.select else None
        with self._world.lock:
            matching = self._matching(query)
            ids = matching[query.offset : query.offset + query.top]
            rows = [_selected(self._world.referrals[key], select) for key in ids]
        end = query.offset + query.top
        return rows, (replace(query, offset=end) if end < len(matching) else None)

    def _matching(self, query: Query) -> list[str]:
        key = (self._world.version, query.filter, query.order)
        if key in self._cache:
            return self._cache[key]
        order = parse_order(query.order) if query.order else Order()
        accepts = parse_filter(query.filter) if query.filter else None
        rows = [
            (order.key(row), name) for name, row in self._world.referrals.items() if accepts is None or accepts(row)
        ]
        rows.sort(reverse=order.descending)
        ids = [name for _, name in rows]
        if len(self._world.referrals) >= CACHED_FROM:
            self._cache = {key: ids}
        return ids


def _selected(payload: Any, select: tuple[str, ...] | None) -> Any:
    if select is None or not isinstance(payload, dict):
        return payload
    return {name: payload[name] for name in select if name in payload}
