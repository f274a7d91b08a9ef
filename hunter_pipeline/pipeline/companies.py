"""Update the companies and their Entra tenants: partner_center_referrals -> companies."""

from typing import NamedTuple

from hunter_pipeline.partner_center.tenants import TenantDirectory
from hunter_pipeline.warehouse import companies, tables
from hunter_pipeline.warehouse.companies import CompanyCounts
from hunter_pipeline.warehouse.connection import Connection, write_transaction

# Seconds that one sync spends on look-ups in Entra; the next sync does the rest.
TENANT_SECONDS = 60.0


class CompanyResult(NamedTuple):
    """The counts of changes, of domains looked up in Entra, and of the rows of the table."""

    counts: CompanyCounts
    looked_up: int
    rows: int


def update_companies(
    connection: Connection, directory: TenantDirectory | None, *, everything: bool = False
) -> CompanyResult:
    """
    Compute the companies whose referrals or tenants have changed, or all of them.

    directory: looks tenants up in Entra, outside of any transaction; None to look nothing up. A look-up without a
               definite answer is repeated by the next sync and does not fail this one. Raises: DatabaseError.
    """
    before = _refresh(connection, everything=everything)
    looked_up = 0
    if directory is not None:
        domains = companies.domains_to_look_up(connection)
        connection.commit()
        answers = directory.tenants_of(domains, seconds=TENANT_SECONDS) if domains else {}
        looked_up = len(answers)
        if answers:
            with write_transaction(connection):
                companies.keep_tenants(connection, answers)
            after = _refresh(connection, everything=False)
            before = CompanyCounts(before.new, before.updated + after.updated, before.removed + after.removed)
    count = tables.recount if everything else tables.row_count
    return CompanyResult(before, looked_up, count(connection, "companies"))


def _refresh(connection: Connection, *, everything: bool) -> CompanyCounts:
    with write_transaction(connection):
        if everything:
            companies.note_all_companies(connection)
        counts = companies.refresh(connection)
        tables.change_count(connection, "companies", counts.new - counts.removed)
        if any(counts):
            tables.forget_count(connection, "leads_ready")
        if counts.new >= tables.ANALYZE_FROM:
            tables.analyze(connection, "companies", "domain_tenants")
        return counts
