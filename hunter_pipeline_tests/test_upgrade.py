"""Test `hunter db upgrade` of an older database with data, and the sync after it."""

import os
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg import sql

from hunter_pipeline import cli
from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.warehouse import migrate
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.test_roles import apply_roles, as_role, reader_sees, run
from hunter_pipeline_tests.warehouse.installation import Installation, sign_in

pytestmark = pytest.mark.slow

REVISIONS = [script.revision for script in ScriptDirectory.from_config(migrate._config()).walk_revisions()][::-1]
TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname"
COLUMNS = (
    "select column_name from information_schema.columns "
    "where table_schema = 'public' and table_name = '{}' and is_generated = 'NEVER'"
)
SERIALS = "select setval(pg_get_serial_sequence('{0}', 'id'), (select coalesce(max(id), 0) + 1 from {0}), false)"

Rows = dict[str, list[Any]]


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """Return the embedded server, or the one that the test names."""
    return request.getfixturevalue(getattr(request, "param", "embedded_server"))


@pytest.fixture(scope="module")
def synced(shared: Installation) -> Installation:
    """Fill a database by three syncs, with changed and missing referrals, a quarantined payload and an erasure."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shared.environment.items():
            patch.setenv(name, value)
        sign_in(shared)
        changed, gone, *_ = shared.sandbox.world.incoming()
        shared.sync(page_size=200)
        shared.sandbox.world.update(changed, name="another name")
        shared.sandbox.world.add({"id": 7, "name": "a referral without a usable id"})
        shared.sync()
        shared.sandbox.world.remove(gone)
        assert shared.sync("full", page_size=200)["missing"] == 1
        assert cli.run(["forget", "nobody@fabrikam.com"]) == 0
    return shared


@pytest.fixture
def filled(synced: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return the filled installation, which the tests read only, and set its environment."""
    for name, value in synced.environment.items():
        monkeypatch.setenv(name, value)
    return synced


def tables(url: str) -> list[str]:
    return [name for (name,) in run(url, TABLES) if name != "alembic_version"]


def columns(url: str, table: str) -> list[str]:
    return [name for (name,) in run(url, COLUMNS.format(table))]


def copy_rows(source: str, target: str) -> None:
    """Copy the rows of the newest schema into an older one, in the columns that it has."""
    with psycopg.connect(source) as here, psycopg.connect(target) as there:
        there.execute("set session_replication_role = replica")  # keys to other tables are checked by neither order
        for table in tables(target):
            common = sorted(set(columns(source, table)) & set(columns(target, table)))
            listed = sql.SQL(", ").join(sql.Identifier(column) for column in common)
            names = sql.SQL("{} ({})").format(sql.Identifier(table), listed)
            # Older versions had no row for a domain that Entra was not asked about.
            condition = sql.SQL("where checked_at is not null" if table == "domain_tenants" else "")
            rows = sql.SQL("(select {} from {} {})").format(listed, sql.Identifier(table), condition)
            there.execute(sql.SQL("truncate {} cascade").format(sql.Identifier(table)))
            with (
                here.cursor().copy(sql.SQL("copy {} to stdout").format(rows)) as out,
                there.cursor().copy(sql.SQL("copy {} from stdin").format(names)) as into,
            ):
                for block in out:
                    into.write(block)
            if "id" in common:
                there.execute(cast("Any", SERIALS.format(table)))


def older(filled: Installation, admin: str, revision: str) -> None:
    """Create a database of an older revision: its tables with the data, its views, roles and grants."""
    config = migrate._config()
    with migrate._alchemy(Warehouse(admin, filled.folder)) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    if "rules" in columns(admin, "normalized_referrals"):  # which 0005 drops
        run(admin, "alter table normalized_referrals alter column rules set default 'of an older version'")
    copy_rows(filled.url, admin)
    if "seen_at" in columns(admin, "raw_referrals"):
        run(
            admin,
            "update raw_referrals as raw set seen_at = referral.synced_at from partner_center_referrals as referral "
            "where raw.referral_id = referral.referral_id",
        )
    if "normalization_rules" in tables(admin):
        run(admin, "truncate normalization_rules")  # an older release had other rules
    for view in project_file("sql/views").glob("*.sql"):
        run(admin, f"create view {view.stem} as select referral_id from partner_center_referrals")
        run(admin, f"comment on view {view.stem} is 'of revision {revision}'")
    apply_roles(admin)
    run(admin, "grant select on leads_ready to pg_monitor")
    dagster = f"{urlsplit(admin).path.strip('/')}_dagster"
    run(admin, f"drop database if exists {dagster}")
    run(admin, f"create database {dagster} owner hunter_pipeline")


