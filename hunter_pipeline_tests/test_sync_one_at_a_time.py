"""Test that one sync runs at a time, and that the next sync continues a killed one."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.pipeline import sync_run
from hunter_pipeline.pipeline.extract import extract
from hunter_pipeline.pipeline.extract_state import Stream
from hunter_pipeline.pipeline.sync_run import SyncRun
from hunter_pipeline.sandbox import Fault
from hunter_pipeline.warehouse import sync_lease, sync_runs
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.warehouse.sync_lease import Lease
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.warehouse.installation import FakePartnerCenter, Installation, database_on, payload

pytestmark = pytest.mark.slow

REFERRALS = 30
PAGE = 10
CHECKOUT = Path(__file__).parent.parent


def _process(installation: Installation) -> "subprocess.Popen[str]":
    """Start a sync in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "hunter_pipeline_tests.warehouse.installation", str(PAGE)],
        cwd=CHECKOUT,
        env=os.environ | installation.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_sync_is_skipped_when_another_one_is_running(installation: Installation) -> None:
    """It is recorded as skipped and sends no request."""
    with sync_lease.held(installation.warehouse, "another", seconds=0):
        summary = installation.sync()
    assert (summary["status"], summary["reason"], summary["fetched"]) == ("skipped", "sync_in_progress", 0)
    assert summary["finished_at"] is not None
    assert installation.pages_asked == []
    assert installation.sync()["status"] == "success"


def test_full_sync_waits_for_a_running_sync(installation: Installation) -> None:
    """A full sync is not skipped: it begins when the lease is released."""
    lease = Lease(installation.warehouse, "another")
    with ThreadPoolExecutor(1) as pool, installation.warehouse.connection() as connection:
        assert lease.acquire(connection)
        with capture_logs() as events:
            waiting = pool.submit(installation.sync, "full")
            wait_until(lambda: any(event["event"] == "partner_center_sync_waits" for event in events))
            assert not waiting.done()
            lease.release(connection)
            assert waiting.result()["status"] == "success"


