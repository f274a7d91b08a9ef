"""Step 6 against databases that are ill."""

import pytest

from hunter_pipeline.uat import data_step, promised
from hunter_pipeline.uat.acceptance import try_step
from hunter_pipeline_tests.uat.conftest import TrialOf
from hunter_pipeline_tests.uat.test_sync_steps import bad
from hunter_pipeline_tests.warehouse.office import Office


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sync is under way here that could mend anything."""
    monkeypatch.setattr(data_step, "SETTLE_SECONDS", 0)


def look(trial_of: TrialOf, office: Office) -> list[str]:
    """What step 6 finds wrong, none where it passes."""
    report = try_step(6, "Data", data_step.data, trial_of("http://127.0.0.1:1", office.warehouse))
    return [] if report.passed else bad(report)


def test_a_database_after_a_sync_is_well_and_each_illness_is_found(office: Office, trial_of: TrialOf):
    """What a sync leaves is well; a domain that is not canonical and a referral lost on the way are named."""
    office.sync()
    assert look(trial_of, office) == []
    office.execute("update companies set domain = 'WWW.' || domain where domain = (select max(domain) from companies)")
    assert any("not canonical: 1 ('WWW." in each for each in look(trial_of, office))
    lost = office.value(
        "delete from normalized_referrals where referral_id = %s returning referral_id", some_id(office)
    )
    assert f"referrals that are not in all three tables: 1 ({lost})" in look(trial_of, office)


def some_id(office: Office) -> str:
    """Of any referral."""
    return office.value("select min(referral_id) from partner_center_referrals")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (
            "select * from leads_real union all select * from leads_real",
            "domains that leads_ready has more than once: ",
        ),
        ("select * from leads_real where score < 0", "domains where leads_ready and the open referrals disagree: "),
        ("select domain from leads_real", "columns that the 8 tables and views lack: 21 ("),
    ],
)
def test_a_list_of_leads_that_is_wrong(view: str, words: str, office: Office, trial_of: TrialOf):
    """A company that stands twice, one that is missing and a column that is missing are found."""
    office.sync()
    office.execute("alter view leads_ready rename to leads_real")
    office.execute(f"create view leads_ready as {view}")
    try:
        found = look(trial_of, office)
    finally:
        office.execute("drop view leads_ready")
        office.execute("alter view leads_real rename to leads_ready")
    assert any(each.startswith(words) for each in found)


def test_an_empty_database_and_one_without_a_column(office: Office, trial_of: TrialOf):
    """Where nothing has arrived nothing is proven; a column is missed by name and by type."""
    assert look(trial_of, office)[0].startswith("rows: raw versions 0, raw referrals 0")
    office.execute("alter table quarantined_referrals rename column reason to why")
    office.execute("alter table quarantined_referrals alter column payload type varchar")
    try:
        missing = look(trial_of, office)[0]
    finally:
        office.execute("alter table quarantined_referrals rename column why to reason")
        office.execute("alter table quarantined_referrals alter column payload type text")
    assert missing == (
        "columns that the 8 tables and views lack: "
        "2 ('quarantined_referrals.payload as text', 'quarantined_referrals.reason')"
    )


def test_the_promised_examples_are_held_against_the_code(
    office: Office, trial_of: TrialOf, monkeypatch: pytest.MonkeyPatch
):
    """A domain that comes out otherwise than promised is named."""
    monkeypatch.setitem(promised.DOMAINS, "sue@gmail.com", ("gmail.com", None))
    assert "of 28 examples of domains those that come out wrong: 1 ('sue@gmail.com')" in look(trial_of, office)


def test_a_database_that_is_out_of_reach(trial_of: TrialOf):
    """One sentence and a hint."""
    (words,) = bad(try_step(6, "Data", data_step.data, trial_of("http://127.0.0.1:1")))
    assert words.startswith("PostgreSQL is out of reach: ")
