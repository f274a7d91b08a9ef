"""
Identity and version of a payload as it arrived, and the text of it that PostgreSQL can store.

Nothing is dropped here: what has no usable id goes to quarantine, with its text and the reason.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

import simplejson

from hunter_pipeline.referrals.json_repair import depth_exceeds, dumps_deep, storable
from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime

__all__ = ["MAX_DEPTH", "RawVersion", "Rejected", "sortable_utc", "to_datetime", "version_of"]

MAX_DEPTH = 500
"""Levels of nesting; PostgreSQL's jsonb and Python's encoders give up at some thousands, a referral has seven."""

MAX_ID_LENGTH = 200
"""Characters; an index entry holds 2,704 bytes, and a GUID 36 characters."""

# Signs in the dumped text that something may need repair; a false alarm costs time only. `\ud8` to `\udf`
# begins every emoji, too. json_repair says which numbers need repair: those of over 1,000 digits, of which
# every hundredth sign shows nine in a row, and exponents of four digits.
_TELL_TALES = ("\\u0000", "\\ud", "NaN", "Infinity")
_BIG_EXPONENT = re.compile("E[+-][0-9]{4}")
_MANY_DIGITS = re.compile("[0-9.]{9}")
_NOT_IN_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class RawVersion:
    """
    One version of one referral, ready for `raw_referrals`.

    payload_json:       JSON that jsonb accepts.
    content_hash:       sha256 in hex of the original value, whatever the order of its keys.
    source_updated_at:  UTC, microseconds; None where `updatedDateTime` is missing or unreadable.
    source_updated_key: the same as `sortable_utc` text, to compare versions by; '' for None.
    repaired:           whether `payload_json` differs from the original value.
    erased:             whether a forgotten person was taken out; `content_hash` is a keyed one then.
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


def version_of(item: object) -> RawVersion | Rejected:
    """
    Read identity and version of one item of the API's `value` list.

    item:     any JSON value, as simplejson reads it (numbers with a fraction may be Decimal).
    Rejected: reasons not_an_object, missing_id, null_id, empty_id, id_not_text, id_too_long,
              id_not_storable, too_deep.
    Raises:   nothing.
    """
    dump = _canonical(item)
    content_hash = hashlib.sha256(dump.text.encode("ascii")).hexdigest()
    if not isinstance(item, dict):
        return Rejected(dump.text, content_hash, "too_deep" if dump.too_deep else "not_an_object")
    payload = cast("dict[str, object]", item)
    reason = "too_deep" if dump.too_deep else _id_problem(payload)
    if reason is not None:
        return Rejected(dump.text, content_hash, reason)
    text, repaired = _storable_text(payload, dump)
    key = sortable_utc(payload.get("updatedDateTime"))
    return RawVersion(
        referral_id=str(payload["id"]).strip(),
        payload_json=text,
        content_hash=content_hash,
        source_updated_at=to_datetime(key) if key else None,
        source_updated_key=key or "",
        repaired=repaired,
    )


def _storable_text(payload: dict[str, object], dump: "_Dump") -> tuple[str, bool]:
    """Mend what jsonb would refuse; in the normal case a look at the text is all it costs."""
    if dump.irregular or _suspicious(dump.text):
        mended, changed = storable(payload)
        if changed:
            return dumps_deep(mended), True
    return dump.text, False


def _suspicious(text: str) -> bool:
    return (
        any(sign in text for sign in _TELL_TALES)
        or _MANY_DIGITS.search(text[::100]) is not None
        or _BIG_EXPONENT.search(text) is not None
    )


def _id_problem(payload: dict[str, object]) -> str | None:
    """Name what is wrong with the id; white space around it is not, its case is kept."""
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


class _Dump(NamedTuple):
    """A value as ASCII JSON with sorted keys; `irregular` where the fast encoder gave up on it."""

    text: str
    too_deep: bool
    irregular: bool


def _canonical(item: object) -> _Dump:
    """Dump any value; the fast encoder does nearly always, and only a text with many brackets can be deep."""
    try:
        text = simplejson.dumps(
            item, sort_keys=True, separators=(",", ":"), ensure_ascii=True, use_decimal=True, allow_nan=True
        )
    except (RecursionError, TypeError, ValueError):
        return _Dump(dumps_deep(item), depth_exceeds(item, MAX_DEPTH), irregular=True)
    many_brackets = text.count("{") + text.count("[") > MAX_DEPTH
    return _Dump(text, many_brackets and depth_exceeds(item, MAX_DEPTH), irregular=False)
