"""
Asset checks: each stands outside its asset and asks the stored table one question.

Structure is ERROR, doubt is WARN; both with `passed=False`, or nobody would see it. At most 20 offenders
are shown, and none of what is shown is personal data.
"""

from typing import Any

import dagster as dg

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.defs.assets import companies, leads_ready, partner_center_referrals, raw_referrals
from hunter_pipeline.defs.metadata import markdown_table
from hunter_pipeline.defs.resources import PartnerCenterResource, SyncRunResource, WarehouseResource
from hunter_pipeline.pipeline.sync_run import stream_of
from hunter_pipeline.referrals.canonical_domain import canonical_domain
from hunter_pipeline.referrals.referral import STATUSES, SUBSTATUSES
from hunter_pipeline.warehouse import checks, sync_runs
from hunter_pipeline.warehouse import raw_referrals as stored_versions

AT_MOST = 20
ENOUGH_TO_JUDGE = 20
"""Referrals below which it may be chance that each one names the reader."""


def _verdict(
    offenders: list[dict[str, Any]], severity: dg.AssetCheckSeverity, count: int | None = None
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not offenders,
        severity=severity,
        metadata={
            "offenders": len(offenders) if count is None else count,
            **({"first_offenders": markdown_table(offenders[:AT_MOST])} if offenders else {}),
        },
    )


@dg.asset_check(asset=partner_center_referrals, blocking=True)
def no_duplicate_referral_ids(warehouse: WarehouseResource, sync_run: SyncRunResource) -> dg.AssetCheckResult:
    """A referral is one row: a doubled id would double a lead."""
    with warehouse.connection() as connection:
        doubled = checks.doubled_referral_ids(connection)
    if doubled:
        sync_run.check_failed("no_duplicate_referral_ids", "The same referral stands more than once.")
    return _verdict(doubled, dg.AssetCheckSeverity.ERROR)


@dg.asset_check(asset=companies, name="no_duplicate_domains")
def companies_no_duplicate_domains(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """A company is one row."""
    with warehouse.connection() as connection:
        return _verdict(checks.doubled_company_domains(connection), dg.AssetCheckSeverity.ERROR)


@dg.asset_check(asset=leads_ready, name="no_duplicate_domains")
def leads_no_duplicate_domains(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """A company is called by one seller, once."""
    with warehouse.connection() as connection:
        return _verdict(checks.doubled_lead_domains(connection), dg.AssetCheckSeverity.ERROR)


@dg.asset_check(asset=companies)
def domains_are_canonical(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Every stored domain is the one that its own canonical form names."""
    with warehouse.connection() as connection:
        stored = checks.stored_domains(connection)
    own = load_settings().own_domains
    odd = [{"domain": domain} for domain in stored if canonical_domain(domain, own=own) != domain]
    return _verdict(odd, dg.AssetCheckSeverity.ERROR)


@dg.asset_check(asset=partner_center_referrals)
def every_raw_referral_is_accounted_for(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """What arrived is in every table behind it, and nothing is there that never arrived."""
    with warehouse.connection() as connection:
        return _verdict(checks.unaccounted_referrals(connection), dg.AssetCheckSeverity.ERROR)


@dg.asset_check(asset=partner_center_referrals)
def known_status_values(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """A status or substatus that Microsoft's documentation does not name is kept, and told of."""
    known = {"status": STATUSES, "substatus": SUBSTATUSES}
    with warehouse.connection() as connection:
        counted = checks.counted_values(connection)
    unknown = [row for row in counted if row["value"] not in known[row["field"]]]
    return _verdict(unknown, dg.AssetCheckSeverity.WARN)


@dg.asset_check(asset=raw_referrals)
def upstream_did_not_shrink(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """
    The last full read brought at least half of what is known.

    A user who loses the role "Referrals admin" sees fewer referrals without any error; nothing is marked
    as missing then.
    """
    with warehouse.connection() as connection:
        read = stored_versions.last_full_read(connection, stream_of(load_settings()).name)
    returned, known = (read["full_returned"], read["full_known"]) if read else (0, 0)
    return dg.AssetCheckResult(
        passed=returned * 2 >= known,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"returned_by_last_full_read": returned, "known_then": known},
    )


@dg.asset_check(asset=raw_referrals)
def every_referral_is_visible(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """
    The last whole read brought referrals of other people, too.

    The role "Referrals user" sees only the referrals that name its holder in their team, without any error. Where
    every one of 20 or more does, whoever is signed in probably has that role and not "Referrals admin".
    """
    with warehouse.connection() as connection:
        seen = stored_versions.visibility(connection, stream_of(load_settings()).name)
    read, naming = (seen["visible_read"], seen["visible_naming_reader"]) if seen else (0, 0)
    return dg.AssetCheckResult(
        passed=read < ENOUGH_TO_JUDGE or naming < read,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"read": read, "naming_who_is_signed_in": naming},
    )


@dg.asset_check(asset=raw_referrals)
def sign_in_lasts(partner_center: PartnerCenterResource) -> dg.AssetCheckResult:
    """
    Somebody is signed in, and will be for 14 days without any sync.

    The end is an estimate: Entra does not tell it, and a tenant's policy can be stricter. Nothing is asked of Entra.
    """
    status = partner_center.sign_in_status()
    trouble = None if status is None else status.problem or status.expiry_warning()
    days = status.days_left() if status else None
    return dg.AssetCheckResult(
        passed=trouble is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            **({} if days is None else {"days_left": days}),
            **({"what_to_do": f"{trouble} Run: hunter auth login"} if trouble else {}),
        },
    )


@dg.asset_check(asset=partner_center_referrals)
def referrals_expiring_soon(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """No unanswered referral expires within the next 72 hours."""
    with warehouse.connection() as connection:
        count, first = checks.expiring_referrals(connection)
    return _verdict(first, dg.AssetCheckSeverity.WARN, count)


@dg.asset_check(asset=partner_center_referrals)
def referrals_are_fresh(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """
    The last successful sync before this one is at most three intervals old.

    Within a sync it tells of a gap that has just ended; run alone, of one that lasts. The asset's freshness
    policy tells the same without any run.
    """
    allowed = load_settings().freshness_window
    with warehouse.connection() as connection:
        last = sync_runs.last_success(connection)
    age = last["age_seconds"] if last else None
    return dg.AssetCheckResult(
        passed=age is None or age <= allowed.total_seconds(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"age_seconds": age, "allowed_seconds": allowed.total_seconds()},
    )


ALL = [
    referrals_are_fresh,
    no_duplicate_referral_ids,
    companies_no_duplicate_domains,
    leads_no_duplicate_domains,
    domains_are_canonical,
    every_raw_referral_is_accounted_for,
    known_status_values,
    upstream_did_not_shrink,
    every_referral_is_visible,
    sign_in_lasts,
    referrals_expiring_soon,
]
