"""
What every request passes: the host, the key, the site it comes from; and what every answer carries.

A plain ASGI middleware, so that streamed answers stay streams. It is the outermost layer: an error that nobody
worded ends here, as one event with its kind and one answer without any detail.
"""

import time
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hunter_pipeline.config.logs import log
from hunter_pipeline.web import errors
from hunter_pipeline.web.access import COOKIE, Access, is_cross_site, names_loopback
from hunter_pipeline.web.errors import Refusal
from hunter_pipeline.web.metrics import Metrics

_CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_UNLOGGED = ("/healthz", "/static/", "/metrics")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Gate:
    """Lets a request in or not, notes how it went, and adds the headers of safety to its answer."""

    def __init__(self, app: ASGIApp, access: Access, metrics: Metrics) -> None:
        self.app = app
        self.access = access
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's interface."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # answered wherever GET is; the server, whose scope stays, keeps the body back
            scope = {**scope, "method": "GET"}
        start, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(scope, message)
            await send(message)

        try:
            await self._answer(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the last edge: nothing of it may reach the caller
            log.error("http_request_failed", error_type=type(error).__name__, route=_route(scope))
            if not status:
                await errors.unforeseen()(scope, receive, sending)
        finally:
            self._note(scope, status or 499, time.perf_counter() - start)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            self._let_in(request)
        except Refusal as refusal:
            response = _sign_in(request) if refusal.status == 401 and _is_page(request) else errors.refused(refusal)  # noqa: PLR2004
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _let_in(self, request: Request) -> None:
        """Raises: Refusal."""
        if not self.access.needs_key and not names_loopback(request.headers.get("host", "")):
            raise Refusal(
                421, "wrong_host", "Without an API key only this machine is answered.", hint="Ask for http://127.0.0.1."
            )
        needs_none = _needs_no_key(request.url.path)
        if not needs_none and self._has_key(request):
            return
        if is_cross_site(request.method, request.headers):
            raise Refusal(403, "cross_site", "Another site may not ask for this.", hint="Use the lead desk itself.")
        if not self.access.needs_key or needs_none:
            return
        if not self.access.is_session(request.cookies.get(COOKIE)):
            raise errors.key_required()

    def _has_key(self, request: Request) -> bool:
        """Whether X-API-Key holds the key. Raises: Refusal after too many wrong ones."""
        key = request.headers.get("x-api-key")
        if key is None or not self.access.needs_key:
            return False
        address = request.client.host if request.client else ""
        refuse_guesses(self.access, address)
        if self.access.is_key(key.encode("latin-1")):  # as HTTP decodes headers
            return True
        self.access.guesses.failed(address)
        raise errors.key_required()

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = _route(scope)
        self.metrics.request(method, route, status, seconds)
        if not scope["path"].startswith(_UNLOGGED):
            log.info("http_request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))


def refuse_guesses(access: Access, address: str) -> None:
    """Raises: Refusal where this address has failed too often."""
    if seconds := access.guesses.wait_seconds(address):
        raise Refusal(
            429,
            "too_many_tries",
            "Too many wrong keys came from this address.",
            hint=f"Try again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )


def _needs_no_key(path: str) -> bool:
    return path.startswith(("/healthz/", "/static/")) or path in ("/healthz", "/sign-in")


def _is_page(request: Request) -> bool:
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")


def _sign_in(request: Request) -> RedirectResponse:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={quote(target, safe='')}", 303)


def _route(scope: Scope) -> str:
    """The template of the path that was asked for: paths hold ids, query strings names."""
    return getattr(scope.get("route"), "path", None) or "unknown"


def _add_headers(scope: MutableMapping[str, Any], message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
