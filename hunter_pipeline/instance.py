"""
Dagster's instance of this HUNTER_HOME: its folder, its database, its environment.

What belongs here: what every process of Dagster needs before it starts. What does not: starting the
processes (`services.py`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import DagsterInstance
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import DBAPIError

from hunter_pipeline.domain.errors import ConfigurationError, DatabaseError
from hunter_pipeline.project_files import project_file
from hunter_pipeline.settings import Settings
from hunter_pipeline.warehouse import schema
from hunter_pipeline.warehouse.connection import Warehouse, connection_reason, database_errors

STORAGE_VARIABLE = "DAGSTER_PG_URL"
# An arbitrary number that only this advisory lock has.
STORAGE_LOCK = 4_276_180_391_552_010
# Behind the project's dagster.yaml, which names no storage so that `dagster dev` works without any variable.
STORAGE = f"""
storage:
  postgres:
    postgres_url:
      env: {STORAGE_VARIABLE}
"""


def prepare(settings: Settings) -> None:
    """
    Upgrade the schema, see to Dagster's folder and database, and set its variables for this process and its children.

    Safe when two processes do it at once. Raises: ConfigurationError, DatabaseError.
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
            f"Dagster's storage is out of reach: {connection_reason(error)}.",
            hint=f"Look at {STORAGE_VARIABLE} or HUNTER_DATABASE_URL; `hunter doctor` asks again.",
        ) from error
    try:
        with found as instance:
            yield instance
    except (DBAPIError, DagsterPostgresException):  # quotes the statement and its values
        raise DatabaseError(
            "Dagster's storage refused a statement or broke the connection.",
            hint="Look at the database server: does it run, has it disk space? Then run it again.",
        ) from None


def upgrade_storage(settings: Settings) -> None:
    """
    Bring Dagster's tables to what the installed Dagster expects.

    Left alone where Dagster's database on the pipeline's server is somebody else's: that one's own processes see to it.
    Raises: ConfigurationError, DatabaseError.
    """
    warehouse = Warehouse.from_settings(settings)
    if not os.environ.get(STORAGE_VARIABLE) and not warehouse.may_own(warehouse.dagster_database):
        return
    prepare(settings)
    with _alone(warehouse), open_instance() as found:
        found.upgrade()


def _create_tables(warehouse: Warehouse) -> None:
    """Dagster creates its tables at the first opening."""
    with _alone(warehouse), open_instance() as found:
        found.get_runs_count()


@contextmanager
def _alone(warehouse: Warehouse) -> Iterator[None]:
    """Two processes that make or change tables at once trip over each other: one after the other."""
    with database_errors(), warehouse.connection() as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (STORAGE_LOCK,))
        yield


def _install(target: Path) -> None:
    """Write Dagster's configuration whole or not at all; leave it where it is the same."""
    text = project_file("dagster.yaml").read_text(encoding="utf-8") + STORAGE
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return
    half = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(target)
    except OSError as error:
        raise ConfigurationError(
            f"{target} cannot be written ({error.strerror}).", hint="Free some space, or change its owner."
        ) from error
