"""
Answer queries of the list by the OData options that the API documents, page by page.

A `$skiptoken` leads from one page to the next. A `$filter` has this grammar:

    expression := term ('or' term)*      term := factor ('and' factor)*
    factor := '(' expression ')' | path operator literal
"""

import base64
import binascii
import json
import operator
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from hunter_pipeline.sandbox import timestamps
from hunter_pipeline.sandbox.generator import property_names
from hunter_pipeline.sandbox.options import SandboxOptions
from hunter_pipeline.sandbox.world import World, direction_of

DEFAULT_PAGE_SIZE = 100
DEFAULT_ORDER = "createdDateTime desc"
QUERY_OPTIONS = frozenset({"$filter", "$orderby", "$top", "$skip", "$select", "$skiptoken", "$count"})
TIMESTAMPS = frozenset({"updatedDateTime"})
FILTERABLE = TIMESTAMPS | {"direction", "status", "qualification", "engagementId", "customerProfile/address/country"}
ORDERABLE = frozenset({"createdDateTime", "updatedDateTime"})
# From this number of referrals on, the sorted ids are kept between pages. Smaller worlds are sorted for each page, so
# that changes that a test makes in place are seen at once.
CACHED_FROM = 5_000
_SKIP_TOKEN = re.compile(r"\+RID:~([A-Za-z0-9+/=]+)/#RT:\d+")
# A quote that is not closed becomes a token of its own, which is no valid literal.
_FILTER_TOKEN = re.compile(r"'(?:[^']|'')*'|[()]|[^\s()']+|'")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "ge", "gt", "le", "lt")
}

Predicate: TypeAlias = Callable[[Any], bool]


