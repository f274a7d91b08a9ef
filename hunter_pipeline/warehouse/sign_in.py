"""Store the sign-in as an encrypted row of `sign_in`, which all nodes share, and lock its refresh."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from psycopg.errors import LockNotAvailable

from hunter_pipeline.errors import DatabaseError, PartnerCenterAuthError, PartnerCenterNetworkError
from hunter_pipeline.warehouse.connection import Connection, Warehouse, execute, fetch_one, fetch_value

# The key of the advisory lock; an arbitrary number that is used for nothing else.
SIGN_IN_LOCK = 4_276_180_391_552_008


class TokenRow:
    """
    A token store in the database; the first key encrypts, each of them decrypts.

    Every call opens a connection; the lock holds one until it is released.
    """

    location = "the database, encrypted"

    def __init__(self, warehouse: Warehouse, keys: Sequence[str]) -> None:
        self._warehouse = warehouse
        self._keys = MultiFernet([Fernet(key) for key in keys])

    def read(self) -> str | None:
        """Return the decrypted sign-in, or None. Raises: PartnerCenterAuthError if no key fits, DatabaseError."""
        with self._warehouse.connection() as connection:
            return _LockedTokenRow(connection, self._keys).read()

    @contextmanager
    def locked(self, timeout: float = 60.0) -> Generator["_LockedTokenRow"]:
        """
        Keep other nodes from writing; a node that dies or loses its connection releases the lock.

        The lock belongs to the transaction, because a pooler shares sessions. Saving commits, so that a saved refresh
        token stays even if a later step fails, and releases the lock.

        Raises:
            PartnerCenterNetworkError: another node holds the lock for more than `timeout` seconds.
            DatabaseError: the database is out of reach, or has no table for the sign-in yet.
        """
        with self._warehouse.connection() as connection:
            if not fetch_value(connection, "has_sign_in_table"):
                raise DatabaseError("The database has no place for the sign-in yet.", hint="Run: hunter db upgrade")
            fetch_one(connection, "set_lock_timeout", milliseconds=str(max(1, round(timeout * 1000))))
            try:
                fetch_one(connection, "take_sign_in_lock", key=SIGN_IN_LOCK)
            except LockNotAvailable:
                raise PartnerCenterNetworkError(
                    "Another node has been refreshing the sign-in for too long.", hint="Run it again later."
                ) from None
            yield _LockedTokenRow(connection, self._keys)


class _LockedTokenRow:
    """The row on the connection that holds the lock, so that a node that loses the lock cannot write."""

    def __init__(self, connection: Connection, keys: MultiFernet) -> None:
        self._connection = connection
        self._keys = keys

    def read(self) -> str | None:
        is_there = fetch_value(self._connection, "has_sign_in_table")
        encrypted: str | None = fetch_value(self._connection, "read_sign_in") if is_there else None
        if encrypted is None:
            return None
        try:
            return self._keys.decrypt(encrypted.encode()).decode()
        except (InvalidToken, UnicodeDecodeError):
            pass
        # Outside the `except` block: the chained error would hold the decrypted bytes.
        raise PartnerCenterAuthError(
            "No key of HUNTER_TOKEN_KEYS fits the stored sign-in, or the sign-in is damaged.",
            hint="Put back the key that it was saved with. Sign in: hunter auth login.",
        )

    def save(self, text: str) -> None:
        execute(self._connection, "save_sign_in", sealed=self._keys.encrypt(text.encode()).decode())
        self._connection.commit()

    def delete(self) -> bool:
        is_deleted = bool(execute(self._connection, "delete_sign_in"))
        self._connection.commit()
        return is_deleted
