"""
Define the asset checks, each a query of the stored tables.

A structural error has the severity ERROR, a doubt WARN; both have `passed=False`, because the web UI shows only these.
At most 20 offenders are shown, without personal data. In an incremental sync a check over all rows looks at the changed
rows only; in the nightly full read and when it is run alone, at all of them. Its metadata `scope` names the extent.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import dagster as dg

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.defs.metadata import markdown_table
from hunter_pipeline.defs.resources import PartnerCenterResource, SyncRunResource, WarehouseResource
from hunter_pipeline.partner_center.sign_in_status import SignInStatus
from hunter_pipeline.pipeline.extract_state import Stream
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

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
_REMOVE_ADDED = "remove the rows that were added by hand"
_REBUILD = "materialize normalized_referrals and the assets after it"
_TELL = "they are kept: tell the maintainers"


class Stored(NamedTuple):
    """What checks look at: the database, in it all rows or those changed `since` then, and the sign-in."""

    connection: Connection
    since: datetime | None
    sign_in: Callable[[], SignInStatus | None]


class Finding(NamedTuple):
    """The result of a check: `found` is a sentence without its full stop."""

    passed: bool
    found: str
    metadata: Mapping[str, Any]


Find = Callable[[Stored], Finding]


class Check(NamedTuple):
    """
    A check of an asset.

    to_do:  what to do if it fails; it follows the finding in the result's description.
    blocks: the error that ends the sync if it fails; None if nothing downstream has to stop.
    """

    spec: dg.AssetCheckSpec
    severity: dg.AssetCheckSeverity
    to_do: str
    blocks: str | None
    find: Find

    def run(self, stored: Stored) -> dg.AssetCheckResult:
        """Return the result, whose description names the finding in one sentence and, if it failed, what to do."""
        passed, found, metadata = self.find(stored)
        return dg.AssetCheckResult(
            asset_key=self.spec.asset_key,
            check_name=self.spec.name,
            severity=self.severity,
            passed=passed,
            description=f"{found}." if passed else f"{found}; {self.to_do}.",
            metadata=metadata,
        )


# The checks by asset.
CHECKS: dict[str, list[Check]] = {}


def _check(
    asset: str, severity: dg.AssetCheckSeverity, to_do: str, *, name: str | None = None, blocks: str | None = None
) -> Callable[[Find], Find]:
    """Register a function as a check, which has its name and its docstring as the description."""

    def register(find: Find) -> Find:
        description = " ".join((inspect.getdoc(find) or "").split())
        blocking = blocks is not None
        spec = dg.AssetCheckSpec(name or find.__name__, asset=asset, description=description, blocking=blocking)
        CHECKS.setdefault(asset, []).append(Check(spec, severity, to_do, blocks, find))
        return find

    return register


@_check("raw_referrals", WARN, "nothing was marked missing: look at the role of the signed-in user")
def upstream_did_not_shrink(stored: Stored) -> Finding:
    """The last full read brought at least half of what was known. If it fails, look at the role of the signed-in user:
    without Referrals admin, Partner Center shows fewer referrals and no error. Nothing is marked missing."""
    state = _read_state(stored)
    returned, known = state.get("full_returned") or 0, state.get("full_known") or 0
    brought = f"The last full read brought {returned} of the {known} referrals known then"
    metadata = {"returned_by_last_full_read": returned, "known_then": known}
    return Finding(returned * 2 >= known, brought if known else "No full read yet", metadata)


@_check("raw_referrals", WARN, "that user probably sees only its own: sign in as a Referrals admin")
def every_referral_is_visible(stored: Stored) -> Finding:
    """The last whole read brought referrals that do not name the signed-in user. If it fails, that user probably has
    the role Referrals user, which sees only its own: sign in as a Referrals admin."""
    state = _read_state(stored)
    read, naming = state.get("visible_read") or 0, state.get("visible_naming_reader") or 0
    found = f"{naming} of {read} referrals name the signed-in user"
    metadata = {"read": read, "naming_the_signed_in_user": naming}
    return Finding(read < ENOUGH_TO_JUDGE or naming < read, found, metadata)


@_check("raw_referrals", WARN, "run: hunter auth login")
def sign_in_lasts(stored: Stored) -> Finding:
    """An account is signed in and will be for 14 days without any sync. If it fails, run: hunter auth login. The end is
    an estimate, since Entra does not tell it."""
    status = stored.sign_in()
    if status is None:
        return Finding(True, "The feature flag is off", {})
    problem, days = status.problem or status.expiry_warning(), status.days_left()
    metadata = {} if days is None else {"days_left": days}
    if problem:
        return Finding(False, problem.rstrip("."), {**metadata, "what_to_do": f"{problem} Run: hunter auth login"})
    return Finding(True, f"The sign-in lasts for about {days} days without a sync", metadata)


@_check("raw_referrals", WARN, "look at the marketplace offers and at the role of the signed-in user")
def volume_is_usual(stored: Stored) -> Finding:
    """The last seven days brought between a third and three times as many new referrals as a week of the four weeks
    before. If it fails, look at the marketplace offers, and at the role of the signed-in user."""
    counts = sync_runs.weekly_volume(stored.connection)
    usual = counts.usual or 0.0
    compared = "four weeks to compare with are not over" if counts.usual is None else f"a usual week has {usual:.0f}"
    found = f"{counts.last} new referrals in seven days; {compared}"
    passed = usual < ENOUGH_TO_JUDGE or usual / 3 <= counts.last <= usual * 3
    return Finding(passed, found, {"last_seven_days": counts.last, "usual_week": usual})


@_check("raw_referrals", WARN, "look at new referrals: addresses may come in another form or field")
def share_without_domain_is_usual(stored: Stored) -> Finding:
    """The share of referrals without a domain is not much higher than in the full reads of the last four weeks. If it
    fails, look at new referrals: customers may give their addresses in another form or field."""
    shares = sync_runs.shares_without_domain(stored.connection)
    last, usual = shares.last or 0.0, shares.usual
    found = f"{last:.0%} of the referrals of the last full read have no domain"
    found += "" if usual is None else f", and {usual:.0%} in those of the four weeks before"
    metadata = {"last_share": last, "usual_share": last if usual is None else usual}
    return Finding(usual is None or last <= usual + MAX_SHARE_INCREASE, found, metadata)


@_check("partner_center_referrals", ERROR, _REMOVE_ADDED, blocks="The same referral is stored more than once.")
def no_duplicate_referral_ids(stored: Stored) -> Finding:
    """Each referral is one row. If it fails, nothing downstream is updated: look for rows or tables added by hand."""
    return _duplicates(stored, "partner_center_referrals", "referral_id", "duplicate_referral_ids")


@_check("partner_center_referrals", ERROR, _REBUILD)
def every_raw_referral_is_accounted_for(stored: Stored) -> Finding:
    """Every referral that arrived is in each table after raw_referrals, and no other is. If it fails, materialize
    normalized_referrals and the assets after it."""
    rows = fetch_all(stored.connection, "unaccounted_referrals" if stored.since is None else "pending_referrals")
    missing = f"{_counted(len(rows), 'referral is', 'referrals are')} not in every table"
    return _finding(rows, missing, "Every referral that arrived is in each table", stored.since)


@_check("partner_center_referrals", WARN, _TELL)
def known_status_values(stored: Stored) -> Finding:
    """Every status and substatus is one that Microsoft documents. If it fails, the values are kept as they are; tell
    the maintainers about new ones."""
    known = {"statuses": list(STATUSES), "substatuses": list(SUBSTATUSES)}
    rows = fetch_all(stored.connection, "unknown_values", since=stored.since, **known)
    unknown = f"{_counted(len(rows), 'status or substatus is', 'statuses or substatuses are')} not documented"
    return _finding(rows, unknown, "Every status and substatus is documented", stored.since)


@_check("partner_center_referrals", WARN, "open the lead desk")
def referrals_expiring_soon(stored: Stored) -> Finding:
    """No unanswered referral expires within 72 hours. If it fails, open the lead desk and answer them."""
    count = int(fetch_value(stored.connection, "count_expiring_referrals"))
    rows = fetch_all(stored.connection, "expiring_referrals") if count else []
    found = ""
    if rows:
        hours = int((rows[0]["expires_at"] - datetime.now(UTC)).total_seconds() // 3600)
        first = f"in {hours} h" if hours > 0 else "within the hour"
        found = f"{count} referral{' expires' if count == 1 else 's expire'} within 72 h, the first {first}"
    return _finding(rows, found, "No unanswered referral expires within 72 h", None, count)


@_check("partner_center_referrals", WARN, "look at the failed runs before this one")
def referrals_are_fresh(stored: Stored) -> Finding:
    """The last successful sync before this one is at most three intervals old. If it fails within a sync, a gap has
    just ended; look at the failed runs before it."""
    allowed = load_settings().freshness_window.total_seconds()
    last = sync_runs.last_success(stored.connection)
    age = last["age_seconds"] if last else None
    found = "No sync has succeeded before" if age is None else f"The last success was {round(age / 60)} minutes old"
    return Finding(age is None or age <= allowed, found, {"age_seconds": age, "allowed_seconds": allowed})


@_check("partner_center_referrals", WARN, _TELL)
def no_new_values(stored: Stored) -> Finding:
    """No type, qualification or direction has a value that was never stored before. If it fails, the values are kept;
    tell the maintainers about them."""
    rows = fetch_all(stored.connection, "new_values", since=stored.since)
    never = f"{_counted(len(rows), 'value was', 'values were')} never stored before"
    return _finding(rows, never, "Every type, qualification and direction has been stored before", stored.since)


@_check("companies", ERROR, _REMOVE_ADDED, name="no_duplicate_domains")
def no_duplicate_companies(stored: Stored) -> Finding:
    """Each company is one row. If it fails, look for rows added by hand."""
    return _duplicates(stored, "companies", "domain", "duplicate_company_domains")


@_check("companies", ERROR, _REBUILD)
def domains_are_canonical(stored: Stored) -> Finding:
    """Every stored domain is its own canonical form. If it fails, materialize normalized_referrals and the assets after
    it."""
    own = own_domains(load_settings())
    domains = [row["domain"] for row in fetch_all(stored.connection, "stored_domains", since=stored.since)]
    rows = [{"domain": domain} for domain in domains if canonical_domain(domain, own=own) != domain]
    wrong = f"{len(rows)} stored domain{' is' if len(rows) == 1 else 's are'} not canonical"
    return _finding(rows, wrong, "Every stored domain is canonical", stored.since)


@_check("leads_ready", ERROR, _REMOVE_ADDED, name="no_duplicate_domains")
def no_duplicate_leads(stored: Stored) -> Finding:
    """Each company is one lead. If it fails, do not call from the list twice."""
    # its domains are those of companies, whose index makes them unique
    return _duplicates(stored, "companies", "domain", "duplicate_lead_domains")


def _read_state(stored: Stored) -> dict[str, Any]:
    return sync_cursors.read_state(stored.connection, Stream.from_settings(load_settings()).name) or {}


def _duplicates(stored: Stored, table: str, column: str, statement: str) -> Finding:
    """Count duplicates; in an incremental sync only if no unique index of the table excludes them."""
    enforced = fetch_value(stored.connection, "uniqueness_is_enforced", table=table, column_name=column)
    none = f"No {column} is stored twice"
    if stored.since is not None and enforced:
        return Finding(True, none, {"offenders": 0, "scope": f"the unique index on {column} is valid"})
    rows = fetch_all(stored.connection, statement)
    return _finding(rows, f"{_counted(len(rows), column, f'{column}s')} stored more than once", none, None)


def _counted(count: int, singular: str, plural: str) -> str:
    """Return a count with its noun; queries stop at MAX_OFFENDERS."""
    number = f"{MAX_OFFENDERS} or more" if count == MAX_OFFENDERS else str(count)
    return f"{number} {singular if count == 1 else plural}"


def _finding(
    rows: Sequence[Mapping[str, Any]], found: str, none: str, since: datetime | None, count: int | None = None
) -> Finding:
    """Return the finding of a check that lists offenders: `found` if there are any, else `none`."""
    offenders = {"first_offenders": markdown_table(rows[:MAX_OFFENDERS])} if rows else {}
    scope = "all rows" if since is None else "rows changed by this sync"
    metadata = {"offenders": len(rows) if count is None else count, "scope": scope, **offenders}
    return Finding(not rows, found if rows else none, metadata)


def _build(asset: str, checks: Sequence[Check]) -> dg.AssetChecksDefinition:
    """Return the step that runs the checks of an asset, on one connection."""

    @dg.multi_asset_check(name=f"{asset}_checks", specs=[check.spec for check in checks], can_subset=True)
    def run_checks(
        context: dg.AssetCheckExecutionContext,
        warehouse: WarehouseResource,
        partner_center: PartnerCenterResource,
        sync_run: SyncRunResource,
    ) -> Iterator[dg.AssetCheckResult]:
        selected = [check for check in checks if check.spec.key in context.selected_asset_check_keys]
        with warehouse.connection() as connection:
            # the start of an incremental sync, from which on rows are checked; None in any other run
            since = fetch_value(connection, "run_started_at", run_id=context.run.run_id)
            stored = Stored(connection, since, partner_center.sign_in_status)
            results = [check.run(stored) for check in selected]
        for check, result in zip(selected, results, strict=True):
            if check.blocks is not None and not result.passed:
                sync_run.check_failed(check.spec.name, check.blocks)
        yield from results

    return run_checks


ALL = [_build(asset, checks) for asset, checks in CHECKS.items()]
