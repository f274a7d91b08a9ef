"""Customers by their canonical domain: partner_center_referrals -> companies, with their Entra tenants."""

from typing import NamedTuple

from hunter_pipeline.partner_center.tenants import TenantDirectory
from hunter_pipeline.pipeline.normalize import ANALYZE_FROM
from hunter_pipeline.warehouse import companies, tables
from hunter_pipeline.warehouse.companies import CompanyCounts
from hunter_pipeline.warehouse.connection import Connection, write_transaction

# What one sync spends on asking Entra; the rest is asked by the next one.
TENANT_SECONDS = 60.0


class CompanyResult(NamedTuple):
    """What changed, how many domains Entra was asked about, and how many rows the table has."""

    counts: CompanyCounts
    looked_up: int
    rows: int


def update_companies(
    connection: Connection, directory: TenantDirectory | None, *, everything: bool = False
) -> CompanyResult:
    """
    Compute the companies whose referrals or tenants have changed, or all of them.

    directory: asks Entra; None where it may not be asked. Entra is asked outside of any transaction; what it does not
               answer is asked by the next sync, and never fails one. Raises: DatabaseError.
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
        if counts.new >= ANALYZE_FROM:
            tables.analyze(connection, "companies", "domain_tenants")
        return counts
