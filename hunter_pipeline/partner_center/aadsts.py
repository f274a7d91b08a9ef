"""
Entra's refusals in one sentence and a hint each.

What belongs here: what an AADSTS code or an OAuth error means to the person at the keyboard. Of
Entra's answer only the code is quoted: its description names people, tenants and addresses.

Source: Microsoft Entra authentication and authorization error codes; RFC 6749 5.2; RFC 8628 3.5.
"""

import re
from collections.abc import Mapping
from typing import cast

from hunter_pipeline.errors import PartnerCenterAuthError
from hunter_pipeline.partner_center.responses import Answer, code_of

_LOGIN = "Sign in again: hunter auth login."
_WITH_MFA = "Sign in again with MFA: hunter auth login (or hunter auth login --interactive)."
_BROWSER = "Sign in in the browser: hunter auth login --interactive."
_CLIENT = "Look at HUNTER_PARTNER_CENTER_CLIENT_ID and at the app registration in the Entra admin center."
_TENANT = "Look at HUNTER_PARTNER_CENTER_TENANT_ID."
_ADMIN = "Ask an administrator of the tenant."

_EXPIRED = ("The sign-in has expired", _LOGIN)
_REVOKED = ("The sign-in was revoked, for example by a changed password", _LOGIN)
_MFA = ("Entra asks for multi-factor authentication", _WITH_MFA)
_BLOCKED = ("A Conditional Access policy blocks this way of signing in", _BROWSER)

_BY_CODE: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("50076", "50079", "50158", "50074", "50072", "900421"), _MFA),
    **dict.fromkeys(("700082", "70043", "700084", "700081", "70008", "50089"), _EXPIRED),
    **dict.fromkeys(("50173", "50132", "50133"), _REVOKED),
    **dict.fromkeys(("53003", "530036", "530032", "53000", "53001", "53002", "50097"), _BLOCKED),
    "70016": ("The code was not entered in time", "Start again: hunter auth login."),
    "54005": ("The code was used already", "Start again: hunter auth login."),
    "70000": ("Entra no longer accepts the sign-in", _LOGIN),
    "70018": ("The code is not known or was used already", "Start again: hunter auth login."),
    "70020": ("The code was not entered in time", "Start again: hunter auth login."),
    "7000218": (
        "The app registration is not a public client",
        'Set "Allow public client flows" to Yes in the app registration\'s Authentication page.',
    ),
    "90002": ("The tenant is not known", _TENANT),
    "900023": ("The tenant is not known", _TENANT),
    "700016": ("The client id is not known in this tenant", _CLIENT),
    "900144": ("The client id or the scope is missing", _CLIENT),
    "65001": (
        "Nobody has consented to the app yet",
        "Sign in and accept it, or ask an administrator to consent for the tenant.",
    ),
    "65004": ("The consent was declined", _LOGIN),
    "500011": ("The resource of the scope is not known in this tenant", "Look at HUNTER_PARTNER_CENTER_SCOPE."),
    "50011": (
        "The app registration has no redirect address for a desktop",
        "Add http://localhost under 'Mobile and desktop applications' in the app registration.",
    ),
    "50034": ("The account is not in this tenant", _TENANT),
    "50020": ("The account is not in this tenant", _TENANT),
    "50057": ("The account is disabled", _ADMIN),
    "50053": ("The account is locked", _ADMIN),
    "50105": ("The account is not assigned to the app", _ADMIN),
    "50055": ("The account's password has expired", "Change it, then sign in again: hunter auth login."),
}

_BY_ERROR: dict[str, tuple[str, str]] = {
    "authorization_declined": ("The sign-in was declined", "Start again: hunter auth login."),
    "access_denied": ("The sign-in was declined", "Start again: hunter auth login."),
    "abort": ("The sign-in was declined", "Start again: hunter auth login."),
    **dict.fromkeys(
        ("expired_token", "code_expired", "authorization_pending", "slow_down", "bad_verification_code"),
        ("The code was not entered in time", "Start again: hunter auth login."),
    ),
    "invalid_grant": ("Entra no longer accepts the sign-in", _LOGIN),
    "interaction_required": ("Entra wants to see the person again", _WITH_MFA),
    "invalid_client": ("Entra does not accept the app registration", _CLIENT),
    "unauthorized_client": ("Entra does not accept the app registration", _CLIENT),
    "invalid_tenant": ("The tenant is not known", _TENANT),
    "invalid_scope": ("Entra does not know the scope", "Look at HUNTER_PARTNER_CENTER_SCOPE."),
}


def sign_in_refused(result: Mapping[str, object], answer: Answer | None) -> PartnerCenterAuthError:
    """
    The error for an OAuth error answer.

    result: {"error": "invalid_grant", "error_codes": [50076], "error_description": "AADSTS50076: ..."}.
    answer: the HTTP answer that held it, for its request id.
    """
    codes = _codes(result)
    error = code_of(result.get("error")) or "unknown_error"
    known = next((_BY_CODE[code] for code in codes if code in _BY_CODE), None)
    sentence, hint = known or _BY_ERROR.get(error, ("Entra refuses the sign-in", _LOGIN))
    named = f"AADSTS{codes[0]}" if codes else error
    return PartnerCenterAuthError(
        f"{sentence} ({named}).",
        hint=hint,
        code=codes[0] if codes else error,
        status_code=answer.status_code if answer else None,
        request_id=answer.request_id if answer else None,
        attempt=answer.attempt if answer else None,
    )


def _codes(result: Mapping[str, object]) -> list[str]:
    """AADSTS numbers, those that we know first."""
    listed = result.get("error_codes")
    codes = [code_of(code) for code in cast("list[object]", listed)] if isinstance(listed, list) else []
    described = re.findall(r"AADSTS(\d{4,9})", str(result.get("error_description", ""))[:2000])
    found = [code for code in codes if code] + described
    return sorted(dict.fromkeys(found), key=lambda code: code not in _BY_CODE)
