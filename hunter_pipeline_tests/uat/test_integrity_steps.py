"""Test steps 5 to 7 against systems with faults: each fault is named."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.uat import expected_schema, integrity_steps
from hunter_pipeline.uat.system import IsolatedEnvironment
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.uat.conftest import MakeContext, failures, run
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow

EVENT = {
    "event": "partner_center_page", "source": "partner_center_sync", "level": "info", "env": "production",
    "timestamp": "2026-11-22T07:38:56.222180Z", "feature_flag_state": "enabled", "run_id": "7c2d8d99", "page": 1,
}  # fmt: skip


def event_without(name: str) -> str:
    """Return the log line of an event that lacks a field."""
    return json.dumps({key: value for key, value in EVENT.items() if key != name})


def test_log_line_is_valid_with_and_without_a_run() -> None:
    assert integrity_steps.log_problems([json.dumps(EVENT), json.dumps(EVENT | {"run_id": None})]) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("07:38 [info] partner_center_page", "is not a JSON object"),
        ("[1]", "is not a JSON object"),
        ("", "is not a JSON object"),
        *((event_without(name), f"lacks {name}") for name in integrity_steps.LOG_FIELDS),
        (json.dumps(EVENT | {"timestamp": "2026-11-22T07:38:56"}), "has an invalid value in timestamp"),
        (json.dumps(EVENT | {"timestamp": "yesterday"}), "has an invalid value in timestamp"),
        (json.dumps(EVENT | {"source": "uvicorn"}), "has an invalid value in source"),
        (json.dumps(EVENT | {"level": 20}), "has an invalid value in level"),
        (json.dumps(EVENT | {"env": "prod", "event": ""}), "has an invalid value in event, env"),
        (json.dumps(EVENT | {"feature_flag_state": True}), "has an invalid value in feature_flag_state"),
        (json.dumps(EVENT | {"contact": "sue@fabrikam.com"}), "contains an e-mail address or a token"),
        (json.dumps(EVENT | {"header": "Bearer abc.def"}), "contains an e-mail address or a token"),
    ],
)
def test_log_problem_names_the_line_without_quoting_it(line: str, problem: str) -> None:
    assert integrity_steps.log_problems([json.dumps(EVENT), line]) == [f"line 2 {problem}"]


@pytest.fixture
def no_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a sync that could complete the rows."""
    monkeypatch.setattr(integrity_steps, "SETTLE_SECONDS", 0)


def data_failures(make_context: MakeContext, installation: Installation) -> list[str]:
    """Return what step 6 finds wrong; empty if it passes."""
    result = run(integrity_steps.check_data, make_context("http://127.0.0.1:1", installation.warehouse))
    return [] if result.passed else failures(result)


@pytest.mark.usefixtures("no_settling")
def test_data_passes_after_a_sync_and_fails_for_wrong_rows(
    installation: Installation, make_context: MakeContext
) -> None:
    """A domain that is not canonical and a referral that is missing in one table are named."""
    installation.sync()
    assert data_failures(make_context, installation) == []
    installation.execute(
        "update companies set domain = 'WWW.' || domain where domain = (select max(domain) from companies)"
    )
    assert any("not canonical: 1 ('WWW." in each for each in data_failures(make_context, installation))
    lost = installation.value(
        "delete from normalized_referrals where referral_id = (select min(referral_id) from partner_center_referrals) "
        "returning referral_id"
    )
    assert f"referrals that are not in all three tables: 1 ({lost})" in data_failures(make_context, installation)


@pytest.mark.usefixtures("no_settling")
@pytest.mark.parametrize(
    ("view", "text"),
    [
        (
            "select * from leads_real union all select * from leads_real",
            "domains with more than one row in leads_ready: ",
        ),
        ("select * from leads_real where score < 0", "leads in which leads_ready and the open referrals differ: "),
        ("select lead_key from leads_real", "missing columns of the 11 tables and views: 30 ("),
    ],
)
def test_data_fails_when_leads_ready_is_wrong(
    view: str, text: str, installation: Installation, make_context: MakeContext
) -> None:
    """Duplicate, missing and incomplete leads are found."""
    installation.sync()
    installation.execute("alter view leads_ready rename to leads_real")
    installation.execute(f"create view leads_ready as {view}")
    try:
        found = data_failures(make_context, installation)
    finally:
        installation.execute("drop view leads_ready")
        installation.execute("alter view leads_real rename to leads_ready")
    assert any(each.startswith(text) for each in found)


@pytest.mark.usefixtures("no_settling")
def test_data_fails_when_nothing_is_stored_or_a_column_differs(
    installation: Installation, make_context: MakeContext
) -> None:
    """A column is expected by name and by type."""
    assert data_failures(make_context, installation)[0].startswith("rows: raw versions 0, raw referrals 0")
    installation.execute("alter table quarantined_referrals rename column reason to why")
    installation.execute("alter table quarantined_referrals alter column payload type varchar")
    try:
        missing = data_failures(make_context, installation)[0]
    finally:
        installation.execute("alter table quarantined_referrals rename column why to reason")
        installation.execute("alter table quarantined_referrals alter column payload type text")
    assert missing == (
        "missing columns of the 11 tables and views: "
        "2 ('quarantined_referrals.payload as text', 'quarantined_referrals.reason')"
    )


@pytest.mark.usefixtures("no_settling")
def test_data_fails_when_an_example_of_a_domain_differs(
    installation: Installation, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(expected_schema.DOMAINS, "sue@gmail.com", ("gmail.com", None))
    assert "of 28 examples of domains, wrong: 1 ('sue@gmail.com')" in data_failures(make_context, installation)


def test_data_fails_when_the_database_is_unreachable(make_context: MakeContext) -> None:
    [text] = failures(run(integrity_steps.check_data, make_context("http://127.0.0.1:1")))
    assert text.startswith("PostgreSQL is ")


@dataclass(frozen=True)
class BrokenEnvironment(IsolatedEnvironment):
    """An isolated environment whose processes get wrong settings."""

    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        return {**super().variables, **self.wrong}

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse.from_settings(load_settings())


def test_errors_step_fails_in_each_part_when_syncs_never_meet_the_faults(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path, make_context: MakeContext, closed_url: str
) -> None:
    """The feature flag is off, and no sync has written a log."""
    wrong = {name: os.environ[name] for name in ("HUNTER_DATABASE_URL",)} | {"HUNTER_PARTNER_CENTER_ENABLED": "false"}
    context = make_context(closed_url)
    context._isolated = BrokenEnvironment(tmp_path, sandbox, wrong)
    result = run(integrity_steps.check_logs_and_errors, context)
    assert len(failures(result)) == len(result.evidence) == 7


def test_flag_step_fails_when_the_run_fails_instead_of_being_skipped(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path, make_context: MakeContext, closed_url: str
) -> None:
    """What the API does right remains right."""
    unreachable = "postgresql://nobody@127.0.0.1:1/none"
    context = make_context(closed_url)
    context._isolated = BrokenEnvironment(tmp_path, sandbox, {"HUNTER_DATABASE_URL": unreachable})
    assert failures(run(integrity_steps.check_flag_off, context)) == [
        "`hunter sync` ended with exit code 6: failed, reason None",
        "its row in sync_runs: None, reason None",
        "its log events partner_center_sync_skipped: []",
    ]