def test_full_sync_fails_when_it_has_waited_too_long(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is recorded as failed with the reason."""
    monkeypatch.setattr(sync_run, "WAIT_SECONDS", 0.0)
    with sync_lease.held(installation.warehouse, "another", seconds=0):
        summary = installation.sync("full", run_id="late")
        assert (summary["status"], summary["reason"]) == ("failed", "sync_in_progress")
        assert "has waited" in summary["error"]["message"]
        with installation.warehouse.connection() as connection:
            assert sync_lease.holder(connection) == "another"


def test_lease_of_a_dead_process_is_taken_over_at_once(installation: Installation) -> None:
    """A sync does not wait for the lease of a killed process of this machine."""
    host = sync_lease.this_process().rsplit("/", 2)[0]
    installation.execute("insert into sync_lease (owner, process) values ('dead', %s)", f"{host}/999999999/1.00")
    assert installation.sync()["status"] == "success"


def test_lease_without_a_heartbeat_is_taken_over(installation: Installation) -> None:
    """A lease of another machine holds while its heartbeat is fresh, and is taken over within two minutes."""
    installation.execute("insert into sync_lease (owner, process) values ('elsewhere', 'another-host/1/1.00')")
    assert installation.sync()["reason"] == "sync_in_progress"
    installation.execute("update sync_lease set heartbeat_at = now() - interval '119 seconds'")
    assert installation.sync()["status"] == "success"


def test_sync_that_has_lost_its_lease_writes_nothing(installation: Installation) -> None:
    """A process that was suspended for minutes stores no page after another sync has taken over."""
    client = installation.pausing_client(page=3)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(installation.sync, run_id="late", client=client)
        assert client.reached.wait(DEADLINE_SECONDS)
        installation.execute("update sync_lease set owner = 'another', process = 'another-host/1/1.00'")
        client.go_on.set()
        summary = running.result()
    assert (summary["status"], summary["error"]["type"]) == ("failed", "DatabaseError")
    assert installation.value("select count(*) from raw_referrals") == 2 * PAGE


def test_skipped_sync_does_not_disturb_the_running_one(installation: Installation) -> None:
    """The running sync keeps its row, its lease and its read."""
    run = SyncRun(installation.warehouse, load_settings(), "first")
    assert run.begin("incremental") is None
    assert installation.sync()["status"] == "skipped"
    assert installation.value("select status from sync_runs where run_id = 'first'") == "running"
    run.finish()
    assert installation.value("select status from sync_runs where run_id = 'first'") == "success"


def test_lock_belongs_to_one_database(installation: Installation, server: Server) -> None:
    """A sync of another database on the same server neither blocks nor is reported."""
    with database_on(server, "another_one") as url, sync_lease.held(installation.warehouse, "one", seconds=0):
        with installation.warehouse.connection() as second:
            assert sync_lease.holder(second) == "one"
        with Warehouse(url, server.home).connection() as other:
            assert sync_lease.holder(other) is None


def test_concurrent_threads_store_the_same_rows(installation: Installation) -> None:
    """Each of six concurrent syncs succeeds or is skipped, and the rows are those of one sync."""
    installation.sync()
    expected = installation.state()
    installation.reset()
    with ThreadPoolExecutor(6) as pool:
        summaries = list(pool.map(lambda _: installation.sync(), range(6)))
    outcomes = [(summary["status"], summary["reason"]) for summary in summaries]
    assert ("success", None) in outcomes
    assert set(outcomes) <= {("success", None), ("skipped", "sync_in_progress")}
    assert sum(summary["new"] for summary in summaries) == REFERRALS
    assert installation.state() == expected


def test_steps_outside_a_sync_run_one_at_a_time(installation: Installation) -> None:
    """Normalization, merge and companies can run concurrently with each other and with a sync."""
    installation.sync()
    expected = installation.state()
    installation.sandbox.world.update(next(iter(installation.sandbox.world.incoming())), name="Renamed")

    def alone(number: int) -> None:
        if number % 3:
            installation.later_steps()
        else:
            installation.sync()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(alone, range(12)))
    installation.sync()
    assert installation.value("select count(*) from sync_runs where status = 'failed'") == 0
    assert len(installation.state()["partner_center_referrals"]) == len(expected["partner_center_referrals"])
    assert installation.value("select count(*) from partner_center_referrals where name = 'Renamed'") == 1


def test_concurrent_processes_store_the_same_rows(installation: Installation) -> None:
    """Each of two processes succeeds or is skipped, and the rows are those of one sync."""
    installation.sync()
    expected = installation.state()
    installation.reset()
    processes = [_process(installation) for _ in range(2)]
    answers = [process.communicate(timeout=DEADLINE_SECONDS) for process in processes]
    summaries = [json.loads(out) for out, _ in answers]
    assert {summary["status"] for summary in summaries} <= {"success", "skipped"}
    assert sum(summary["new"] for summary in summaries) == REFERRALS
    assert installation.state() == expected


def test_next_sync_continues_a_killed_one(installation: Installation) -> None:
    """After kill -9 at page 3 the next sync continues there and marks the killed one as interrupted."""
    installation.sandbox.fail(Fault(where="page", kind="slow", page=3, delay=3600, times=1))
    process = _process(installation)
    try:
        wait_until(lambda: installation.value("select count(*) from raw_referrals") == 2 * PAGE)
        assert installation.sync()["reason"] == "sync_in_progress"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert installation.value("select count(*) from sync_runs where status = 'running'") == 1
    summary = installation.sync()
    assert summary["status"] == "success"
    assert summary["fetched"] <= REFERRALS - 2 * PAGE + 1
    assert installation.value("select count(*) from partner_center_referrals") == REFERRALS
    [killed] = installation.rows("select * from sync_runs where status = 'failed'")
    assert killed["reason"] == "interrupted"
    assert (killed["pages"], killed["fetched"]) == (2, 2 * PAGE)
    assert killed["finished_at"] is not None


def test_sync_fails_with_a_database_error_when_its_connection_is_lost(installation: Installation) -> None:
    """It writes no more, and the next sync continues."""
    client = installation.pausing_client(page=3)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(installation.sync, run_id="cut", client=client)
        assert client.reached.wait(DEADLINE_SECONDS)
        wait_until(lambda: installation.value("select count(*) from raw_referrals") == 2 * PAGE)
        installation.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'hunter_pipeline' and datname = current_database() and pid <> pg_backend_pid()"
        )
        client.go_on.set()
        failed = running.result(DEADLINE_SECONDS)
    assert (failed["status"], failed["reason"], failed["error"]["type"]) == ("failed", None, "DatabaseError")
    assert installation.value("select count(*) from raw_referrals") == 2 * PAGE
    summary = installation.sync()
    assert (summary["status"], summary["fetched"] <= REFERRALS - 2 * PAGE + 1) == ("success", True)


def test_sync_is_recorded_as_failed_when_it_is_interrupted(installation: Installation) -> None:
    """Ctrl-C within a step is recorded as interrupted and raised again."""
    run = SyncRun(installation.warehouse, load_settings(), "stopped")
    run.begin("full")
    with pytest.raises(KeyboardInterrupt), run.step("raw_referrals"):
        raise KeyboardInterrupt
    summary = run.finish()
    assert summary is not None
    assert (summary["status"], summary["reason"], summary["error"]) == ("failed", "interrupted", None)


def test_sync_is_recorded_as_failed_when_the_code_raises(installation: Installation) -> None:
    """An exception other than HunterError does not leave the status "running"."""
    run = SyncRun(installation.warehouse, load_settings(), "bug")
    run.begin("full")
    with pytest.raises(ZeroDivisionError), run.step("raw_referrals"):
        raise ZeroDivisionError
    summary = run.finish()
    assert summary is not None
    assert (summary["status"], summary["reason"]) == ("failed", "unexpected_error")


def test_no_transaction_stays_open_during_a_request(installation: Installation) -> None:
    """While Partner Center is slow, the sync's connection is idle, not idle in a transaction."""
    client = installation.pausing_client(page=2)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(installation.sync, client=client)
        assert client.reached.wait(DEADLINE_SECONDS)
        query = "select count(*) from pg_stat_activity where datname = current_database() and state {}"
        wait_until(
            lambda: installation.value(query.format("= 'idle' and query ilike 'commit'")) == 1
        )  # page 1 is stored
        assert installation.value(query.format("= 'idle in transaction'")) == 0
        client.go_on.set()
        assert running.result()["status"] == "success"


def test_stored_page_is_kept_when_a_later_step_fails(installation: Installation) -> None:
    """The read commits each page on a connection of its own."""
    with installation.warehouse.connection() as connection:
        sync_runs.open_run(connection, "one", "incremental")
        connection.commit()
        source: Any = FakePartnerCenter([payload(1)], [payload(2)])
        assert Lease(installation.warehouse, "one").acquire(connection)
        stream = Stream.from_settings(load_settings())
        extract(source, connection, stream, mode="incremental", run_id="one", page_size=1)
        connection.rollback()
    assert installation.value("select count(*) from raw_referrals") == 2
