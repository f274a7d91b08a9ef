"""
Issue and check codes and tokens: device codes, authorization codes with PKCE, refresh tokens and access tokens.

Tokens are signed JWTs whose key follows from the seed, so they outlive a restart. Each has the world's counters as
claims; incrementing a counter makes all earlier tokens of that kind invalid.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

from hunter_pipeline.sandbox.options import CLIENT_ID, TENANT_ID, USER_ID, USER_NAME, USERNAME, SandboxOptions
from hunter_pipeline.sandbox.world import World

SCOPE = "https://api.partner.microsoft.com/.default"
# Counters and claims: how often refresh tokens were revoked, access tokens expired, and MFA required.
REFRESH, ACCESS, MFA = "refresh_generation", "access_generation", "mfa_generation"
AUTHORIZATION_CODE_SECONDS = 600
ID_TOKEN_SECONDS = 3600
_USER_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_OPENID_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})


class EntraError(Exception):
    """A refusal by Entra; `number` is that of its AADSTS code."""

    def __init__(self, number: int) -> None:
        super().__init__(f"AADSTS{number}")
        self.number = number


class InvalidTokenError(Exception):
    """A token that is not accepted; `reason` is one of forged, expired, mfa."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"token {reason}")
        self.reason = reason


@dataclass
class DeviceGrant:
    """A device code; `state` is pending, approved, declined or used."""

    user_code: str
    scope: str
    expires_at: float
    state: str


