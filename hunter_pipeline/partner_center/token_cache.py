"""
What a stored sign-in is, wherever it is stored: MSAL's cache as text, and what a store of it can do.

What belongs here: the shape. What does not: bytes on disk (token_file.py), rows (the warehouse's), and
what MSAL makes of them (auth.py).
"""

import json
import re
from contextlib import AbstractContextManager
from typing import Protocol, cast

from hunter_pipeline.errors import PartnerCenterAuthError

SIGN_IN_AGAIN = "Sign in: hunter auth login."
OUR_SECTION = "HunterSignIn"
"""What MSAL does not keep: {"meta": {"signed_in_at": "1769774400", ...}}. It leaves foreign sections as they are."""

_SECONDS = re.compile(r"[0-9]{1,12}")

Entry = dict[str, object]
Sections = dict[str, dict[str, Entry]]
"""MSAL's cache: {"RefreshToken": {"some-key": {"secret": "...", "client_id": "...", ...}}, "Account": ...}"""


class LockedStore(Protocol):
    """A store while nobody else can write to it: what is read here is the newest, and stays so until it is saved."""

    def read(self) -> str | None:
        """The stored text; None where nothing is stored. Raises: PartnerCenterAuthError where it is unreadable."""
        ...

    def save(self, text: str) -> None:
        """Replace whatever is stored, at once and whole."""
        ...

    def delete(self) -> bool:
        """Forget it; False where nothing was stored."""
        ...


class TokenStore(Protocol):
    """One sign-in's place: a file, or a row of the database. Nothing is opened before it is asked."""

    @property
    def place(self) -> str:
        """Where it lives, for a person to read, e.g. 'the database, encrypted'."""
        ...

    def read(self) -> str | None:
        """The stored text; None where nothing is stored. Raises: PartnerCenterAuthError where it is unreadable."""
        ...

    def locked(self, seconds: float = 60.0) -> AbstractContextManager[LockedStore]:
        """
        Keep every other process out, on this machine and, for a database, on any other; who dies lets go at once.

        Raises: PartnerCenterNetworkError where another one held it for `seconds`, else the place's own errors.
        """
        ...


def unreadable() -> PartnerCenterAuthError:
    """What is said of a stored sign-in that is corrupt or foreign."""
    return PartnerCenterAuthError("The stored sign-in cannot be read, or is not one of ours.", hint=SIGN_IN_AGAIN)


def sections_of(text: str | None) -> Sections:
    """
    A stored text, parsed and known to be a token cache.

    Raises: PartnerCenterAuthError where there is none or it is corrupt or foreign.
    """
    if text is None:
        raise PartnerCenterAuthError("Nobody is signed in.", hint=SIGN_IN_AGAIN)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not _is_cache(value):
        raise unreadable()
    return cast("Sections", value)


def with_one_token(text: str, token: object) -> str:
    """The cache without older access tokens: a refresh that names its scopes otherwise would leave a refused one."""
    sections = cast("Sections", json.loads(text))
    if token:
        tokens = sections.get("AccessToken", {})
        sections["AccessToken"] = {key: entry for key, entry in tokens.items() if entry.get("secret") == token}
    return json.dumps(sections, indent=4)


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
