"""
Represent the outcome of a request, and convert it to an error.

Of an error body only a short identifier is ever quoted: its `message` may name a person. Errors are raised outside
`except` blocks, so that no chained exception can carry a token, a query string or a body into a log.
"""

import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import (
    HTTPError,
    IncompleteRead,
    InvalidChunkLength,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
)
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError
from urllib3.util.retry import Retry

from hunter_pipeline.errors import (
    PartnerCenterAuthError,
    PartnerCenterClientError,
    PartnerCenterError,
    PartnerCenterNetworkError,
    PartnerCenterRateLimitError,
    PartnerCenterServerError,
)

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, SERVER_ERROR = 400, 401, 403, 404, 500
THROTTLED = (429, 509)
RUN_AGAIN = "Wait some minutes, then run it again: what was read is kept."

# In a 401 or 403: signed in without multi-factor authentication, and claims that Conditional Access demands. A silent
# refresh changes neither.
_MFA_MISSING, _CLAIMS_MISSING = b"900421", b"insufficient_claims"
_SIGN_IN_WITH_MFA = "Sign in again with MFA: hunter auth login (or hunter auth login --interactive)."
_ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:|=-]{1,128}")
_REQUEST_ID_HEADERS = ("Request-ID", "x-ms-request-id", "x-ms-requestid")
_MALFORMED = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
# The first that fits is reported: urllib3 wraps one kind in another, and a NewConnectionError is also a time-out there.
_CAUSES: dict[str, tuple[type[BaseException], ...]] = {
    "the proxy did not connect": (ProxyError, requests.exceptions.ProxyError),
    "the host's name cannot be resolved": (NameResolutionError, socket.gaierror),
    "the connection was refused": (ConnectionRefusedError,),
    "the host cannot be reached": (NewConnectionError,),
    "timed out": (TimeoutError, requests.Timeout, Urllib3TimeoutError),
    "the response was cut off": (IncompleteRead, InvalidChunkLength),
}

# Keyword arguments of a PartnerCenterError and fields of a log event: status_code, request_id, attempt, retry_after.
ErrorDetails = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """
    A complete response; MSAL reads `status_code`, `headers` and `text`.

    Attributes:
        headers: case-insensitive.
        attempt: number of the try that it answers, from 1.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    attempt: int

    @property
    def text(self) -> str:
        """Return the body as UTF-8 text, with U+FFFD for invalid bytes."""
        return self.body.decode("utf-8-sig", errors="replace")

    @property
    def request_id(self) -> str | None:
        """Return Microsoft's id of the request, or None if it is missing or not an identifier."""
        values = (self.headers.get(name, "") for name in _REQUEST_ID_HEADERS)
        return next((value for value in values if _REQUEST_ID.fullmatch(value)), None)

    @property
    def code(self) -> str | None:
        """
        Return the error body's code, or None if there is none that is a short identifier.

        {"error": {"code": "invalidRequest"}} -> "invalidRequest", {"error": "invalid_grant"} -> "invalid_grant".
        """
        error = parse_object(self.body).get("error")
        return short_code(cast("dict[str, object]", error).get("code") if isinstance(error, dict) else error)

    @property
    def retry_after(self) -> float | None:
        """Return the seconds of the Retry-After header, at most six hours; None if absent, past, zero or unreadable."""
        value = self.headers.get("Retry-After")
        if value is None:
            return None
        try:
            return Retry().parse_retry_after(value) or None
        except (HTTPError, ValueError, OverflowError, TypeError, IndexError):
            return None

    @property
    def served_at(self) -> datetime | None:
        """Return the time of the response by the server's clock, None if the header is missing or unreadable."""
        try:
            return parsedate_to_datetime(self.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError, TypeError, OverflowError):
            return None

    @property
    def details(self) -> ErrorDetails:
        """Return what an error or a log event reports."""
        return {
            "status_code": self.status_code,
            "request_id": self.request_id,
            "attempt": self.attempt,
            "retry_after": self.retry_after,
        }


@dataclass(frozen=True, slots=True)
class TransportError:
    """
    The reason why no complete response was received.

    Attributes:
        cause: a fixed phrase ("timed out"), because an exception's text can hold addresses and proxy passwords.
        is_permanent: whether another try cannot succeed.
    """

    cause: str
    attempt: int
    hint: str = "Look at the network, then run it again: what was read is kept."
    is_permanent: bool = False
    retry_after: None = None

    @property
    def details(self) -> ErrorDetails:
        """Return what an error or a log event reports."""
        return {"status_code": None, "request_id": None, "attempt": self.attempt, "retry_after": None}


