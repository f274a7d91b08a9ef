"""
Reject requests without access, and add the security headers to every response.

Without a key the service listens on loopback only, and a request's Host header must name loopback too: a web page can
point a name of its own at 127.0.0.1 (DNS rebinding).
"""

import asyncio
import ipaddress
import time
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hunter_pipeline.config.logs import log
from hunter_pipeline.web.errors import ApiError, accepts_page, key_required, to_api_error
from hunter_pipeline.web.health import RequestMetrics
from hunter_pipeline.web.security import AccessControl, is_signed_in, origin_of, root_path, session_cookie

# How long a client may take for each part of a request's body.
BODY_SECONDS = 20.0

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
                await to_api_error(error).response()(scope, receive, send_with_headers)
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
            response: Response = error.response()
            if error.status == 401 and accepts_page(request):  # noqa: PLR2004
                target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                response = RedirectResponse(f"{root_path(request)}/sign-in?next={quote(target, safe='')}", 303)
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _check_access(self, request: Request) -> None:
        """Raise ApiError if the request may not be answered."""
        if not self.access.needs_key and not names_loopback(request.headers.get("host", "")):
            message = "Without an API key the service answers requests to loopback addresses only."
            raise ApiError(421, "wrong_host", message, "Use http://127.0.0.1, or set HUNTER_API_KEY.")
        path = _route_path(request.scope)
        is_public = _is_probe(path) or path == "/sign-in"
        if not is_public and self._has_valid_key(request):
            return
        if (cookie := session_cookie(request)) and self.access.needs_key and not _is_probe(path):
            is_valid = await run_in_threadpool(self.access.is_session, cookie, origin_of(request))
            request.state.is_signed_in = is_valid
        if is_cross_site(request.method, request.headers, self.access.public_url.netloc):
            raise ApiError(403, "cross_site", "Other web sites may not send this request.", "Use the lead desk itself.")
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
            message, hint = "Too many wrong keys came from this address.", f"Try again in {seconds} seconds."
            raise ApiError(429, "too_many_tries", message, hint, headers={"Retry-After": str(seconds)})
        raise key_required()

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = _route(scope)
        self.metrics.record(method, route, status, seconds)
        if not _route_path(scope).startswith(_UNLOGGED_PATHS):
            log.info("http_request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))


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


def _is_probe(path: str) -> bool:
    """Return whether a path is a health check or a static file, which no session changes."""
    return path.startswith(("/healthz/", "/static/")) or path == "/healthz"


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


def with_body_deadline(receive: Receive) -> Receive:
    """Return `receive` that reports a disconnected client if a part of the body does not arrive in BODY_SECONDS."""
    is_complete = False

    async def receive_in_time() -> Message:
        nonlocal is_complete
        if is_complete:  # what comes now is the end of the connection, for which a long response waits
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), BODY_SECONDS)
        except TimeoutError:
            is_complete = True
            return {"type": "http.disconnect"}
        is_complete = not message.get("more_body", False)
        return message

    return receive_in_time
