"""
The file that keeps the sign-in: mode 0600 from its first byte, replaced whole, locked between processes.

What belongs here: bytes on disk. What does not: what they mean to MSAL (auth.py). msal-extensions'
`PersistedTokenCache` is not used: its lock spans one write and not the refresh around it, so that two
processes could spend the same refresh token, and its lock file costs five seconds after a kill -9.
"""

import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar, cast

from msal_extensions.persistence import FilePersistence  # pyright: ignore[reportMissingTypeStubs]

from hunter_pipeline.domain.errors import ConfigurationError, PartnerCenterAuthError, PartnerCenterNetworkError

SIGN_IN_AGAIN = "Sign in: hunter auth login."
OUR_SECTION = "HunterSignIn"
"""What MSAL does not keep: {"meta": {"signed_in_at": "1769774400", ...}}. It leaves foreign sections as they are."""

_OWNER_ONLY = 0o600
_SECONDS = re.compile(r"[0-9]{1,12}")
T = TypeVar("T")

Entry = dict[str, object]
Sections = dict[str, dict[str, Entry]]
"""MSAL's cache: {"RefreshToken": {"some-key": {"secret": "...", "client_id": "...", ...}}, "Account": ...}"""


class _AtomicPersistence(FilePersistence):
    """msal-extensions' file, written beside its place and then moved there: a reader sees the old or the new, whole."""

    def save(self, content: str) -> None:
        path = Path(self.get_location())
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".tmp")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def get_location(self) -> str:
        return str(cast("str", self._location))


class TokenFile:
    """One sign-in's file; nothing is created before something is saved."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str:
        """
        The file's text, known to be a token cache.

        Raises: PartnerCenterAuthError where there is none or it is corrupt, foreign or unreadable.
        """
        try:
            text = self._path.read_text(encoding="utf-8")
            fits = _is_cache(json.loads(text))
        except FileNotFoundError:
            text, fits = "", True
        except (OSError, ValueError, RecursionError):
            text, fits = "", False
        if not fits:
            raise PartnerCenterAuthError(
                "The file that keeps the sign-in cannot be read, or is not one of ours.", hint=SIGN_IN_AGAIN
            )
        if not text:
            raise PartnerCenterAuthError("Nobody is signed in.", hint=SIGN_IN_AGAIN)
        return text

    def sections(self) -> Sections:
        """The same, parsed. Raises as `read`."""
        return cast("Sections", json.loads(self.read()))

    def save(self, text: str) -> None:
        """
        Replace the file. Call it inside `locked()`.

        Raises: ConfigurationError where the place cannot be written.
        """
        self._on_disk(lambda: _AtomicPersistence(str(self._path)).save(text))

    def delete(self) -> bool:
        """Remove the file; False where there was none. Raises: ConfigurationError where it cannot be removed."""
        existed = self._path.exists()
        self._on_disk(lambda: self._path.unlink(missing_ok=True))
        return existed

    @contextmanager
    def locked(self, seconds: float = 60.0) -> Generator[None]:
        """
        Keep every other process and thread out; a process that dies lets go at once.

        Raises: PartnerCenterNetworkError where another one held it for `seconds`, ConfigurationError
                where the place cannot be written.
        """
        handle = self._on_disk(self._open_lock)
        try:
            until = time.monotonic() + seconds
            while not _try_lock(handle):
                if time.monotonic() > until:
                    raise PartnerCenterNetworkError(
                        "Another process has been refreshing the sign-in for too long.", hint="Run it again later."
                    )
                time.sleep(0.02)
            yield
        finally:
            os.close(handle)

    def _open_lock(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT, _OWNER_ONLY)

    def _on_disk(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except OSError as error:
            reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"The sign-in cannot be kept in {self._path}: {reason}.",
            hint="Make the place writable, or name another one in HUNTER_PARTNER_CENTER_TOKEN_CACHE.",
        )


def _try_lock(handle: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _is_cache(value: object) -> bool:
    """Whether MSAL can work with it: sections of entries, each entry an object, each credential with a secret text."""
    if not isinstance(value, dict):
        return False
    sections = cast("dict[str, object]", value)
    for name in ("AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata", OUR_SECTION):
        section = sections.get(name, {})
        if not isinstance(section, dict):
            return False
        if not all(_is_entry(name, entry) for entry in cast("dict[str, object]", section).values()):
            return False
    return any(name in sections for name in ("RefreshToken", "AccessToken", "Account")) or not sections


def _is_entry(section: str, value: object) -> bool:
    if not isinstance(value, dict):
        return False
    entry = cast("Entry", value)
    texts = {"Account": ("home_account_id", "environment"), "AppMetadata": (), OUR_SECTION: ()}.get(
        section, ("secret",)
    )
    numbers = {"AccessToken": ("expires_on",)}.get(section, ())
    return all(isinstance(entry.get(name), str) for name in texts) and all(
        _SECONDS.fullmatch(str(entry.get(name, ""))) for name in numbers
    )
