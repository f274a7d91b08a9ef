"""
Parse the OData query options that the API documents: `$filter`, `$orderby`, `$top` and `$select`.

    expression := term ('or' term)*      term := factor ('and' factor)*
    factor := '(' expression ')' | path operator literal
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from hunter_pipeline.sandbox import timestamps
from hunter_pipeline.sandbox.world import direction_of

TIMESTAMPS = frozenset({"updatedDateTime"})
FILTERABLE = TIMESTAMPS | {"direction", "status", "qualification", "engagementId", "customerProfile/address/country"}
ORDERABLE = frozenset({"createdDateTime", "updatedDateTime"})

Predicate: TypeAlias = Callable[[Any], bool]

# A quote that is not closed becomes a token of its own, which is no valid literal.
_TOKEN = re.compile(r"'(?:[^']|'')*'|[()]|[^\s()']+|'")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "ge": lambda left, right: left is not None and left >= right,
    "gt": lambda left, right: left is not None and left > right,
    "le": lambda left, right: left is not None and left <= right,
    "lt": lambda left, right: left is not None and left < right,
}


class QueryOptionError(ValueError):
    """A query option that is not supported; `option` is its name. It is answered with `400 invalidRequest`."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


@dataclass(frozen=True)
class Order:
    """The field by which a list is sorted; newest first by default."""

    field: str = "createdDateTime"
    descending: bool = True

    def sort_key(self, payload: Any) -> str:
        """Return the sort key of a referral; one without the date comes first."""
        return timestamps.sort_key(_value_at(payload, self.field)) or ""


def parse_order(text: str) -> Order:
    """Return the order of a `$orderby` such as `updatedDateTime desc`."""
    field, _, direction = text.strip().partition(" ")
    if field not in ORDERABLE or direction not in {"", "asc", "desc"}:
        raise QueryOptionError("$orderby", f"Ordering by '{text}' is not supported.")
    return Order(field, direction == "desc")


def parse_top(text: str, limit: int) -> int:
    """Return the number in a `$top` between 1 and the limit."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= limit:
        raise QueryOptionError("$top", f"The value of $top must lie between 1 and {limit}.")
    return int(text)


def parse_skip(text: str) -> int:
    """Return the number in a `$skip`."""
    if not text.isascii() or not text.isdigit():
        raise QueryOptionError("$skip", "The value of $skip must be a number.")
    return int(text)


def parse_select(text: str, known: frozenset[str]) -> list[str]:
    """Return the property names in a `$select`."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise QueryOptionError("$select", f"Could not find a property named '{name}' on type 'Referral'.")
    return names


def parse_filter(text: str) -> Predicate:
    """Return a predicate over payloads for a `$filter`."""
    return _FilterParser(text).parse()


class _FilterParser:
    """A recursive descent parser of one `$filter`."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._position = 0

    def parse(self) -> Predicate:
        predicate = self._expression()
        if self._position < len(self._tokens):
            raise QueryOptionError("$filter", f"Syntax error near '{self._tokens[self._position]}' in the filter.")
        return predicate

    def _expression(self) -> Predicate:
        terms = [self._term()]
        while self._accept("or"):
            terms.append(self._term())
        return lambda payload: any(term(payload) for term in terms)

    def _term(self) -> Predicate:
        factors = [self._factor()]
        while self._accept("and"):
            factors.append(self._factor())
        return lambda payload: all(factor(payload) for factor in factors)

    def _factor(self) -> Predicate:
        if not self._accept("("):
            return self._comparison()
        expression = self._expression()
        if not self._accept(")"):
            raise QueryOptionError("$filter", "A closing parenthesis is missing in the filter.")
        return expression

    def _comparison(self) -> Predicate:
        path, operator, literal = self._next(), self._next(), self._next()
        if path not in FILTERABLE:
            raise QueryOptionError("$filter", f"Filtering by '{path}' is not supported.")
        compare = _OPERATORS.get(operator)
        if compare is None or (operator not in {"eq", "ne"} and path not in TIMESTAMPS):
            raise QueryOptionError("$filter", f"The operator '{operator}' is not supported for '{path}'.")
        value = _literal_value(path, literal)
        if path in TIMESTAMPS:
            return lambda payload: compare(timestamps.sort_key(_value_at(payload, path)), value)
        return lambda payload: compare(_value_at(payload, path), value)

    def _next(self) -> str:
        if self._position >= len(self._tokens):
            raise QueryOptionError("$filter", "The filter ends too early.")
        self._position += 1
        return self._tokens[self._position - 1]

    def _accept(self, token: str) -> bool:
        """Skip the next token if it is this one; return whether it was."""
        found = self._position < len(self._tokens) and self._tokens[self._position] == token
        self._position += found
        return found


def _value_at(payload: Any, path: str) -> Any:
    """Return the value at `a/b/c`; None if there is none."""
    if path == "direction":
        return direction_of(payload)
    for name in path.split("/"):
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload


def _literal_value(path: str, literal: str) -> str | None:
    is_quoted = literal.startswith("'") and literal.endswith("'") and len(literal) > 1
    if path in TIMESTAMPS:
        key = None if is_quoted else timestamps.sort_key(literal)
        if key is None or not _is_real_date(key):
            raise QueryOptionError("$filter", f"'{literal}' is not a valid Edm.DateTimeOffset literal.")
        return key
    if is_quoted:
        return literal[1:-1].replace("''", "'")
    if literal == "null":
        return None
    # The links in the API's own responses print this GUID without quotes.
    if path == "engagementId" and re.fullmatch(r"[0-9a-fA-F-]{36}", literal):
        return literal.lower()
    raise QueryOptionError("$filter", f"'{literal}' is not a valid literal for '{path}'.")


def _is_real_date(key: str) -> bool:
    try:
        datetime.fromisoformat(key[:19])
    except ValueError:
        return False
    return True
