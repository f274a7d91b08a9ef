"""
Where the sign-in lives: in a file or, with HUNTER_TOKEN_KEYS, encrypted in the database that all nodes share.

What belongs here: the choice, and the encryption. What does not: the file (`partner_center/token_file.py`),
the row (`warehouse/sign_in.py`), and what MSAL keeps there (`partner_center/auth.py`).
"""

from collections.abc import Generator
from contextlib import contextmanager

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError, PartnerCenterAuthError, PartnerCenterNetworkError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.retry import PATIENT, RetryPolicy
from hunter_pipeline.partner_center.token_cache import SIGN_IN_AGAIN, TokenStore
from hunter_pipeline.partner_center.token_file import TokenFile
from hunter_pipeline.warehouse import sign_in as row
from hunter_pipeline.warehouse.connection import Connection, Warehouse


def token_store(settings: Settings) -> TokenStore:
    """The sign-in's place, which nothing is asked of yet."""
    if not settings.token_keys:
        return TokenFile(settings.token_cache)
    keys = [Fernet(key.get_secret_value()) for key in settings.token_keys]
    return TokenRow(Warehouse.from_settings(settings), MultiFernet(keys))


def open_sign_in(settings: Settings, http: Http) -> SignIn:
    """The sign-in of these settings. Raises: ConfigurationError where the client id or the tenant id is empty."""
    return SignIn.from_settings(settings, http, token_store(settings))


def open_client(settings: Settings, policy: RetryPolicy = PATIENT) -> PartnerCenterClient:
    """A client that is signed in so, to be closed. Raises as `open_sign_in`."""
    return PartnerCenterClient.from_settings(settings, token_store(settings), policy=policy)


def rotate(settings: Settings) -> None:
    """
    Encrypt the stored sign-in with the first of HUNTER_TOKEN_KEYS, so that the others can go.

    Raises: ConfigurationError where it lives in a file, PartnerCenterAuthError where nobody is signed in or
            no key fits, DatabaseError.
    """
    if not settings.token_keys:
        raise ConfigurationError(
            "HUNTER_TOKEN_KEYS is empty: the sign-in lives in a file, which has no key.",
            hint="Set it to a Fernet key and sign in again, and the sign-in lives in the database.",
        )
    with Http() as http:
        open_sign_in(settings, http).save_again()


class TokenRow:
    """One sign-in's row; a connection is opened for each question, and one for as long as the lock is held."""

    place = "the database, encrypted"

    def __init__(self, warehouse: Warehouse, keys: MultiFernet) -> None:
        self._warehouse = warehouse
        self._keys = keys

    def read(self) -> str | None:
        """The sign-in, decrypted; None where there is none. Raises: PartnerCenterAuthError, DatabaseError."""
        with self._warehouse.connection() as connection:
            return _LockedRow(connection, self._keys).read()

    @contextmanager
    def locked(self, seconds: float = 60.0) -> Generator["_LockedRow"]:
        """
        Keep every other node out; one that dies or loses its connection lets go.

        Raises: PartnerCenterNetworkError where another one held it for `seconds`, DatabaseError.
        """
        with self._warehouse.connection() as connection:
            row.require_place(connection)
            connection.commit()
            if not row.take_lock(connection, seconds):
                raise PartnerCenterNetworkError(
                    "Another node has been refreshing the sign-in for too long.", hint="Run it again later."
                )
            yield _LockedRow(connection, self._keys)


class _LockedRow:
    """The row on the connection that holds the lock: who loses it cannot write either."""

    def __init__(self, connection: Connection, keys: MultiFernet) -> None:
        self._connection = connection
        self._keys = keys

    def read(self) -> str | None:
        sealed = row.read(self._connection)
        if sealed is None:
            return None
        try:
            return self._keys.decrypt(sealed.encode()).decode()
        except (InvalidToken, UnicodeDecodeError):
            pass
        raise PartnerCenterAuthError(
            "No key of HUNTER_TOKEN_KEYS fits the stored sign-in, or the sign-in is damaged.",
            hint=f"Put back the key that it was saved with. {SIGN_IN_AGAIN}",
        )

    def save(self, text: str) -> None:
        row.save(self._connection, self._keys.encrypt(text.encode()).decode())

    def delete(self) -> bool:
        return row.delete(self._connection)
