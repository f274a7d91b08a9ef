"""
Define the exceptions: one class per reaction, with its exit code and whether a retry can help.

    HunterError
    ├── ConfigurationError                 change a setting                        exit 2
    ├── UpdateRefused                      give another answer                     exit 2
    ├── PartnerCenterError                 the upstream API
    │   ├── PartnerCenterAuthError         sign in, or get the role                exit 3
    │   ├── PartnerCenterRateLimitError    wait (transient)                        exit 4
    │   ├── PartnerCenterNetworkError      wait, check the network (transient)     exit 5
    │   ├── PartnerCenterServerError       wait (transient)                        exit 5
    │   ├── PartnerCenterClientError       the request is wrong                    exit 5
    │   └── PartnerCenterResponseError     the response cannot be read             exit 5
    ├── DagsterUnavailable                 start Dagster, or repair its code       exit 5
    ├── DatabaseError                      check PostgreSQL                        exit 6
    └── CheckFailed                        check the data                          exit 7

A message describes the problem in one sentence, a hint the fix in one sentence. Neither contains a
token, a secret, an e-mail address, a phone number or a person's name.
"""

from typing import ClassVar


class HunterError(Exception):
    """The base class; `message` describes the problem, `hint` the fix."""

    exit_code: ClassVar[int] = 1
    is_transient: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def summary(self) -> dict[str, str | int | None]:
        """
        Return the `error` object of a sync's summary.

        Shape: {"type": "DatabaseError", "message": "...", "status_code": None, "request_id": None}
        """
        return {"type": type(self).__name__, "message": self.message, "status_code": None, "request_id": None}


class ConfigurationError(HunterError):
    """A setting is missing or wrong; nothing was started."""

    exit_code = 2


class UpdateRefused(HunterError):  # noqa: N818 - describes a decision rather than a fault
    """An answer to a referral cannot be given, canceled or sent again; nothing was stored. `code` is the reason."""

    exit_code = 2

    def __init__(self, code: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class PartnerCenterError(HunterError):
    """
    A request to Partner Center or Entra failed.

    status_code: the HTTP status; None if there was no response.
    request_id:  the `Request-ID` header of the response, for Microsoft's support.
    attempt:     how many attempts were made.
    retry_after: the seconds of the last `Retry-After` header, if there was one.
    code:        the error code in the response body, if there was one.
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
        """Return the `error` object of a sync's summary, with the status and the request id."""
        return {**super().summary(), "status_code": self.status_code, "request_id": self.request_id}


class PartnerCenterAuthError(PartnerCenterError):
    """No account is signed in, or the account may not read referrals (401, 403, MFA)."""

    exit_code = 3


class PartnerCenterRateLimitError(PartnerCenterError):
    """Partner Center throttled every attempt (429, 509)."""

    exit_code = 4
    is_transient = True


class PartnerCenterNetworkError(PartnerCenterError):
    """The connection was refused, reset, timed out or cut off at every attempt."""

    is_transient = True


class PartnerCenterServerError(PartnerCenterError):
    """Partner Center responded with 5xx at every attempt."""

    is_transient = True


class PartnerCenterClientError(PartnerCenterError):
    """Partner Center rejected the request (4xx other than 401, 403, 429)."""


class PartnerCenterResponseError(PartnerCenterError):
    """The response is not what the API documents: not JSON, no `value` list, a bad `nextLink`."""


class DagsterUnavailable(HunterError):  # noqa: N818 - describes a state rather than a fault
    """No run can be launched: Dagster is unreachable, still starting, or cannot load the code location."""

    exit_code = 5
    is_transient = True


class DatabaseError(HunterError):
    """PostgreSQL is unreachable or rejected a statement."""

    exit_code = 6


class CheckFailed(HunterError):  # noqa: N818 - the contract fixes the name
    """A blocking asset check failed: the stored data is wrong."""

    exit_code = 7
