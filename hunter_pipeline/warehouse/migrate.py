"""
The schema's history: Alembic over `sql/migrations`, then the views of `sql/views`.

Any number of processes may upgrade at once: the first one works, the others wait for it and find
nothing left to do.
"""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, LiteralString, cast

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection as AlchemyConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hunter_pipeline.domain.errors import DatabaseError
from hunter_pipeline.project_files import project_file
from hunter_pipeline.warehouse.connection import Warehouse, database_errors, worded

LOCK_KEY = 4_276_180_391_552_001
"""An arbitrary number that only this module's advisory lock has."""


def upgrade(warehouse: Warehouse) -> str:
    """
    Bring the schema and the views up to date; returns the revision, e.g. '0001'.

    Raises: DatabaseError, also where the database is newer than this version of the program.
    """
    with _alchemy(warehouse) as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError:
            raise DatabaseError(
                f"The database is at revision {_revision(connection)}, which this version does not know.",
                hint="A newer version has upgraded it: install that one, or restore the backup from before.",
            ) from None
        _replace_changed_views(connection)
        return str(_revision(connection))


def status(warehouse: Warehouse) -> tuple[str | None, str]:
    """
    The revision of the database (None where it is empty) and the newest one of this version.

    Raises: DatabaseError.
    """
    with _alchemy(warehouse) as connection:
        return _revision(connection), str(ScriptDirectory.from_config(_config()).get_current_head())


@contextmanager
def _alchemy(warehouse: Warehouse) -> Generator[AlchemyConnection]:
    address = warehouse.address()
    engine = create_engine(
        "postgresql+psycopg://",
        poolclass=NullPool,
        creator=lambda: psycopg.connect(address, connect_timeout=10, application_name="hunter_pipeline upgrade"),
    )
    try:
        with database_errors(), engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise worded(cast(psycopg.Error, error.orig)) from None


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(project_file("sql/migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: AlchemyConnection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


_GRANTS = """
select format('grant %s on %I to %s', privilege_type, relname, coalesce(quote_ident(rolname), 'public'))
from pg_class
cross join lateral aclexplode(relacl) as acl
left join pg_roles on acl.grantee = pg_roles.oid
where pg_class.oid = to_regclass(:name) and acl.grantee <> relowner
"""
"""What was granted on a view, as statements that grant it again."""
_READER = """
do $$ begin
    if exists (select from pg_roles where rolname = 'hunter_reader') then
        grant select on leads_ready to hunter_reader;
    end if;
end $$
"""
"""sql/roles.sql may have been run before there was a view to grant."""


def _replace_changed_views(connection: AlchemyConnection) -> None:
    """A view is dropped and made again only where its text has changed; what was granted on it is granted again."""
    for path in sorted(project_file("sql/views").glob("*.sql")):
        name, definition = path.stem, path.read_text(encoding="utf-8")
        mark = f"sql/views/{path.name} {hashlib.sha256(definition.encode()).hexdigest()}"
        made_from = connection.execute(text("select obj_description(to_regclass(:name), 'pg_class')"), {"name": name})
        if made_from.scalar() != mark:
            grants = connection.execute(text(_GRANTS), {"name": name}).scalars().all()
            _run(connection, f"drop view if exists {name}; {definition}")
            _run(connection, f"comment on view {name} is '{mark}'")
            for grant in (*grants, *([_READER] if name == "leads_ready" else [])):
                _run(connection, grant)


def _run(connection: AlchemyConnection, statement: str) -> None:
    """Runs a file of ours as it stands: neither `:name` nor `%` in it is a parameter."""
    cursor = cast("psycopg.Connection[Any]", connection.connection.driver_connection).cursor()
    cursor.execute(cast(LiteralString, statement))
    cursor.close()
