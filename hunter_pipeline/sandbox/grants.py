"""
What a sign-in has to show before it gets tokens.

Belongs here: device codes, authorization codes with PKCE and refresh tokens, given out and redeemed.
Does not belong here: routes (entra.py), what tokens are made of (tokens.py).
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from hunter_pipeline.sandbox import pages
from hunter_pipeline.sandbox.options import CLIENT_ID, TENANT_ID
from hunter_pipeline.sandbox.refusals import error_body, refusal
from hunter_pipeline.sandbox.site import CodeGrant, DeviceGrant, Site
from hunter_pipeline.sandbox.tokens import MFA, TokenError

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
CODE_SECONDS = 600
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})


def issuer(site: Site, tenant_id: str = TENANT_ID) -> str:
    """The issuer of a tenant's tokens."""
    return f"{site.url}/{tenant_id}/v2.0"


def settle(site: Site, user_code: str, state: str) -> bool:
    """Approve or decline the waiting sign-in with this code; false where none waits."""
    wanted = user_code.replace("-", "").strip().upper()
    for grant in site.device_grants.values():
        if grant.user_code == wanted and grant.state == "pending" and grant.expires_at > time.time():
            grant.state = state
            return True
    return False


def _unknown_party(tenant: str, client_id: str | None) -> int | None:
    if tenant.lower() not in {TENANT_ID, "common", "organizations"}:
        return 90002
    return None if (client_id or "").lower() == CLIENT_ID else 700016


def issue_device_code(site: Site, tenant: str, form: dict[str, str]) -> Response:
    """Start a sign-in by device code."""
    refused = _unknown_party(tenant, form.get("client_id"))
    if refused is not None:
        return refusal(refused)
    options = site.options
    user_code = "".join(secrets.choice(_ALPHABET) for _ in range(9))
    device_code = secrets.token_urlsafe(64)
    grant = DeviceGrant(user_code, form.get("scope", ""), time.time() + options.device_code_seconds)
    grant.state = "approved" if options.auto_approve else "pending"
    site.device_grants[device_code] = grant
    page = f"{site.url}/devicelogin"
    return JSONResponse(
        {
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": page,
            "expires_in": int(options.device_code_seconds),
            "interval": options.device_code_interval,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} "
            "to authenticate.",
        }
    )


def issue_token(site: Site, tenant: str, form: dict[str, str]) -> Response:
    """Tokens for whatever grant the form redeems, or the reason why not."""
    refused = _unknown_party(tenant, form.get("client_id"))
    if refused is not None:
        return refusal(refused)
    redeem = _REDEEM.get(form.get("grant_type", ""))
    answer = 70003 if redeem is None else redeem(site, form)
    return refusal(answer) if isinstance(answer, int) else JSONResponse(answer, headers={"cache-control": "no-store"})


def _redeem_device_code(site: Site, form: dict[str, str]) -> dict[str, Any] | int:
    grant = site.device_grants.get(form.get("device_code", form.get("code", "")))
    if grant is None or grant.state == "used":
        return 70000
    if grant.expires_at < time.time():
        return 70020
    if grant.state != "approved":
        return 70016 if grant.state == "pending" else 65004
    if site.options.block_device_code:
        return 530036
    grant.state = "used"
    return site.tokens.grant(grant.scope, issuer(site))


def _redeem_refresh_token(site: Site, form: dict[str, str]) -> dict[str, Any] | int:
    try:
        claims = site.tokens.check_refresh(form.get("refresh_token", ""))
    except TokenError as error:
        return {"expired": 700082, "revoked": 50173}.get(error.reason, 70000)
    return site.tokens.grant(form.get("scope") or claims["scp"], issuer(site), mfa=claims[MFA])


def _redeem_code(site: Site, form: dict[str, str]) -> dict[str, Any] | int:
    grant = site.code_grants.pop(form.get("code", ""), None)
    if grant is None:
        return 54005
    if grant.expires_at < time.time():
        return 70008
    if grant.redirect_uri != form.get("redirect_uri"):
        return 50011
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if base64.urlsafe_b64encode(digest).decode().rstrip("=") != grant.challenge:
        return 501481
    return site.tokens.grant(grant.scope, issuer(site), nonce=grant.nonce)


_REDEEM: dict[str, Callable[[Site, dict[str, str]], dict[str, Any] | int]] = {
    DEVICE_CODE: _redeem_device_code,
    "refresh_token": _redeem_refresh_token,
    "authorization_code": _redeem_code,
}


def authorize_refusal(tenant: str, asked: dict[str, str]) -> int | None:
    """The AADSTS number of what is wrong with a request to authorize; None where nothing is."""
    target = urlsplit(asked.get("redirect_uri", ""))
    if target.scheme != "http" or target.hostname not in _LOOPBACK:
        return 50011
    if (
        asked.get("response_type") != "code"
        or not asked.get("code_challenge")
        or asked.get("code_challenge_method") != "S256"
    ):
        return 900144
    return _unknown_party(tenant, asked.get("client_id"))


def authorize(site: Site, tenant: str, asked: dict[str, str]) -> Response:
    """Send the person back to the app, with a code or with the news that they declined."""
    refused = authorize_refusal(tenant, asked)
    if refused is not None:
        return HTMLResponse(pages.refused(error_body(refused)["error_description"]), status_code=400)
    if asked.get("answer") == "decline":
        answer = {"error": "access_denied", "error_description": error_body(65004)["error_description"]}
    else:
        answer = {"code": secrets.token_urlsafe(48)}
        site.code_grants[answer["code"]] = CodeGrant(
            asked.get("scope", ""),
            asked["redirect_uri"],
            asked["code_challenge"],
            asked.get("nonce"),
            time.time() + CODE_SECONDS,
        )
    answer["state"] = asked.get("state", "")
    if asked.get("response_mode") == "form_post":
        return HTMLResponse(pages.form_post(asked["redirect_uri"], answer))
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return RedirectResponse(asked["redirect_uri"] + joint + urlencode(answer), status_code=302)
