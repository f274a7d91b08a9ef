"""Describe the signed-in account and the estimated end of the sign-in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# Entra's default, counted from the last refresh. A tenant's own policy can be stricter; Entra does not tell.
REFRESH_TOKEN_LIFETIME = timedelta(days=90)
# The time before the estimated end of a sign-in from which a warning is given.
WARN_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class SignInStatus:
    """
    The status of the stored sign-in, determined without a request to Entra.

    Attributes:
        username: an e-mail address: show it to that person, never log it. None if the authority named no account.
        object_id: Entra's id of the account.
        problem: why no account counts as signed in; None if one does.
        refresh_token_expires_at: an estimate, 90 days after the last refresh.
        kept_in: where the sign-in is stored, for people; None if nothing is configured.
    """

    signed_in: bool
    username: str | None = None
    object_id: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    signed_in_at: datetime | None = None
    last_refreshed_at: datetime | None = None
    refresh_token_expires_at: datetime | None = None
    problem: str | None = None
    kept_in: str | None = None

    @property
    def account(self) -> str:
        """Return the name of the account for display: its user name, else its object id."""
        return self.username or self.object_id or "an account without a name"

    def days_left(self, now: datetime | None = None) -> int | None:
        """Return the whole days until the estimated end, negative after it; None if it is not known."""
        if self.refresh_token_expires_at is None:
            return None
        return (self.refresh_token_expires_at - (now or datetime.now(UTC))).days

    def expiry_warning(self, now: datetime | None = None) -> str | None:
        """Return a sentence if the sign-in ends within two weeks, else None."""
        days = self.days_left(now)
        if days is None or days >= WARN_BEFORE.days:
            return None
        if days < 0:
            return "The sign-in has probably expired."
        return f"The sign-in ends in about {days} day{'' if days == 1 else 's'} unless a sync refreshes it before."


def msal_datetime(seconds: object) -> datetime | None:
    """Convert MSAL's seconds since 1970, which are text; return None if they are none."""
    try:
        return datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return None
