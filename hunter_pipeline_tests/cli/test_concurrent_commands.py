"""Test concurrent commands; `test_demo.py` adds the schedule, the sensor and the API."""

import json
import subprocess
from typing import Any

import pytest

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.sandbox import Fault, Sandbox
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.cli.conftest import HUNTER
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow


def test_concurrent_syncs_and_upgrade_succeed_when_the_database_is_empty(signed_in: Settings, sandbox: Sandbox) -> None:
    """One sync does the work; the other one succeeds after it or is skipped."""
    sandbox.fail(Fault(where="list", kind="slow", delay=1.0, times=1))  # so that the others run meanwhile
    lines = [["sync", "--json"], ["db", "upgrade"], ["sync", "--full", "--json"]]
    running = [
        subprocess.Popen([HUNTER, *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for line in lines
    ]
    outputs = [process.communicate(timeout=DEADLINE_SECONDS) for process in running]
    assert [process.returncode for process in running] == [0] * 3, [err[-300:] for _, err in outputs]
    summaries: list[dict[str, Any]] = [json.loads(out) for out, _ in outputs if out.startswith("{")]
    outcomes = {(summary["status"], summary["reason"]) for summary in summaries}
    assert ("success", None) in outcomes
    assert outcomes <= {("success", None), ("skipped", "sync_in_progress")}
    assert sum(summary["new"] for summary in summaries) == len(sandbox.world.incoming())
    with Warehouse.from_settings(signed_in).connection() as connection:
        counts = connection.execute(
            "select (select count(*) from partner_center_referrals) as rows, "
            "(select count(distinct referral_id) from partner_center_referrals) as referrals, "
            "(select count(*) from sync_runs where status = 'running') as running, "
            "(select count(*) from sync_runs as a join sync_runs as b on a.run_id < b.run_id "
            "where a.status = 'success' and b.status = 'success' "
            "and tstzrange(a.started_at, a.finished_at) && tstzrange(b.started_at, b.finished_at)) as overlapping"
        ).fetchone()
    count = len(sandbox.world.incoming())
    assert counts == {"rows": count, "referrals": count, "running": 0, "overlapping": 0}
