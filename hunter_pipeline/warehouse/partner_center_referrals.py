"""Read and write the table `partner_center_referrals`: one row per referral, with status, company and expiry."""

from functools import cache
from typing import NamedTuple, cast

from psycopg import sql

from hunter_pipeline.warehouse import tables
from hunter_pipeline.warehouse.connection import Connection, Row, execute, fetch_all, fetch_row, fetch_value
from hunter_pipeline.warehouse.normalized_referrals import COLUMNS

# The number of changed referrals from which the inherited domains of all referrals are computed again.
BULK = 5_000


class MergeCounts(NamedTuple):
    """
    The counts of a merge.

    without_domain: referrals without a domain among those that were read since the last merge.
    gone, returned: referrals newly marked as missing, and those that are no longer marked.
    """

    new: int
    updated: int
    without_domain: int
    gone: int
    returned: int

    @property
    def changed(self) -> int:
        """Return the number of referrals whose rows in leads_ready may have changed."""
        return self.new + self.updated + self.gone + self.returned


def merge_pending(connection: Connection, *, everything: bool) -> MergeCounts:
    """
    Upsert the referrals normalized since the last merge, or all, and update which of them are missing.

    A referral without a domain of its own inherits one from its engagement, else from referrals of the same company.

    The domains whose companies this changes are left in `stale_companies`.
    """
    execute(connection, "note_domains_of_pending", everything=everything)
    is_bulk = everything or int(fetch_value(connection, "count_pending", at_most=BULK)) == BULK
    if not is_bulk:
        execute(connection, "note_inheritors")
    merged = cast("Row", connection.execute(_upsert(), {"everything": everything}).fetchone())
    execute(connection, "note_all_inheritors" if is_bulk else "note_inheritors")
    if merged["new"] >= tables.ANALYZE_FROM:
        tables.analyze(connection, "partner_center_referrals", "stale_inheritors")
    execute(connection, "note_merged")
    if everything:
        execute(connection, "remove_orphaned_referrals")
    if fetch_value(connection, "has_stale_inheritors"):
        execute(connection, "inherit_domains")
        execute(connection, "clear_stale_inheritors")
    seen = fetch_row(connection, "apply_sightings")
    gone = int(fetch_value(connection, "mark_missing"))
    return MergeCounts(merged["new"], merged["updated"], seen["without_domain"], gone, seen["returned"])


def count_missing(connection: Connection) -> int:
    """Return how many referrals are marked as missing."""
    return int(fetch_value(connection, "count_missing"))


def sample(connection: Connection) -> list[Row]:
    """Return five of the newest referrals, without personal data."""
    return fetch_all(connection, "referrals_sample")


_KEEPS_INHERITED = sql.SQL("excluded.domain is null and known.domain_source in ('engagement', 'company_name')")


@cache
def _upsert() -> sql.Composed:
    """
    Build the upsert from the columns of a normalized referral.

    `insert ... on conflict` and not `merge`: it cannot fail when two run at once, and PostgreSQL 15 can return from it.
    """
    names = [sql.Identifier(name) for name in COLUMNS]
    changing = [name for name in COLUMNS if name != "referral_id"]
    comma = sql.SQL(", ")
    # a referral that has inherited its domain keeps it for as long as it has none of its own
    new_values = {name: sql.SQL("excluded.") + sql.Identifier(name) for name in changing}
    for name in ("domain", "domain_source", "domain_reason"):
        new_values[name] = sql.SQL("case when {} then known.{} else {} end").format(
            _KEEPS_INHERITED, sql.Identifier(name), new_values[name]
        )
    new_values["deal_value_base"] = sql.SQL("excluded.") + sql.Identifier("deal_value_base")
    return sql.SQL("""
        with merged as (
            insert into partner_center_referrals as known ({names}, deal_value_base, azure_tenant_id, synced_at)
            select
                {normalized},
                round(normalized.deal_value / rate.per_usd * (select per_usd from base_currency), 2),
                tenant.azure_tenant_id,
                coalesce(seen.seen_at, newest.read_at)
            from newest_versions as newest
            inner join normalized_referrals as normalized on newest.referral_id = normalized.referral_id
            left join sightings as seen on newest.referral_id = seen.referral_id
            left join domain_tenants as tenant on normalized.domain = tenant.domain
            left join exchange_rates as rate on normalized.currency = rate.currency
            where %(everything)s or newest.pending = 'merge'
            order by newest.referral_id
            on conflict (referral_id) do update set {assignments}, updated_at = now()
            where ({known}) is distinct from ({new_values})
            returning domain, xmax = 0 as is_new
        ),
        stale as (
            insert into stale_companies (domain)
            select distinct domain from merged where domain is not null
            on conflict (domain) do nothing
        )
        select count(*) filter (where is_new) as new, count(*) filter (where not is_new) as updated from merged
    """).format(
        names=comma.join(names),
        normalized=comma.join(sql.SQL("normalized.") + name for name in names),
        assignments=comma.join(sql.Identifier(name) + sql.SQL(" = ") + value for name, value in new_values.items()),
        known=comma.join(sql.SQL("known.") + sql.Identifier(name) for name in new_values),
        new_values=comma.join(new_values.values()),
    )
