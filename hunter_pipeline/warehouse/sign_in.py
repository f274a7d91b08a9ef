"""
The row that keeps the sign-in where nodes share it, and the lock around its refresh.

What belongs here: one text in one row. What does not: what it means and how it is encrypted
(`hunter_pipeline/pipeline/sign_in.py`).
"""

from psycopg.errors import LockNotAvailable

from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse.connection import Connection, queries

SIGN_IN_LOCK = 4_276_180_391_552_008
"""An arbitrary number that only this advisory lock has."""


def take_lock(connection: Connection, seconds: float) -> bool:
    """
    Take the lock for as long as the connection lives; False where another one had it for `seconds`.

    From then on each statement of the connection commits by itself.
    """
    connection.autocommit = True
    queries().wait_at_most(connection, milliseconds=str(max(1, round(seconds * 1000))))
    try:
        queries().take_sign_in_lock(connection, key=SIGN_IN_LOCK)
    except LockNotAvailable:
        return False
    return True


def require_place(connection: Connection) -> None:
    """Raises: DatabaseError where the schema has no table for the sign-in yet."""
    if not queries().sign_in_has_a_place(connection):
        raise DatabaseError("The database has no place for the sign-in yet.", hint="Run: hunter db upgrade")


def read(connection: Connection) -> str | None:
    """The encrypted sign-in; None where there is none, or no schema yet."""
    if not queries().sign_in_has_a_place(connection):
        return None
    return queries().read_sign_in(connection)


def save(connection: Connection, sealed: str) -> None:
    """Replace whatever was there."""
    queries().save_sign_in(connection, sealed=sealed)


def delete(connection: Connection) -> bool:
    """Remove it; False where there was none."""
    return bool(queries().delete_sign_in(connection))
