"""Upsert normalized referrals: normalized_referrals -> partner_center_referrals."""

from typing import NamedTuple

from hunter_pipeline.warehouse import exchange_rates, partner_center_referrals, sync_runs, tables
from hunter_pipeline.warehouse.connection import Connection, write_transaction
from hunter_pipeline.warehouse.partner_center_referrals import MergeCounts

_TABLE = "partner_center_referrals"


class Merged(NamedTuple):
    """The counts of a merge, of missing referrals, and of the rows of the table."""

    counts: MergeCounts
    missing: int
    rows: int


def merge(
    connection: Connection, run_id: str | None = None, *, everything: bool = False, currency: str | None = None
) -> Merged:
    """
    Merge the referrals that were normalized since the last merge, or all.

    run_id: the sync that the counts are recorded for; None outside a sync. The total of missing referrals is counted
            after a full read only.
    currency: the currency in which values are compared; None for that of the last merge.
    Raises: DatabaseError; ConfigurationError if the currency has no exchange rate.
    """
    with write_transaction(connection):
        run = sync_runs.summary(connection, run_id) if run_id else None
        exchange_rates.apply_base_currency(connection, currency)
        counts = partner_center_referrals.merge_pending(connection, everything=everything)
        missing = partner_center_referrals.count_missing(connection) if run and run["mode"] == "full" else 0
        if run_id and run:
            sync_runs.record_merge(
                connection,
                run_id,
                new=counts.new,
                updated=counts.updated,
                without_domain=counts.without_domain,
                missing=missing,
            )
        tables.change_count(connection, _TABLE, counts.new)
        if counts.changed:
            tables.forget_count(connection, "leads_ready")
        if counts.new >= tables.ANALYZE_FROM:
            tables.analyze(connection, "stale_companies")
        count = tables.recount if everything else tables.row_count
        return Merged(counts, missing, count(connection, _TABLE))
