"""Read and write the table `normalized_referrals`: one typed row per referral."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec
from psycopg import sql

from hunter_pipeline.referrals.referral import NormalizedReferral
from hunter_pipeline.warehouse.connection import Connection, execute, fetch_all, fetch_value

# The columns of a referral: the fields of its dataclass.
COLUMNS = tuple(field.name for field in fields(NormalizedReferral))


def replace(connection: Connection, rows: Sequence[NormalizedReferral], *, at: datetime) -> int:
    """
    Store typed rows in place of the referrals' previous ones, and queue them for the merge.

    Returns the number of referrals that had no row before.
    """
    ids = [row.referral_id for row in rows]
    removed = execute(connection, "remove_normalized", referral_ids=ids)
    names = sql.SQL(", ").join(map(sql.Identifier, (*COLUMNS, "normalized_at")))
    statement = sql.SQL("copy normalized_referrals ({}) from stdin").format(names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row((*_values(row), at))
    execute(connection, "mark_for_merge", referral_ids=ids)
    return len(rows) - removed


def partner_team_hosts(connection: Connection) -> dict[str, int]:
    """Return how many of the newest 1,000 referrals name a person with an address at a host in the partner's team."""
    return {row["host"]: row["referrals"] for row in fetch_all(connection, "partner_team_hosts", at_most=1_000)}


def _values(row: NormalizedReferral) -> list[Any]:
    values = [getattr(row, name) for name in COLUMNS]
    values[_CANDIDATES] = list(row.domain_candidates)
    values[_SOLUTIONS] = list(row.solutions)
    values[_CONTACTS] = msgspec.json.encode(row.contacts).decode()
    values[_FIELD_ERRORS] = msgspec.json.encode(row.field_errors).decode()
    return values


_CANDIDATES, _SOLUTIONS, _CONTACTS, _FIELD_ERRORS = map(
    COLUMNS.index, ("domain_candidates", "solutions", "contacts", "field_errors")
)


def remove_orphans(connection: Connection) -> int:
    """Delete the rows of referrals that have no raw version left; return their number."""
    return execute(connection, "remove_orphans")


def applied_rules(connection: Connection) -> str | None:
    """Return the hash of the rules that all rows were normalized with, or None before the first normalization."""
    return fetch_value(connection, "applied_rules")


def apply_rules(connection: Connection, rules: str) -> None:
    """Store the hash of the rules that all rows were normalized with."""
    execute(connection, "apply_rules", rules=rules)
