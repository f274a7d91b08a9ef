"""
Encode JSON values in one canonical text, from which versions are told apart, and make that text storable as jsonb.

msgspec decodes and encodes almost every payload. What it cannot represent exactly (lone surrogates, huge numbers) goes
through simplejson, which takes everything and is slower; both give the same text.
"""

import codecs
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import simplejson

# Levels of nesting. PostgreSQL's jsonb and Python's encoders take some thousands; a referral has seven.
MAX_DEPTH = 500
# The page around an item has three levels.
_MAX_PARSED_DEPTH = MAX_DEPTH + 10
# Digits and decimal exponent of a number; PostgreSQL's numeric takes 131,072, but Python's int() only 4,300.
MAX_DIGITS = 1000

_ENCODER = simplejson.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, use_decimal=True, allow_nan=True
)

# Signs in a dumped text that something may need repair; a false alarm only costs time. `\ud` also begins emoji.
_SUSPICIOUS = ("\\u0000", "\\ud", "NaN", "Infinity")
_BIG_EXPONENT = re.compile("E[+-][0-9]{4}")
# A run of 1,000 digits contains 90 of them behind every 900th character.
_MANY_DIGITS = re.compile("[0-9]{90}")
_DIGITS_STEP = 900
# Digits; Python's int() refuses more than 4,300.
_MAX_INT_DIGITS = 4000
# A number with a fraction on its way through the fast encoder: a string that begins with NUL.
_FRACTION = re.compile(r'"\\u0000([^"]*)"')
_STRING_OR_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*+"|-?Infinity|NaN|-?[0-9][0-9.eE+-]*+')
_ESCAPE = re.compile(r"\\u(?:0000|d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|d[89a-f][0-9a-f]{2})|\\.")
# Strings are matched as a whole, so that brackets within them are not counted.
STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def parse_json(text: str) -> Any:
    """
    Parse any JSON text: numbers with a fraction become Decimal, NaN and infinities floats.

    Raises: ValueError, RecursionError for a text that is nested too deeply.
    """
    if _depth(text) > _MAX_PARSED_DEPTH:
        raise RecursionError("nested too deeply")
    return simplejson.loads(text, parse_int=_parse_int, parse_float=_parse_fraction, allow_nan=True)


def _parse_int(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < _MAX_INT_DIGITS else Decimal(digits)


def _parse_fraction(digits: str) -> Decimal | float:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond 10**18
        return float(digits)


def canonical_json(value: object) -> str:
    """Return a value of `parse_json` as compact ASCII JSON with sorted keys."""
    return _ENCODER.encode(value)


def is_too_deep(text: str) -> bool:
    """Return whether a JSON text is nested too deeply to be stored."""
    return _depth(text) > MAX_DEPTH


def canonical_json_of_bytes(body: bytes) -> str | None:
    """Return the result of `canonical_json` for a text that needs no repair, None for any other."""
    try:
        text = _FAST_ENCODER.encode(_FAST_DECODER.decode(body)).decode()
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    text = text.replace("\x7f", "\\u007f").encode("ascii", _JSON_ESCAPES).decode("ascii")
    if "\\u0000" in text:
        if b"\\u0000" in body:  # a NUL of the referral's own
            return None
        text = _FRACTION.sub(r"\1", text)
    is_long_number = any(_MANY_DIGITS.match(text, start) for start in range(0, len(text), _DIGITS_STEP))
    return None if is_long_number or text.count("{") + text.count("[") > MAX_DEPTH else text


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Handle characters beyond ASCII as `_ENCODER` does, for `str.encode`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _mark_fraction(digits: str) -> str:
    value = Decimal(digits)
    if abs(value.adjusted()) > MAX_DIGITS:
        raise ValueError("a number that PostgreSQL cannot store")
    return f"\0{value}"


_FAST_DECODER = msgspec.json.Decoder(float_hook=_mark_fraction)
_FAST_ENCODER = msgspec.json.Encoder(order="deterministic")
_JSON_ESCAPES = "hunter_pipeline.json_escapes"
codecs.register_error(_JSON_ESCAPES, _escape)


def _depth(text: str) -> int:
    """Return the number of levels of lists and objects in a JSON text, or a higher number that is within the limit."""
    if (brackets := text.count("{") + text.count("[")) <= MAX_DEPTH:
        return brackets
    depth = deepest = 0
    for match in STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def storable_json(text: str) -> str:
    """
    Return canonical JSON that jsonb accepts.

    NUL and lone surrogates become U+FFFD; NaN, infinities and numbers of over 1,000 digits become text.
    """
    return _STRING_OR_NUMBER.sub(_storable_token, text) if _is_suspicious(text) else text


def _is_suspicious(text: str) -> bool:
    return (
        any(sign in text for sign in _SUSPICIOUS)
        or _BIG_EXPONENT.search(text) is not None
        or any(_MANY_DIGITS.match(text, start) for start in range(0, len(text), _DIGITS_STEP))
    )


def _storable_token(match: re.Match[str]) -> str:
    token = match[0]
    if token.startswith('"'):
        return _ESCAPE.sub(_storable_escape, token)
    return token if _is_storable(token) else f'"{token}"'


def _storable_escape(match: re.Match[str]) -> str:
    """Return an escape unchanged if jsonb accepts it; a pair of surrogates is accepted."""
    escape = match[0]
    is_refused = escape == "\\u0000" or (escape.startswith("\\ud") and len(escape) == len("\\ud800"))
    return "\\ufffd" if is_refused else escape


def _is_storable(number: str) -> bool:
    value = Decimal(number)
    if not value.is_finite():
        return False
    return abs(value.adjusted()) <= MAX_DIGITS and len(value.as_tuple().digits) <= MAX_DIGITS
