"""
Several commands at once on one empty database: each ends well, and the rows are those of one sync.

All that can start a sync, the schedule, the sensor, the API and commands, meet in `test_demo.py`.
"""

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


def test_two_syncs_and_an_upgrade_at_once(signed_in: Settings, sandbox: Sandbox):
    """On an empty database one sync does the work, others succeed after it or are skipped, the upgrade is done."""
    sandbox.fail(Fault(where="list", kind="slow", delay=1.0, times=1))  # long enough for the others to meet it
    lines = [["sync", "--json"], ["db", "upgrade"], ["sync", "--full", "--json"]]
    crowd = [
        subprocess.Popen([HUNTER, *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for line in lines
    ]
    answers = [process.communicate(timeout=DEADLINE_SECONDS) for process in crowd]
    assert [process.returncode for process in crowd] == [0] * 3, [err[-300:] for _, err in answers]
    summaries: list[dict[str, Any]] = [json.loads(out) for out, _ in answers if out.startswith("{")]
    outcomes = {(summary["status"], summary["reason"]) for summary in summaries}
    assert ("success", None) in outcomes
    assert outcomes <= {("success", None), ("skipped", "sync_in_progress")}
    assert sum(summary["new"] for summary in summaries) == len(sandbox.world.incoming())
    with Warehouse.from_settings(signed_in).connection() as connection:
        found = connection.execute(
            "select (select count(*) from partner_center_referrals) as rows, "
            "(select count(distinct referral_id) from partner_center_referrals) as referrals, "
            "(select count(*) from sync_runs where status = 'running') as running, "
            "(select count(*) from sync_runs as a join sync_runs as b on a.run_id < b.run_id "
            "where a.status = 'success' and b.status = 'success' "
            "and tstzrange(a.started_at, a.finished_at) && tstzrange(b.started_at, b.finished_at)) as beside"
        ).fetchone()
    count = len(sandbox.world.incoming())
    assert found == {"rows": count, "referrals": count, "running": 0, "beside": 0}
