"""
The file that keeps the sign-in: mode 0600 from its first byte, replaced whole, locked between processes.

What belongs here: bytes on disk. What does not: what they mean to MSAL (auth.py). msal-extensions'
`PersistedTokenCache` is not used: its lock spans one write and not the refresh around it, so that two
processes could spend the same refresh token, and its lock file costs five seconds after a kill -9.
"""

import fcntl
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TypeVar, cast

from msal_extensions.persistence import FilePersistence  # pyright: ignore[reportMissingTypeStubs]

from hunter_pipeline.domain.errors import ConfigurationError, PartnerCenterNetworkError
from hunter_pipeline.partner_center.token_cache import unreadable

_OWNER_ONLY = 0o600
T = TypeVar("T")


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

    @property
    def place(self) -> str:
        """Where it lives, for a person to read."""
        return f"the file {self._path}"

    def read(self) -> str | None:
        """The file's text; None where there is no file. Raises: PartnerCenterAuthError where it cannot be read."""
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            pass
        raise unreadable()

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
    def locked(self, seconds: float = 60.0) -> Generator[Self]:
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
            yield self
        finally:
            os.close(handle)

    def _open_lock(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT, _OWNER_ONLY)

    def _on_disk(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except OSError as error:
            reason = error.strerror or "it cannot be read or written"
        raise ConfigurationError(
            f"The sign-in cannot be kept in {self._path}: {reason}.",
            hint="Make the place writable, or name another one in HUNTER_PARTNER_CENTER_TOKEN_CACHE.",
        )


def _try_lock(handle: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
