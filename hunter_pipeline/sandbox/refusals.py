"""
How Entra says no.

Belongs here: AADSTS numbers, their error codes and the body around them. Does not belong here: when
to say it (entra.py, grants.py).
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from fastapi.responses import JSONResponse

_ERRORS: dict[int, tuple[str, str]] = {
    50011: ("invalid_request", "The redirect URI specified in the request does not match one that is configured."),
    50076: (
        "invalid_grant",
        "Due to a configuration change, you must use multi-factor authentication to access the resource.",
    ),
    50173: ("invalid_grant", "The provided grant has expired due to it being revoked, a fresh auth token is needed."),
    53003: ("invalid_grant", "Access has been blocked by Conditional Access policies."),
    54005: ("invalid_grant", "OAuth2 Authorization code was already redeemed."),
    65004: ("authorization_declined", "The user declined to approve the sign-in."),
    70000: ("invalid_grant", "The provided value for the grant is not valid."),
    70003: ("unsupported_grant_type", "The app requested an unsupported grant type."),
    70008: ("invalid_grant", "The provided authorization code is expired."),
    70016: ("authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
    70020: ("expired_token", "The provided value for the device code is expired."),
    90002: ("invalid_tenant", "Tenant not found. Check to make sure you have the correct tenant ID."),
    90033: ("temporarily_unavailable", "A transient error has occurred. Please try again."),
    501481: (
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ),
    530036: (
        "invalid_grant",
        "Access has been blocked by Conditional Access policies: device code flow is not allowed.",
    ),
    700016: ("unauthorized_client", "Application was not found in the directory."),
    700082: ("invalid_grant", "The refresh token has expired due to inactivity."),
    900144: ("invalid_request", "The request body must contain all required parameters."),
}


def error_body(number: int) -> dict[str, Any]:
    """The body of a refusal with an AADSTS number; one that is not known is an `invalid_grant`."""
    error, sentence = _ERRORS.get(number, ("invalid_grant", "The request was refused."))
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    about = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
    return {
        "error": error,
        "error_description": f"AADSTS{number}: {sentence} {about}",
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
    }


def refusal(number: int) -> JSONResponse:
    """A refusal in Entra's form."""
    body = error_body(number)
    return JSONResponse(body, status_code=401 if body["error"] == "unauthorized_client" else 400)