class AuthorizationServer:
    """The authorization server of a sandbox. Methods with a `tenant` raise EntraError for an unknown tenant or app."""

    def __init__(self, options: SandboxOptions, world: World, url: str) -> None:
        self._options = options
        self._world = world
        self._url = url
        self._key = hashlib.sha256(f"hunter sandbox {options.seed}".encode()).digest()
        self.device_grants: dict[str, DeviceGrant] = {}
        # The fields of the request by authorization code, and when the code expires.
        self._code_grants: dict[str, tuple[dict[str, str], float]] = {}

    def issue_device_code(self, tenant: str, form: dict[str, str]) -> dict[str, Any]:
        """Return the response to a request for a device code."""
        _check_client(tenant, form)
        user_code = "".join(secrets.choice(_USER_CODE_LETTERS) for _ in range(9))
        device_code = secrets.token_urlsafe(64)
        seconds = self._options.device_code_seconds
        state = "approved" if self._options.auto_approve else "pending"
        self.device_grants[device_code] = DeviceGrant(user_code, form.get("scope", ""), time.time() + seconds, state)
        page = f"{self._url}/devicelogin"
        return {
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": page,
            "expires_in": int(seconds),
            "interval": self._options.device_code_interval,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} "
            "to authenticate.",
        }

    def answer_device_code(self, user_code: str, *, approve: bool) -> bool:
        """Approve or decline a pending device code. Return whether there is one."""
        entered = user_code.replace("-", "").strip().upper()
        for grant in self.device_grants.values():
            if grant.user_code == entered and grant.state == "pending" and grant.expires_at > time.time():
                grant.state = "approved" if approve else "declined"
                return True
        return False

    def check_authorization_request(self, tenant: str, query: dict[str, str]) -> None:
        """Raise EntraError for a redirect to another machine, or a request without PKCE."""
        target = urlsplit(query.get("redirect_uri", ""))
        if target.scheme != "http" or target.hostname not in {"localhost", "127.0.0.1"}:
            raise EntraError(50011)
        has_pkce = query.get("code_challenge") and query.get("code_challenge_method") == "S256"
        if query.get("response_type") != "code" or not has_pkce:
            raise EntraError(900144)
        _check_client(tenant, query)

    def issue_authorization_code(self, query: dict[str, str]) -> str:
        """Return a code for an authorization request that was checked."""
        code = secrets.token_urlsafe(48)
        self._code_grants[code] = query, time.time() + AUTHORIZATION_CODE_SECONDS
        return code

    def redeem(self, tenant: str, form: dict[str, str]) -> dict[str, Any]:
        """Return the tokens for a device code, an authorization code or a refresh token; raise EntraError."""
        _check_client(tenant, form)
        match form.get("grant_type"):
            case "urn:ietf:params:oauth:grant-type:device_code":
                return self._redeem_device_code(form)
            case "authorization_code":
                return self._redeem_authorization_code(form)
            case "refresh_token":
                return self._redeem_refresh_token(form)
            case _:
                raise EntraError(70003)

    def issuer(self, tenant_id: str = TENANT_ID) -> str:
        """Return the issuer of a tenant's tokens."""
        return f"{self._url}/{tenant_id}/v2.0"

    def access_token(self, scope: str = SCOPE, *, mfa_generation: int | None = None) -> str:
        """Return a new access token; without `mfa_generation` it comes from a sign-in with MFA just now."""
        mfa = self._world.counter(MFA) if mfa_generation is None else mfa_generation
        claims = {"typ": "access", "scp": scope, "exp": time.time() + self._options.access_token_seconds}
        return self._sign(claims | {ACCESS: self._world.counter(ACCESS), MFA: mfa})

    def check_access_token(self, token: str) -> None:
        """Raise InvalidTokenError for an access token that is not or no longer valid."""
        claims = self._claims(token, "access")
        if claims[ACCESS] < self._world.counter(ACCESS):
            raise InvalidTokenError("expired")
        if claims[MFA] < self._world.counter(MFA):
            raise InvalidTokenError("mfa")

    def _redeem_device_code(self, form: dict[str, str]) -> dict[str, Any]:
        grant = self.device_grants.get(form.get("device_code", form.get("code", "")))
        if grant is None or grant.state == "used":
            raise EntraError(70000)
        if grant.expires_at < time.time():
            raise EntraError(70020)
        if grant.state != "approved":
            raise EntraError(70016 if grant.state == "pending" else 65004)
        if self._options.block_device_code:
            raise EntraError(530036)
        grant.state = "used"
        return self._tokens(grant.scope)

    def _redeem_authorization_code(self, form: dict[str, str]) -> dict[str, Any]:
        query, expires_at = self._code_grants.pop(form.get("code", ""), ({}, None))
        if expires_at is None:
            raise EntraError(54005)
        if expires_at < time.time():
            raise EntraError(70008)
        if query["redirect_uri"] != form.get("redirect_uri"):
            raise EntraError(50011)
        if _base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest()) != query["code_challenge"]:
            raise EntraError(501481)
        return self._tokens(query.get("scope", ""), nonce=query.get("nonce"))

    def _redeem_refresh_token(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            claims = self._claims(form.get("refresh_token", ""), "refresh")
        except InvalidTokenError as error:
            raise EntraError(700082 if error.reason == "expired" else 70000) from error
        if claims[REFRESH] < self._world.counter(REFRESH):
            raise EntraError(50173)
        return self._tokens(form.get("scope") or claims["scp"], mfa_generation=claims[MFA])

    def _tokens(self, scope: str, *, nonce: str | None = None, mfa_generation: int | None = None) -> dict[str, Any]:
        """Return the response of the token endpoint."""
        resource = " ".join(word for word in scope.split() if word not in _OPENID_SCOPES)
        mfa = self._world.counter(MFA) if mfa_generation is None else mfa_generation
        seconds = int(self._options.access_token_seconds)
        refresh = {"typ": "refresh", "scp": resource, "exp": time.time() + self._options.refresh_token_seconds}
        return {
            "token_type": "Bearer",
            "scope": resource,
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": self.access_token(resource, mfa_generation=mfa),
            "refresh_token": self._sign(refresh | {REFRESH: self._world.counter(REFRESH), MFA: mfa}),
            "id_token": self._id_token(nonce),
            "client_info": _base64url(json.dumps({"uid": USER_ID, "utid": TENANT_ID}).encode()),
        }

    def _id_token(self, nonce: str | None) -> str:
        now = int(time.time())
        user = {"oid": USER_ID, "sub": USER_ID, "tid": TENANT_ID, "name": USER_NAME, "preferred_username": USERNAME}
        token = {"aud": CLIENT_ID, "iss": self.issuer(), "nbf": now, "exp": now + ID_TOKEN_SECONDS, "ver": "2.0"}
        return self._sign(token | user | ({"nonce": nonce} if nonce else {}))

    def _sign(self, claims: dict[str, Any]) -> str:
        # The random id makes two tokens of the same second different.
        claims |= {"iat": int(time.time()), "jti": secrets.token_hex(8)}
        return jwt.encode(claims, self._key, "HS256")

    def _claims(self, token: str, kind: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(token, self._key, ["HS256"])
        except jwt.ExpiredSignatureError as error:
            raise InvalidTokenError("expired") from error
        except jwt.InvalidTokenError as error:
            raise InvalidTokenError("forged") from error
        if claims.get("typ") != kind:
            raise InvalidTokenError("forged")
        return claims


def _check_client(tenant: str, form: dict[str, str]) -> None:
    if tenant.lower() not in {TENANT_ID, "common", "organizations"}:
        raise EntraError(90002)
    if form.get("client_id", "").lower() != CLIENT_ID:
        raise EntraError(700016)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
