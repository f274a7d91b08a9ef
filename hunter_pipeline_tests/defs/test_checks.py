"""Test each asset check, passing and failing, on the stored tables."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.defs import checks
from hunter_pipeline.defs.resources import PartnerCenterResource
from hunter_pipeline.sandbox.options import USERNAME
from hunter_pipeline_tests.defs.conftest import REFERRALS
from hunter_pipeline_tests.warehouse.installation import FakePartnerCenter, Installation, identity, payload

pytestmark = pytest.mark.slow


@pytest.fixture
def synced(installation: Installation) -> Installation:
    """Store three referrals without any problem."""
    installation.sync(client=FakePartnerCenter([payload(1), payload(2), payload(3)]))
    return installation


def results(installation: Installation, since: datetime | None = None) -> dict[tuple[str, str], dg.AssetCheckResult]:
    """Return the result of every check by asset and name."""
    with installation.warehouse.connection() as connection:
        stored = checks.Stored(connection, since, PartnerCenterResource().sign_in_status)
        found = [check.run(stored) for of_asset in checks.CHECKS.values() for check in of_asset]
    return {(str(each.asset_key and each.asset_key.to_user_string()), str(each.check_name)): each for each in found}


def report(installation: Installation, name: str, asset: str | None = None) -> dg.AssetCheckResult:
    """Return the result of one check."""
    [found] = [
        result for (table, check), result in results(installation).items() if check == name and asset in (None, table)
    ]
    return found


def offenders(found: dg.AssetCheckResult) -> str:
    """Return the table of offenders of a failing check."""
    return str(found.metadata["first_offenders"].value)


@contextmanager
def altered(installation: Installation, do: str, undo: str) -> Iterator[None]:
    """Change the database for the block as a defect of the program could."""
    installation.execute(do)
    try:
        yield
    finally:
        installation.execute(undo)


def test_checks_pass_when_the_database_is_consistent(synced: Installation) -> None:
    """Fourteen checks pass without offenders, and each describes its finding in a sentence."""
    found = results(synced)
    assert len(found) == 14
    assert [name for name, each in found.items() if not re.fullmatch(r"[A-Z0-9].+\.", each.description or "")] == []
    for name, result in found.items():
        assert result.passed, name
        assert "first_offenders" not in result.metadata


def test_check_fails_for_a_duplicate_referral(synced: Installation) -> None:
    """ERROR, with the id and its count; at most 20 are shown."""
    synced.sync(client=FakePartnerCenter([payload(number) for number in range(30)]))
    with altered(
        synced,
        "create table twin () inherits (partner_center_referrals);"
        "insert into twin (referral_id, content_hash)"
        "select referral_id, content_hash from only partner_center_referrals",
        "drop table twin",
    ):
        found = report(synced, "no_duplicate_referral_ids")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert f"| {identity(0)} | 2 |" in offenders(found)
    assert offenders(found).count("\n") == 21


def test_check_fails_for_a_duplicate_company(synced: Installation) -> None:
    """ERROR, with the domain."""
    with altered(
        synced,
        "alter table companies drop constraint companies_domain_key;"
        "insert into companies (domain) values ('company1.de')",
        "delete from companies; alter table companies add unique (domain)",
    ):
        found = report(synced, "no_duplicate_domains", "companies")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "| company1.de | 2 |" in offenders(found)


def test_check_fails_for_a_duplicate_lead(synced: Installation) -> None:
    """ERROR, with the domain, for any definition of the view."""
    with altered(
        synced,
        "alter view leads_ready rename to sound;"
        "create view leads_ready as select * from sound union all select * from sound",
        "drop view leads_ready; alter view sound rename to leads_ready",
    ):
        found = report(synced, "no_duplicate_domains", "leads_ready")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "| company1.de | 2 |" in offenders(found)


@pytest.mark.parametrize("domain", ["Company1.de", "www.company1.de", "gmail.com", "co.uk", "company1.de."])
@pytest.mark.parametrize("table", ["companies", "partner_center_referrals"])
def test_check_fails_for_a_domain_that_is_not_canonical(synced: Installation, table: str, domain: str) -> None:
    """ERROR: it is not a registrable domain in lower case."""
    synced.execute(f"update {table} set domain = %s where domain = 'company1.de'", domain)
    found = report(synced, "domains_are_canonical")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert f"| {domain} |" in offenders(found)


@pytest.mark.parametrize("table", ["raw_referrals", "normalized_referrals", "partner_center_referrals"])
def test_check_fails_for_a_referral_that_is_missing_in_a_table(synced: Installation, table: str) -> None:
    """ERROR, with the name of the table."""
    synced.execute(f"delete from {table} where referral_id = %s", identity(2))
    found = report(synced, "every_raw_referral_is_accounted_for")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    row = offenders(found).splitlines()[2]
    assert identity(2) in row
    assert (row.count("True"), row.count("False")) == (2, 1)


@pytest.mark.parametrize("column", ["status", "substatus"])
def test_check_warns_of_an_unknown_status(synced: Installation, column: str) -> None:
    """WARN, with the value and the number of its referrals, which are kept."""
    synced.sync(client=FakePartnerCenter([payload(4, **{column: "Paused"})]))
    found = report(synced, "known_status_values")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert f"| {column} | Paused | 1 |" in offenders(found)


def test_check_warns_of_a_full_read_that_shrank(synced: Installation) -> None:
    """WARN, with the returned and the known number, until the next complete read."""
    synced.sync("full", client=FakePartnerCenter([payload(1)]))
    found = report(synced, "upstream_did_not_shrink")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert {name: value.value for name, value in found.metadata.items()} == {
        "returned_by_last_full_read": 1,
        "known_then": 3,
    }
    synced.sync("full", client=FakePartnerCenter([payload(1), payload(2)]))
    assert report(synced, "upstream_did_not_shrink").passed


def test_check_warns_of_a_referral_that_expires_soon(synced: Installation) -> None:
    """WARN, with its id; answered, missing, expired and later ones do not count."""

    def expiring(number: int, hours: float, **changes: str) -> dict[str, object]:
        moment = datetime.now(UTC) + timedelta(hours=hours)
        stamp = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        return payload(number, expirationDateTime=stamp, **({"status": "New", "substatus": "Pending"} | changes))

    others = [expiring(4, 71, status="Active"), expiring(5, -1), expiring(6, 73), expiring(7, 71, status="Closed")]
    synced.sync(client=FakePartnerCenter(others))
    assert report(synced, "referrals_expiring_soon").passed
    synced.sync(client=FakePartnerCenter([expiring(8, 71), expiring(9, 1)]))
    found = report(synced, "referrals_expiring_soon")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert [line.split(" | ")[0] for line in offenders(found).splitlines()[2:]] == [
        f"| {identity(9)}",
        f"| {identity(8)}",
    ]
    assert found.metadata["offenders"].value == 2
    assert found.description == "2 referrals expire within 72 h, the first within the hour; open the lead desk."


def add_runs(installation: Installation, *, days: int, new: int, fetched: int = 100, without_domain: int = 5) -> None:
    """Record a full read of so many days ago."""
    installation.execute(
        "insert into sync_runs (run_id, status, mode, new, fetched, without_domain, started_at, finished_at) "
        "values (%s, 'success', 'full', %s, %s, %s, now() - make_interval(days => %s), now())",
        f"{days} days ago", new, fetched, without_domain, days,
    )  # fmt: skip


@pytest.mark.parametrize(("last", "passed"), [(10, False), (40, True), (100, True), (400, False)])
def test_new_referrals_of_a_week_are_compared_with_the_four_before(
    installation: Installation, last: int, passed: bool
) -> None:
    """The first sync, which brings everything there was, does not count."""
    add_runs(installation, days=40, new=5000)
    for days in (10, 17, 24, 31):
        add_runs(installation, days=days, new=100)
    add_runs(installation, days=2, new=last)
    found = report(installation, "volume_is_usual")
    assert (found.passed, found.severity) == (passed, dg.AssetCheckSeverity.WARN)
    assert str(found.description).startswith(f"{last} new referrals in seven days; a usual week has 100")


def test_new_referrals_are_not_compared_before_four_weeks_have_passed(installation: Installation) -> None:
    add_runs(installation, days=20, new=5000)
    found = report(installation, "volume_is_usual")
    assert found.passed
    assert found.description == "0 new referrals in seven days; four weeks to compare with are not over."


def test_share_without_domain_is_compared_with_earlier_full_reads(installation: Installation) -> None:
    for days in (10, 17, 24):
        add_runs(installation, days=days, new=0, without_domain=5)
    add_runs(installation, days=1, new=0, without_domain=15)
    assert report(installation, "share_without_domain_is_usual").passed
    add_runs(installation, days=0, new=0, without_domain=16)
    found = report(installation, "share_without_domain_is_usual")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description == (
        "16% of the referrals of the last full read have no domain, and 5% in those of the four weeks before; look at "
        "new referrals: addresses may come in another form or field."
    )


def test_a_value_that_was_never_stored_is_shown_once_there_are_older_ones(synced: Installation) -> None:
    synced.execute("update partner_center_referrals set type = 'Novel' where referral_id = %s", identity(3))
    assert report(synced, "no_new_values").passed
    synced.execute(
        "update partner_center_referrals set created_at = now() - interval '30 days' where referral_id <> %s",
        identity(3),
    )
    found = report(synced, "no_new_values")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description == "1 value was never stored before; they are kept: tell the maintainers."
    assert "| type | Novel |" in offenders(found)


def test_check_warns_of_an_overdue_sync(synced: Installation) -> None:
    """WARN if the last success is older than three intervals; a failed sync does not count."""
    synced.execute("update sync_runs set finished_at = now() - interval '29 minutes'")
    assert report(synced, "referrals_are_fresh").passed
    synced.execute("update sync_runs set finished_at = now() - interval '31 minutes'")
    synced.execute("insert into sync_runs (run_id, status, mode, finished_at) values ('x', 'failed', 'full', now())")
    found = report(synced, "referrals_are_fresh")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_check_warns_when_every_referral_names_the_reader(installation: Installation) -> None:
    """WARN if all of 20 or more referrals name the signed-in user; no address is stored."""
    world = installation.sandbox.world
    reader = {"firstName": "Ada", "lastName": "Brook", "email": f" {USERNAME.upper()}"}
    for key in world.incoming():
        world.update(key, team=[{"email": None}, reader])
    installation.sync()
    found = report(installation, "every_referral_is_visible")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert {name: value.value for name, value in found.metadata.items()} == {
        "read": REFERRALS,
        "naming_the_signed_in_user": REFERRALS,
    }
    stored = json.dumps([installation.table("sync_cursors"), installation.table("sync_runs")], default=str)
    assert USERNAME not in stored.casefold()
    world.update(next(iter(world.incoming())), team=[])
    installation.sync()
    assert not report(installation, "every_referral_is_visible").passed, "an incremental read does not tell"
    installation.sync("full")
    assert report(installation, "every_referral_is_visible").passed


def test_check_passes_when_few_referrals_all_name_the_reader(installation: Installation) -> None:
    """Fewer than 20 referrals are not enough for a warning."""
    world = installation.sandbox.world
    for number, key in enumerate(list(world.incoming())):
        if number < 19:
            world.update(key, team=[{"email": USERNAME}])
        else:
            world.remove(key)
    installation.sync()
    found = report(installation, "every_referral_is_visible")
    assert found.passed
    assert found.metadata["read"].value == found.metadata["naming_the_signed_in_user"].value == 19


def test_check_warns_of_a_sign_in_that_ends_soon(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """WARN from 14 days before the estimated end and without an account; not while the flag is off."""
    assert report(installation, "sign_in_lasts").metadata["days_left"].value in (89, 90)
    cache = load_settings().token_cache
    text = cache.read_text()
    sections = json.loads(text)
    try:
        for days, passed in ((75, True), (77, False), (91, False)):
            for entry in sections["RefreshToken"].values():
                entry["last_modification_time"] = str(int(time.time()) - days * 86_400)
            cache.write_text(json.dumps(sections))
            found = report(installation, "sign_in_lasts")
            assert (found.passed, found.severity) == (passed, dg.AssetCheckSeverity.WARN)
            assert ("what_to_do" in found.metadata) is not passed
        cache.unlink()
        assert "No account is signed in." in str(report(installation, "sign_in_lasts").metadata["what_to_do"].value)
        monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
        assert report(installation, "sign_in_lasts").passed
    finally:
        cache.write_text(text)


def test_checks_pass_when_the_database_is_empty(installation: Installation) -> None:
    """No check fails before the first sync."""
    assert REFERRALS
    assert all(result.passed for result in results(installation).values())