class ApiError(Exception):
    """An error response; `code` is Partner Center's error code, `inner_code` the more precise one."""

    def __init__(
        self, status: int, code: str, message: str, target: str | None = None, inner_code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.target = target
        self.inner_code = inner_code or code


def invalid_option(option: str, message: str) -> ApiError:
    """Return the error for a query option that is not supported."""
    return ApiError(400, "invalidRequest", message, option)


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


def parse_query(parameters: Mapping[str, str], options: SandboxOptions) -> ListQuery:
    """Return the query of a request; raise ApiError for an option that the API does not have."""
    for name in parameters:
        if name not in QUERY_OPTIONS:
            raise invalid_option(name, f"The query parameter '{name}' is not supported.")
    if "$skiptoken" in parameters:
        return parse_skip_token(parameters["$skiptoken"])
    page_size, end = min(DEFAULT_PAGE_SIZE, options.page_size_limit), None
    offset = _number(parameters, "$skip", 0, sys.maxsize) if "$skip" in parameters else 0
    if "$top" in parameters:
        top = _number(parameters, "$top", 1, options.page_size_limit)
        page_size, end = (min(page_size, top), offset + top) if options.top_is_total else (top, None)
    conditions = parameters.get("$filter"), parameters.get("$orderby"), parameters.get("$select")
    return ListQuery(*conditions, page_size, offset, end)


def page_number(parameters: Mapping[str, str]) -> int:
    """Return the number of the page that a request is for; 1 if its query is not valid."""
    try:
        return parse_query(parameters, SandboxOptions(page_size_limit=sys.maxsize)).page_number
    except ApiError:
        return 1


def skip_token(query: ListQuery) -> str:
    """Return a token for a page. Like the real ones it has characters that must be escaped in a URL."""
    packed = base64.b64encode(json.dumps(asdict(query)).encode()).decode()
    return f"+RID:~{packed}/#RT:{query.page_number}"


def parse_skip_token(token: str) -> ListQuery:
    """Return the query in a token; raise ApiError for a token of another origin."""
    match = _SKIP_TOKEN.fullmatch(token)
    try:
        return ListQuery(**json.loads(base64.b64decode(match[1] if match else "", validate=True)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise invalid_option("$skiptoken", "The skip token is not valid.") from error


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
        names = parse_select(query.select) if query.select else None
        end = min(query.offset + query.page_size, query.end or sys.maxsize)
        with self._world.lock:
            ids = self._matching_ids(query)
            page = [_select(self._world.referrals[key], names) for key in ids[query.offset : end]]
        return page, (replace(query, offset=end) if end < min(len(ids), query.end or sys.maxsize) else None)

    def _matching_ids(self, query: ListQuery) -> list[str]:
        cache_key = (self._world.version, query.filter, query.orderby)
        if cache_key in self._cache:
            return self._cache[cache_key]
        field, is_descending = parse_order(query.orderby or DEFAULT_ORDER)
        matches = parse_filter(query.filter) if query.filter else lambda _payload: True
        rows = ((key, payload) for key, payload in self._world.referrals.items() if matches(payload))
        # A referral without the date comes first.
        keyed = [(timestamps.sort_key(value_at(payload, field)) or "", key) for key, payload in rows]
        ids = [key for _, key in sorted(keyed, reverse=is_descending)]
        if len(self._world.referrals) >= CACHED_FROM:
            self._cache = {cache_key: ids}
        return ids


def _select(payload: Any, names: list[str] | None) -> Any:
    if names is None or not isinstance(payload, dict):
        return payload
    return {name: payload[name] for name in names if name in payload}


def value_at(payload: Any, path: str) -> Any:
    """Return the value at `a/b/c` or `/a/b/c`; None if there is none."""
    if path == "direction":
        return direction_of(payload)
    for name in path.strip("/").split("/"):
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload


def _number(parameters: Mapping[str, str], option: str, least: int, most: int) -> int:
    text = parameters[option]
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise invalid_option(option, f"The value of {option} must lie between {least} and {most}.")
    return int(text)


def parse_order(text: str) -> tuple[str, bool]:
    """Return the field of a `$orderby` such as `updatedDateTime desc`, and whether the order is descending."""
    field, _, direction = text.strip().partition(" ")
    if field not in ORDERABLE or direction not in {"", "asc", "desc"}:
        raise invalid_option("$orderby", f"Ordering by '{text}' is not supported.")
    return field, direction == "desc"


def parse_select(text: str) -> list[str]:
    """Return the property names in a `$select`."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in property_names():
            raise invalid_option("$select", f"Could not find a property named '{name}' on type 'Referral'.")
    return names


def parse_filter(text: str) -> Predicate:
    """Return a predicate over payloads for a `$filter`."""
    tokens = _FILTER_TOKEN.findall(text)[::-1]
    predicate = _expression(tokens)
    if tokens:
        raise invalid_option("$filter", f"Syntax error near '{tokens[-1]}' in the filter.")
    return predicate


# Each of these functions takes its tokens from the end of the list.


def _expression(tokens: list[str]) -> Predicate:
    return _joined(tokens, "or", any, _term)


def _term(tokens: list[str]) -> Predicate:
    return _joined(tokens, "and", all, _factor)


def _joined(
    tokens: list[str], word: str, combine: Callable[[Iterable[bool]], bool], parse: Callable[[list[str]], Predicate]
) -> Predicate:
    parts = [parse(tokens)]
    while _accept(tokens, word):
        parts.append(parse(tokens))
    return lambda payload: combine(part(payload) for part in parts)


def _factor(tokens: list[str]) -> Predicate:
    if not _accept(tokens, "("):
        return _comparison(tokens)
    expression = _expression(tokens)
    if not _accept(tokens, ")"):
        raise invalid_option("$filter", "A closing parenthesis is missing in the filter.")
    return expression


def _comparison(tokens: list[str]) -> Predicate:
    path, name, literal = _next(tokens), _next(tokens), _next(tokens)
    if path not in FILTERABLE:
        raise invalid_option("$filter", f"Filtering by '{path}' is not supported.")
    compare = _OPERATORS.get(name)
    if compare is None or (name not in {"eq", "ne"} and path not in TIMESTAMPS):
        raise invalid_option("$filter", f"The operator '{name}' is not supported for '{path}'.")
    value = _literal_value(path, literal)
    if path not in TIMESTAMPS:
        return lambda payload: compare(value_at(payload, path), value)

    def compares(payload: Any) -> bool:
        key = timestamps.sort_key(value_at(payload, path))
        return name == "ne" if key is None else compare(key, value)

    return compares


def _next(tokens: list[str]) -> str:
    if not tokens:
        raise invalid_option("$filter", "The filter ends too early.")
    return tokens.pop()


def _accept(tokens: list[str], token: str) -> bool:
    """Take the next token if it is this one; return whether it was."""
    if tokens[-1:] != [token]:
        return False
    tokens.pop()
    return True


def _literal_value(path: str, literal: str) -> str | None:
    is_quoted = literal.startswith("'") and literal.endswith("'") and len(literal) > 1
    if path in TIMESTAMPS:
        key = None if is_quoted else timestamps.sort_key(literal)
        try:
            datetime.fromisoformat((key or "")[:19])
        except ValueError:
            raise invalid_option("$filter", f"'{literal}' is not a valid Edm.DateTimeOffset literal.") from None
        return key
    if is_quoted:
        return literal[1:-1].replace("''", "'")
    if literal == "null":
        return None
    # The links in the API's own responses print this GUID without quotes.
    if path == "engagementId" and re.fullmatch(r"[0-9a-fA-F-]{36}", literal):
        return literal.lower()
    raise invalid_option("$filter", f"'{literal}' is not a valid literal for '{path}'.")
