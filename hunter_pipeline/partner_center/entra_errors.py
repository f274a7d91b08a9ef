"""
Convert Entra's errors to one sentence and a hint for the person who signs in.

Only the code of an error is quoted: its description names people, tenants and addresses. The clock is compared with the
Date header of a response, because a wrong clock makes valid tokens look invalid.

Source: Microsoft Entra authentication and authorization error codes; RFC 6749 5.2; RFC 8628 3.5.
"""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import cast

from hunter_pipeline.errors import PartnerCenterAuthError, PartnerCenterResponseError
from hunter_pipeline.partner_center.http import PROBE_POLICY, ApiRequest, Http
from hunter_pipeline.partner_center.responses import ApiResponse, short_code

# Entra accepts a difference of five minutes.
MAX_SKEW_SECONDS = 300
CLOCK_HINT = "Set the clock of this machine: timedatectl set-ntp true."
_SIGN_IN = "Sign in again: hunter auth login."
_START_AGAIN = "Start again: hunter auth login."
_SIGN_IN_WITH_MFA = "Sign in again with MFA: hunter auth login (or hunter auth login --interactive)."
_CHECK_CLIENT = "Look at HUNTER_PARTNER_CENTER_CLIENT_ID and at the app registration in the Entra admin center."
_CHECK_TENANT = "Look at HUNTER_PARTNER_CENTER_TENANT_ID."
_CHECK_SCOPE = "Look at HUNTER_PARTNER_CENTER_SCOPE."
_ASK_ADMIN = "Ask an administrator of the tenant."

_MFA_REQUIRED = ("Entra asks for multi-factor authentication", _SIGN_IN_WITH_MFA)
_EXPIRED = ("The sign-in has expired", _SIGN_IN)
_REVOKED = ("The sign-in was revoked, for example by a changed password", _SIGN_IN)
_NOT_ACCEPTED = ("Entra no longer accepts the sign-in", _SIGN_IN)
_DECLINED = ("The sign-in was declined", _START_AGAIN)
_CODE_EXPIRED = ("The code was not entered in time", _START_AGAIN)
_BLOCKED = (
    "A Conditional Access policy blocks this way of signing in",
    "Sign in in the browser: hunter auth login --interactive.",
)
_UNKNOWN_TENANT = ("The tenant is not known", _CHECK_TENANT)
_NOT_IN_TENANT = ("The account is not in this tenant", _CHECK_TENANT)
_APP_REFUSED = ("Entra does not accept the app registration", _CHECK_CLIENT)

_BY_AADSTS_CODE: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("50076", "50079", "50158", "50074", "50072", "900421"), _MFA_REQUIRED),
    **dict.fromkeys(("700082", "70043", "700084", "700081", "70008", "50089"), _EXPIRED),
    **dict.fromkeys(("50173", "50132", "50133"), _REVOKED),
    **dict.fromkeys(("53003", "530036", "530032", "53000", "53001", "53002", "50097"), _BLOCKED),
    **dict.fromkeys(("70016", "70020"), _CODE_EXPIRED),
    **dict.fromkeys(("90002", "900023"), _UNKNOWN_TENANT),
    **dict.fromkeys(("50034", "50020"), _NOT_IN_TENANT),
    "70000": _NOT_ACCEPTED,
    "70018": ("The code is not known or was used already", _START_AGAIN),
    "54005": ("The code was used already", _START_AGAIN),
    "7000218": (
        "The app registration is not a public client",
        'Set "Allow public client flows" to Yes in the app registration\'s Authentication page.',
    ),
    "700016": ("The client id is not known in this tenant", _CHECK_CLIENT),
    "900144": ("The client id or the scope is missing", _CHECK_CLIENT),
    "65001": (
        "The app has not been consented to yet",
        "Sign in and accept it, or ask an administrator to consent for the tenant.",
    ),
    "65004": ("The consent was declined", _SIGN_IN),
    "500011": ("The resource of the scope is not known in this tenant", _CHECK_SCOPE),
    "50011": (
        "The app registration has no redirect address for a desktop",
        "Add http://localhost under 'Mobile and desktop applications' in the app registration.",
    ),
    "50057": ("The account is disabled", _ASK_ADMIN),
    "50053": ("The account is locked", _ASK_ADMIN),
    "50105": ("The account is not assigned to the app", _ASK_ADMIN),
    "50055": ("The account's password has expired", "Change it, then sign in again: hunter auth login."),
}

