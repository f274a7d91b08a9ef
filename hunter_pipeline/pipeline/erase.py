"""
Erase a person from every table, payload history included, and keep them erased over later syncs.

What belongs here: the order in which that is done. What does not: what of a payload is a person's
(`referrals/erasure.py`) and the statements (`warehouse/erasure.py`).
"""

from collections.abc import Callable
from typing import Any

import simplejson

from hunter_pipeline.config.logs import log
from hunter_pipeline.pipeline.companies import update_companies
from hunter_pipeline.pipeline.merge import merge
from hunter_pipeline.pipeline.normalize import normalize
from hunter_pipeline.referrals.erasure import Memory, erase, erased_hash, find
from hunter_pipeline.referrals.json_repair import dumps_deep
from hunter_pipeline.referrals.payloads import version_of
from hunter_pipeline.warehouse import erasure, raw_referrals, sync_lease, tables
from hunter_pipeline.warehouse.connection import Connection, Warehouse, write_transaction

# Seconds that an erasure waits for the sync under way.
WAIT_SECONDS = 900.0

RAW, QUARANTINE = "raw_referrals", "quarantined_referrals"


def forget(
    warehouse: Warehouse,
    address: str,
    own_domains: tuple[str, ...],
    waiting: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """
    Erase the person with this address everywhere, and record them as a keyed hash.

    It waits for the sync under way (`waiting` is called before that) and keeps others out while it works; all of it is
    one transaction, what is derived from the payloads included.

    address: as `plain_address` gives it.
    Returns: how many rows of each table were touched. Raises: DatabaseError.
    """
    with (
        sync_lease.held(warehouse, "hunter forget", seconds=WAIT_SECONDS, waiting=waiting),
        warehouse.connection() as connection,
        write_transaction(connection),
    ):
        memory = erasure.memory(connection)
        memory.people.setdefault(memory.person(address), set())
        _learn(connection, memory)
        erasure.remember(connection, memory)
        concerned, counts = _erase_versions(connection, memory)
        counts[QUARANTINE] = _erase_quarantined(connection, memory)
        counts |= erasure.count_concerned(connection, concerned)
        if concerned:
            _derive_again(connection, concerned, own_domains)
    log.info("person_forgotten", **counts)
    return counts


def _derive_again(connection: Connection, referral_ids: list[str], own_domains: tuple[str, ...]) -> None:
    """Replace what was derived from the payloads before."""
    erasure.make_stale(connection, referral_ids)
    raw_referrals.repair_newest_versions(connection)
    normalize(connection, own_domains=own_domains)
    merge(connection)
    update_companies(connection, None)
    for table in ("normalized_referrals", "partner_center_referrals", "companies"):
        tables.recount(connection, table)


def _learn(connection: Connection, memory: Memory) -> None:
    """Read everything until nothing more is learnt: a name and number from one referral find the person in another."""
    learnt = True
    while learnt:
        learnt = False
        for row in erasure.versions(connection):
            learnt |= memory.learn(row["referral_id"], find(row["payload"], memory))
    for row in erasure.quarantined(connection):
        memory.learn("", find(_parsed(row["payload"]), memory))


def _erase_versions(connection: Connection, memory: Memory) -> tuple[list[str], dict[str, int]]:
    """Returns the referrals that were named something else or less now, and how many rows that took."""
    touched = 0
    concerned: set[str] = set()
    for row in erasure.versions(connection):
        left, changed = erase(row["payload"], memory, row["referral_id"])
        if not changed:
            continue
        version = version_of(left)
        referral_id = getattr(version, "referral_id", row["referral_id"])
        erasure.replace_version(
            connection,
            row["id"],
            referral_id=referral_id,
            payload=version.payload_json,
            content_hash=_hash_of(row, memory),
        )
        touched += 1
        concerned |= {row["referral_id"], referral_id}
    return sorted(concerned), {RAW: touched}


def _erase_quarantined(connection: Connection, memory: Memory) -> int:
    touched = 0
    for row in erasure.quarantined(connection):
        left, changed = erase(_parsed(row["payload"]), memory, "")
        if changed:
            erasure.replace_quarantined(
                connection, row["id"], payload=dumps_deep(left), content_hash=_hash_of(row, memory)
            )
            touched += 1
    return touched


def _hash_of(row: dict[str, Any], memory: Memory) -> str:
    """The hash that the next sync gives to the same payload, so that it is no new version."""
    return row["content_hash"] if row["erased"] else erased_hash(row["content_hash"], memory)


def _parsed(text: str) -> object:
    """A quarantined payload as it arrived; one too deep for the parser stays text."""
    try:
        return simplejson.loads(text, use_decimal=True, allow_nan=True)
    except (ValueError, RecursionError):
        return text
