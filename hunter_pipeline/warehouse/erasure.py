"""Forgotten people: what is remembered of them, and every stored payload that may name one."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import simplejson
from psycopg.types.json import set_json_loads

from hunter_pipeline.referrals.erasure import Memory
from hunter_pipeline.warehouse.connection import Connection, queries

_BATCH = 500


def memory(connection: Connection) -> Memory:
    """Who was forgotten, by hash."""
    return Memory(
        key=bytes(queries().forgetting_key(connection)),
        people={row["address_hash"]: set(row["traces"]) for row in queries().forgotten_people(connection)},
        referrals={row["referral_hash"]: set(row["people"]) for row in queries().forgotten_in(connection)},
    )


def remember(connection: Connection, known: Memory) -> None:
    """Keep what was learnt; what is kept already stays."""
    traces = [(person, trace) for person, hashes in known.people.items() for trace in hashes]
    named = [(referral, person) for referral, people in known.referrals.items() for person in people]
    queries().remember_people(connection, people=list(known.people))
    queries().remember_traces(connection, people=[one for one, _ in traces], traces=[other for _, other in traces])
    queries().remember_referrals(connection, referrals=[one for one, _ in named], people=[two for _, two in named])


def versions(connection: Connection) -> Iterator[dict[str, Any]]:
    """`id`, `referral_id`, `payload`, `content_hash` and `erased` of every raw version, through the server's cursor."""
    with connection.cursor(name="every_version") as cursor:
        set_json_loads(partial(simplejson.loads, use_decimal=True), cursor)
        cursor.execute(queries().every_version.sql)
        while rows := cursor.fetchmany(_BATCH):
            yield from rows


def quarantined(connection: Connection) -> Iterator[dict[str, Any]]:
    """`id`, `payload` (text), `content_hash` and `erased` of everything in quarantine."""
    with connection.cursor(name="every_quarantined") as cursor:
        cursor.execute(queries().every_quarantined.sql)
        while rows := cursor.fetchmany(_BATCH):
            yield from rows


def replace_version(connection: Connection, row_id: int, *, referral_id: str, payload: str, content_hash: str) -> None:
    """Put another payload into the place of a raw version's."""
    queries().replace_version(
        connection, id=row_id, referral_id=referral_id, payload=payload, content_hash=content_hash
    )


def replace_quarantined(connection: Connection, row_id: int, *, payload: str, content_hash: str) -> None:
    """Put another text into the place of a quarantined payload's."""
    queries().replace_quarantined(connection, id=row_id, payload=payload, content_hash=content_hash)


def count_concerned(connection: Connection, referral_ids: list[str]) -> dict[str, int]:
    """How many rows behind raw_referrals those referrals have: `normalized_referrals` and so on."""
    return queries().count_concerned(connection, referral_ids=referral_ids)


def make_stale(connection: Connection, referral_ids: list[str]) -> None:
    """Let the next normalization derive these referrals again."""
    queries().remove_normalized(connection, referral_ids=referral_ids)
    queries().remove_referrals_that_are_not_raw(connection, referral_ids=referral_ids)
    queries().point_to_erased_versions(connection, referral_ids=referral_ids)
