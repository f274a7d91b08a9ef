"""Connect to the database, run the statements of `sql/queries`, and convert PostgreSQL's errors."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import aiosql
import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row
from psycopg.types.array import ListBinaryDumper

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse import embedded

Connection = psycopg.Connection[DictRow]

# Lists go to PostgreSQL in binary form: psycopg's text form escapes every element with a regular expression.
psycopg.adapters.register_dumper(list, ListBinaryDumper)

_PARAMETERS: dict[str, Any] = {
    "application_name": "hunter_pipeline",
    "connect_timeout": 10,
    "keepalives_idle": 60,
    # a pooler may run the next transaction on another server connection, which lacks the prepared statement
    "prepare_threshold": None,
}


Row = dict[str, Any]


@cache
def _queries() -> Any:
    """Return every statement of `sql/queries` as an attribute of its name."""
    return cast(Any, aiosql).from_path(project_file("sql/queries"), "psycopg", mandatory_parameters=False)


def statement(name: str) -> LiteralString:
    """Return the text of a statement of `sql/queries`, with psycopg's named parameters."""
    return cast(LiteralString, getattr(_queries(), name).sql.rstrip().removesuffix(";"))


def fetch_all(connection: "Connection", name: str, **parameters: Any) -> list[Row]:
    """Run a statement of `sql/queries` and return its rows."""
    return connection.execute(statement(name), parameters or None).fetchall()


def fetch_one(connection: "Connection", name: str, **parameters: Any) -> Row | None:
    """Run a statement of `sql/queries` and return its only row, or None."""
    return connection.execute(statement(name), parameters or None).fetchone()


def fetch_row(connection: "Connection", name: str, **parameters: Any) -> Row:
    """Run a statement of `sql/queries` that always returns one row, such as an aggregate, and return it."""
    return cast(Row, fetch_one(connection, name, **parameters))


def fetch_value(connection: "Connection", name: str, **parameters: Any) -> Any:
    """Run a statement of `sql/queries` and return the first value of its only row, or None."""
    row = fetch_one(connection, name, **parameters)
    return None if row is None else next(iter(row.values()))


def execute(connection: "Connection", name: str, **parameters: Any) -> int:
    """Run a statement of `sql/queries` and return the number of affected rows."""
    return connection.execute(statement(name), parameters or None).rowcount


# PostgreSQL's code for "disk full".
_DISK_FULL = "53100"
_STOPPING = "The server is stopping or starting; the next sync tries again."
# The hints by the class of PostgreSQL's error code (its first two characters).
_HINTS = {
    "08": _STOPPING,
    "28": "The user name or password in HUNTER_DATABASE_URL is refused.",
    "3D": "The database in HUNTER_DATABASE_URL does not exist: create it first.",
    "42": "The schema does not fit this version: run hunter db upgrade, and look at the user's rights.",
    "55": "Another connection locks a table: end it (pg_stat_activity names it), then run the command again.",
    "53": "The server is out of disk space, memory or connections.",
    "57": _STOPPING,
}


@dataclass(frozen=True, slots=True)
class Warehouse:
    """
    One PostgreSQL database.

    url:  libpq's address; None for the embedded server.
    home: HUNTER_HOME, which contains the embedded server.
    """

    url: str | None
    home: Path

    @classmethod
    def from_settings(cls, settings: Settings) -> "Warehouse":
        """Return the database of HUNTER_DATABASE_URL, or the embedded one if that is empty."""
        return cls(settings.database_url.get_secret_value() if settings.database_url else None, settings.home)

    def address(self, database: str | None = None) -> str:
        """
        Return libpq's address of the pipeline's database, or of another one on the same server.

        Starts the embedded server if it does not run. Raises: DatabaseError.
        """
        if self.url is not None:
            parts = urlsplit(self.url)
            return self.url if database is None else urlunsplit(parts._replace(path=f"/{quote(database, safe='')}"))
        address = embedded.address(self.home, database or embedded.DATABASE)
        if address is None:
            embedded.start(self.home)
            address = embedded.address(self.home, database or embedded.DATABASE)
        if address is None:
            raise DatabaseError("The embedded PostgreSQL stopped as soon as it had started.", hint="hunter doctor")
        return address

    @property
    def dagster_database(self) -> str:
        """Return the name of the database on the same server that holds Dagster's runs and events."""
        return "dagster" if self.url is None else f"{unquote(urlsplit(self.url).path.strip('/')) or 'postgres'}_dagster"

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """
        Open a connection that returns rows as dicts; commit at the end, roll back on an error, and close it.

        Raises: DatabaseError, for PostgreSQL's errors inside the block as well.
        """
        with database_errors(), Connection.connect(self.address(), row_factory=dict_row, **_PARAMETERS) as connection:
            yield connection

    def may_own(self, name: str) -> bool:
        """Return whether this user owns a database of the server or it does not exist. Raises: DatabaseError."""
        with self.connection() as connection:
            found = connection.execute(
                "select pg_has_role(current_user, datdba, 'member') as is_ours from pg_database where datname = %s",
                (name,),
            ).fetchone()
        return found is None or bool(found["is_ours"])

    def create_database(self, name: str) -> None:
        """
        Create a database on the same server if it does not exist.

        Raises: DatabaseError, with the statement that an administrator has to run if this user may not.
        """
        try:
            with psycopg.connect(self.address(), autocommit=True, **_PARAMETERS) as connection:
                _create(connection, name)
        except psycopg.errors.InsufficientPrivilege:
            raise DatabaseError(
                f"The database user may not create the database {name}, which holds Dagster's runs.",
                hint=f"Let an administrator run: create database {name}; or set DAGSTER_PG_URL to another one.",
            ) from None
        except psycopg.Error as error:
            raise to_database_error(error) from None


