"""
Define the asset checks, each a query of the stored tables.

A structural error has the severity ERROR, a doubt WARN; both have `passed=False`, because the web UI shows only these.
At most 20 offenders are shown, without personal data. In an incremental sync a check over all rows looks at the changed
rows only; in the nightly full read and when it is run alone, at all of them. Its metadata `scope` names the extent.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.defs.metadata import markdown_table
from hunter_pipeline.defs.resources import PartnerCenterResource, SyncRunResource, WarehouseResource
from hunter_pipeline.partner_center.sign_in_status import SignInStatus
from hunter_pipeline.pipeline.extract import Stream
from hunter_pipeline.pipeline.sign_in import own_domains
from hunter_pipeline.referrals.canonical_domain import canonical_domain
from hunter_pipeline.referrals.referral import STATUSES, SUBSTATUSES
from hunter_pipeline.warehouse import sync_cursors, sync_runs
from hunter_pipeline.warehouse.connection import Connection, fetch_all, fetch_value

MAX_OFFENDERS = 20
# The number of referrals below which it may be chance that each one names the reader.
ENOUGH_TO_JUDGE = 20
# By how much the share of referrals without a domain may rise.
MAX_SHARE_INCREASE = 0.10
EVERYTHING, CHANGES = "all rows", "rows changed by this sync"

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


def _spec(asset: str, name: str, description: str, *, blocking: bool = False) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=asset, description=description, blocking=blocking)


_RAW_CHECKS = [
    _spec(
        "raw_referrals",
        "upstream_did_not_shrink",
        "The last full read brought at least half of what was known. If it fails, look at the role of the signed-in "
        "user: without Referrals admin, Partner Center shows fewer referrals and no error. Nothing is marked missing.",
    ),
    _spec(
        "raw_referrals",
        "every_referral_is_visible",
        "The last whole read brought referrals that do not name the signed-in user. If it fails, that user probably "
        "has the role Referrals user, which sees only its own: sign in as a Referrals admin.",
    ),
    _spec(
        "raw_referrals",
        "sign_in_lasts",
        "An account is signed in and will be for 14 days without any sync. If it fails, run: hunter auth login. The "
        "end is an estimate, since Entra does not tell it.",
    ),
    _spec(
        "raw_referrals",
        "volume_is_usual",
        "The last seven days brought between a third and three times as many new referrals as a week of the four weeks "
        "before. If it fails, look at the marketplace offers, and at the role of the signed-in user.",
    ),
    _spec(
        "raw_referrals",
        "share_without_domain_is_usual",
        "The share of referrals without a domain is not much higher than in the full reads of the last four weeks. If "
        "it fails, look at new referrals: customers may give their addresses in another form or field.",
    ),
]
_REFERRAL_CHECKS = [
    _spec(
        "partner_center_referrals",
        "no_duplicate_referral_ids",
        "Each referral is one row. If it fails, nothing downstream is updated: look for rows or tables added by hand.",
        blocking=True,
    ),
    _spec(
        "partner_center_referrals",
        "every_raw_referral_is_accounted_for",
        "Every referral that arrived is in each table after raw_referrals, and no other is. If it fails, materialize "
        "normalized_referrals and the assets after it.",
    ),
    _spec(
        "partner_center_referrals",
        "known_status_values",
        "Every status and substatus is one that Microsoft documents. If it fails, the values are kept as they are; "
        "tell the maintainers about new ones.",
    ),
    _spec(
        "partner_center_referrals",
        "referrals_expiring_soon",
        "No unanswered referral expires within 72 hours. If it fails, open the lead desk and answer them.",
    ),
    _spec(
        "partner_center_referrals",
        "referrals_are_fresh",
        "The last successful sync before this one is at most three intervals old. If it fails within a sync, a gap has "
        "just ended; look at the failed runs before it.",
    ),
    _spec(
        "partner_center_referrals",
        "no_new_values",
        "No type, qualification or direction has a value that was never stored before. If it fails, the values are "
        "kept; tell the maintainers about them.",
    ),
]
_COMPANY_CHECKS = [
    _spec("companies", "no_duplicate_domains", "Each company is one row. If it fails, look for rows added by hand."),
    _spec(
        "companies",
        "domains_are_canonical",
        "Every stored domain is its own canonical form. If it fails, materialize normalized_referrals and the assets "
        "after it.",
    ),
]
_LEAD_CHECKS = [
    _spec(
        "leads_ready", "no_duplicate_domains", "Each company is one lead. If it fails, do not call from the list twice."
    )
]


def check_raw_referrals(connection: Connection, sign_in: SignInStatus | None) -> list[dg.AssetCheckResult]:
    """Check the last read and the sign-in."""
    state = sync_cursors.read_state(connection, Stream.from_settings(load_settings()).name) or {}
    return [
        _did_not_shrink(state.get("full_returned") or 0, state.get("full_known") or 0),
        _is_visible(state.get("visible_read") or 0, state.get("visible_naming_reader") or 0),
        _sign_in_lasts(sign_in),
        _volume(sync_runs.weekly_volume(connection)),
        _share_without_domain(sync_runs.shares_without_domain(connection)),
    ]


def check_partner_center_referrals(connection: Connection, since: datetime | None = None) -> list[dg.AssetCheckResult]:
    """Check partner_center_referrals: rows changed since then, or all."""
    return [
        _duplicates(connection, "partner_center_referrals", "referral_id", "duplicate_referral_ids", since),
        _accounted_for(connection, since),
        _known_values(connection, since),
        _expiring(connection),
        _fresh(connection),
        _new_values(connection, since),
    ]


def check_companies(connection: Connection, since: datetime | None = None) -> list[dg.AssetCheckResult]:
    """Check the companies changed since then, or all."""
    return [
        _duplicates(connection, "companies", "domain", "duplicate_company_domains", since),
        _canonical(connection, since),
    ]


def check_leads_ready(connection: Connection, since: datetime | None = None) -> list[dg.AssetCheckResult]:
    """Check the list that the sales team calls from: its domains are those of `companies`, which are unique."""
    return [_duplicates(connection, "leads_ready", "domain", "duplicate_lead_domains", since, table="companies")]


@dg.multi_asset_check(specs=_RAW_CHECKS, can_subset=True)
def raw_referrals_checks(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource, partner_center: PartnerCenterResource
) -> Iterator[dg.AssetCheckResult]:
    """Check the last read and the sign-in."""
    with warehouse.connection() as connection:
        results = check_raw_referrals(connection, partner_center.sign_in_status())
    yield from _selected(context, results)


@dg.multi_asset_check(specs=_REFERRAL_CHECKS, can_subset=True)
def partner_center_referrals_checks(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource, sync_run: SyncRunResource
) -> Iterator[dg.AssetCheckResult]:
    """Check the table that the sales team works with."""
    with warehouse.connection() as connection:
        results = check_partner_center_referrals(connection, _since(connection, context))
    if not results[0].passed:
        sync_run.check_failed("no_duplicate_referral_ids", "The same referral is stored more than once.")
    yield from _selected(context, results)


@dg.multi_asset_check(specs=_COMPANY_CHECKS, can_subset=True)
def companies_checks(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.AssetCheckResult]:
    """Check the companies."""
    with warehouse.connection() as connection:
        results = check_companies(connection, _since(connection, context))
    yield from _selected(context, results)


@dg.multi_asset_check(specs=_LEAD_CHECKS, can_subset=True)
def leads_ready_checks(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.AssetCheckResult]:
    """Check the list that the sales team calls from."""
    with warehouse.connection() as connection:
        results = check_leads_ready(connection, _since(connection, context))
    yield from _selected(context, results)


ALL = [raw_referrals_checks, partner_center_referrals_checks, companies_checks, leads_ready_checks]


def _selected(
    context: dg.AssetCheckExecutionContext, results: Sequence[dg.AssetCheckResult]
) -> Iterator[dg.AssetCheckResult]:
    selected = context.selected_asset_check_keys
    yield from (result for result in results if _key(result) in selected)


def _key(result: dg.AssetCheckResult) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(result.asset_key or dg.AssetKey([]), result.check_name or "")


def _since(connection: Connection, context: dg.AssetCheckExecutionContext) -> datetime | None:
    """Return the start of an incremental sync, from which on rows are checked, or None if all rows are checked."""
    return fetch_value(connection, "run_started_at", run_id=context.run.run_id)


def _result(
    asset: str,
    name: str,
    severity: dg.AssetCheckSeverity,
    *,
    passed: bool,
    found: str,
    to_do: str,
    metadata: Mapping[str, Any],
) -> dg.AssetCheckResult:
    """Return a result whose description names the finding in one sentence and, if it failed, what to do."""
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(asset),
        check_name=name,
        severity=severity,
        passed=passed,
        description=f"{found}." if passed else f"{found}; {to_do}.",
        metadata=metadata,
    )


def _counted(count: int, singular: str, plural: str) -> str:
    """Return a count with its noun; queries stop at MAX_OFFENDERS."""
    number = f"{MAX_OFFENDERS} or more" if count == MAX_OFFENDERS else str(count)
    return f"{number} {singular if count == 1 else plural}"


def _offenders(rows: Sequence[Mapping[str, Any]], since: datetime | None, count: int | None = None) -> dict[str, Any]:
    """Return the metadata of a check that counts offenders."""
    return {
        "offenders": len(rows) if count is None else count,
        "scope": EVERYTHING if since is None else CHANGES,
        **({"first_offenders": markdown_table(rows[:MAX_OFFENDERS])} if rows else {}),
    }


def _duplicates(
    connection: Connection,
    asset: str,
    column: str,
    statement: str,
    since: datetime | None,
    *,
    table: str | None = None,
) -> dg.AssetCheckResult:
    """Count duplicates; in an incremental sync only if no unique index of the database excludes them."""
    name = "no_duplicate_referral_ids" if column == "referral_id" else "no_duplicate_domains"
    enforced = fetch_value(connection, "uniqueness_is_enforced", table=table or asset, column_name=column)
    if since is not None and enforced:
        metadata = {"offenders": 0, "scope": f"the unique index on {column} is valid"}
        return _result(
            asset, name, ERROR, passed=True, found=f"No {column} is stored twice", to_do="", metadata=metadata
        )
    rows = fetch_all(connection, statement)
    found = (
        f"{_counted(len(rows), column, f'{column}s')} stored more than once" if rows else f"No {column} is stored twice"
    )
    to_do = "remove the rows that were added by hand"
    return _result(asset, name, ERROR, passed=not rows, found=found, to_do=to_do, metadata=_offenders(rows, None))


def _did_not_shrink(returned: int, known: int) -> dg.AssetCheckResult:
    metadata = {"returned_by_last_full_read": returned, "known_then": known}
    found = (
        f"The last full read brought {returned} of the {known} referrals known then" if known else "No full read yet"
    )
    to_do = "nothing was marked missing: look at the role of the signed-in user"
    passed = returned * 2 >= known
    name = "upstream_did_not_shrink"
    return _result("raw_referrals", name, WARN, passed=passed, found=found, to_do=to_do, metadata=metadata)


def _is_visible(read: int, naming: int) -> dg.AssetCheckResult:
    passed = read < ENOUGH_TO_JUDGE or naming < read
    metadata = {"read": read, "naming_the_signed_in_user": naming}
    found = f"{naming} of {read} referrals name the signed-in user"
    to_do = "that user probably sees only its own: sign in as a Referrals admin"
    name = "every_referral_is_visible"
    return _result("raw_referrals", name, WARN, passed=passed, found=found, to_do=to_do, metadata=metadata)


def _sign_in_lasts(status: SignInStatus | None) -> dg.AssetCheckResult:
    problem = None if status is None else status.problem or status.expiry_warning()
    days = status.days_left() if status else None
    metadata = {
        **({} if days is None else {"days_left": days}),
        **({"what_to_do": f"{problem} Run: hunter auth login"} if problem else {}),
    }
    lasts = "The feature flag is off" if status is None else f"The sign-in lasts for about {days} days without a sync"
    found, to_do = (problem.rstrip(".") if problem else lasts), "run: hunter auth login"
    passed = problem is None
    return _result("raw_referrals", "sign_in_lasts", WARN, passed=passed, found=found, to_do=to_do, metadata=metadata)


def _volume(counts: sync_runs.WeeklyVolume) -> dg.AssetCheckResult:
    usual = counts.usual or 0.0
    passed = usual < ENOUGH_TO_JUDGE or usual / 3 <= counts.last <= usual * 3
    compared = (
        f"a usual week has {usual:.0f}" if counts.usual is not None else "four weeks to compare with are not over"
    )
    return _result(
        "raw_referrals",
        "volume_is_usual",
        WARN,
        passed=passed,
        found=f"{counts.last} new referrals in seven days; {compared}",
        to_do="look at the marketplace offers and at the role of the signed-in user",
        metadata={"last_seven_days": counts.last, "usual_week": usual},
    )


def _share_without_domain(shares: sync_runs.DomainShares) -> dg.AssetCheckResult:
    last, usual = shares.last or 0.0, shares.usual
    return _result(
        "raw_referrals",
        "share_without_domain_is_usual",
        WARN,
        passed=usual is None or last <= usual + MAX_SHARE_INCREASE,
        found=f"{last:.0%} of the referrals of the last full read have no domain"
        + ("" if usual is None else f", and {usual:.0%} in those of the four weeks before"),
        to_do="look at new referrals: addresses may come in another form or field",
        metadata={"last_share": last, "usual_share": last if usual is None else usual},
    )


def _accounted_for(connection: Connection, since: datetime | None) -> dg.AssetCheckResult:
    rows = fetch_all(connection, "unaccounted_referrals" if since is None else "pending_referrals")
    name = "every_raw_referral_is_accounted_for"
    missing = f"{_counted(len(rows), 'referral is', 'referrals are')} not in every table"
    found = missing if rows else "Every referral that arrived is in each table"
    to_do = "materialize normalized_referrals and the assets after it"
    metadata = _offenders(rows, since)
    return _result(
        "partner_center_referrals", name, ERROR, passed=not rows, found=found, to_do=to_do, metadata=metadata
    )


def _known_values(connection: Connection, since: datetime | None) -> dg.AssetCheckResult:
    known = {"statuses": list(STATUSES), "substatuses": list(SUBSTATUSES)}
    rows = fetch_all(connection, "unknown_values", since=since, **known)
    name = "known_status_values"
    unknown = f"{_counted(len(rows), 'status or substatus is', 'statuses or substatuses are')} not documented"
    found = unknown if rows else "Every status and substatus is documented"
    to_do = "they are kept: tell the maintainers"
    metadata = _offenders(rows, since)
    return _result("partner_center_referrals", name, WARN, passed=not rows, found=found, to_do=to_do, metadata=metadata)


def _new_values(connection: Connection, since: datetime | None) -> dg.AssetCheckResult:
    rows = fetch_all(connection, "new_values", since=since)
    never = f"{_counted(len(rows), 'value was', 'values were')} never stored before"
    found = never if rows else "Every type, qualification and direction has been stored before"
    to_do = "they are kept: tell the maintainers"
    metadata = _offenders(rows, since)
    return _result(
        "partner_center_referrals", "no_new_values", WARN, passed=not rows, found=found, to_do=to_do, metadata=metadata
    )


def _expiring(connection: Connection) -> dg.AssetCheckResult:
    count = int(fetch_value(connection, "count_expiring_referrals"))
    rows = fetch_all(connection, "expiring_referrals") if count else []
    found = "No unanswered referral expires within 72 h"
    if rows:
        hours = int((rows[0]["expires_at"] - datetime.now(UTC)).total_seconds() // 3600)
        first = f"in {hours} h" if hours > 0 else "within the hour"
        found = f"{count} referral{' expires' if count == 1 else 's expire'} within 72 h, the first {first}"
    name, metadata = "referrals_expiring_soon", _offenders(rows, None, count)
    to_do = "open the lead desk"
    return _result(
        "partner_center_referrals", name, WARN, passed=not count, found=found, to_do=to_do, metadata=metadata
    )


def _fresh(connection: Connection) -> dg.AssetCheckResult:
    allowed = load_settings().freshness_window.total_seconds()
    last = sync_runs.last_success(connection)
    age = last["age_seconds"] if last else None
    metadata = {"age_seconds": age, "allowed_seconds": allowed}
    passed = age is None or age <= allowed
    found = "No sync has succeeded before" if age is None else f"The last success was {round(age / 60)} minutes old"
    to_do, name = "look at the failed runs before this one", "referrals_are_fresh"
    return _result("partner_center_referrals", name, WARN, passed=passed, found=found, to_do=to_do, metadata=metadata)


def _canonical(connection: Connection, since: datetime | None) -> dg.AssetCheckResult:
    own = own_domains(load_settings())
    stored = [row["domain"] for row in fetch_all(connection, "stored_domains", since=since)]
    rows = [{"domain": domain} for domain in stored if canonical_domain(domain, own=own) != domain]
    wrong = f"{len(rows)} stored domain{' is' if len(rows) == 1 else 's are'} not canonical"
    found = wrong if rows else "Every stored domain is canonical"
    to_do, metadata = "materialize normalized_referrals and the assets after it", _offenders(rows, since)
    name = "domains_are_canonical"
    return _result("companies", name, ERROR, passed=not rows, found=found, to_do=to_do, metadata=metadata)
