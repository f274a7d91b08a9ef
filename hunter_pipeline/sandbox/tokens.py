"""
Tokens that need no memory: signed claims, in the form of a JWT.

Belongs here: minting, reading and refusing tokens. Does not belong here: who may have one (entra.py).

The key follows from the seed, so tokens outlive a restart. What is revoked is said by three counters
in the world's notes: a token that carries an older count than the world is refused.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from hunter_pipeline.sandbox.options import CLIENT_ID, TENANT_ID, USER_ID, USER_NAME, USERNAME, SandboxOptions
from hunter_pipeline.sandbox.world import World

REFRESH, ACCESS, MFA = "refresh_generation", "access_generation", "mfa_generation"


class TokenError(Exception):
    """A token that is refused; `reason` is one of forged, expired, revoked, mfa."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"token {reason}")
        self.reason = reason


@dataclass(frozen=True)
class TokenOffice:
    """Mints and reads the tokens of one sandbox."""

    options: SandboxOptions
    world: World

    @property
    def _key(self) -> bytes:
        return hashlib.sha256(f"hunter sandbox {self.options.seed}".encode()).digest()

    def generation(self, name: str) -> int:
        """How often tokens of this kind were made void."""
        return int(self.world.notes.get(name, 0))

    def void(self, name: str) -> None:
        """Make every token of this kind void that was given out so far."""
        self.world.note(**{name: self.generation(name) + 1})

    def grant(self, scope: str, issuer: str, *, nonce: str | None = None, mfa: int | None = None) -> dict[str, Any]:
        """
        The answer of the token endpoint to a person who is signed in.

        None: without `nonce` the id token has none; without `mfa` the sign-in is a fresh one.
        """
        generation = self.generation(MFA) if mfa is None else mfa
        resource = " ".join(
            word for word in scope.split() if word not in {"openid", "profile", "offline_access", "email"}
        )
        lifetime = self.options.access_token_seconds
        return {
            "token_type": "Bearer",
            "scope": resource,
            "expires_in": int(lifetime),
            "ext_expires_in": int(lifetime),
            "access_token": self.access_token(resource, mfa=generation),
            "refresh_token": self._refresh_token(resource, generation),
            "id_token": self._id_token(issuer, nonce),
            "client_info": _encode(json.dumps({"uid": USER_ID, "utid": TENANT_ID}).encode()),
        }

    def access_token(self, scope: str, *, mfa: int | None = None) -> str:
        """A bearer token for the API."""
        claims = {"typ": "access", "scp": scope, "exp": time.time() + self.options.access_token_seconds}
        counts = {ACCESS: self.generation(ACCESS), MFA: self.generation(MFA) if mfa is None else mfa}
        return self._sign(claims | counts)

    def check_access(self, token: str) -> dict[str, Any]:
        """The claims of a bearer token; raises TokenError."""
        claims = self._read(token, "access")
        if claims[ACCESS] < self.generation(ACCESS):
            raise TokenError("expired")
        if claims[MFA] < self.generation(MFA):
            raise TokenError("mfa")
        return claims

    def check_refresh(self, token: str) -> dict[str, Any]:
        """The claims of a refresh token; raises TokenError."""
        claims = self._read(token, "refresh")
        if claims[REFRESH] < self.generation(REFRESH):
            raise TokenError("revoked")
        return claims

    def _refresh_token(self, scope: str, mfa: int) -> str:
        claims = {"typ": "refresh", "scp": scope, "exp": time.time() + self.options.refresh_token_seconds}
        return self._sign(claims | {REFRESH: self.generation(REFRESH), MFA: mfa})

    def _id_token(self, issuer: str, nonce: str | None) -> str:
        now = int(time.time())
        person = {"oid": USER_ID, "sub": USER_ID, "tid": TENANT_ID, "name": USER_NAME, "preferred_username": USERNAME}
        claims = {"aud": CLIENT_ID, "iss": issuer, "iat": now, "nbf": now, "exp": now + 3600, "ver": "2.0"} | person
        return self._sign(claims | ({"nonce": nonce} if nonce else {}))

    def _sign(self, claims: dict[str, Any]) -> str:
        # The random part makes each token another one, as a rotated one has to be.
        claims = {"iat": int(time.time())} | claims | {"jti": secrets.token_hex(8)}
        head = _encode(b'{"typ":"JWT","alg":"HS256"}') + "." + _encode(json.dumps(claims).encode())
        return f"{head}.{self._signature(head)}"

    def _signature(self, head: str) -> str:
        return _encode(hmac.new(self._key, head.encode(), hashlib.sha256).digest())

    def _read(self, token: str, kind: str) -> dict[str, Any]:
        head, _, signature = token.rpartition(".")
        if not token.isascii() or not hmac.compare_digest(signature, self._signature(head)):
            raise TokenError("forged")
        claims: dict[str, Any] = json.loads(_decode(head.partition(".")[2]))
        if claims.get("typ") != kind:
            raise TokenError("forged")
        if claims["exp"] < time.time():
            raise TokenError("expired")
        return claims


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
