"""Test HUNTER_RAW_RETENTION_DAYS: old superseded versions are deleted, the newest of each referral never."""

import pytest

from hunter_pipeline_tests.defs.conftest import REFERRALS, Run
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow


@pytest.fixture
def aged(installation: Installation, run: Run) -> Installation:
    """Store referrals of 100 days ago, one changed twice and one once, and a quarantined payload."""
    changed, other, *_ = installation.sandbox.world.incoming()
    run()
    for name in ("second", "third"):
        installation.sandbox.world.update(changed, name=name)
        if name == "third":
            installation.sandbox.world.update(other, name=name)
        run()
    installation.execute("update raw_referrals set fetched_at = now() - interval '100 days'")
    installation.execute(
        "update raw_referrals set fetched_at = now() - interval '5 days' where payload ->> 'name' = 'second'"
    )
    installation.execute(
        "insert into quarantined_referrals (payload, reason, content_hash, seen_at) values "
        "('1', 'not_an_object', 'a', now() - interval '31 days'), ('2', 'not_an_object', 'b', now())"
    )
    return installation


def left(installation: Installation) -> tuple[int, int, int]:
    """Return the number of versions, of their referrals, and of quarantined payloads."""
    return (
        installation.value("select count(*) from raw_referrals"),
        installation.value("select count(distinct referral_id) from raw_referrals"),
        installation.value("select count(*) from quarantined_referrals"),
    )


def test_retention_keeps_everything_by_default(aged: Installation, run: Run) -> None:
    """The default keeps every version."""
    run()
    assert left(aged) == (REFERRALS + 3, REFERRALS, 2)


def test_retention_deletes_old_superseded_versions(
    aged: Installation, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions of 100 days ago are deleted; one of 5 days ago and each newest one are kept."""
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
