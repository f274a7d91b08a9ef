"""Erase a person from every table, including older payloads, so that later syncs do not store them again."""

from collections.abc import Callable
from itertools import chain
from typing import Any

import simplejson

from hunter_pipeline.config.logs import log
from hunter_pipeline.pipeline.companies import update_companies
from hunter_pipeline.pipeline.merge import merge
from hunter_pipeline.pipeline.normalize import normalize
from hunter_pipeline.referrals.erasure import ERASED, ErasureRegistry, reduce_operations, reduce_payload
from hunter_pipeline.warehouse import erasure, raw_referrals, sync_lease, tables
from hunter_pipeline.warehouse.connection import Connection, Warehouse, write_transaction

# Seconds that an erasure waits for a running sync.
WAIT_SECONDS = 900.0

RAW, QUARANTINE, UPDATES = "raw_referrals", "quarantined_referrals", "referral_updates"


def erase_person(
    warehouse: Warehouse,
    address: str,
    own_domains: tuple[str, ...],
    on_wait: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """
    Erase the person with an address everywhere and register a keyed hash of it, all in one transaction.

    It waits for a running sync and keeps others out. The tables derived from the payloads are derived again.

    Args:
        address: as `canonical_address` returns it.
        own_domains: the partner's own domains.
        on_wait: called before waiting for a running sync.

    Returns: the number of changed rows of each table.

    Raises: DatabaseError; nothing has changed then.
    """
    with (
        sync_lease.held(warehouse, "hunter forget", seconds=WAIT_SECONDS, on_wait=on_wait),
        warehouse.connection() as connection,
        write_transaction(connection),
    ):
        registry = erasure.load_registry(connection)
        registry.people.add(registry.address_hash(address))
        referral_ids = _record_referrals(connection, registry)
        erasure.save_registry(connection, registry)
        changed_ids, counts = _reduce_versions(connection, registry, referral_ids)
        counts[UPDATES] = _reduce_updates(connection, registry, referral_ids)
        counts[QUARANTINE] = _clear_quarantined(connection, registry)
        counts |= erasure.count_derived(connection, changed_ids)
        if changed_ids:
            _derive_again(connection, changed_ids, own_domains)
    log.info("person_forgotten", **counts)
    return counts


def _derive_again(connection: Connection, referral_ids: list[str], own_domains: tuple[str, ...]) -> None:
    """Derive the later tables from the changed payloads again."""
    erasure.remove_derived(connection, referral_ids)
    raw_referrals.repair_newest_versions(connection)
    normalize(connection, own_domains=own_domains)
    merge(connection)
    update_companies(connection, None)
    for table in ("normalized_referrals", "partner_center_referrals", "companies"):
        tables.recount(connection, table)


def _record_referrals(connection: Connection, registry: ErasureRegistry) -> list[str]:
    """Record the referrals that name an erased person in any version or answer, and return their ids."""
    referral_ids: set[str] = set()
    for row in chain(erasure.version_texts(connection), erasure.update_texts(connection)):
        people = registry.people_in(row["text"])
        if people:
            registry.record(row["referral_id"], people)
        if people or registry.has_named(row["referral_id"]):
            referral_ids.add(row["referral_id"])
    return sorted(referral_ids)


def _reduce_versions(
    connection: Connection, registry: ErasureRegistry, referral_ids: list[str]
) -> tuple[list[str], dict[str, int]]:
    """Reduce every version of these referrals; return the ids of changed referrals and the number of changed rows."""
    changed = 0
    changed_ids: set[str] = set()
    for row in erasure.versions_of(connection, referral_ids):
        reduced = reduce_payload(row["payload"], registry)
        if reduced == row["payload"]:
            continue
        referral_id = reduced["id"].strip() if reduced["id"] != row["payload"]["id"] else row["referral_id"]
        erasure.replace_version(
            connection,
            row["id"],
            referral_id=referral_id,
            payload=simplejson.dumps(reduced, use_decimal=True),
            content_hash=_keyed_hash(row, registry),
        )
        changed += 1
        changed_ids |= {row["referral_id"], referral_id}
    return sorted(changed_ids), {RAW: changed}


def _reduce_updates(connection: Connection, registry: ErasureRegistry, referral_ids: list[str]) -> int:
    """
    Remove the texts of every answer to these referrals, and return the number of answers.

    An answer that waits to be sent is canceled, because it no longer has the content that was given.
    """
    changed = 0
    for row in erasure.updates_of(connection, referral_ids):
        is_own_id = bool(registry.people_in(row["referral_id"]))
        names_requester = bool(registry.people_in(row["requested_by"]))
        if row["erased"] and not (is_own_id or names_requester):
            continue
        erasure.replace_update(
            connection,
            row["id"],
            referral_id=registry.replacement_id(row["referral_id"]) if is_own_id else row["referral_id"],
            operations=reduce_operations(row["operations"]),
            requested_by=ERASED if names_requester else row["requested_by"],
        )
        changed += 1
    return changed


def _clear_quarantined(connection: Connection, registry: ErasureRegistry) -> int:
    """Replace every quarantined text that names an erased person, and return their number."""
    changed = 0
    for row in erasure.quarantined(connection):
        if registry.people_in(row["payload"]):
            erasure.replace_quarantined(connection, row["id"], payload=ERASED, content_hash=_keyed_hash(row, registry))
            changed += 1
    return changed


def _keyed_hash(row: dict[str, Any], registry: ErasureRegistry) -> str:
    """Return the hash that the next sync computes for the same payload, so that it is not stored as a new version."""
    return row["content_hash"] if row["erased"] else registry.version_hash(row["content_hash"])