Outcome = ApiResponse | TransportError


def transport_error(error: BaseException, attempt: int) -> TransportError | None:
    """Classify an exception of requests, urllib3 or ssl; return None if a setting of ours is at fault."""
    if not isinstance(error, (OSError, HTTPError)) or isinstance(error, _MALFORMED):
        return None
    if type(error) is OSError and error.errno is None:  # requests raises this for a CA bundle that does not exist
        return None
    chain = list(_exception_chain(error))
    if any(isinstance(link, ssl.SSLCertVerificationError) for link in chain):
        hint = "If your network uses certificates of its own, name their bundle in REQUESTS_CA_BUNDLE."
        return TransportError("its TLS certificate is not trusted", attempt, hint, is_permanent=True)
    causes = (cause for cause, kinds in _CAUSES.items() if any(isinstance(link, kinds) for link in chain))
    return TransportError(next(causes, "the connection was dropped"), attempt)


def _exception_chain(error: object) -> Iterator[BaseException]:
    """Yield an exception and those that it wraps: as `reason`, first argument, cause or context."""
    for _ in range(12):
        if not isinstance(error, BaseException):
            return
        yield error
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__


def short_code(value: object) -> str | None:
    """Return an error code that may be quoted ("invalidRequest", 900421 -> "900421"), or None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value < 10**12 else None
    return value if isinstance(value, str) and _ERROR_CODE.fullmatch(value) else None


def parse_object(body: bytes) -> dict[str, object]:
    """Parse a small JSON object, such as an error body; return an empty one if it is anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def retries_exhausted(outcome: Outcome, label: str, url: str) -> PartnerCenterError:
    """Return the error for the outcome of the last try, with host and port; `label` names the request."""
    tries = "1 try" if outcome.attempt == 1 else f"{outcome.attempt} tries"
    if isinstance(outcome, TransportError):
        address = urlsplit(url)
        message = (
            f"{address.hostname}:{address.port or 443} gave no response for {label} after {tries}: {outcome.cause}."
        )
        return PartnerCenterNetworkError(message, hint=outcome.hint, **outcome.details)
    if outcome.status_code in THROTTLED:
        message = f"Still throttled ({outcome.status_code}) at {label} after {tries}."
        return PartnerCenterRateLimitError(message, hint=RUN_AGAIN, code=outcome.code, **outcome.details)
    return PartnerCenterServerError(
        f"The server answered {outcome.status_code} for {label} after {tries}.",
        hint=f"{RUN_AGAIN} Microsoft's support can use the request id.",
        code=outcome.code,
        **outcome.details,
    )


def request_refused(response: ApiResponse, label: str) -> PartnerCenterError:
    """Return the error for a 4xx of Partner Center that another try would not change."""
    if response.status_code in (UNAUTHORIZED, FORBIDDEN):
        reason, hint = _access_problem(response)
        message = f"{reason} ({response.status_code}, {label})."
        return PartnerCenterAuthError(message, hint=hint, code=response.code, **response.details)
    code = f" ({response.code})" if response.code else ""
    return PartnerCenterClientError(
        f"Partner Center refused {label} with {response.status_code}{code}.",
        hint="Look at HUNTER_PARTNER_CENTER_API_URL and _PAGE_SIZE; Microsoft's support can use the request id.",
        code=response.code,
        **response.details,
    )


def _access_problem(response: ApiResponse) -> tuple[str, str]:
    """Return the reason for a 401 or 403 and what to do."""
    evidence = response.body + response.headers.get("WWW-Authenticate", "").encode("ascii", "replace")
    if _MFA_MISSING in evidence:
        return f"Partner Center requires multi-factor authentication ({_MFA_MISSING.decode()})", _SIGN_IN_WITH_MFA
    if _CLAIMS_MISSING in evidence:
        return "A Conditional Access policy requires another sign-in", _SIGN_IN_WITH_MFA
    if response.status_code == FORBIDDEN:
        return (
            "The signed-in account may not read referrals",
            "Ask for the role 'Referrals admin' in Partner Center, or sign in with an account that has it: "
            "hunter auth login.",
        )
    return "Partner Center does not accept the sign-in, not even after a refresh", "Sign in again: hunter auth login."
