"""What arrived: the versions of referrals, the quarantine, and how far each stream was read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import psycopg
import simplejson
from psycopg.types.json import set_json_loads

from hunter_pipeline.referrals.payloads import RawVersion, Rejected
from hunter_pipeline.warehouse.connection import Connection, queries

NOT_STORABLE = "not_storable"


@dataclass(frozen=True, slots=True)
class Read:
    """
    A read of a stream, new or gone on with.

    mode:       'incremental' or 'full'.
    started_at: by the database's clock; what a sync sees carries it as `seen_at`.
    cursor:     updatedDateTime up to which a broken-off read had come, else None.
    watermark:  updatedDateTime up to which the last success had come, None before the first.
    """

    mode: str
    started_at: datetime
    cursor: str | None
    watermark: str | None


def begin_read(connection: Connection, stream: str, mode: str) -> Read:
    """Open a read of the stream, or go on with the one that was broken off (a full one stays full)."""
    row = queries().begin_read(connection, stream=stream, mode=mode)
    return Read(row["read_mode"], row["read_started_at"], row["read_cursor"], row["watermark"])


def land(
    connection: Connection, versions: Sequence[RawVersion], rejected: Sequence[Rejected], *, read: Read, run_id: str
) -> tuple[int, int]:
    """
    Store a page: returns how many versions are new to us, and how many payloads are in quarantine for it.

    What PostgreSQL refuses for a reason that we did not foresee is quarantined alone; the rest of the page lands.
    """
    try:
        with connection.transaction():
            landed = _land_versions(connection, versions, read, run_id) if versions else 0
    except psycopg.DataError:
        if len(versions) == 1:
            [only] = versions
            refused = Rejected(only.payload_json, only.content_hash, NOT_STORABLE, only.erased)
            return land(connection, [], [*rejected, refused], read=read, run_id=run_id)
        middle = len(versions) // 2
        first = land(connection, versions[:middle], rejected, read=read, run_id=run_id)
        second = land(connection, versions[middle:], [], read=read, run_id=run_id)
        return first[0] + second[0], first[1] + second[1]
    if rejected:
        queries().quarantine(
            connection,
            payloads=[item.payload_json for item in rejected],
            reasons=[item.reason for item in rejected],
            content_hashes=[item.content_hash for item in rejected],
            eraseds=[item.erased for item in rejected],
            run_id=run_id,
        )
    return landed, len(rejected)


def _land_versions(connection: Connection, versions: Sequence[RawVersion], read: Read, run_id: str) -> int:
    row = queries().land_versions(
        connection,
        referral_ids=[version.referral_id for version in versions],
        payloads=[version.payload_json for version in versions],
        content_hashes=[version.content_hash for version in versions],
        source_updated_ats=[version.source_updated_at for version in versions],
        source_updated_keys=[version.source_updated_key for version in versions],
        repaireds=[version.repaired for version in versions],
        eraseds=[version.erased for version in versions],
        seen_at=read.started_at,
        run_id=run_id,
    )
    return int(row["landed"])


def advance_read(connection: Connection, stream: str, cursor: str | None) -> None:
    """Remember how far the read has come; None where its order cannot be trusted."""
    queries().advance_read(connection, stream=stream, cursor=cursor)


def finish_read(connection: Connection, stream: str, *, watermark: str | None, direction: str, mode: str) -> None:
    """Close the read: what it saw is now the watermark, and a full one says what is gone."""
    if mode == "full":
        queries().finish_full_read(connection, stream=stream, direction=direction)
    queries().finish_read(connection, stream=stream, watermark=watermark)


def drop_superseded(connection: Connection, *, days: int) -> tuple[int, int]:
    """
    Delete superseded versions fetched, and quarantined payloads last seen, more than so many days ago.

    The newest version of each referral stays. Returns how many of both were deleted.
    """
    return queries().drop_superseded(connection, days=days), queries().drop_quarantined(connection, days=days)


def keep_visibility(connection: Connection, stream: str, *, read: int, naming_reader: int) -> None:
    """Remember how many referrals a whole read brought, and how many of them name whoever reads."""
    queries().keep_visibility(connection, stream=stream, read=read, naming_reader=naming_reader)


def visibility(connection: Connection, stream: str) -> dict[str, Any] | None:
    """`visible_read` and `visible_naming_reader` of the last whole read, None before the first."""
    return queries().visibility(connection, stream=stream)


def watermark(connection: Connection, stream: str) -> str | None:
    """Newest updatedDateTime that the last success had seen, None before the first."""
    return queries().watermark(connection, stream=stream)


def tenants(connection: Connection) -> set[str]:
    """The tenants whose referrals were read into this database."""
    return {row["tenant"] for row in queries().tenants(connection)}


def last_full_read(connection: Connection, stream: str) -> dict[str, Any] | None:
    """`full_read_at`, `full_returned` and `full_known` of the last full read, None before the first."""
    return queries().last_full_read(connection, stream=stream)


def counts(connection: Connection) -> dict[str, int]:
    """How many `versions` of how many `referrals` there are, and how many payloads are `quarantined`."""
    return queries().raw_counts(connection)


def stale_versions(
    connection: Connection, *, rules: str, everything: bool, batch: int
) -> Iterator[list[tuple[str, str, dict[str, Any], bool]]]:
    """
    Batches of (referral_id, content_hash, payload, repaired): the newest version of each referral that has
    not been normalized by these rules, or of every referral. Read through a cursor of the server.
    """
    with connection.cursor(name="stale_versions") as cursor:
        set_json_loads(partial(simplejson.loads, use_decimal=True), cursor)  # money keeps all its digits
        cursor.execute(queries().stale_versions.sql, {"rules": rules, "everything": everything})
        while rows := cursor.fetchmany(batch):
            yield [(row["referral_id"], row["content_hash"], row["payload"], row["repaired"]) for row in rows]
