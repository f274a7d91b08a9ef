"""Store the sign-in, MSAL's token cache as text, in a file or in any other `TokenStore`."""

import fcntl
import json
import os
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Protocol, Self, cast

from pydantic import BaseModel, Field

from hunter_pipeline.errors import ConfigurationError, PartnerCenterAuthError, PartnerCenterNetworkError

SIGN_IN_HINT = "Sign in: hunter auth login."
# What we add to MSAL's cache, which keeps sections that it does not know: {"meta": {"signed_in_at": "1769774400", ...}}
METADATA = "HunterSignIn"
# Seconds that one process waits for the lock of another.
LOCK_TIMEOUT = 60.0

_OWNER_ONLY = 0o600
_LOCK_POLL = 0.02

Entry = dict[str, object]
# MSAL's cache: {"RefreshToken": {"some-key": {"secret": "...", "client_id": "...", ...}}, "Account": {...}, ...}
TokenCache = dict[str, dict[str, Entry]]


class LockedTokenStore(Protocol):
    """A token store while no other process can write to it."""

    def read(self) -> str | None:
        """Return the stored text, or None. Raises: PartnerCenterAuthError if it is unreadable."""
        ...

    def save(self, text: str) -> None:
        """Replace the stored text, atomically and durably."""
        ...

    def delete(self) -> bool:
        """Delete the stored text; return whether there was one."""
        ...


class TokenStore(Protocol):
    """A place that keeps one sign-in. Nothing is opened before a method is called."""

    @property
    def location(self) -> str:
        """Return a description for people, e.g. "the database, encrypted"."""
        ...

    def read(self) -> str | None:
        """Return the stored text, or None. Raises: PartnerCenterAuthError if it is unreadable."""
        ...

    def locked(self, timeout: float = LOCK_TIMEOUT) -> AbstractContextManager[LockedTokenStore]:
        """
        Keep other processes from writing, on every machine that shares the store; a process that dies releases it.

        Raises: PartnerCenterNetworkError if another process holds the lock for `timeout` seconds.
        """
        ...


class TokenFile:
    """
    A sign-in in a file with mode 0600, replaced atomically and locked between processes.

    Not msal-extensions: its lock covers one write and not the refresh around it (docs/decisions/0005-token-file.md).
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def location(self) -> str:
        """Return a description for people."""
        return f"the file {self._path}"

    def read(self) -> str | None:
        """Return the file's text, or None if there is no file. Raises: PartnerCenterAuthError if it is unreadable."""
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            pass
        # Outside the `except` block: the chained error would hold the file's bytes.
        raise unreadable_cache()

    def save(self, text: str) -> None:
        """Replace the file; call it inside `locked()`. Raises: ConfigurationError if it cannot be written."""
        draft = self._path.with_name(self._path.name + ".tmp")
        with self._storage_errors():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            try:
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(self._path)
            finally:
                draft.unlink(missing_ok=True)

    def delete(self) -> bool:
        """Delete the file; return whether there was one. Raises: ConfigurationError if it cannot be deleted."""
        with self._storage_errors():
            existed = self._path.exists()
            self._path.unlink(missing_ok=True)
        return existed

    @contextmanager
    def locked(self, timeout: float = LOCK_TIMEOUT) -> Generator[Self]:
        """Keep other processes and threads from writing. Raises: as `TokenStore`; ConfigurationError."""
        with self._storage_errors():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        try:
            deadline = time.monotonic() + timeout
            while not _try_lock(lock):
                if time.monotonic() > deadline:
                    raise PartnerCenterNetworkError(
                        "Another process has been refreshing the sign-in for too long.", hint="Run it again later."
                    )
                time.sleep(_LOCK_POLL)
            yield self
        finally:
            os.close(lock)

    @contextmanager
    def _storage_errors(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigurationError(
                f"The sign-in cannot be kept in {self._path}: {error.strerror or 'it cannot be read or written'}.",
                hint="Make the place writable, or name another one in HUNTER_PARTNER_CENTER_TOKEN_CACHE.",
            ) from error


def _try_lock(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


class _Credential(BaseModel):
    secret: str


class _AccessToken(_Credential):
    expires_on: Annotated[str, Field(pattern="^[0-9]{1,12}$")]


class _Account(BaseModel):
    home_account_id: str
    environment: str


class _CacheShape(BaseModel):
    """The content of a token cache that MSAL and this package read."""

    AccessToken: dict[str, _AccessToken] = {}
    RefreshToken: dict[str, _Credential] = {}
    IdToken: dict[str, _Credential] = {}
    Account: dict[str, _Account] = {}
    AppMetadata: dict[str, Entry] = {}
    HunterSignIn: dict[str, Entry] = {}


def parse_cache(text: str | None) -> TokenCache:
    """Parse a stored text. Raises: PartnerCenterAuthError if there is none, or if it is corrupt or no token cache."""
    if text is None:
        raise PartnerCenterAuthError("No account is signed in.", hint=SIGN_IN_HINT)
    cache: TokenCache = {}
    is_cache = False
    with suppress(ValueError, RecursionError):  # pydantic's ValidationError is a ValueError
        cache = json.loads(text)
        sections = _CacheShape.model_validate(cache).model_fields_set
        is_cache = cache == {} or bool(sections & {"AccessToken", "RefreshToken", "Account"})
    if not is_cache:
        raise unreadable_cache()
    return cache


def unreadable_cache() -> PartnerCenterAuthError:
    """Return the error for a stored sign-in that is corrupt or foreign."""
    return PartnerCenterAuthError("The stored sign-in cannot be read, or is not one of ours.", hint=SIGN_IN_HINT)


def keep_one_access_token(text: str, token: object) -> str:
    """
    Remove the access tokens of a cache other than `token`; keep all if that is empty.

    MSAL would keep a refused one if a refresh names its scopes in another way.
    """
    cache = cast("TokenCache", json.loads(text))
    if token:
        tokens = cache.get("AccessToken", {})
        cache["AccessToken"] = {key: entry for key, entry in tokens.items() if entry.get("secret") == token}
    return json.dumps(cache, indent=4)
