"""
Determine the identity and version of each received item, and a text of it that PostgreSQL can store.

Of a referral's bytes only the identity is decoded at first: most referrals are known and need no more. What msgspec
cannot represent exactly (lone surrogates, huge numbers) goes through simplejson, which takes everything and is slower;
both give the same text.
"""

import codecs
import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import msgspec
import simplejson

from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime

# Levels of nesting. PostgreSQL's jsonb and Python's encoders take some thousands; a referral has seven.
MAX_DEPTH = 500
# Characters; an index entry holds 2,704 bytes, and a GUID has 36 characters.
MAX_ID_LENGTH = 200
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
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]')
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NOT_IN_TEXT = re.compile("[\0\ud800-\udfff]")


class _Identity(msgspec.Struct):
    id: str
    updatedDateTime: object = None  # noqa: N815 - the API's name
    team: msgspec.Raw = msgspec.Raw(b"")


_IDENTITY = msgspec.json.Decoder(_Identity)


@dataclass(frozen=True, slots=True)
class WireReferral:
    """
    A referral as received bytes.

    updated: `updatedDateTime` as sent.
    team: the JSON of its `team`, empty if there is none.
    wire_hash: sha256 of the bytes; equal bytes are an equal version.
    """

    body: bytes
    referral_id: str
    updated: object
    team: bytes
    wire_hash: bytes

    def parsed(self) -> object:
        """Return the decoded referral; invalid UTF-8 becomes U+FFFD."""
        return parse_json(self.body.decode("utf-8", errors="replace"))

    def parsed_team(self) -> object:
        """Return the decoded `team`, None if there is none."""
        try:
            return msgspec.json.decode(self.team) if self.team else None
        except (msgspec.DecodeError, RecursionError):
            return parse_json(self.team.decode("utf-8", errors="replace"))


