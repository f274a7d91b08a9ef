"""
Build the JSON Patch and the request of an update, and interpret the response.

This module contains everything about updates that Microsoft's documentation does not print, marked "inferred".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from hunter_pipeline.errors import (
    PartnerCenterAuthError,
    PartnerCenterNetworkError,
    PartnerCenterRateLimitError,
    PartnerCenterResponseError,
    PartnerCenterServerError,
)
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import RetryPolicy
from hunter_pipeline.partner_center.responses import BAD_REQUEST, UNAUTHORIZED, ApiResponse, parse_object, short_code
from hunter_pipeline.referrals.referral import Payload
from hunter_pipeline.referrals.updates import Action, Operation, value_at

# Action -> status and substatus. Printed: won. Inferred after its pattern: the others.
STATUSES: Mapping[Action, tuple[str, str]] = {
    "accept": ("Active", "Accepted"),
    "decline": ("Closed", "Declined"),
    "won": ("Closed", "Won"),
    "lost": ("Closed", "Lost"),
}
# Field -> path. Printed: dealValue and notes. Inferred from the referral's own shape: the others.
PATHS: Mapping[str, str] = {
    "name": "/name",
    "value": "/details/dealValue",
    "currency": "/details/currency",
    "close_date": "/details/closingDateTime",
    "notes": "/details/notes",
    "crm_id": "/externalReferenceId",
    "reason": "/statusReason",
}
# The fields that an accepted referral must have, taken from the referral if they are not given. Microsoft's page
# requires the name, the value and the closing date; a value means nothing without its currency.
NEEDED_TO_ACCEPT = ("name", "value", "currency", "close_date")
# The fields among these that the request always repeats (inferred).
_SENT_TO_ACCEPT = ("name", "value", "close_date")
# The status codes for a referral that has changed since it was read.
_MODIFIED_STATUSES = (409, 412)
_MODIFIED_CODES = ("preconditionFailed", "resourceModified")
# One try: an unknown outcome is followed by a read, not by the same request.
_PATCH_POLICY = RetryPolicy(tries=1, total=60.0)
_MAX_REASON = 300


class Outcome(Enum):
    """The known outcome of an update."""

    APPLIED = "applied"
    MODIFIED = "modified"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"
    REJECTED = "rejected"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class UpdateAnswer:
    """
    Partner Center's response to an update.

    reason: one sentence why it was not applied, which may quote the server.
    retry_after: the Retry-After of the response in seconds.
    """

    outcome: Outcome
    status_code: int | None = None
    reason: str | None = None
    retry_after: float | None = None


def operations_of(action: Action, fields: Mapping[str, str], payload: Payload) -> list[Operation]:
    """
    Return the JSON Patch of an action.

    Args:
        fields: the given values, by the names of PATHS. A value is decimal text, as Microsoft prints it.
        payload: the referral; `accept` takes required fields that are not given from it.
    """
    values: dict[str, object] = {}
    if action in STATUSES:
        values["/status"], values["/substatus"] = STATUSES[action]
    if action == "accept":
        values |= {PATHS[name]: _as_text(name, value_at(payload, PATHS[name])) for name in _SENT_TO_ACCEPT}
    values |= {PATHS[name]: _as_text(name, value) for name, value in fields.items()}
    return [{"op": _operator(payload, path), "path": path, "value": value} for path, value in values.items()]


def request_of(url: str, operations: list[Operation], *, etag: str | None, request_id: str) -> dict[str, Any]:
    """Return the request without the credentials."""
    headers = {
        "Content-Type": "application/json",
        "Prefer": "return=representation",
        "request-id": request_id,
        **({"If-Match": etag} if etag else {}),
    }
    return {"method": "PATCH", "url": url, "headers": headers, "body": operations}


def send_update(
    client: PartnerCenterClient, referral_id: str, operations: list[Operation], *, etag: str | None, request_id: str
) -> UpdateAnswer:
    """Send an update once. Raises: ConfigurationError if the request cannot be sent at all."""
    request = request_of(client.referral_url(referral_id), operations, etag=etag, request_id=request_id)
    try:
        with client.http.shared_deadline(_PATCH_POLICY):
            body = json.dumps(request["body"])
            response = client.request("PATCH", request["url"], "an update", request["headers"], body)
    except PartnerCenterRateLimitError as error:
        return UpdateAnswer(Outcome.THROTTLED, error.status_code, error.message, error.retry_after)
    except (PartnerCenterNetworkError, PartnerCenterServerError, PartnerCenterResponseError) as error:
        return UpdateAnswer(Outcome.UNKNOWN, error.status_code, error.message, error.retry_after)
    except PartnerCenterAuthError as error:
        return UpdateAnswer(Outcome.SIGN_IN, UNAUTHORIZED, error.message)
    return _interpret(response)


def _interpret(response: ApiResponse) -> UpdateAnswer:
    status = response.status_code
    if status < BAD_REQUEST:
        return UpdateAnswer(Outcome.APPLIED, status)
    if status == UNAUTHORIZED:
        return UpdateAnswer(Outcome.SIGN_IN, status, "Partner Center does not accept the sign-in (401).")
    is_modified = status in _MODIFIED_STATUSES or response.code in _MODIFIED_CODES
    return UpdateAnswer(Outcome.MODIFIED if is_modified else Outcome.REJECTED, status, _reason(response))


def _reason(response: ApiResponse) -> str:
    """Return the server's codes and message: 'Partner Center refused the answer with 423 (resourceLocked): ...'."""
    error = parse_object(response.body).get("error")
    fields = cast("dict[str, object]", error) if isinstance(error, dict) else {}
    inner = fields.get("innerError")
    inner_code = short_code(cast("dict[str, object]", inner).get("code")) if isinstance(inner, dict) else None
    codes = [code for code in dict.fromkeys((response.code, inner_code)) if code]
    message, target = fields.get("message"), short_code(fields.get("target"))
    text = f": {message.strip()[:_MAX_REASON]}" if isinstance(message, str) and message.strip() else "."
    where = f" (target {target})" if target else ""
    return (
        f"Partner Center refused the answer with {response.status_code} ({', '.join(codes) or 'no code'}){text}{where}"
    )


def _operator(payload: Payload, path: str) -> str:
    """Return `replace` for a member that exists and `add` for one that does not, as RFC 6902 requires."""
    parent, _, name = path.rpartition("/")
    members = value_at(payload, parent) if parent else payload
    return "replace" if isinstance(members, dict) and name in members else "add"


def _as_text(field: str, value: object) -> object:
    return str(value) if field == "value" and value is not None else value
