"""Build the application of a sandbox: routes, the record of requests, and the choice of a fault for each request."""

import re
import uuid
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette

from hunter_pipeline.sandbox import entra, referrals_api
from hunter_pipeline.sandbox.control_api import REDIRECT_TARGET, ControlEndpoints
from hunter_pipeline.sandbox.entra import EntraEndpoints
from hunter_pipeline.sandbox.fault_injection import respond_with_fault
from hunter_pipeline.sandbox.http_server import App, Message, Receive, Scope, Send
from hunter_pipeline.sandbox.oauth import EntraError
from hunter_pipeline.sandbox.odata import QueryOptionError
from hunter_pipeline.sandbox.paging import page_number
from hunter_pipeline.sandbox.referrals_api import ReferralEndpoints
from hunter_pipeline.sandbox.updates import ApiError

if TYPE_CHECKING:
    from hunter_pipeline.sandbox.sandbox import Sandbox

# A demo may run for weeks: at this number of recorded requests the older half is dropped.
MAX_RECORDED_REQUESTS = 20_000
_SIGN_IN_PATH = re.compile(r"/oauth2/v2\.0/(token|devicecode|authorize)$")


@dataclass
class RecordedRequest:
    """
    A request that the sandbox received.

    Attributes:
        query: decoded, such as `{"$top": "200"}`; `raw_query` is not.
        headers: by name in lower case.
        form: the fields of a posted form.
        status: status of the response; None until there is one, or if the connection was dropped.
        fault: kind of the fault that was applied.
    """

    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    headers: dict[str, str]
    status: int | None = None
    fault: str | None = None
    form: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_scope(cls, scope: Scope) -> "RecordedRequest":
        """Return the request of an ASGI scope."""
        raw_query = scope["query_string"].decode("latin-1")
        query = dict(parse_qsl(raw_query, keep_blank_values=True))
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        return cls(scope["method"], scope["path"], query, raw_query, headers)


def build_app(sandbox: "Sandbox") -> App:
    """Return the ASGI application of a sandbox."""
    endpoints = (ControlEndpoints, ReferralEndpoints, EntraEndpoints)
    exception_handlers: dict[Any, Any] = {
        404: referrals_api.unknown_path,
        405: referrals_api.unknown_path,
        ApiError: referrals_api.api_error_response,
        QueryOptionError: referrals_api.query_option_error_response,
        EntraError: entra.entra_error_response,
    }
    routes = [route for group in endpoints for route in group(sandbox).routes()]
    app = Starlette(routes=routes, exception_handlers=exception_handlers)
    app.router.redirect_slashes = False
    return RequestMiddleware(app, sandbox)


def endpoint_of(path: str, query: dict[str, str], method: str = "GET") -> tuple[str | None, int | None]:
    """Return the endpoint of a request, by its name in a fault, and the page of the list; None if it has none."""
    if path.rstrip("/") == referrals_api.PATH:
        return "list", page_number(query)
    if path.startswith(referrals_api.PATH + "/"):
        return "patch" if method == "PATCH" else "get", None
    if path.endswith("/.well-known/openid-configuration"):
        return "openid", None
    sign_in = _SIGN_IN_PATH.search(path)
    return (sign_in[1], None) if sign_in else (None, None)


class RequestMiddleware:
    """The middleware that records each request, applies its fault, and adds the ids that every response has."""

    def __init__(self, app: App, sandbox: "Sandbox") -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = scope["sandbox.request"] = RecordedRequest.from_scope(scope)
        self._record(request)
        endpoint, page = endpoint_of(request.path, request.query, request.method)
        fault = None if endpoint is None else self._sandbox.faults.take(endpoint, page)
        headers = _id_headers(request)

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                date = (b"date", formatdate(usegmt=True).encode())
                message["headers"] = [*message.get("headers", []), date, *headers]
            await send(message)

        if fault is None:
            await self._app(scope, receive, send_with_ids)
        else:
            request.fault = fault.kind
            await respond_with_fault(fault, self._app, scope, receive, send_with_ids)

    def _record(self, request: RecordedRequest) -> None:
        if request.path.startswith("/sandbox/") and request.path != REDIRECT_TARGET:
            return
        requests = self._sandbox.requests
        if len(requests) >= MAX_RECORDED_REQUESTS:
            del requests[: MAX_RECORDED_REQUESTS // 2]
        requests.append(request)


def _id_headers(request: RecordedRequest) -> list[tuple[bytes, bytes]]:
    """Return the headers that the API adds to every response: its own request id, and the caller's."""
    if not request.path.startswith("/v1.0"):
        return []
    headers = [(b"request-id", str(uuid.uuid4()).encode())]
    if "client-request-id" in request.headers:
        headers.append((b"client-request-id", request.headers["client-request-id"].encode("latin-1")))
    return headers
