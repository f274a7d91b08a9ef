"""Read and write the registry of erased people and the stored payloads that may name one."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, LiteralString

import simplejson
from psycopg.types.json import Jsonb, set_json_loads

from hunter_pipeline.referrals.erasure import ErasureRegistry
from hunter_pipeline.warehouse.connection import Connection, execute, fetch_all, fetch_row, fetch_value, statement

_BATCH = 500


def load_registry(connection: Connection) -> ErasureRegistry:
    """Return the erased people."""
    return ErasureRegistry(
        key=bytes(fetch_value(connection, "erasure_key")),
        people={row["address_hash"] for row in fetch_all(connection, "erased_people")},
        referrals={row["referral_hash"]: set(row["people"]) for row in fetch_all(connection, "referrals_of_erased")},
    )


def save_registry(connection: Connection, registry: ErasureRegistry) -> None:
    """Insert the people and referrals of the registry that are not stored yet."""
    named = [(referral, person) for referral, people in registry.referrals.items() for person in people]
    execute(connection, "add_erased_people", people=list(registry.people))
    execute(
        connection,
        "add_referrals_of_erased",
        referrals=[referral for referral, _ in named],
        people=[person for _, person in named],
    )


def version_texts(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield `referral_id` and `text`, the payload as text, of every raw version."""
    return _stream(connection, statement("version_texts"))


def versions_of(connection: Connection, referral_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield `id`, `referral_id`, `payload`, `content_hash` and `erased` of every raw version of some referrals."""
    return _stream(connection, statement("versions_of"), referral_ids=referral_ids)


def quarantined(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield `id`, `payload` (text), `content_hash` and `erased` of every quarantined payload."""
    return _stream(connection, statement("every_quarantined"))


def update_texts(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield `referral_id` and `text`, the row as text, of every answer."""
    return _stream(connection, statement("update_texts"))


def updates_of(connection: Connection, referral_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return `id`, `referral_id`, `operations`, `requested_by` and `erased` of the answers to some referrals."""
    return fetch_all(connection, "updates_of", referral_ids=referral_ids)


def replace_update(
    connection: Connection, row_id: int, *, referral_id: str, operations: list[dict[str, Any]], requested_by: str
) -> None:
    """Replace the texts of an answer and mark it as erased; cancel it if it waits to be sent."""
    execute(
        connection,
        "replace_update",
        id=row_id,
        referral_id=referral_id,
        operations=Jsonb(operations),
        requested_by=requested_by,
    )


def _stream(connection: Connection, statement: LiteralString, **parameters: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a query through a server-side cursor, so that memory does not grow with the table."""
    with connection.cursor(name="erasure") as cursor:
        set_json_loads(partial(simplejson.loads, use_decimal=True), cursor)
        cursor.execute(statement, parameters)
        while rows := cursor.fetchmany(_BATCH):
            yield from rows


def replace_version(connection: Connection, row_id: int, *, referral_id: str, payload: str, content_hash: str) -> None:
    """Replace the payload of a raw version and mark it as erased."""
    execute(
        connection, "replace_version", id=row_id, referral_id=referral_id, payload=payload, content_hash=content_hash
    )


def replace_quarantined(connection: Connection, row_id: int, *, payload: str, content_hash: str) -> None:
    """Replace a quarantined payload and mark it as erased."""
    execute(connection, "replace_quarantined", id=row_id, payload=payload, content_hash=content_hash)


def count_derived(connection: Connection, referral_ids: Sequence[str]) -> dict[str, int]:
    """Return how many rows of each table derived from raw_referrals belong to these referrals."""
    return fetch_row(connection, "count_derived", referral_ids=referral_ids)


def remove_derived(connection: Connection, referral_ids: Sequence[str]) -> None:
    """Delete the rows that the next normalization derives again, and referrals without a raw version."""
    execute(connection, "remove_normalized", referral_ids=referral_ids)
    execute(connection, "remove_referrals_that_are_not_raw", referral_ids=referral_ids)
    execute(connection, "point_to_erased_versions", referral_ids=referral_ids)
