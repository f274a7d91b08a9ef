"""Normalized referrals, the table that the sales team works from, and the companies."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from hunter_pipeline.referrals.referral import NormalizedReferral
from hunter_pipeline.warehouse.connection import Connection, queries


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did; `without_domain` and `missing` count among what the sync saw."""

    new: int
    updated: int
    without_domain: int
    missing: int
    rows: int


def replace_normalized(connection: Connection, rows: Sequence[NormalizedReferral], *, rules: str, at: datetime) -> None:
    """Store typed rows, each in the place of what stood there for its referral."""
    standing = {"rules": rules, "normalized_at": at}
    queries().remove_normalized(connection, referral_ids=[row.referral_id for row in rows])
    queries().insert_normalized(
        connection, rows=json.dumps([asdict(row) | standing for row in rows], default=str, ensure_ascii=False)
    )


def remove_orphans(connection: Connection) -> int:
    """Remove normalized rows whose every raw version was erased."""
    return queries().remove_orphans(connection)


def normalized_counts(connection: Connection) -> dict[str, int]:
    """`rows`, and how many are `without_domain`, `without_type` or `with_field_errors`."""
    return queries().normalized_counts(connection)


def merge(connection: Connection, *, stream: str, direction: str, seen_since: datetime | None, full: bool) -> Merged:
    """
    Bring partner_center_referrals up to what normalized_referrals says, and mark what is gone upstream.

    seen_since: start of the sync's read; None outside a sync.
    """
    merged = queries().merge_referrals(connection, seen_since=seen_since)
    queries().mark_missing(connection, stream=stream, direction=direction)
    missing = queries().count_missing(connection) if full else 0
    return Merged(
        merged["new"], merged["updated"], merged["without_domain"], missing, queries().count_referrals(connection)
    )


def domains_to_look_up(connection: Connection) -> list[str]:
    """Domains that Entra was never asked about, then those whose answer has aged."""
    return [row["domain"] for row in queries().domains_to_look_up(connection)]


def keep_tenants(connection: Connection, answers: Mapping[str, str | None]) -> None:
    """Remember what Entra said of each domain; None is "no tenant has it"."""
    if answers:
        queries().keep_tenants(connection, domains=list(answers), tenant_ids=list(answers.values()))


def merge_companies(connection: Connection) -> dict[str, int]:
    """One row a domain: returns `new`, `updated`, `removed`, `companies` and `with_tenant`."""
    changed = queries().upsert_companies(connection)
    removed = queries().remove_companies_without_referrals(connection)
    queries().hand_tenants_to_referrals(connection)
    return {**changed, "removed": removed, **queries().count_companies(connection)}


def sample(connection: Connection) -> list[dict[str, Any]]:
    """Five of the newest referrals, without personal data."""
    return list(queries().referrals_sample(connection))
