"""
Control access to the service: API key, sessions, requests of other sites, and the headers of every response.

Without a key the service listens on loopback only, and a request's Host header must name loopback too: a web page can
point a name of its own at 127.0.0.1 (DNS rebinding).
"""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, TimestampSigner
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse import revoked_sessions
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.web.connections import with_body_deadline
from hunter_pipeline.web.errors import ApiError, accepts_page, internal_error, key_required
from hunter_pipeline.web.health import RequestMetrics

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

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = _SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE"}
_UNLOGGED_PATHS = ("/healthz", "/static/", "/metrics")
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SECURITY_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


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


class AccessMiddleware:
    """
    Reject requests without access, log and count every request, and add the security headers to every response.

    It is plain ASGI, so that streamed responses stay streams, and the outermost layer, so that no exception leaves it.
    """

    def __init__(self, app: ASGIApp, access: AccessControl, metrics: RequestMetrics) -> None:
        self.app = app
        self.access = access
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # routes know GET only; the server drops the body, because its own scope stays
            scope = {**scope, "method": "GET"}
        scope = self._as_seen_by_browser(scope)
        start, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(scope, message)
            await send(message)

        try:
            await self._respond(scope, with_body_deadline(receive), send_with_headers)
        except Exception as error:  # noqa: BLE001 - the web boundary: no detail of a bug may reach the client
            log.error("http_request_failed", error_type=type(error).__name__, route=_route(scope))
            if not status:
                await internal_error()(scope, receive, send_with_headers)
        finally:
            self._record(scope, status or 499, time.perf_counter() - start)

    def _as_seen_by_browser(self, scope: Scope) -> Scope:
        """
        Return the scope with the path and the scheme of HUNTER_PUBLIC_URL.

        Proxies forward `/hunter/docs` as it is or as `/docs`; ASGI wants the former, with `root_path` '/hunter'.
        """
        root, path = self.access.public_url.path, scope["path"]
        if root and not f"{path}/".startswith(f"{root}/"):
            path = root + path
        scheme = "https" if self.access.public_url.scheme == "https" else scope["scheme"]
        return {**scope, "root_path": root, "path": f"{path}/" if path == root else path, "scheme": scheme}

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            await self._check_access(request)
        except ApiError as error:
            is_page = error.status == 401 and accepts_page(request)  # noqa: PLR2004
            response = _redirect_to_sign_in(request) if is_page else error.response()
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _check_access(self, request: Request) -> None:
        """Raise ApiError if the request may not be answered."""
        if not self.access.needs_key and not names_loopback(request.headers.get("host", "")):
            raise ApiError(
                421,
                "wrong_host",
                "Without an API key the service answers requests to loopback addresses only.",
                hint="Use http://127.0.0.1, or set HUNTER_API_KEY.",
            )
        path = _route_path(request.scope)
        is_public = _is_public(path)
        if not is_public and self._has_valid_key(request):
            return
        if (cookie := session_cookie(request)) and self.access.needs_key and not _is_probe(path):
            is_valid = await run_in_threadpool(self.access.is_session, cookie, origin_of(request))
            request.state.is_signed_in = is_valid
        if is_cross_site(request.method, request.headers, self.access.public_url.netloc):
            raise ApiError(
                403, "cross_site", "Other web sites may not send this request.", hint="Use the lead desk itself."
            )
        if self.access.needs_key and not is_public and not is_signed_in(request):
            raise key_required()

    def _has_valid_key(self, request: Request) -> bool:
        """Return whether X-API-Key holds the key, False if it is missing. Raises ApiError for a wrong key."""
        key = request.headers.get("x-api-key")
        if key is None or not self.access.needs_key:
            return False
        if self.access.is_key(key.encode("latin-1")):  # the encoding in which HTTP headers are decoded
            return True
        if seconds := self.access.guesses.count_wrong_key(request.client.host if request.client else ""):
            raise ApiError(
                429,
                "too_many_tries",
                "Too many wrong keys came from this address.",
                hint=f"Try again in {seconds} seconds.",
                headers={"Retry-After": str(seconds)},
            )
        raise key_required()

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = _route(scope)
        self.metrics.record(method, route, status, seconds)
        if not _route_path(scope).startswith(_UNLOGGED_PATHS):
            log.info("http_request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))


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


def root_path(request: Request) -> str:
    """Return the path under which the service is published: '/hunter', or '' at the root."""
    return request.scope.get("root_path", "")


def cookie_path(request: Request) -> str:
    """Return the path of the service's cookies."""
    return root_path(request) or "/"


def session_cookie(request: Request) -> str | None:
    """Return the session cookie of a request, None if it has none."""
    return request.cookies.get(session_cookie_name(request))


def names_loopback(host_header: str) -> bool:
    """Return whether a Host header names this machine: '127.0.0.1:8000', 'localhost', '[::1]:8000'."""
    try:
        host = urlsplit(f"//{host_header}").hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_cross_site(method: str, headers: Mapping[str, str], public_host: str) -> bool:
    """
    Return whether a page of another site sent a request that can change something.

    Browsers say so in Sec-Fetch-Site, those without it, and all of them over http, in Origin. A client that sends
    neither is not a browser. A proxy may change the Host header, so that the host of HUNTER_PUBLIC_URL is ours as well.
    """
    if method in _SAFE_METHODS:
        return False
    if (site := headers.get("sec-fetch-site")) is not None:
        return site not in ("same-origin", "none")
    if (origin := headers.get("origin")) is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() not in (headers.get("host", "").lower(), public_host.lower())
    except ValueError:
        return True


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


def _is_probe(path: str) -> bool:
    """Return whether a path is a health check or a static file, which no session changes."""
    return path.startswith(("/healthz/", "/static/")) or path == "/healthz"


def _is_public(path: str) -> bool:
    """Return whether a path needs no key."""
    return _is_probe(path) or path == "/sign-in"


def _redirect_to_sign_in(request: Request) -> RedirectResponse:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{root_path(request)}/sign-in?next={quote(target, safe='')}", 303)


def _route_path(scope: Scope) -> str:
    """Return the path of a request without the one under which the service is published."""
    return scope["path"].removeprefix(scope.get("root_path", ""))


def _route(scope: Scope) -> str:
    """Return the template of the path: paths contain ids, and query strings may contain names."""
    return getattr(scope.get("route"), "path", None) or "unknown"


def _add_headers(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-cache" if _route_path(scope).startswith("/static/") else "no-store")
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
