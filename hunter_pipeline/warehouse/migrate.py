"""
Upgrade the schema: Alembic over `sql/migrations`, then the views of `sql/views`.

Several processes may call `upgrade` at once: the first one works, the others wait and find the schema up to date.
An upgrade with changes waits for a running sync, because a change of a table during a sync's transaction could
deadlock, and keeps other syncs from starting.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
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

from hunter_pipeline.config.logs import log
from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse import sync_lease
from hunter_pipeline.warehouse.connection import WRITE_LOCK, Warehouse, database_errors, to_database_error
from hunter_pipeline.warehouse.schema import fingerprint

# The key of this module's advisory lock; an arbitrary number that is used for nothing else.
LOCK_KEY = 4_276_180_391_552_001
# The advisory lock of syncs before the lease; an older version of the program may still run.
OLD_SYNC_LOCK = 4_276_180_391_552_002

# The views, each after the views that it uses.
_VIEWS = ("referral_status_history", "lead_scores", "leads_ready", "lead_metrics")
# Tables with initial rows in sql/data. Users edit these tables, so that only missing rows are added.
_SHIPPED_ROWS = {
    "exchange_rates": """
        insert into exchange_rates
        select * from jsonb_populate_recordset(cast(null as exchange_rates), cast(:rows as jsonb))
        on conflict do nothing
    """,
    "lead_scoring_rules": """
        insert into lead_scoring_rules
        select * from jsonb_populate_recordset(cast(null as lead_scoring_rules), cast(:rows as jsonb))
        on conflict do nothing
    """,
}

# Seconds that an upgrade waits for a running sync.
SYNC_SECONDS = 900.0
# Seconds that an upgrade waits for a lock on a table; other users of the table wait behind it.
TABLE_SECONDS = 30.0


def _log_waiting() -> None:
    log.info("database_upgrade_waits_for_sync")


def upgrade(warehouse: Warehouse, *, waiting: Callable[[], None] = _log_waiting, patience: float = SYNC_SECONDS) -> str:
    """
    Bring the schema and the views up to date; return the revision, e.g. '0001'.

    waiting:  called once before the upgrade waits for a running sync.
    patience: seconds that it waits for a running sync.
    Raises:   DatabaseError, also if the database is newer than this version of the program, or if the sync or
              another transaction does not end in time; the database is unchanged then.
    """
    with _no_syncs(warehouse, waiting, patience), _alchemy(warehouse) as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        config = _config()
        config.attributes["connection"] = connection
        try:
            if _is_behind(connection, config) or _has_changed_views(connection):
                _wait_for_writers(connection, patience)
            command.upgrade(config, "head")
        except CommandError:
            raise DatabaseError(
                f"The database is at revision {_revision(connection)}, which this version does not know.",
                hint="A newer version has upgraded it: install that one, or restore the backup from before.",
            ) from None
        if _has_changed_views(connection):
            _replace_views(connection)
        for table, statement in _SHIPPED_ROWS.items():
            _add_missing_rows(connection, table, statement)
        _run(connection, f"comment on table alembic_version is '{fingerprint()}'")
        return str(_revision(connection))


def status(warehouse: Warehouse) -> tuple[str | None, str]:
    """
    Return the revision of the database (None if it is empty) and the newest one of this version.

    Raises: DatabaseError.
    """
    with _alchemy(warehouse) as connection:
        return _revision(connection), _newest(_config())


@contextmanager
def _alchemy(warehouse: Warehouse) -> Generator[AlchemyConnection]:
    address = warehouse.address()
    engine = create_engine(
        "postgresql+psycopg://",
        poolclass=NullPool,
        creator=lambda: psycopg.connect(
            address, connect_timeout=10, application_name="hunter_pipeline upgrade", prepare_threshold=None
        ),
    )
    try:
        with database_errors(), engine.begin() as connection:
            yield connection
    except (DBAPIError, psycopg.errors.InsufficientPrivilege) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(original, psycopg.errors.InsufficientPrivilege):
            raise DatabaseError(
                "The database's schema is not up to date, and the database user may not change it.",
                hint="Run `hunter db upgrade` once with the owner of the database in HUNTER_DATABASE_URL.",
            ) from None
        raise to_database_error(cast(psycopg.Error, original)) from None


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(project_file("sql/migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _newest(config: Config) -> str:
    return str(ScriptDirectory.from_config(config).get_current_head())


def _revision(connection: AlchemyConnection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_behind(connection: AlchemyConnection, config: Config) -> bool:
    """Return whether there are migrations to apply. Raises: CommandError for a revision that is not known."""
    found = _revision(connection)
    if found is not None:
        ScriptDirectory.from_config(config).get_revision(found)
    return found != _newest(config)


@contextmanager
def _no_syncs(warehouse: Warehouse, waiting: Callable[[], None], patience: float) -> Generator[None]:
    """Keep syncs out if there is something to upgrade and the schema has a lease already."""
    with _alchemy(warehouse) as connection:
        try:
            has_work = _is_behind(connection, _config()) or _has_changed_views(connection)
        except CommandError:  # a newer schema, which `upgrade` reports
            has_work = False
        has_lease = connection.execute(text("select to_regclass('sync_lease')")).scalar() is not None
    held = sync_lease.held(warehouse, "hunter db upgrade", seconds=patience, on_wait=waiting)
    with held if has_work and has_lease else nullcontext():
        yield


def _wait_for_writers(connection: AlchemyConnection, patience: float) -> None:
    """Hold the lock of the writing steps, and that of syncs of older versions, until the transaction ends."""
    _wait_at_most(connection, patience)
    try:
        for key in (OLD_SYNC_LOCK, WRITE_LOCK):
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise
        raise DatabaseError(
            f"The schema cannot be changed: a sync has been running for more than {patience:.0f} seconds.",
            hint="Wait until it ends or stop it, then run: hunter db upgrade.",
        ) from None
    _wait_at_most(connection, TABLE_SECONDS)


def _wait_at_most(connection: AlchemyConnection, seconds: float) -> None:
    """Set the time-out of each lock until the transaction ends."""
    connection.execute(text("select set_config('lock_timeout', :limit, true)"), {"limit": f"{seconds * 1000:.0f}ms"})


# Returns the grants on a view as statements.
_GRANTS = """
select format('grant %s on %I to %s', privilege_type, relname, coalesce(quote_ident(rolname), 'public'))
from pg_class
cross join lateral aclexplode(relacl) as acl
left join pg_roles on acl.grantee = pg_roles.oid
where pg_class.oid = to_regclass(:name) and acl.grantee <> relowner
"""
# Grants on a new view: sql/roles.sql may have been run before the view existed.
_READER = """
do $$ begin
    if exists (select from pg_roles where rolname = 'hunter_reader') then
        grant select on leads_ready to hunter_reader;
    end if;
