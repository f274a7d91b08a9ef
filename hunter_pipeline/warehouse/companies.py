"""Store companies by their canonical domain, and the Entra tenants of the domains."""

from collections.abc import Mapping
from typing import NamedTuple

from hunter_pipeline.referrals.company_name import junk_names
from hunter_pipeline.warehouse.connection import Connection, execute, fetch_all, fetch_row, fetch_value

# The largest number of domains that one sync looks up in Entra.
MAX_LOOKUPS = 2_000


class CompanyCounts(NamedTuple):
    """The counts of an update of the companies."""

    new: int
    updated: int
    removed: int


def domains_to_look_up(connection: Connection) -> list[str]:
    """Return domains that were never looked up in Entra, then those that are due for another look-up."""
    return [row["domain"] for row in fetch_all(connection, "domains_to_look_up", at_most=MAX_LOOKUPS)]


def keep_tenants(connection: Connection, answers: Mapping[str, str | None]) -> None:
    """Store the tenant of each domain (None: no tenant has it) and mark the companies that this changes as stale."""
    if answers:
        execute(connection, "keep_tenants", domains=list(answers), tenant_ids=list(answers.values()))


def note_all_companies(connection: Connection) -> None:
    """Mark every company as stale, so that `refresh` computes all of them."""
    execute(connection, "note_all_companies")


def refresh(connection: Connection) -> CompanyCounts:
    """Compute the stale companies again: one row per domain that a referral has."""
    changed = fetch_row(connection, "upsert_companies", junk_names=junk_names())
    removed = int(fetch_value(connection, "remove_companies"))
    execute(connection, "hand_tenants_to_referrals")
    execute(connection, "clear_stale_companies")
    return CompanyCounts(changed["new"], changed["updated"], removed)
