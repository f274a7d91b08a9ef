#!/usr/bin/env python
"""
Run Dagster's web UI so that no page of another web site can read from it or act on it.

`dagster-webserver` itself checks neither the Host header nor the origin of a request. The command line is the same:
`python -m hunter_pipeline.web.dagster_webserver --port 3000 ...`. Kubernetes mounts this file in the place of the
program, so it imports nothing from the rest of the package.
"""

import ipaddress
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dagster_webserver import cli
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Comma list of host names under which the web UI is opened, beside localhost and IP addresses.
ALLOWED_HOSTS_VARIABLE = "DAGSTER_ALLOWED_HOSTS"
_SECURITY_HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# The WebSocket close code for a violated policy (RFC 6455, section 7.4.1); before the handshake it becomes status 403.
_POLICY_VIOLATION = 1008


class SameOriginMiddleware:
    """Refuse HTTP requests and WebSockets of other origins, requests for unknown hosts, and GraphQL by GET."""

    def __init__(self, app: ASGIApp, allowed_hosts: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_SECURITY_HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            status, reason = refusal
            await PlainTextResponse(f"{reason}\n", status)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the reason why a request is refused, None if it may pass."""
        headers = Headers(scope=scope)
        if not is_known_host(headers.get("host", ""), self.allowed_hosts):
            return (
                421,
                f"This host name is unknown. Open the page by an IP address, or add it to {ALLOWED_HOSTS_VARIABLE}.",
            )
        if scope["type"] == "websocket":
            return None if _has_own_origin(headers) else (403, "Other web sites may not open a WebSocket here.")
        is_graphql = scope["path"].rstrip("/").endswith("/graphql")
        is_navigation = scope["method"] in ("GET", "HEAD") and _is_navigation(headers)
        if not _has_own_origin(headers) or (_is_cross_site(headers) and not is_navigation):
            return 403, "Other web sites may not send this request."
        # a GET that does not ask for HTML, where Dagster returns its playground, would execute mutations
        if is_graphql and scope["method"] != "POST" and "text/html" not in headers.get("accept", ""):
            return 405, "GraphQL is answered by POST only."
        return None


def is_known_host(host_header: str, allowed_hosts: frozenset[str]) -> bool:
    """
    Return whether a Host header holds localhost, an IP address or an allowed name, with any port.

    A web page can point a name of its own at this machine (DNS rebinding), but its origin cannot be an IP address that
    it does not have.
    """
    try:
        host = (urlsplit(f"//{host_header}").hostname or "").rstrip(".")
        return host == "localhost" or host in allowed_hosts or bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _has_own_origin(headers: Mapping[str, str]) -> bool:
    """Return whether the Origin header is this server's, or missing: then no page or the server's own sent it."""
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:
        return False


def _is_cross_site(headers: Mapping[str, str]) -> bool:
    """Return whether the browser says that a page of another origin caused the request."""
    return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")


def _is_navigation(headers: Mapping[str, str]) -> bool:
    """Return whether a link opens the page in a tab of its own, as the links of alerts do; a frame is not that."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _create_guarded_app(*args: Any, **options: Any) -> Starlette:
    app = create_app_from_workspace_process_context(*args, **options)
    names = os.environ.get(ALLOWED_HOSTS_VARIABLE, "").split(",")
    app.add_middleware(SameOriginMiddleware, allowed_hosts=frozenset(name.strip().lower() for name in names) - {""})
    return app


def main() -> None:
    """Run dagster-webserver's command line with the checks in front of its application."""
    # its command line has no option for a middleware: a test with a browser shows that it uses this function
    cli.create_app_from_workspace_process_context = _create_guarded_app  # pyright: ignore[reportPrivateImportUsage]
    cli.main()


if __name__ == "__main__":
    main()
