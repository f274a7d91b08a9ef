"""Store the received versions of referrals, the newest one of each referral, and the quarantine."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import psycopg

from hunter_pipeline.referrals.payloads import RawVersion, Rejected
from hunter_pipeline.warehouse.connection import (
    Connection,
    Row,
    execute,
    fetch_all,
    fetch_value,
    statement,
)

NOT_STORABLE = "not_storable"


def note_sightings(connection: Connection, wire_hashes: dict[str, bytes], *, seen_at: datetime) -> dict[str, bytes]:
    """
    Record the referrals that were received unchanged, and return them.

    Args:
        wire_hashes: referral id -> hash of the received bytes.
        seen_at: when the read began, by the database's clock.
    """
    rows = fetch_all(
        connection,
        "note_sightings",
        referral_ids=list(wire_hashes),
        wire_hashes=list(wire_hashes.values()),
        seen_at=seen_at,
    )
    return {row["referral_id"]: wire_hashes[row["referral_id"]] for row in rows}


def land(
    connection: Connection,
    versions: Sequence[RawVersion],
    rejected: Sequence[Rejected],
    *,
    seen_at: datetime,
    run_id: str,
) -> tuple[int, int]:
    """
    Store a page; return the number of new versions and of payloads of the page that were quarantined.

    A version that PostgreSQL refuses for an unexpected reason is quarantined; the rest of the page is stored.
    """
    try:
        with connection.transaction():
            landed = _land_versions(connection, versions, seen_at, run_id) if versions else 0
    except psycopg.DataError:
        if len(versions) == 1:
            [only] = versions
            refused = Rejected(only.payload_json, only.content_hash, NOT_STORABLE, only.erased)
            return land(connection, [], [*rejected, refused], seen_at=seen_at, run_id=run_id)
        middle = len(versions) // 2
        first = land(connection, versions[:middle], rejected, seen_at=seen_at, run_id=run_id)
        second = land(connection, versions[middle:], [], seen_at=seen_at, run_id=run_id)
        return first[0] + second[0], first[1] + second[1]
    if rejected:
        execute(
            connection,
            "quarantine",
            payloads=[item.payload_json for item in rejected],
            reasons=[item.reason for item in rejected],
            content_hashes=[item.content_hash for item in rejected],
            eraseds=[item.erased for item in rejected],
            run_id=run_id,
        )
    return landed, len(rejected)


def _land_versions(connection: Connection, versions: Sequence[RawVersion], seen_at: datetime, run_id: str) -> int:
    return fetch_value(
        connection,
        "land_versions",
        referral_ids=[version.referral_id for version in versions],
        payloads=[version.payload_json for version in versions],
        content_hashes=[version.content_hash for version in versions],
        source_updated_ats=[version.source_updated_at for version in versions],
        source_updated_keys=[version.source_updated_key for version in versions],
        wire_hashes=[version.wire_hash for version in versions],
        repaireds=[version.repaired for version in versions],
        eraseds=[version.erased for version in versions],
        seen_at=seen_at,
        run_id=run_id,
    )


def pending_versions(connection: Connection, *, everything: bool, batch: int) -> Iterator[list[Row]]:
    """
    Yield batches of `referral_id`, `content_hash`, `payload` (JSON text) and `repaired`, from a server-side cursor.

    These are the newest versions that are not normalized yet, or those of all referrals.
    """
    with connection.cursor(name="pending_versions") as cursor:
        cursor.itersize = batch
        cursor.execute(statement("pending_versions"), {"everything": everything})
        while rows := cursor.fetchmany(batch):
            yield rows


def repair_newest_versions(connection: Connection) -> None:
    """Determine the newest version of every referral again, after rows of raw_referrals were restored or deleted."""
    execute(connection, "remove_newest_without_raw")
    execute(connection, "repair_newest_versions")


def drop_superseded(connection: Connection, *, days: int) -> tuple[int, int]:
    """
    Delete superseded versions fetched, and quarantined payloads last seen, more than `days` days ago.

    The newest version of each referral is kept. Returns the numbers of deleted versions and payloads.
    """
    return (
        execute(connection, "drop_superseded", days=days),
        execute(connection, "drop_quarantined", days=days),
    )
