"""Test addresses, and errors of PostgreSQL without data."""

import re
import traceback
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse import migrate
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.servers import Server

SECRET = "sue@fabrikam.com"


def test_error_does_not_quote_its_row(warehouse: Warehouse) -> None:
    """The error names table and constraint; no error of the chain has the row of a unique violation."""
    with pytest.raises(DatabaseError) as raised, warehouse.connection() as connection:
        for _ in range(2):
            connection.execute("insert into companies (domain) values (%s)", (SECRET,))
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value.summary())
    assert "constraint companies_domain_key" in str(raised.value)
    assert SECRET not in shown
    assert raised.value.hint


@pytest.mark.parametrize(
    ("statement", "hint"),
    [("select * from nowhere", "hunter db upgrade"), ("select 1/0", "log"), ("selec", "hunter db upgrade")],
)
def test_refused_statement_has_a_hint(shared_warehouse: Warehouse, statement: str, hint: str) -> None:
    """The hint depends on the class of the error."""
    with pytest.raises(DatabaseError) as raised, shared_warehouse.connection() as connection:
        connection.execute(statement)  # type: ignore[call-overload]
    assert hint in str(raised.value.hint)


def test_connection_rolls_back_when_the_block_raises(warehouse: Warehouse) -> None:
    """The block is committed at its end and rolled back after an error."""
    with pytest.raises(ZeroDivisionError), warehouse.connection() as connection:
        connection.execute("insert into companies (domain) values ('contoso.com')")
        raise ZeroDivisionError
    with warehouse.connection() as connection:
        connection.execute("insert into companies (domain) values ('fabrikam.com')")
    with warehouse.connection() as connection:
        found = connection.execute("select domain from companies").fetchall()
    assert found == [{"domain": "fabrikam.com"}]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda url: "postgresql://hunter:geheim@127.0.0.1:1/hunter", "HUNTER_DATABASE_URL"),
        (lambda url: "postgresql://hunter:geheim@nowhere.invalid/hunter", "HUNTER_DATABASE_URL"),
        (lambda url: url.replace("/shared_", "/absent_"), "does not exist"),
        (lambda url: re.sub(r"//\w+:@", "//nobody:geheim@", url), "user name or password"),
    ],
    ids=["refused", "no such host", "no such database", "no such user"],
)
@pytest.mark.parametrize("act", ["connect", "upgrade", "status", "create"])
def test_unreachable_database_is_a_database_error(
    shared_warehouse: Warehouse, change: object, hint: str, act: str
) -> None:
    """The error has one sentence and a hint without the password."""
    away = Warehouse(change(shared_warehouse.url), shared_warehouse.home)  # type: ignore[operator]
    with pytest.raises(DatabaseError) as raised:
        if act == "connect":
            with away.connection():
                pass
        elif act == "create":
            away.create_database("other")
        else:
            getattr(migrate, act)(away)
    assert hint in str(raised.value.hint)
    assert "geheim" not in "".join(traceback.format_exception(raised.value))


def test_database_is_created_once(warehouse: Warehouse, database_url: str) -> None:
    """Dagster's database is created on the same server; a second call changes nothing."""
    name = warehouse.dagster_database
    assert name == f"{conninfo_to_dict(database_url)['dbname']}_dagster"
    for _ in range(2):
        warehouse.create_database(name)
    with psycopg.connect(warehouse.address(name)) as connection:
        assert connection.info.dbname == name


def test_database_is_not_created_without_the_right_and_the_hint_names_the_statement(
    warehouse: Warehouse, database_url: str, server: Server
) -> None:
    """An administrator can run the statement of the hint."""
    with psycopg.connect(server.admin, autocommit=True) as connection:
        connection.execute("do $$ begin create role modest login; exception when duplicate_object then null; end $$")
    modest = Warehouse(re.sub(r"//\w+:@", "//modest:@", database_url), warehouse.home)
    with pytest.raises(DatabaseError) as raised:
        modest.create_database("wanted")
    assert "create database wanted" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("postgresql://u:p@h:5432/hunter?sslmode=require", "postgresql://u:p@h:5432/x_dagster?sslmode=require"),
        ("postgres://h/hunter", "postgres://h/x_dagster"),
        (f"postgresql://u:{quote('p/@?', safe='')}@h/hunter", "postgresql://u:p%2F%40%3F@h/x_dagster"),
    ],
)
def test_address_of_another_database_differs_in_its_name_only(tmp_path: Path, url: str, other: str) -> None:
    """User, password, host and parameters stay."""
    assert Warehouse(url, tmp_path).address("x_dagster") == other
