"""Prepare and open the Dagster instance of a HUNTER_HOME: its folder, database and environment variables."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import DagsterError, DagsterInstance
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError, DatabaseError
from hunter_pipeline.warehouse import schema
from hunter_pipeline.warehouse.connection import (
    Warehouse,
    connection_reason,
    database_errors,
    disk_full_error,
    is_disk_full,
)

STORAGE_VARIABLE = "DAGSTER_PG_URL"
# The key of the advisory lock; an arbitrary number that is used for nothing else.
STORAGE_LOCK = 4_276_180_391_552_010
# What opening an instance raises: a wrong configuration, an address that cannot be parsed, a server out of reach.
_OPEN_ERRORS = (DagsterError, DagsterPostgresException, SQLAlchemyError, ValueError)
# Appended to the project's dagster.yaml, which names no storage so that `dagster dev` needs no variable.
STORAGE = f"""
storage:
  postgres:
    postgres_url:
      env: {STORAGE_VARIABLE}
"""


def prepare(settings: Settings) -> None:
    """
    Upgrade the schema, create Dagster's folder and database, and set its variables for this process and its children.

    Two processes may call it at once. Raises: ConfigurationError, DatabaseError.
    """
    warehouse = Warehouse.from_settings(settings)
    schema.ensure_current(warehouse)
    _install(settings.folder("dagster") / "dagster.yaml")
    if not os.environ.get(STORAGE_VARIABLE):
        warehouse.create_database(warehouse.dagster_database)
    os.environ |= {
        "DAGSTER_HOME": str(settings.dagster_home),
        STORAGE_VARIABLE: storage_url(warehouse),
        "HUNTER_HOME": str(settings.home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    # Dagster creates its tables when the instance is used first
    with _storage_lock(warehouse), open_instance() as instance:
        instance.get_runs_count()


def storage_url(warehouse: Warehouse) -> str:
    """
    Return the SQLAlchemy URL of Dagster's database.

    It names the driver: SQLAlchemy's default is psycopg 3, which dagster-postgres does not support.
    """
    address = os.environ.get(STORAGE_VARIABLE) or warehouse.address(warehouse.dagster_database)
    return "postgresql+psycopg2://" + address.split("://", 1)[1]


@contextmanager
def open_instance() -> Iterator[DagsterInstance]:
    """
    Open the instance that `prepare` has set up.

    Raises: DatabaseError if its storage is unreachable or, inside the block, rejects a statement.
    """
    try:
        opened = DagsterInstance.get()
    except _OPEN_ERRORS as error:
        raise DatabaseError(
            f"Dagster's storage is unreachable: {connection_reason(error)}.",
            hint=f"Check {STORAGE_VARIABLE} or HUNTER_DATABASE_URL, then run: hunter doctor",
        ) from error
    try:
        with opened as instance:
            yield instance
    except (DBAPIError, DagsterPostgresException) as error:
        if is_disk_full(error):
            raise disk_full_error() from None
        # the messages of these errors quote the statement with its values
        raise DatabaseError(
            "Dagster's storage rejected a statement or closed the connection.",
            hint="Check that the database server runs and has disk space, then run the command again.",
        ) from None


def upgrade_storage(settings: Settings) -> None:
    """
    Upgrade Dagster's tables to the installed version of Dagster.

    Does nothing if Dagster's database belongs to another role, whose processes upgrade it.
    Raises: ConfigurationError, DatabaseError.
    """
    warehouse = Warehouse.from_settings(settings)
    if not os.environ.get(STORAGE_VARIABLE) and not warehouse.may_own(warehouse.dagster_database):
        return
    prepare(settings)
    with _storage_lock(warehouse), open_instance() as instance:
        instance.upgrade()


@contextmanager
def _storage_lock(warehouse: Warehouse) -> Iterator[None]:
    """Lock the creation and upgrade of Dagster's tables, because two processes at once fail."""
    with database_errors(), warehouse.connection() as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (STORAGE_LOCK,))
        yield


def _install(target: Path) -> None:
    """Write Dagster's configuration atomically, if it has changed."""
    text = project_file("dagster.yaml").read_text(encoding="utf-8") + STORAGE
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        raise ConfigurationError(
            f"{target} cannot be written ({error.strerror}).", hint="Free disk space, or change the owner of the file."
        ) from error
