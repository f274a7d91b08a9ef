"""How far each stream of referrals was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hunter_pipeline.warehouse.connection import Connection, Row, execute, fetch_all, fetch_one, fetch_row


@dataclass(frozen=True, slots=True)
class Read:
    """
    A read of a stream, new or continued.

    mode:       'incremental' or 'full'.
    started_at: by the database's clock; what the read sees is noted with it.
    cursor:     updatedDateTime up to which an interrupted read had come, else None.
    watermark:  updatedDateTime up to which the last success had come, None before the first.
    """

    mode: str
    started_at: datetime
    cursor: str | None
    watermark: str | None


def begin_read(connection: Connection, stream: str, mode: str) -> Read:
    """Open a read of the stream, or continue the one that was interrupted (a full one stays full)."""
    row = fetch_row(connection, "begin_read", stream=stream, mode=mode)
    return Read(row["read_mode"], row["read_started_at"], row["read_cursor"], row["watermark"])


def advance_read(connection: Connection, stream: str, cursor: str | None) -> None:
    """Store how far the read has come; None where its order cannot be trusted."""
    execute(connection, "advance_read", stream=stream, cursor=cursor)


def finish_read(connection: Connection, stream: str, watermark: str | None) -> None:
    """Close the read: the newest updatedDateTime that it saw is now the watermark."""
    execute(connection, "finish_read", stream=stream, watermark=watermark)


def count_full_read(connection: Connection, stream: str, *, direction: str, started_at: datetime) -> tuple[int, int]:
    """Note what a full read has brought; return that number and how many referrals were known before."""
    row = fetch_row(connection, "count_full_read", stream=stream, direction=direction, started_at=started_at)
    return row["full_returned"], row["full_known"]


def unseen_referrals(connection: Connection, *, direction: str, started_at: datetime, at_most: int) -> list[str]:
    """Return ids of referrals that a full read has not brought and that are not marked as missing yet."""
    rows = fetch_all(connection, "unseen_referrals", direction=direction, started_at=started_at, at_most=at_most)
    return [row["referral_id"] for row in rows]


def confirm_gone(connection: Connection, referral_ids: Sequence[str]) -> None:
    """Note referrals that Partner Center does not have any more; the merge marks them as missing."""
    execute(connection, "confirm_gone", referral_ids=list(referral_ids))


def keep_visibility(connection: Connection, stream: str, *, read: int, naming_reader: int) -> None:
    """Store how many referrals a whole read brought, and how many of them name the signed-in user in their team."""
    execute(connection, "keep_visibility", stream=stream, read=read, naming_reader=naming_reader)


def read_state(connection: Connection, stream: str) -> Row | None:
    """
    Return `watermark`, `full_read_at`, `full_returned`, `full_known`, `visible_read`, `visible_naming_reader`.

    None before the first read; each value is None before the first read that sets it.
    """
    return fetch_one(connection, "read_state", stream=stream)


def watermark(connection: Connection, stream: str) -> str | None:
    """Return the newest updatedDateTime that the last success had seen, None before the first."""
    state = read_state(connection, stream)
    return state["watermark"] if state else None


def tenants(connection: Connection) -> set[str]:
    """Return the tenants whose referrals were read into this database."""
    return {row["tenant"] for row in fetch_all(connection, "tenants")}
