"""
`$filter`, `$orderby`, `$top` and `$select`, as far as the API documents them.

Belongs here: a small parser for the filter language, and refusals that name what was refused. Does
not belong here: HTTP, or paging (paging.py).

    expression := term ('or' term)*      term := factor ('and' factor)*
    factor := '(' expression ')' | field operator literal
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from hunter_pipeline.sandbox import stamps
from hunter_pipeline.sandbox.world import direction_of

TIMES = frozenset({"updatedDateTime"})
FILTERABLE = TIMES | {"direction", "status", "qualification", "engagementId", "customerProfile/address/country"}
ORDERABLE = frozenset({"createdDateTime", "updatedDateTime"})

Predicate: TypeAlias = Callable[[Any], bool]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[()])|(?P<word>[^\s()']+))")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "ge": lambda left, right: left is not None and left >= right,
    "gt": lambda left, right: left is not None and left > right,
    "le": lambda left, right: left is not None and left <= right,
    "lt": lambda left, right: left is not None and left < right,
}


class RefusedError(ValueError):
    """A query option that Partner Center answers with `400 invalidRequest`."""

    def __init__(self, target: str, message: str) -> None:
        super().__init__(message)
        self.target = target


@dataclass(frozen=True)
class Order:
    """One field and a direction; the default is the newest change last."""

    field: str = "createdDateTime"
    descending: bool = True

    def key(self, payload: Any) -> str:
        """What to sort by; a payload without the date comes first when ascending."""
        return stamps.sortable(read_path(payload, self.field)) or ""


def read_path(payload: Any, path: str) -> Any:
    """The value at `a/b/c`; None where the way ends."""
    if path == "direction":
        return direction_of(payload)
    for step in path.split("/"):
        payload = payload.get(step) if isinstance(payload, dict) else None
    return payload


def parse_filter(text: str) -> Predicate:
    """A predicate for a `$filter`; raises RefusedError for anything the API does not document."""
    parser = _Parser(_tokens(text))
    predicate = parser.expression()
    parser.end()
    return predicate


def parse_order(text: str) -> Order:
    """`updatedDateTime desc` and its like; raises RefusedError for another field or direction."""
    name, _, direction = text.strip().partition(" ")
    if name not in ORDERABLE or direction not in {"", "asc", "desc"}:
        raise RefusedError("$orderby", f"Ordering by '{text}' is not supported.")
    return Order(name, direction == "desc")


def parse_top(text: str, limit: int) -> int:
    """A page size between 1 and the limit."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= limit:
        raise RefusedError("$top", f"The value of $top must lie between 1 and {limit}.")
    return int(text)


def parse_select(text: str, known: frozenset[str]) -> tuple[str, ...]:
    """Names of top-level properties."""
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in known:
            raise RefusedError("$select", f"Could not find a property named '{name}' on type 'Referral'.")
    return names


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise RefusedError("$filter", f"Syntax error at position {position} in the filter.")
        tokens.append(match.group().strip() if match["text"] is None else match["text"])
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0

    def end(self) -> None:
        """Nothing may be left over."""
        if self._position < len(self._tokens):
            raise RefusedError("$filter", f"Syntax error near '{self._tokens[self._position]}' in the filter.")

    def expression(self) -> Predicate:
        """Alternatives."""
        parts = [self._term()]
        while self._accept("or"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else lambda payload: any(part(payload) for part in parts)

    def _term(self) -> Predicate:
        parts = [self._factor()]
        while self._accept("and"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else lambda payload: all(part(payload) for part in parts)

    def _factor(self) -> Predicate:
        if not self._accept("("):
            return self._comparison()
        inner = self.expression()
        if not self._accept(")"):
            raise RefusedError("$filter", "A closing parenthesis is missing in the filter.")
        return inner

    def _comparison(self) -> Predicate:
        path, operator, literal = self._next(), self._next(), self._next()
        if path not in FILTERABLE:
            raise RefusedError("$filter", f"Filtering by '{path}' is not supported.")
        compare = _COMPARE.get(operator)
        if compare is None or (operator not in {"eq", "ne"} and path not in TIMES):
            raise RefusedError("$filter", f"The operator '{operator}' is not supported for '{path}'.")
        value = _value(path, literal)
        if path in TIMES:
            return lambda payload: compare(stamps.sortable(read_path(payload, path)), value)
        return lambda payload: compare(read_path(payload, path), value)

    def _next(self) -> str:
        if self._position >= len(self._tokens):
            raise RefusedError("$filter", "The filter ends too early.")
        self._position += 1
        return self._tokens[self._position - 1]

    def _accept(self, token: str) -> bool:
        found = self._position < len(self._tokens) and self._tokens[self._position] == token
        self._position += found
        return found


def _value(path: str, literal: str) -> Any:
    quoted = literal.startswith("'") and literal.endswith("'") and len(literal) > 1
    if path in TIMES:
        moment = None if quoted else stamps.sortable(literal)
        if moment is None or not _exists(moment):
            raise RefusedError("$filter", f"'{literal}' is not a valid Edm.DateTimeOffset literal.")
        return moment
    if quoted:
        return literal[1:-1].replace("''", "'")
    if literal == "null":
        return None
    if path == "engagementId" and re.fullmatch(r"[0-9a-fA-F-]{36}", literal):
        return literal.lower()  # the API's own links print it bare
    raise RefusedError("$filter", f"'{literal}' is not a valid literal for '{path}'.")


def _exists(moment: str) -> bool:
    """Whether there is such a day and such an hour."""
    try:
        return bool(datetime.fromisoformat(moment[:19]))
    except ValueError:
        return False
