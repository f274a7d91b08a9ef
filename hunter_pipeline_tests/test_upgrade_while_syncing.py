"""Test migrations during a running sync: neither fails, and nothing is lost."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from hunter_pipeline.config import project_files
from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse import migrate, sync_lease
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow

REFERRALS, PAGE = 30, 10
MIGRATION = '''
from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade() -> None:
    """Touch the tables in the order opposite to a sync's, which is what a deadlock is made of."""
    op.execute("alter table companies add later text")
    op.execute("alter table partner_center_referrals add later text")
    op.execute("select pg_sleep(0.3)")
    op.execute("alter table normalized_referrals add later text")
    op.execute("alter table raw_referrals add later text")
    op.execute("alter table sync_runs add later text")
'''


@pytest.fixture
def newer(tmp_path: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Provide a newer version of the program, with one more migration and changed views, for a test."""
    found = project_files.project_file("sql")
    copied = tmp_path / "newer" / "sql"
    shutil.copytree(found, copied)
    newest = migrate.status(installation.warehouse)[1]
    (copied / "migrations" / "versions" / "9999_later.py").write_text(MIGRATION.format(newest=newest))
    for view in (copied / "views").glob("*.sql"):
        view.write_text(view.read_text() + "\n-- of a newer version\n")
    monkeypatch.setattr(migrate, "project_file", lambda name: tmp_path / "newer" / name)
    yield installation
    monkeypatch.undo()
    for table in ("companies", "partner_center_referrals", "normalized_referrals", "raw_referrals", "sync_runs"):
        installation.execute(f"alter table {table} drop column if exists later cascade")
    installation.execute("update alembic_version set version_num = %s", newest)
    migrate.upgrade(installation.warehouse)


def test_upgrade_waits_for_the_sync_and_keeps_others_out(newer: Installation) -> None:
    """It begins after the sync's last step; a sync that is started meanwhile is skipped."""
    client = newer.pausing_client(page=3)
    waits = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        syncing = pool.submit(newer.sync, page_size=PAGE, client=client)
        assert client.reached.wait(DEADLINE_SECONDS)
        upgrading = pool.submit(migrate.upgrade, newer.warehouse, waiting=waits.set)
        assert waits.wait(DEADLINE_SECONDS)
        assert newer.sync()["reason"] == "sync_in_progress"
        assert not syncing.done()
        client.go_on.set()
        summary = syncing.result(DEADLINE_SECONDS)
        assert upgrading.result(DEADLINE_SECONDS) == "9999"
    assert (summary["status"], summary["new"], summary["error"]) == ("success", REFERRALS, None)
    assert newer.value("select count(*) from partner_center_referrals where later is null") == REFERRALS
    again = newer.sync()
    assert (again["status"], again["new"], again["updated"]) == ("success", 0, 0)


def test_upgrades_and_syncs_succeed_in_any_order(newer: Installation) -> None:
    """Of three syncs and two upgrades at once each sync succeeds or is skipped, and no upgrade fails."""
    with ThreadPoolExecutor(6) as pool:
        syncs = [pool.submit(newer.sync, page_size=PAGE) for _ in range(3)]
        upgrades = [pool.submit(migrate.upgrade, newer.warehouse) for _ in range(2)]
        summaries = [each.result(DEADLINE_SECONDS) for each in syncs]
        assert [each.result(DEADLINE_SECONDS) for each in upgrades] == ["9999", "9999"]
    assert {(each["status"], each["reason"]) for each in summaries} <= {
        ("success", None),
        ("skipped", "sync_in_progress"),
    }
    newer.sync()
    assert newer.value("select count(*) from partner_center_referrals") == REFERRALS


def test_upgrade_fails_when_the_sync_does_not_end(newer: Installation) -> None:
    """The error names the reason, and the database is unchanged."""
    before = migrate.status(newer.warehouse)[0]
    held = sync_lease.held(newer.warehouse, "a sync", seconds=DEADLINE_SECONDS)
    with held, capture_logs() as events, pytest.raises(DatabaseError, match="A sync has been running") as caught:
        migrate.upgrade(newer.warehouse, patience=0.2)
    assert caught.value.hint == "Wait until it ends or stop it, then run the command again."
    assert "database_upgrade_waits_for_sync" in [event["event"] for event in events]
    assert migrate.status(newer.warehouse)[0] == before


def test_upgrade_waits_for_a_sync_of_an_older_version(newer: Installation) -> None:
    """Versions before 0005 hold an advisory lock instead of a lease."""
    before = migrate.status(newer.warehouse)[0]
    with newer.warehouse.connection() as connection:
        connection.execute("select pg_advisory_lock(%s)", (migrate.OLD_SYNC_LOCK,))
        connection.commit()
        with pytest.raises(DatabaseError, match="a sync has been running"):
            migrate.upgrade(newer.warehouse, patience=0.2)
    assert migrate.status(newer.warehouse)[0] == before


def test_upgrade_fails_when_another_connection_locks_a_table(
    newer: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upgrade ends after a time-out, so that other connections do not wait for ever."""
    monkeypatch.setattr(migrate, "TABLE_SECONDS", 0.2)
    before = migrate.status(newer.warehouse)[0]
    with psycopg.connect(newer.url) as reader:
        reader.execute("select count(*) from leads_ready")
        with pytest.raises(DatabaseError, match="55P03") as caught:
            migrate.upgrade(newer.warehouse)
        assert "pg_stat_activity" in str(caught.value.hint)
        assert migrate.status(newer.warehouse)[0] == before


def test_upgrade_does_not_wait_when_nothing_changes(installation: Installation) -> None:
    """Every command upgrades at its start, also during a long sync."""
    waits: list[str] = []
    with installation.warehouse.connection() as connection:
        connection.execute("select pg_advisory_lock(%s)", (migrate.OLD_SYNC_LOCK,))
        connection.commit()
        warehouse = Warehouse(installation.url, installation.folder)
        revision = migrate.upgrade(warehouse, waiting=lambda: waits.append("for the sync"), patience=0.2)
    assert (revision, waits) == (migrate.status(warehouse)[1], [])