_BY_OAUTH_ERROR: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("authorization_declined", "access_denied", "abort"), _DECLINED),
    **dict.fromkeys(
        ("expired_token", "code_expired", "authorization_pending", "slow_down", "bad_verification_code"), _CODE_EXPIRED
    ),
    **dict.fromkeys(("invalid_client", "unauthorized_client"), _APP_REFUSED),
    "invalid_grant": _NOT_ACCEPTED,
    "interaction_required": ("Entra asks for another sign-in of the account", _SIGN_IN_WITH_MFA),
    "invalid_tenant": _UNKNOWN_TENANT,
    "invalid_scope": ("Entra does not know the scope", _CHECK_SCOPE),
}


def sign_in_refused(result: Mapping[str, object], response: ApiResponse | None) -> PartnerCenterAuthError:
    """
    Return the error for an OAuth error.

    Args:
        result: {"error": "invalid_grant", "error_codes": [50076], "error_description": "AADSTS50076: ..."}.
        response: the HTTP response that held it, for its request id.
    """
    codes = _aadsts_codes(result)
    oauth_error = short_code(result.get("error")) or "unknown_error"
    by_code = next((_BY_AADSTS_CODE[code] for code in codes if code in _BY_AADSTS_CODE), None)
    sentence, hint = by_code or _BY_OAUTH_ERROR.get(oauth_error, ("Entra refuses the sign-in", _SIGN_IN))
    return PartnerCenterAuthError(
        f"{sentence} ({f'AADSTS{codes[0]}' if codes else oauth_error}).",
        hint=hint,
        code=codes[0] if codes else oauth_error,
        status_code=response.status_code if response else None,
        request_id=response.request_id if response else None,
        attempt=response.attempt if response else None,
    )


def _aadsts_codes(result: Mapping[str, object]) -> list[str]:
    """Return the AADSTS codes of an OAuth error, the known ones first."""
    listed = result.get("error_codes")
    codes = [short_code(code) for code in cast("list[object]", listed)] if isinstance(listed, list) else []
    described = re.findall(r"AADSTS(\d{4,9})", str(result.get("error_description", ""))[:2000])
    found = [code for code in codes if code] + described
    return sorted(dict.fromkeys(found), key=lambda code: code not in _BY_AADSTS_CODE)


def unreadable_sign_in(response: ApiResponse | None) -> PartnerCenterResponseError:
    """Return the error for a response of Entra that is not what OAuth documents."""
    hint = "A proxy or a gateway may stand in between; look at HUNTER_PARTNER_CENTER_AUTHORITY and at the network."
    message = "Entra's answer to the sign-in cannot be read."
    if skew := skew_sentence(response):
        message, hint = f"{message} {skew}", CLOCK_HINT
    if response is None:
        return PartnerCenterResponseError(message, hint=hint)
    return PartnerCenterResponseError(message, hint=hint, **response.details)


def clock_problem(http: Http, authority: str) -> str | None:
    """Return a sentence if the clock differs from the authority's, else None. Raises: PartnerCenterNetworkError."""
    return skew_sentence(http.send(ApiRequest("GET", f"{authority}/", "the clock"), policy=PROBE_POLICY))


def skew_sentence(response: ApiResponse | None) -> str | None:
    """Return "This machine's clock is 24 hours ahead of the server's." if they differ by minutes, else None."""
    try:
        sent = parsedate_to_datetime(response.headers.get("Date", "") if response else "").timestamp()
    except ValueError:
        return None
    seconds = time.time() - sent
    if abs(seconds) <= MAX_SKEW_SECONDS:
        return None
    minutes = round(abs(seconds) / 60)
    size = f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004
    return f"This machine's clock is {size} {'ahead of' if seconds > 0 else 'behind'} the server's."
