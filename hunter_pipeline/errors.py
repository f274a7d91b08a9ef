"""
Every error that a user can meet, one class per reaction.

    HunterError
    ├── ConfigurationError                 mend a setting                       exit 2
    ├── PartnerCenterError                 the far side
    │   ├── PartnerCenterAuthError         sign in, or get the role             exit 3
    │   ├── PartnerCenterRateLimitError    wait (transient)                     exit 4
    │   ├── PartnerCenterNetworkError      wait, look at the network (transient) exit 5
    │   ├── PartnerCenterServerError       wait (transient)                     exit 5
    │   ├── PartnerCenterClientError       we asked wrongly                     exit 5
    │   └── PartnerCenterResponseError     we cannot read the answer            exit 5
    ├── DagsterUnavailable                 start Dagster, or mend its code      exit 5
    ├── DatabaseError                      look at PostgreSQL                   exit 6
    └── CheckFailed                        look at the data                     exit 7

A message is one sentence about what is wrong, a hint one sentence about how to mend it. Neither
ever holds a token, a secret, an e-mail address, a phone number or a person's name.
"""

from typing import ClassVar


class HunterError(Exception):
    """The root; `str(error)` is the sentence, `hint` says how to mend it."""

    exit_code: ClassVar[int] = 1
    transient: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def summary(self) -> dict[str, str | int | None]:
        """
        The `error` object of a sync's summary.

        Shape: {"type": "DatabaseError", "message": "...", "status_code": None, "request_id": None}
        """
        return {"type": type(self).__name__, "message": self.message, "status_code": None, "request_id": None}


class ConfigurationError(HunterError):
    """A setting is missing or wrong; nothing was started."""

    exit_code = 2


class PartnerCenterError(HunterError):
    """
    Partner Center or Entra did not give what was asked for.

    status_code: the HTTP status, None where no answer came.
    request_id:  Microsoft's `Request-ID` of the failing answer, for their support.
    attempt:     how many tries were made.
    retry_after: seconds that the last answer asked us to wait, where it did.
    """

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status_code: int | None = None,
        request_id: str | None = None,
        attempt: int | None = None,
        retry_after: float | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status_code = status_code
        self.request_id = request_id
        self.attempt = attempt
        self.retry_after = retry_after
        self.code = code

    def summary(self) -> dict[str, str | int | None]:
        """As of any error, with the status and Microsoft's id of the request."""
        return {**super().summary(), "status_code": self.status_code, "request_id": self.request_id}


class PartnerCenterAuthError(PartnerCenterError):
    """Nobody is signed in, or who is signed in may not read referrals (401, 403, MFA)."""

    exit_code = 3


class PartnerCenterRateLimitError(PartnerCenterError):
    """Throttled (429, 509) for longer than the retries last."""

    exit_code = 4
    transient = True


class PartnerCenterNetworkError(PartnerCenterError):
    """Refused, reset, timed out or cut off, at every try."""

    transient = True


class PartnerCenterServerError(PartnerCenterError):
    """Partner Center answered 5xx at every try."""

    transient = True


class PartnerCenterClientError(PartnerCenterError):
    """Partner Center refused the request itself (4xx other than 401, 403, 429)."""


class PartnerCenterResponseError(PartnerCenterError):
    """The answer is not what the API documents: not JSON, no `value` list, a bad `nextLink`."""


class DagsterUnavailable(HunterError):  # noqa: N818 - it is a state rather than a fault
    """No run can be started: Dagster is out of reach, still starting, or cannot load our code."""

    exit_code = 5
    transient = True


class DatabaseError(HunterError):
    """PostgreSQL is out of reach or refused a statement."""

    exit_code = 6


class CheckFailed(HunterError):  # noqa: N818 - the contract's name
    """A blocking asset check failed: the stored data is not what it must be."""

    exit_code = 7