end $$
"""


def _views() -> list[tuple[str, str, str]]:
    """Return name, mark (file name and hash) and definition of each view; a view may use those before it."""
    views: list[tuple[str, str, str]] = []
    for name in _VIEWS:
        definition = project_file(f"sql/views/{name}.sql").read_text(encoding="utf-8")
        views.append((name, f"(sql/views/{name}.sql {hashlib.sha256(definition.encode()).hexdigest()})", definition))
    return views


def _description(connection: AlchemyConnection, view: str) -> str:
    found = connection.execute(text("select obj_description(to_regclass(:name), 'pg_class')"), {"name": view})
    return found.scalar() or ""


def _has_changed_views(connection: AlchemyConnection) -> bool:
    """Return whether the definition of a view has changed; its comment ends with the mark of its definition."""
    return any(not _description(connection, name).endswith(mark) for name, mark, _ in _views())


def _replace_views(connection: AlchemyConnection) -> None:
    """Drop and create the views; restore the grants on them."""
    views = _views()
    grants = {name: connection.execute(text(_GRANTS), {"name": name}).scalars().all() for name, _, _ in views}
    for name, _, _ in reversed(views):
        _run(connection, f"drop view if exists {name}")
    for name, mark, definition in views:
        _run(connection, definition)
        description = f"{_description(connection, name)} {mark}".replace("'", "''")
        _run(connection, f"comment on view {name} is '{description}'")
        for grant in (*grants[name], *([_READER] if name == "leads_ready" else [])):
            _run(connection, grant)


def _add_missing_rows(connection: AlchemyConnection, table: str, statement: str) -> None:
    """Insert the rows of sql/data that the table lacks."""
    with project_file(f"sql/data/{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    connection.execute(text(statement), {"rows": json.dumps(rows)})


def _run(connection: AlchemyConnection, statement: str) -> None:
    """Run a statement without parameters: `:name` and `%` in it have no special meaning."""
    cursor = cast("psycopg.Connection[Any]", connection.connection.driver_connection).cursor()
    cursor.execute(cast(LiteralString, statement))
    cursor.close()
