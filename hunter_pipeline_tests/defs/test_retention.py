"""HUNTER_RAW_RETENTION_DAYS: superseded versions go when they are old, the newest of each referral never."""

import pytest

from hunter_pipeline_tests.defs.conftest import REFERRALS, Run
from hunter_pipeline_tests.warehouse.office import Office

pytestmark = pytest.mark.slow


@pytest.fixture
def aged(office: Office, run: Run) -> Office:
    """Referrals of which one has changed twice and another once, all fetched 100 days ago; something in quarantine."""
    changed, other, *_ = office.sandbox.world.incoming()
    run()
    for name in ("second", "third"):
        office.sandbox.world.update(changed, name=name)
        if name == "third":
            office.sandbox.world.update(other, name=name)
        run()
    office.execute("update raw_referrals set fetched_at = now() - interval '100 days'")
    office.execute(
        "update raw_referrals set fetched_at = now() - interval '5 days' where payload ->> 'name' = 'second'"
    )
    office.execute(
        "insert into quarantined_referrals (payload, reason, content_hash, seen_at) values "
        "('1', 'not_an_object', 'a', now() - interval '31 days'), ('2', 'not_an_object', 'b', now())"
    )
    return office


def left(office: Office) -> tuple[int, int, int]:
    """How many versions, of how many referrals, and how many payloads in quarantine."""
    return (
        office.value("select count(*) from raw_referrals"),
        office.value("select count(distinct referral_id) from raw_referrals"),
        office.value("select count(*) from quarantined_referrals"),
    )


def test_without_the_setting_everything_stays(aged: Office, run: Run) -> None:
    """The default keeps every version."""
    run()
    assert left(aged) == (REFERRALS + 3, REFERRALS, 2)


def test_what_is_superseded_and_old_goes(aged: Office, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two first versions of 100 days ago go, the second of 5 days ago stays, and so does each newest one."""
    before = aged.table("partner_center_referrals", without=("synced_at",))
    monkeypatch.setenv("HUNTER_RAW_RETENTION_DAYS", "30")
    result = run()
    assert result.success
    [event] = result.asset_materializations_for_node("raw_referrals")
    assert event.metadata["dropped"].value == 3
    assert left(aged) == (REFERRALS + 1, REFERRALS, 1)
    assert aged.table("partner_center_referrals", without=("synced_at",)) == before
    monkeypatch.setenv("HUNTER_RAW_RETENTION_DAYS", "1")
    run()
    assert left(aged) == (REFERRALS, REFERRALS, 1)
    summary = run(config={"ops": {"raw_referrals": {"config": {"mode": "full"}}}})
    [row] = aged.rows("select new, updated, missing from sync_runs where run_id = %s", summary.run_id)
    assert (row["new"], row["updated"], row["missing"]) == (0, 0, 0)