@dataclass(frozen=True, slots=True)
class RawVersion:
    """
    One version of one referral, ready for `raw_referrals`.

    payload_json: JSON that jsonb accepts.
    content_hash: sha256 in hex of the original value, whatever the order of its keys.
    source_updated_at: UTC, microseconds; None if `updatedDateTime` is missing or unreadable.
    source_updated_key: the same as `sortable_utc` text, by which versions are compared; '' for None.
    repaired: whether `payload_json` differs from the original value.
    erased: whether the payload was reduced because it names an erased person; `content_hash` is a keyed one then.
    wire_hash: that of the bytes it came in, if they may be recognized by it.
    """

    referral_id: str
    payload_json: str
    content_hash: str
    source_updated_at: datetime | None
    source_updated_key: str
    repaired: bool
    erased: bool = False
    wire_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A payload without usable identity, for `quarantined_referrals`; `payload_json` is ASCII and lossless."""

    payload_json: str
    content_hash: str
    reason: str
    erased: bool = False


def parse_json(text: str) -> Any:
    """
    Parse any JSON text: numbers with a fraction become Decimal, NaN and infinities floats.

    Raises: ValueError, RecursionError for a text that is nested too deeply.
    """
    return simplejson.loads(text, parse_int=_parse_int, parse_float=_parse_fraction, allow_nan=True)


def _parse_int(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < _MAX_INT_DIGITS else Decimal(digits)


def _parse_fraction(digits: str) -> Decimal | float:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond 10**18
        return float(digits)


def identify(body: bytes) -> object:
    """
    Return an item of a page as a WireReferral, or parsed if it has no usable identity.

    Raises: ValueError, RecursionError.
    """
    try:
        identity = _IDENTITY.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return parse_json(body.decode("utf-8", errors="replace"))
    if _id_problem({"id": identity.id}):
        return parse_json(body.decode("utf-8", errors="replace"))
    wire_hash = hashlib.sha256(body).digest()
    return WireReferral(
        body, canonical_id(identity.id.strip()), identity.updatedDateTime, bytes(identity.team), wire_hash
    )


def version_of_wire(item: WireReferral) -> RawVersion | Rejected:
    """Return the result of `version_of` for the parsed referral, with the hash of its bytes."""
    text = _fast_canonical_json(item.body)
    if text is None:
        version = version_of(item.parsed())
        return replace(version, wire_hash=item.wire_hash) if isinstance(version, RawVersion) else version
    key = sortable_utc(item.updated)
    return RawVersion(
        referral_id=item.referral_id,
        payload_json=text,
        content_hash=hashlib.sha256(text.encode("ascii")).hexdigest(),
        source_updated_at=to_datetime(key) if key else None,
        source_updated_key=key or "",
        repaired=False,
        wire_hash=item.wire_hash,
    )


def version_of(item: object) -> RawVersion | Rejected:
    """
    Return identity and version of one item of the API's `value` list; no JSON value raises.

    A `Rejected` has one of the reasons not_an_object, missing_id, null_id, empty_id, id_not_text, id_too_long,
    id_not_storable, too_deep.

    Args:
        item: any JSON value as simplejson reads it (numbers with a fraction may be Decimal); the text of an item that
            is nested too deeply to be parsed.
    """
    text, is_too_deep = _canonical_json(item)
    content_hash = hashlib.sha256(text.encode("ascii")).hexdigest()
    if is_too_deep:
        return Rejected(text, content_hash, "too_deep")
    if not isinstance(item, dict):
        return Rejected(text, content_hash, "not_an_object")
    payload = cast("dict[str, object]", item)
    if reason := _id_problem(payload):
        return Rejected(text, content_hash, reason)
    stored = _repaired(text) if _is_suspicious(text) else text
    key = sortable_utc(payload.get("updatedDateTime"))
    return RawVersion(
        referral_id=canonical_id(str(payload["id"]).strip()),
        payload_json=stored,
        content_hash=content_hash,
        source_updated_at=to_datetime(key) if key else None,
        source_updated_key=key or "",
        repaired=stored != text,
    )


def canonical_id(referral_id: str) -> str:
    """Return a GUID in lower case, as Partner Center writes it, and any other id unchanged."""
    return referral_id.lower() if _GUID.fullmatch(referral_id) else referral_id


def _id_problem(payload: dict[str, object]) -> str | None:
    """Return the problem of an id."""
    if "id" not in payload:
        return "missing_id"
    value = payload["id"]
    if value is None:
        return "null_id"
    if not isinstance(value, str):
        return "id_not_text"
    if not value.strip():
        return "empty_id"
    if _NOT_IN_TEXT.search(value):
        return "id_not_storable"
    return "id_too_long" if len(value.strip()) > MAX_ID_LENGTH else None


def _canonical_json(item: object) -> tuple[str, bool]:
    """Return an item as compact ASCII JSON with sorted keys, and whether it is nested too deeply to be stored."""
    try:
        text = _ENCODER.encode(item)
    except RecursionError:
        return _dump_deep(item), True
    # An item that could not be parsed is its own JSON text.
    nested = item if isinstance(item, str) else text
    return text, nested.count("{") + nested.count("[") > MAX_DEPTH and _depth(nested) > MAX_DEPTH


def _fast_canonical_json(body: bytes) -> str | None:
    """Return the result of `_canonical_json` for a text that needs no repair, None for any other."""
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
    """Return the number of levels of lists and objects in a JSON text; `[[]]` has two, a number none."""
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def _dump_deep(item: object) -> str:
    """Encode an item without recursion: a parsed item may be too deep for the encoder."""
    pieces: list[str] = []
    todo: list[tuple[bool, Any]] = [(False, item)]
    while todo:
        is_text, node = todo.pop()
        if is_text:
            pieces.append(node)
        elif isinstance(node, (dict, list)) and node:
            todo.extend(reversed(_opened(cast("dict[str, Any] | list[Any]", node))))
        else:
            pieces.append(_ENCODER.encode(node))
    return "".join(pieces)


def _opened(node: dict[str, Any] | list[Any]) -> list[tuple[bool, Any]]:
    """Return the text between the members of an object or list, marked True, and the members, marked False."""
    if isinstance(node, dict):
        members = [(f"{_ENCODER.encode(key)}:", node[key]) for key in sorted(node)]
        opening, closing = "{", "}"
    else:
        members = [("", member) for member in node]
        opening, closing = "[", "]"
    parts: list[tuple[bool, Any]] = []
    for before, member in members:
        parts += [(True, f"{',' if parts else opening}{before}"), (False, member)]
    return [*parts, (True, closing)]


def _is_suspicious(text: str) -> bool:
    return (
        any(sign in text for sign in _SUSPICIOUS)
        or _BIG_EXPONENT.search(text) is not None
        or any(_MANY_DIGITS.match(text, start) for start in range(0, len(text), _DIGITS_STEP))
    )


def _repaired(text: str) -> str:
    """
    Return JSON that jsonb accepts.

    NUL and lone surrogates become U+FFFD; NaN, infinities and numbers of over 1,000 digits become text.
    """
    return _STRING_OR_NUMBER.sub(_repaired_token, text)


def _repaired_token(match: re.Match[str]) -> str:
    token = match[0]
    if token.startswith('"'):
        return _ESCAPE.sub(_repaired_escape, token)
    return token if _is_storable(token) else f'"{token}"'


def _repaired_escape(match: re.Match[str]) -> str:
    """Return an escape unchanged if jsonb accepts it; a pair of surrogates is accepted."""
    escape = match[0]
    is_refused = escape == "\\u0000" or (escape.startswith("\\ud") and len(escape) == len("\\ud800"))
    return "\\ufffd" if is_refused else escape


def _is_storable(number: str) -> bool:
    value = Decimal(number)
    if not value.is_finite():
        return False
    return abs(value.adjusted()) <= MAX_DIGITS and len(value.as_tuple().digits) <= MAX_DIGITS
