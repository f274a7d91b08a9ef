"""
What the far side said, and which error of ours it becomes.

What belongs here: reading status, headers and error codes of an answer. What does not: sending
requests, waiting. Of an error body only a short identifier is ever quoted: its `message` may name
a person. Errors are raised outside `except` blocks, so that no chained text can carry a token, a
query string or a body into a log.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict, cast

from hunter_pipeline.errors import (
    PartnerCenterAuthError,
    PartnerCenterClientError,
    PartnerCenterError,
    PartnerCenterNetworkError,
    PartnerCenterRateLimitError,
    PartnerCenterServerError,
)

MFA_MISSING = "900421"
THROTTLED = (429, 509)
UNAUTHORIZED, FORBIDDEN, SERVER_ERRORS = 401, 403, 500
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:|=-]{1,128}")
_REQUEST_ID_HEADERS = ("Request-ID", "x-ms-request-id", "x-ms-requestid")
_CLAIMS_MISSING = b"insufficient_claims"


class Facts(TypedDict):
    """What every error and event says about a failure."""

    status_code: int | None
    request_id: str | None
    attempt: int
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One complete answer; `status_code`, `headers` and `text` are also what MSAL reads.

    headers:     case-insensitive.
    attempt:     which try it answers, from 1.
    retry_after: seconds that it asked us to wait, None where it named none that can be read.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    attempt: int
    retry_after: float | None = None

    @property
    def text(self) -> str:
        """The body as UTF-8; a byte that is not becomes U+FFFD."""
        return self.body.decode("utf-8-sig", errors="replace")

    @property
    def request_id(self) -> str | None:
        """Microsoft's id of this answer, None where it is absent or no identifier."""
        found = (self.headers.get(name, "") for name in _REQUEST_ID_HEADERS)
        return next((value for value in found if _REQUEST_ID.fullmatch(value)), None)

    @property
    def code(self) -> str | None:
        """
        The error body's `code`, None where it has none or one that is not a short identifier.

        Shape: {"error": {"code": "invalidRequest", ...}} or {"error": "invalid_grant"} -> the identifier.
        """
        error = json_object(self.body).get("error")
        code = cast("dict[str, object]", error).get("code") if isinstance(error, dict) else error
        return code_of(code)

    @property
    def wants_another_sign_in(self) -> bool:
        """Whether silent refresh cannot mend it: no MFA (900421), or Conditional Access."""
        said = self.body + self.headers.get("WWW-Authenticate", "").encode("ascii", "replace")
        return MFA_MISSING.encode() in said or _CLAIMS_MISSING in said

    @property
    def facts(self) -> Facts:
        """For an error or an event."""
        return Facts(
            status_code=self.status_code,
            request_id=self.request_id,
            attempt=self.attempt,
            retry_after=self.retry_after,
        )


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    No complete answer came.

    cause:     our own words, as in 'the answer was cut off'; never the exception's text.
    permanent: whether trying again is in vain.
    """

    cause: str
    attempt: int
    hint: str = "Look at the network, then run it again: what was read stays."
    permanent: bool = False
    retry_after: float | None = None

    @property
    def facts(self) -> Facts:
        """For an error or an event."""
        return Facts(status_code=None, request_id=None, attempt=self.attempt, retry_after=None)


def code_of(value: object) -> str | None:
    """An error code that may be quoted: 'invalidRequest', 900421 -> '900421'; None for anything longer or odder."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value < 10**12 else None
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def json_object(body: bytes) -> dict[str, object]:
    """A small JSON object, such as an error body; empty where it is not one. Raises nothing."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def outlasted(outcome: Answer | Trouble, where: str) -> PartnerCenterError:
    """The error for what the last try met, when there is no further try."""
    tries = "1 try" if outcome.attempt == 1 else f"{outcome.attempt} tries"
    if isinstance(outcome, Trouble):
        return PartnerCenterNetworkError(
            f"No answer to {where} after {tries}: {outcome.cause}.", hint=outcome.hint, **outcome.facts
        )
    if outcome.status_code in THROTTLED:
        return PartnerCenterRateLimitError(
            f"Still throttled ({outcome.status_code}) at {where} after {tries}.",
            hint="Wait some minutes, then run it again: what was read stays.",
            code=outcome.code,
            **outcome.facts,
        )
    return PartnerCenterServerError(
        f"The server answered {outcome.status_code} to {where} after {tries}.",
        hint="Wait some minutes, then run it again: what was read stays. Microsoft's support can use the request id.",
        code=outcome.code,
        **outcome.facts,
    )


def refused(answer: Answer, where: str) -> PartnerCenterError:
    """The error for a 4xx of Partner Center that no further try would mend."""
    if answer.status_code in (UNAUTHORIZED, FORBIDDEN):
        sentence, hint = _why_not_allowed(answer)
        return PartnerCenterAuthError(
            f"{sentence} ({answer.status_code}, {where}).", hint=hint, code=answer.code, **answer.facts
        )
    named = f" ({answer.code})" if answer.code else ""
    return PartnerCenterClientError(
        f"Partner Center refused {where} with {answer.status_code}{named}.",
        hint="Look at HUNTER_PARTNER_CENTER_API_URL and _PAGE_SIZE; Microsoft's support can use the request id.",
        code=answer.code,
        **answer.facts,
    )


def _why_not_allowed(answer: Answer) -> tuple[str, str]:
    if answer.wants_another_sign_in:
        no_mfa = MFA_MISSING.encode() in answer.body
        why = f"without multi-factor authentication ({MFA_MISSING})" if no_mfa else "that Conditional Access forbids"
        return (
            f"Partner Center does not accept a sign-in {why}",
            "Sign in again with MFA: hunter auth login (or hunter auth login --interactive).",
        )
    if answer.status_code == FORBIDDEN:
        return (
            "Whoever is signed in may not read referrals",
            "Ask for the role 'Referrals admin' in Partner Center, or sign in as who has it: hunter auth login.",
        )
    return "Partner Center does not accept the sign-in, also after a refresh", "Sign in again: hunter auth login."