def rows_of(url: str, names: dict[str, list[str]]) -> Rows:
    return {
        table: sorted(run(url, f"select {', '.join(picked)} from {table}"), key=repr) for table, picked in names.items()
    }


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo a command's changes of the environment at the end of the test."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    yield


@pytest.mark.parametrize(
    ("server", "revision"),
    [*(("embedded_server", revision) for revision in REVISIONS[:-1]), ("own_server", REVISIONS[0])],
    indirect=["server"],
)
def test_older_database_is_upgraded_and_syncs_continue(
    revision: str, environment: None, filled: Installation, admin: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """No row is lost, the reader keeps its rights, and the next sync finds nothing new."""
    older(filled, admin, revision)
    # What 0005 drops (when a version was last seen, by which rules a row was made) is derived again, and 0012 folds
    # the search text.
    names = {
        table: sorted(set(columns(admin, table)) & set(columns(filled.url, table)) - {"search_text"})
        for table in tables(admin)
    }
    before = rows_of(admin, names)
    assert len(before["raw_referrals"]) == filled.value("select count(*) from raw_referrals") > 30
    assert len(before["quarantined_referrals"]) == 1
    os.environ["HUNTER_DATABASE_URL"] = as_role(admin, "hunter_owner")
    assert cli.run(["db", "upgrade"]) == 0
    assert f"at revision {REVISIONS[-1]}." in capfd.readouterr().out
    after = rows_of(admin, names)
    # 0005 adds the domains that Entra was not asked about.
    after["domain_tenants"] = [row for row in after["domain_tenants"] if row in before["domain_tenants"]]
    assert after == before
    assert {view.stem for view in project_file("sql/views").glob("*.sql")} == {
        name for (name,) in run(admin, "select viewname from pg_views where schemaname = 'public'")
    }
    assert reader_sees(admin) == {"leads_ready"}
    assert run(admin, "select has_table_privilege('pg_monitor', 'leads_ready', 'select')") == [(True,)]
    upgraded = Installation(filled.sandbox, as_role(admin, "hunter_pipeline"), filled.folder)
    for mode in ("incremental", "full"):
        summary = upgraded.sync(mode, page_size=200)
        assert (summary["status"], summary["new"], summary["missing"]) == ("success", 0, 1 if mode == "full" else 0)
    assert len(run(admin, "select id from raw_referrals")) == len(before["raw_referrals"])
    assert upgraded.state() == filled.state()


def test_view_of_the_user_keeps_its_columns_when_the_search_text_is_replaced(
    environment: None, filled: Installation, admin: str
) -> None:
    """It has personal data of which `hunter forget` would not know any more: the view reads null there."""
    older(filled, admin, "0011")
    run(admin, "create view of_the_user as select * from partner_center_referrals")
    os.environ["HUNTER_DATABASE_URL"] = admin
    assert cli.run(["db", "upgrade"]) == 0
    assert run(admin, "select count(*), count(search_text) from of_the_user")[0][1] == 0
    assert run(admin, "select count(*) from partner_center_referrals where search_text is null") == [(0,)]


def test_newer_database_is_not_changed(environment: None, admin: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The command fails with one sentence, a hint and exit code 6."""
    apply_roles(admin)
    os.environ["HUNTER_DATABASE_URL"] = as_role(admin, "hunter_owner")
    migrate.upgrade(Warehouse.from_settings(load_settings()))
    run(admin, "update alembic_version set version_num = '9999'")
    assert cli.run(["db", "upgrade"]) == 6
    assert capfd.readouterr().err == (
        "error: The database is at revision 9999, which this version does not know.\n"
        "hint:  A newer version has upgraded it: install that one, or restore the backup from before.\n"
    )
    assert run(admin, "select version_num from alembic_version") == [("9999",)]
