"""Check API keys and sessions, and define the cookies and paths of the service."""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict, deque
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from itsdangerous import BadSignature, TimestampSigner

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse import revoked_sessions
from hunter_pipeline.warehouse.connection import Warehouse

# Over HTTPS the browser takes the cookie only from this host, only over HTTPS, and for all of its paths.
SESSION_COOKIE, SECURE_SESSION_COOKIE = "hunter_session", "__Host-hunter_session"
# The same under a path of HUNTER_PUBLIC_URL: `__Host-` would send the cookie to other applications of the host.
SECURE_PATH_SESSION_COOKIE = "__Secure-hunter_session"
SESSION_SECONDS = 12 * 3600
# Wrong keys of one client within GUESS_SECONDS that are answered as such; further ones are told to wait.
MAX_GUESSES = 5
GUESS_SECONDS = 60.0
# Clients whose wrong keys are remembered; beyond that the one with the oldest wrong key is dropped.
MAX_TRACKED_CLIENTS = 10_000


class GuessLimiter:
    """
    Count wrong keys per client, in bounded memory.

    The right key always passes: otherwise anybody behind the same address could lock the others out, and a long random
    key cannot be guessed at any rate.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def count_wrong_key(self, address: str) -> int:
        """Count a wrong key; return for how many seconds this client has to wait, 0 if it need not wait."""
        network, now = _client_network(address), time.monotonic()
        with self._lock:
            failures = self._failures.setdefault(network, deque())
            self._failures.move_to_end(network)
            if len(self._failures) > MAX_TRACKED_CLIENTS:
                self._failures.popitem(last=False)
            while failures and now - failures[0] > GUESS_SECONDS:
                failures.popleft()
            if len(failures) < MAX_GUESSES:
                failures.append(now)
                return 0
            return max(1, round(GUESS_SECONDS - (now - failures[0])))


class AccessControl:
    """
    Check keys and session cookies; without HUNTER_API_KEY no request needs either.

    A session is valid for the scheme and host at which it began, for twelve hours, until it is signed out or the key
    changes.
    """

    def __init__(self, settings: Settings) -> None:
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        self._key = key.encode()
        self._secret = key or secrets.token_urlsafe()
        self._warehouse = Warehouse.from_settings(settings)
        self.public_url = urlsplit(settings.desk_url)
        self.guesses = GuessLimiter()

    @property
    def needs_key(self) -> bool:
        """Return whether HUNTER_API_KEY is set."""
        return bool(self._key)

    def is_key(self, sent: bytes) -> bool:
        """Return whether this is the key in UTF-8; the comparison takes constant time."""
        return self.needs_key and hmac.compare_digest(sent, self._key)

    def new_session(self, origin: str) -> str:
        """Return a signed cookie value for an origin such as 'https://crm.example:8443'."""
        return self._signer(origin).sign(secrets.token_urlsafe(16)).decode()

    def is_session(self, cookie: str | None, origin: str) -> bool:
        """Return whether this is a valid cookie value for the origin that was not signed out."""
        try:
            self._signer(origin).unsign(cookie or "", max_age=SESSION_SECONDS)
        except BadSignature:
            return False
        try:
            with self._warehouse.connection() as connection:
                return not revoked_sessions.is_revoked(connection, cookie or "")
        except DatabaseError:  # then there is nothing to read either, and the page says that the database is down
            return True

    def end_session(self, cookie: str) -> None:
        """Make a session invalid for every process of the lead desk. Raises: DatabaseError."""
        expires_at = datetime.now(UTC) + timedelta(seconds=SESSION_SECONDS)
        with self._warehouse.connection() as connection:
            revoked_sessions.revoke(connection, cookie, expires_at)

    def _signer(self, origin: str) -> TimestampSigner:
        salt = f"hunter_pipeline.session {origin}"
        return TimestampSigner(self._secret, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)


def is_signed_in(request: Request) -> bool:
    """Return whether the request has a valid session cookie; False if no key is set."""
    return getattr(request.state, "is_signed_in", False)


def origin_of(request: Request) -> str:
    """Return the scheme and host of a request: 'https://crm.example:8443'."""
    return f"{request.url.scheme}://{request.headers.get('host', '').lower()}"


def session_cookie_name(request: Request) -> str:
    """Return the name of the session cookie for the scheme and the path of a request."""
    if request.url.scheme != "https":
        return SESSION_COOKIE
    return SECURE_PATH_SESSION_COOKIE if root_path(request) else SECURE_SESSION_COOKIE


def session_cookie_options(request: Request) -> dict[str, Any]:
    """Return the attributes of the session cookie."""
    return {"path": cookie_path(request), "secure": request.url.scheme == "https", "httponly": True, "samesite": "lax"}


def root_path(request: Request) -> str:
    """Return the path under which the service is published: '/hunter', or '' at the root."""
    return request.scope.get("root_path", "")


def cookie_path(request: Request) -> str:
    """Return the path of the service's cookies."""
    return root_path(request) or "/"


def session_cookie(request: Request) -> str | None:
    """Return the session cookie of a request, None if it has none."""
    return request.cookies.get(session_cookie_name(request))


def local_path(target: str | None, root: str = "") -> str:
    """Return a redirect target if it is a path of this service, which is published under `root`, else its start."""
    start = f"{root}/"
    if target is None or not target.startswith(start) or target.startswith("//"):
        return start
    return target if target.isprintable() and "\\" not in target and "/.." not in target else start


def _client_network(address: str) -> str:
    """Return an IPv4 address unchanged, and the /64 prefix of an IPv6 address: one client usually has all of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))  # noqa: PLR2004
