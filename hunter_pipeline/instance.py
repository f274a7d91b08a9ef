"""
Dagster's instance of this HUNTER_HOME: its folder, its database, its environment.

What belongs here: what every process of Dagster needs before it starts. What does not: starting the
processes (`services.py`).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import DagsterInstance
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import DBAPIError

from hunter_pipeline.domain.errors import ConfigurationError, DatabaseError
from hunter_pipeline.project_files import project_file
from hunter_pipeline.settings import Settings
from hunter_pipeline.warehouse import migrate
from hunter_pipeline.warehouse.connection import Warehouse, database_errors

STORAGE_VARIABLE = "DAGSTER_PG_URL"


def prepare(settings: Settings) -> None:
    """
    Upgrade the schema, see to Dagster's folder and database, and set its variables for this process and its children.

    Safe when two processes do it at once. Raises: ConfigurationError, DatabaseError.
    """
    warehouse = Warehouse.from_settings(settings)
    migrate.upgrade(warehouse)
    _install(project_file("dagster.yaml"), settings.folder("dagster") / "dagster.yaml")
    if not os.environ.get(STORAGE_VARIABLE):
        warehouse.create_database(warehouse.dagster_database)
    os.environ |= {
        "DAGSTER_HOME": str(settings.dagster_home),
        STORAGE_VARIABLE: storage_url(warehouse),
        "HUNTER_HOME": str(settings.home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    _create_tables(warehouse)


def storage_url(warehouse: Warehouse) -> str:
    """
    SQLAlchemy's address of Dagster's database, with its driver named.

    A bare postgresql:// would take psycopg 3, with which dagster-postgres fails.
    """
    address = os.environ.get(STORAGE_VARIABLE) or warehouse.address(warehouse.dagster_database)
    return "postgresql+psycopg2://" + address.split("://", 1)[1]


@contextmanager
def open_instance() -> Iterator[DagsterInstance]:
    """
    The instance that `prepare` has prepared.

    Raises: DatabaseError where its storage is out of reach or, within the block, refuses a statement.
    """
    try:
        found = DagsterInstance.get()
    except Exception as error:  # Dagster wraps whatever its storage raises in errors of many kinds
        raise DatabaseError(
            f"Dagster's storage is out of reach ({type(error).__name__}).",
            hint=f"Look at {STORAGE_VARIABLE} or HUNTER_DATABASE_URL; `hunter doctor` asks again.",
        ) from error
    try:
        with found as instance:
            yield instance
    except (DBAPIError, DagsterPostgresException) as error:  # quotes the statement and its values
        kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
        raise DatabaseError(
            f"Dagster's storage refused a statement ({kind}).",
            hint="Look at the database server: does it run, has it disk space? Then run it again.",
        ) from None


def upgrade_storage(settings: Settings) -> None:
    """Bring Dagster's tables to what the installed Dagster expects, after `prepare`. Raises: DatabaseError."""
    with _alone(Warehouse.from_settings(settings)), open_instance() as found:
        found.upgrade()


def _create_tables(warehouse: Warehouse) -> None:
    """Dagster creates its tables at the first opening."""
    with _alone(warehouse), open_instance() as found:
        found.get_runs_count()


@contextmanager
def _alone(warehouse: Warehouse) -> Iterator[None]:
    """Two processes that make or change tables at once trip over each other: one after the other."""
    with database_errors(), warehouse.connection() as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (migrate.LOCK_KEY,))
        yield


def _install(source: Path, target: Path) -> None:
    """Copy a file whole or not at all; leave it where it is the same."""
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    half = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, half)
        half.replace(target)
    except OSError as error:
        raise ConfigurationError(
            f"{target} cannot be written ({error.strerror}).", hint="Free some space, or change its owner."
        ) from error
