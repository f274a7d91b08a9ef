"""Test the work of a sync by counts of requests, statements, written rows and WAL, without timing."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline.warehouse import sync_cursors
from hunter_pipeline.warehouse.connection import Connection, Warehouse, statement
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import Installation, open_installation

pytestmark = pytest.mark.slow

REFERRALS = 1_000
PAGE = 200
TABLES_OF_REFERRALS = ("raw_referrals", "normalized_referrals", "partner_center_referrals", "companies")
KB = 1_024


class CountingCursor(psycopg.Cursor[Any]):
    """A cursor that counts the statements that it executes."""

    statements = 0

    def execute(self, *arguments: Any, **options: Any) -> "CountingCursor":
        CountingCursor.statements += 1
        return super().execute(*arguments, **options)


class CountingWarehouse(Warehouse):
    """A warehouse that counts the statements that are sent to it."""

    @contextmanager
    def connection(self) -> Generator[Connection]:
        with super().connection() as connection:
            connection.cursor_factory = CountingCursor
            yield connection


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Installation]:
    with open_installation(server, SandboxOptions(referrals=REFERRALS)) as installation:
        installation.warehouse = CountingWarehouse(installation.url, installation.folder)
        yield installation


def rows_written(installation: Installation) -> dict[str, int]:
    """Return how many rows of each table were inserted, updated or deleted since it was created."""
    with psycopg.connect(installation.url, autocommit=True) as connection:
        connection.execute("select pg_stat_force_next_flush()")
        found = connection.execute(
            "select relname, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables where relname = any(%s)",
            (list(TABLES_OF_REFERRALS),),
        )
        return dict(found.fetchall())


@pytest.fixture
def no_full_pages(server: Server) -> Iterator[None]:
    """Leave the full page images after a checkpoint, which can happen at any time, out of the WAL."""
    with psycopg.connect(server.admin, autocommit=True) as connection:
        connection.execute("alter system set full_page_writes = off")
        connection.execute("select pg_reload_conf()")
        yield
        connection.execute("alter system reset full_page_writes")
        connection.execute("select pg_reload_conf()")


def wal_position(installation: Installation) -> int:
    with psycopg.connect(installation.url, autocommit=True) as connection:
        [position] = connection.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone() or [0]
    return int(position)


def count_work(installation: Installation, mode: Any = "incremental") -> dict[str, Any]:
    """Run one sync; return its summary and its work."""
    before, start, CountingCursor.statements = rows_written(installation), wal_position(installation), 0
    summary = installation.sync(mode, page_size=PAGE)
    assert summary["status"] == "success"
    written = {name: count - before.get(name, 0) for name, count in rows_written(installation).items()}
    return {
        **summary,
        "statements": CountingCursor.statements,
        "written": written,
        "wal": wal_position(installation) - start,
    }


@pytest.mark.usefixtures("no_full_pages")
def test_sync_with_nothing_new_writes_no_row_of_a_referral(installation: Installation) -> None:
    installation.sync(page_size=PAGE)
    installation.sync(page_size=PAGE)
    work = count_work(installation)
    assert work["requests"] == 1
    assert work["statements"] <= 50
    assert work["wal"] <= 100 * KB
    # the overlap of five minutes is read again: synced_at of what it holds moves, nothing else does
    assert work["written"] == dict.fromkeys(TABLES_OF_REFERRALS, 0) | {"partner_center_referrals": work["fetched"]}
    assert work["fetched"] < REFERRALS / 20


def test_change_of_one_percent_writes_rows_of_that_one_percent(installation: Installation) -> None:
    installation.sync(page_size=PAGE)
    installation.sync(page_size=PAGE)
    changed = sorted(installation.sandbox.world.incoming())[: REFERRALS // 100]
    for referral_id in changed:
        installation.sandbox.world.update(referral_id, status="Closed", substatus="Lost")
    work = count_work(installation)
    assert (work["new"], work["updated"]) == (0, len(changed))
    assert work["written"]["raw_referrals"] == len(changed)
    # one deleted and one inserted for each
    assert work["written"]["normalized_referrals"] == 2 * len(changed)
    assert work["written"]["partner_center_referrals"] <= len(changed) + work["fetched"]
    assert work["written"]["companies"] <= len(changed)


@pytest.mark.usefixtures("no_full_pages")
def test_full_read_of_unchanged_referrals_moves_synced_at_and_writes_little(installation: Installation) -> None:
    installation.sync(page_size=PAGE)
    installation.sync("full", page_size=PAGE)
    work = count_work(installation, "full")
    assert work["unchanged"] == REFERRALS
    assert work["written"] == dict.fromkeys(TABLES_OF_REFERRALS, 0) | {"partner_center_referrals": REFERRALS}
    assert work["wal"] / REFERRALS <= KB
    assert (
        installation.value("select count(*) from partner_center_referrals where synced_at < %s", work["started_at"])
        == 0
    )


def test_statements_grow_with_the_pages_and_not_with_the_referrals(installation: Installation) -> None:
    first = count_work(installation)
    unchanged = count_work(installation, "full")
    pages = -(-REFERRALS // PAGE)
    assert first["requests"] <= pages + 1
    assert first["statements"] <= 50 + 10 * pages
    assert unchanged["statements"] <= 50 + 10 * pages


def test_unseen_referrals_are_found_without_comparing_each_referral_with_each_sighting(
    installation: Installation,
) -> None:
    installation.sync(page_size=PAGE)
    with installation.warehouse.connection() as connection:
        [row] = connection.execute("select stream, now() as started_at from sync_cursors").fetchall()
        connection.execute("insert into sightings select referral_id, now() from newest_versions")
        sync_cursors.count_full_read(connection, **row, direction="Incoming")
        query = f"explain (analyze, format json) {statement('unseen_referrals')}"
        [found] = connection.execute(query, {**row, "direction": "Incoming", "at_most": 200}).fetchall()
    assert rows_discarded(found["QUERY PLAN"][0]["Plan"]) <= REFERRALS


def rows_discarded(node: dict[str, Any]) -> int:
    """Return how many pairs of rows the joins of a plan compared without a match."""
    discarded = int(node.get("Rows Removed by Join Filter", 0) * node["Actual Loops"])
    return discarded + sum(rows_discarded(child) for child in node.get("Plans", []))