def _create(connection: psycopg.Connection[Any], name: str) -> None:
    if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
        return
    try:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return  # another process has created it in the meantime


# The key of the advisory lock of the writing steps; an arbitrary number that is used for nothing else.
WRITE_LOCK = 4_276_180_391_552_003


@contextmanager
def write_transaction(connection: Connection) -> Generator[None]:
    """Run the block in a transaction that holds the write lock; wait until no other step writes."""
    with connection.transaction():
        execute(connection, "acquire_write_lock", key=WRITE_LOCK)
        yield


@contextmanager
def database_errors() -> Generator[None]:
    """Raise PostgreSQL's errors as DatabaseError, without the original as cause: it can quote a row."""
    try:
        yield
    except psycopg.Error as error:
        raise to_database_error(error) from None


def to_database_error(error: psycopg.Error) -> DatabaseError:
    """Return a DatabaseError with PostgreSQL's error code and the names of table and constraint.

    The detail lines of the original error are left out, because they quote rows.
    """
    if isinstance(error, psycopg.DataError) and error.sqlstate is None:
        return DatabaseError("A row holds a value that cannot be read, such as a date outside the years 1 to 9999.")
    if is_disk_full(error):
        return disk_full_error()
    if error.sqlstate is None:
        return DatabaseError(f"PostgreSQL is out of reach: {connection_reason(error)}.", hint=_connection_hint(error))
    where = ", ".join(
        f"{kind} {name}"
        for kind, name in (("table", error.diag.table_name), ("constraint", error.diag.constraint_name))
        if name
    )
    return DatabaseError(
        f"PostgreSQL refused a statement: {_condition(error)} ({error.sqlstate}{', ' + where if where else ''}).",
        hint=_hint(error),
    )


def is_disk_full(error: Exception) -> bool:
    """Return whether an error of psycopg, psycopg2 or SQLAlchemy says that the server has no disk space."""
    return getattr(error, "sqlstate", None) == _DISK_FULL or "No space left on device" in str(error)


def disk_full_error() -> DatabaseError:
    """Return the error for a full disk of the database server."""
    return DatabaseError(
        f"The disk of the database server is full ({_DISK_FULL}).",
        hint="Free disk space, then run it again: nothing is lost, the next sync continues.",
    )


def connection_reason(error: Exception) -> str:
    """Return libpq's message about a connection that failed or broke, in one line and without the password."""
    if isinstance(error, psycopg.ProgrammingError):  # quotes the part of the address that it cannot parse
        return "the address in HUNTER_DATABASE_URL cannot be parsed"
    lines = [line.strip("- ") for line in str(error).splitlines() if line.strip() and not line.startswith("\t")]
    reason = "; ".join(line.removeprefix("connection failed: ") for line in lines)
    return re.sub(r"\[Errno -?\d+\] ", "", reason)[:400].rstrip(".: ") or "the connection broke"


def _condition(error: psycopg.Error) -> str:
    """Return PostgreSQL's name of the error, e.g. 'undefined table': psycopg names its classes after it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()


def _connection_hint(error: psycopg.Error) -> str:
    """Return a hint for a failed connection from the server's English message: such an error has no code."""
    message = str(error)
    if "authentication failed" in message or ('role "' in message and "does not exist" in message):
        return _HINTS["28"]
    if 'database "' in message and "does not exist" in message:
        return _HINTS["3D"]
    return "Check HUNTER_DATABASE_URL and the server, then run `hunter doctor`."


def _hint(error: psycopg.Error) -> str:
    return _HINTS.get((error.sqlstate or "")[:2], "See the server's log for details.")
