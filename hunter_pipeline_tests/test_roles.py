"""Test `sql/roles.sql` on a real server: the rights of owner, pipeline and reader."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import psycopg
import pytest
from cryptography.fernet import Fernet

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.warehouse import migrate
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.cli.conftest import HUNTER
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

RELATIONS = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')"


def program(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([HUNTER, *arguments], capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)


def run(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(cast("Any", statement))
        return cursor.fetchall() if cursor.description else []


def apply_roles(admin: str) -> None:
    run(admin, project_file("sql/roles.sql").read_text(encoding="utf-8"))


def as_role(url: str, role: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}").geturl()


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    before = os.environ[name]
    os.environ[name] = value
    yield
    os.environ[name] = before


def reader_sees(admin: str) -> set[str]:
    """Return the tables and views that the reader can select from."""
    seen: set[str] = set()
    for (name,) in run(admin, RELATIONS):
        try:
            run(as_role(admin, "hunter_reader"), f"select * from {name} limit 1")
        except psycopg.errors.InsufficientPrivilege:
            continue
        seen.add(name)
    return seen


def test_each_role_has_only_the_rights_it_needs(admin: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner upgrades, the pipeline signs in, syncs and forgets, and the reader reads leads_ready only."""
    monkeypatch.setenv("HUNTER_TOKEN_KEYS", Fernet.generate_key().decode())
    apply_roles(admin)
    with variable("HUNTER_DATABASE_URL", as_role(admin, "hunter_owner")):
        migrate.upgrade(Warehouse.from_settings(load_settings()))
    run(admin, f"create database {urlsplit(admin).path.strip('/')}_dagster owner hunter_pipeline")
    with variable("HUNTER_DATABASE_URL", as_role(admin, "hunter_pipeline")):
        assert program("auth", "login").returncode == 0
        for line in (["sync"], ["forget", "nobody@fabrikam.com"], ["leads"]):
            done = program(*line)
            assert (line, done.returncode, done.stderr if done.returncode else "") == (line, 0, "")
    assert run(as_role(admin, "hunter_reader"), "select count(*) from leads_ready")[0][0] > 0
    assert reader_sees(admin) == {"leads_ready"}
    assert run(admin, "select count(*) from sign_in")[0][0] == 1
    for role, statement in (
        ("hunter_reader", "delete from companies"),
        ("hunter_reader", "create table mine ()"),
        ("hunter_pipeline", "drop table companies"),
        ("hunter_pipeline", "create table mine ()"),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(as_role(admin, role), statement)


def test_replaced_view_keeps_its_grants(admin: str) -> None:
    """An upgrade that replaces leads_ready keeps the rights of all its readers."""
    apply_roles(admin)
    owner = Warehouse(as_role(admin, "hunter_owner"), load_settings().home)
    migrate.upgrade(owner)
    run(admin, "grant select on referral_status_history to public")
    for view in ("leads_ready", "referral_status_history"):
        run(admin, f"comment on view {view} is 'of an older version'")
    before = run(admin, "select oid from pg_class where relname = 'leads_ready'")
    migrate.upgrade(owner)
    assert run(admin, "select oid from pg_class where relname = 'leads_ready'") != before
    assert reader_sees(admin) == {"leads_ready", "referral_status_history"}
    run(as_role(admin, "hunter_pipeline"), "select * from leads_ready")


def test_roles_are_added_to_an_older_database(admin: str) -> None:
    """The script gives the same result after an upgrade by another role and when it runs twice."""
    migrate.upgrade(Warehouse(admin, load_settings().home))
    apply_roles(admin)
    apply_roles(admin)
    assert reader_sees(admin) == {"leads_ready"}
    run(admin, "update alembic_version set version_num = '0001'")
    with pytest.raises(DatabaseError):
        migrate.upgrade(Warehouse(as_role(admin, "hunter_pipeline"), load_settings().home))
    newest = max(path.name for path in project_file("sql/migrations/versions").glob("[0-9]*.py"))[:4]
    run(admin, f"update alembic_version set version_num = '{newest}'")
    run(admin, "comment on view leads_ready is 'of an older version'")
    migrate.upgrade(Warehouse(as_role(admin, "hunter_owner"), load_settings().home))
    assert reader_sees(admin) == {"leads_ready"}
