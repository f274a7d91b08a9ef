"""
JSON values that PostgreSQL or Python's encoder would refuse: find them, write them, mend them.

Nothing here recurses: a payload may be nested deeper than Python's stack. Values are trees, as JSON's are.
"""

import math
import re
from decimal import Decimal
from typing import Any, TypeGuard

import simplejson

MAX_DIGITS = 1000
"""Digits, and decimal exponent, of a number; PostgreSQL's numeric takes 131,072, Python's int() 4,300."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


class _Raw(str):
    """A finished piece of JSON text, not to be dumped again."""

    __slots__ = ()


def depth_exceeds(value: object, limit: int) -> bool:
    """Whether lists and objects are nested more than `limit` levels; `[[]]` has two, a number none."""
    level = [value] if _is_container(value) else []
    for _ in range(limit):
        level = [child for node in level for child in _children(node) if _is_container(child)]
        if not level:
            return False
    return bool(level)


def dumps_deep(value: object) -> str:
    """
    Dump like simplejson with sorted keys, compact and ASCII, but of any depth.

    What no JSON has (a set, an integer too long to print) becomes text.
    Raises: nothing.
    """
    pieces: list[str] = []
    todo: list[object] = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, _Raw):
            pieces.append(node)
        elif _is_container(node):
            todo.extend(reversed(_one_level(node)))
        else:
            pieces.append(_dumps_scalar(node))
    return "".join(pieces)


def storable(value: object) -> tuple[object, bool]:
    """
    Copy a JSON value into one that jsonb accepts, and say whether anything had to change.

    NUL and lone surrogates become U+FFFD; numbers that numeric refuses (NaN, infinity, beyond 1,000
    digits) and what no JSON has become text.
    Raises: nothing.
    """
    root: list[object] = [None]
    changed = False
    todo: list[tuple[Any, Any, object]] = [(root, 0, value)]
    while todo:
        target, place, original = todo.pop()
        if _is_object(original):
            copy: object = (renamed := _with_storable_keys(original))
            changed = changed or renamed.keys() != original.keys()
            todo.extend((renamed, name, item) for name, item in tuple(renamed.items()))
        elif _is_list(original):
            copy = (items := list(original))
            todo.extend((items, index, item) for index, item in enumerate(original))
        else:
            copy = _storable_scalar(original)
            changed = changed or copy is not original
        target[place] = copy
    return root[0], changed


def _with_storable_keys(original: dict[object, object]) -> dict[str, object]:
    """Mend the keys; two that become equal are kept apart, in one order always, so that no value is lost."""
    copy: dict[str, object] = {}
    for key, item in sorted(original.items(), key=lambda pair: str(pair[0])):
        name = _UNSTORABLE.sub(_REPLACEMENT, str(key))
        while name in copy:
            name += _REPLACEMENT
        copy[name] = item
    return copy


def _storable_scalar(value: object) -> object:
    """Give back the very same object where nothing is wrong with it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _UNSTORABLE.sub(_REPLACEMENT, value) if _UNSTORABLE.search(value) else value
    if isinstance(value, int):
        return value if abs(value) < 10**MAX_DIGITS else _as_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else simplejson.dumps(value, allow_nan=True)
    if isinstance(value, Decimal) and value.is_finite():
        small = abs(value.adjusted()) <= MAX_DIGITS and len(value.as_tuple().digits) <= MAX_DIGITS
        return value if small else str(value)
    return _as_text(value)


def _as_text(value: object) -> str:
    """Write what has no JSON form: an integer too long for str() in hexadecimal, else the type's name."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, int):
        try:
            return str(value)
        except ValueError:
            return hex(value)
    return f"<{type(value).__name__}>"


def _one_level(node: dict[object, object] | list[object]) -> list[object]:
    """Write one list or object, its children left as they are."""
    if isinstance(node, dict):
        by_key = sorted(((str(key), item) for key, item in node.items()), key=lambda pair: pair[0])
        named = [(_Raw(_dumps_scalar(key) + ":"), item) for key, item in by_key]
        opening, closing = "{", "}"
    else:
        named = [(_Raw(""), item) for item in node]
        opening, closing = "[", "]"
    parts: list[object] = [_Raw(opening)]
    for index, (name, item) in enumerate(named):
        parts += [_Raw("," if index else ""), name, item]
    return [*parts, _Raw(closing)]


def _dumps_scalar(value: object) -> str:
    try:
        return simplejson.dumps(value, ensure_ascii=True, use_decimal=True, allow_nan=True)
    except (TypeError, ValueError, RecursionError):
        return simplejson.dumps(_as_text(value), ensure_ascii=True)


def _children(node: dict[object, object] | list[object]) -> list[object]:
    return list(node.values()) if isinstance(node, dict) else node


def _is_object(node: object) -> TypeGuard[dict[object, object]]:
    return isinstance(node, dict)


def _is_list(node: object) -> TypeGuard[list[object]]:
    return isinstance(node, list)


def _is_container(node: object) -> TypeGuard[dict[object, object] | list[object]]:
    return isinstance(node, (dict, list))
