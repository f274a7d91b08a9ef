"""
Determine the identity and version of each received item, and a text of it that PostgreSQL can store.

Of a referral's bytes only the identity is decoded at first: most referrals are known and need no more.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

import msgspec

from hunter_pipeline.referrals.canonical_json import (
    canonical_json,
    canonical_json_of_bytes,
    is_too_deep,
    parse_json,
    storable_json,
)
from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime

# Characters; an index entry holds 2,704 bytes, and a GUID has 36 characters.
MAX_ID_LENGTH = 200
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
        """Return the decoded referral; invalid UTF-8 becomes U+FFFD. One that is nested too deeply stays a text."""
        return _parsed_or_text(self.body)

    def parsed_team(self) -> object:
        """Return the decoded `team`, None if there is none."""
        try:
            return msgspec.json.decode(self.team) if self.team else None
        except (msgspec.DecodeError, RecursionError):
            return _parsed_or_text(self.team)


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


def identify(body: bytes) -> object:
    """
    Return an item of a page as a WireReferral, or parsed if it has no usable identity.

    An item that is nested too deeply is returned as its text. Raises: ValueError.
    """
    try:
        identity = _IDENTITY.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _parsed_or_text(body)
    if _id_problem({"id": identity.id}):
        return _parsed_or_text(body)
    wire_hash = hashlib.sha256(body).digest()
    return WireReferral(
        body, canonical_id(identity.id.strip()), identity.updatedDateTime, bytes(identity.team), wire_hash
    )


def version_of_wire(item: WireReferral) -> RawVersion | Rejected:
    """Return the result of `version_of` for the parsed referral, with the hash of its bytes."""
    text = canonical_json_of_bytes(item.body)
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
    text = canonical_json(item)
    content_hash = hashlib.sha256(text.encode("ascii")).hexdigest()
    if is_too_deep(item if isinstance(item, str) else text):
        return Rejected(text, content_hash, "too_deep")
    if not isinstance(item, dict):
        return Rejected(text, content_hash, "not_an_object")
    payload = cast("dict[str, object]", item)
    if reason := _id_problem(payload):
        return Rejected(text, content_hash, reason)
    stored = storable_json(text)
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


def _parsed_or_text(body: bytes) -> object:
    text = body.decode("utf-8", errors="replace")
    try:
        return parse_json(text)
    except RecursionError:
        return text
