"""Test the creation and upgrade of the schema, and the columns that the contract fixes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse import migrate, tables
from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

NEWEST = max(path.name for path in project_file("sql/migrations/versions").glob("[0-9]*.py"))[:4]
TEXT, TIME, MONEY, TEXTS = "text", "timestamp with time zone", "numeric", "text[]"
CONTRACT: dict[str, dict[str, str]] = {
    "raw_referrals": {
        "id": "bigint", "referral_id": TEXT, "payload": "jsonb", "content_hash": TEXT, "source_updated_at": TIME,
        "fetched_at": TIME, "run_id": TEXT,
    },
    "normalized_referrals": {"referral_id": TEXT},
    "partner_center_referrals": {
        **dict.fromkeys(
            ("referral_id", "engagement_id", "name", "referral_type", "type", "qualification", "direction", "status",
             "substatus", "company_name", "country", "domain", "domain_source", "azure_tenant_id", "currency"), TEXT),
        "deal_value": MONEY,
        **dict.fromkeys(
            ("source_created_at", "source_updated_at", "expires_at", "missing_since", "synced_at", "created_at",
             "updated_at"), TIME),
    },
    "companies": dict.fromkeys(("domain", "canonical_name", "country", "provider", "azure_tenant_id"), TEXT),
    "quarantined_referrals": {"payload": TEXT, "reason": TEXT, "run_id": TEXT, "quarantined_at": TIME},
    "sync_runs": {
        **dict.fromkeys(("status", "reason", "run_id", "mode", "watermark"), TEXT),
        **dict.fromkeys(
            ("fetched", "new", "updated", "unchanged", "quarantined", "without_domain", "missing", "pages", "requests",
             "retries"), "integer"),
        "duration_seconds": "double precision", "error": "jsonb", "started_at": TIME, "finished_at": TIME,
    },
    "leads_ready": {
        "company_id": "bigint",
        **dict.fromkeys(
            ("canonical_name", "domain", "provider", "country", "referral_type", "primary_referral_id", "status",
             "substatus", "currency", "contact_name", "contact_email", "contact_phone"), TEXT),
        **dict.fromkeys(("referral_types", "referral_ids", "score_reasons"), TEXTS),
        **dict.fromkeys(("referral_count", "open_referral_count"), "bigint"),
        "deal_value": MONEY, "expires_at": TIME, "score": "integer", "updated_at": TIME,
    },
    "referral_status_history": {
        **dict.fromkeys(("referral_id", "status", "substatus"), TEXT),
        **dict.fromkeys(("valid_from", "valid_to"), TIME),
    },
}  # fmt: skip


@pytest.fixture
def empty(database_url: str) -> Warehouse:
    """Create a database without a schema."""
    return Warehouse.from_settings(load_settings())


def test_upgrade_creates_everything_and_a_second_one_nothing(empty: Warehouse) -> None:
    """An empty database gets the newest revision."""
    assert migrate.status(empty) == (None, NEWEST)
    assert migrate.upgrade(empty) == NEWEST
    assert migrate.status(empty) == (NEWEST, NEWEST)
    before = _catalogue(empty)
    assert migrate.upgrade(empty) == NEWEST
    assert _catalogue(empty) == before


def _catalogue(warehouse: Warehouse) -> list[Any]:
    with warehouse.connection() as connection:
        return connection.execute(
            "select oid, relname, relkind from pg_class where relnamespace = 'public'::regnamespace order by oid"
        ).fetchall()


def test_concurrent_threads_can_upgrade(empty: Warehouse) -> None:
    """One of five upgrades does the work; the others wait and change nothing."""
    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(lambda _: migrate.upgrade(empty), range(5))) == [NEWEST] * 5


def test_concurrent_processes_can_upgrade(empty: Warehouse) -> None:
    """Two upgrades of an empty database succeed."""
    code = (
        "from hunter_pipeline.config.settings import load_settings\n"
        "from hunter_pipeline.warehouse import migrate\n"
        "from hunter_pipeline.warehouse.connection import Warehouse\n"
        "print(migrate.upgrade(Warehouse.from_settings(load_settings())))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=DEADLINE_SECONDS) for process in processes]
    assert [(process.returncode, answer[0].strip()) for process, answer in zip(processes, answers, strict=True)] == [
        (0, NEWEST)
    ] * 2, answers


def test_newer_database_is_refused(warehouse: Warehouse) -> None:
    """A DatabaseError names the unknown revision, and nothing changes."""
    with warehouse.connection() as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(DatabaseError, match="revision 9999, which this version does not know") as raised:
        migrate.upgrade(warehouse)
    assert raised.value.hint
    assert migrate.status(warehouse) == ("9999", NEWEST)


def test_view_is_replaced_only_when_its_text_changed(warehouse: Warehouse) -> None:
    """Grants on an unchanged view survive an upgrade."""
    query = "select oid::text, relacl::text from pg_class where relname = 'leads_ready'"
    with warehouse.connection() as connection:
        connection.execute("grant select on leads_ready to public")
        before = connection.execute(query).fetchone()
    migrate.upgrade(warehouse)
    with warehouse.connection() as connection:
        assert connection.execute(query).fetchone() == before
        connection.execute("comment on view leads_ready is 'sql/views/leads_ready.sql of an older version'")
    migrate.upgrade(warehouse)
    with warehouse.connection() as connection:
        after = connection.execute(query).fetchone()
    assert after is not None
    assert before is not None
    assert after["oid"] != before["oid"]


def test_failed_upgrade_changes_nothing(empty: Warehouse) -> None:
    """An upgrade is one transaction."""
    with empty.connection() as connection:
        connection.execute("create table companies (id integer)")
    with pytest.raises(DatabaseError, match="42P07"):
        migrate.upgrade(empty)
    assert migrate.status(empty)[0] is None
    assert [row["relname"] for row in _catalogue(empty)] == ["companies"]


@pytest.mark.parametrize("table", CONTRACT)
def test_schema_has_the_columns_of_the_contract(connection: Connection, table: str) -> None:
    """Each table and view has the columns of section 5 with their types."""
    found = {column["name"]: column["type"] for column in tables.columns(connection, table)}
    assert {name: found.get(name) for name in CONTRACT[table]} == CONTRACT[table]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into raw_referrals (referral_id, payload, content_hash) values ('a', '{}', 'h')",
        "insert into partner_center_referrals (referral_id, content_hash) values ('a', 'h')",
        "insert into normalized_referrals (referral_id, content_hash) values ('a', 'h')",
        "insert into companies (domain) values ('contoso.com')",
        "insert into sync_runs (run_id, status, mode) values ('a', 'running', 'full')",
    ],
)
def test_unique_rows_cannot_be_duplicated(connection: Connection, statement: Any) -> None:
    """Unique constraints enforce what the checks verify."""
    connection.execute(statement)
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(statement)


def test_every_table_view_and_column_has_a_comment(connection: Connection) -> None:
    """Dagster's catalogue and SQL clients show them."""
    found = connection.execute("""
        select relname, attname, obj_description(pg_class.oid, 'pg_class') as of_table,
            col_description(attrelid, attnum) as of_column
        from pg_class inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p')
    """).fetchall()
    assert len({row["relname"] for row in found}) > 15
    assert [f"{row['relname']}.{row['attname']}" for row in found if not (row["of_table"] and row["of_column"])] == []
