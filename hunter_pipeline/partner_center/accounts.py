"""
Who is signed in, and until when.

What belongs here: what the commands show of a sign-in. What does not: how it came about (auth.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

REFRESH_TOKEN_LIFE = timedelta(days=90)
"""Entra's default: 90 days from the last refresh. A tenant's own policy can be stricter; Entra does not tell."""

WARN_BEFORE = timedelta(days=14)
"""How long before its estimated end a sign-in is warned of."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who signed in. `username` is an e-mail address: show it to that person, never log it."""

    username: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class SignInStatus:
    """
    What the stored sign-in says, without asking Entra.

    problem:                  why nobody counts as signed in; None where somebody is.
    refresh_token_expires_at: an estimate, 90 days after the last refresh.
    kept_in:                  where the sign-in lives, for a person to read; None where nothing is configured.
    """

    signed_in: bool
    username: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    signed_in_at: datetime | None = None
    last_refreshed_at: datetime | None = None
    refresh_token_expires_at: datetime | None = None
    problem: str | None = None
    kept_in: str | None = None

    def days_left(self, now: datetime | None = None) -> int | None:
        """Whole days until the estimated end, negative after it; None where it is not known."""
        if self.refresh_token_expires_at is None:
            return None
        return (self.refresh_token_expires_at - (now or datetime.now(UTC))).days

    def ends_soon(self, now: datetime | None = None) -> str | None:
        """A sentence for whoever has to sign in again before long; None where all is well or nothing is known."""
        days = self.days_left(now)
        if days is None or days >= WARN_BEFORE.days:
            return None
        if days < 0:
            return "The sign-in has probably expired."
        return f"The sign-in ends in about {days} day{'' if days == 1 else 's'} unless a sync refreshes it before."


def instant(seconds: object) -> datetime | None:
    """A moment from MSAL's seconds since 1970, which are text; None where they are none."""
    try:
        return datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return None
