"""Build the application of a sandbox: the record of requests, the choice of a fault for each, and the control API."""

import dataclasses
import json
import re
import uuid
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hunter_pipeline.sandbox import entra, oauth, referrals_api
from hunter_pipeline.sandbox.faults import REDIRECT_TARGET, Fault, respond_with_fault
from hunter_pipeline.sandbox.odata import ApiError, page_number

if TYPE_CHECKING:
    from hunter_pipeline.sandbox.sandbox import Sandbox

# A demo may run for weeks: at this number of recorded requests the older half is dropped.
MAX_RECORDED_REQUESTS = 20_000
MAX_CHANGES = 10_000
_SIGN_IN_PATH = re.compile(r"/oauth2/v2\.0/(token|devicecode|authorize)$")
_SIGN_IN_ACTIONS = {"revoke": oauth.REFRESH, "expire": oauth.ACCESS, "require-mfa": oauth.MFA}
_LINKS = """<p>A simulator of Partner Center and Entra. Nothing here is real.</p>
<ul><li><a href="/devicelogin">Enter a device code</a></li><li><a href="/sandbox/stats">Figures</a></li>
<li><a href="/sandbox/faults">Faults</a></li></ul>"""


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

    @property
    def endpoint(self) -> tuple[str | None, int | None]:
        """Return the endpoint by its name in a fault, None if it has none, and the page of the list."""
        if self.path.rstrip("/") == referrals_api.PATH:
            return "list", page_number(self.query)
        if self.path.startswith(referrals_api.PATH + "/"):
            return "patch" if self.method == "PATCH" else "get", None
        if self.path.endswith("/.well-known/openid-configuration"):
            return "openid", None
        sign_in = _SIGN_IN_PATH.search(self.path)
        return (sign_in[1], None) if sign_in else (None, None)


def build_app(sandbox: "Sandbox") -> ASGIApp:
    """Return the ASGI application of a sandbox."""
    endpoints = (ControlEndpoints, referrals_api.ReferralEndpoints, entra.EntraEndpoints)
    exception_handlers: dict[Any, Any] = {
        404: referrals_api.unknown_path,
        405: referrals_api.unknown_path,
        ApiError: referrals_api.error_response,
        oauth.EntraError: entra.error_response,
    }
    routes = [route for group in endpoints for route in group(sandbox).routes()]
    app = Starlette(routes=routes, exception_handlers=exception_handlers)
    app.router.redirect_slashes = False
    return RequestMiddleware(app, sandbox)


class RequestMiddleware:
    """The middleware that records each request, applies its fault, and adds the ids that every response has."""

    def __init__(self, app: ASGIApp, sandbox: "Sandbox") -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = scope["sandbox.request"] = RecordedRequest.from_scope(scope)
        self._record(request)
        endpoint, page = request.endpoint
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


class ControlEndpoints:
    """The endpoints under /sandbox/ that control a sandbox, and its first page; they need no sign-in."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self._index),
            Route("/sandbox/stats", self._stats),
            Route(REDIRECT_TARGET, self._redirect_target),
            Route("/sandbox/faults", self._faults, methods=["GET", "POST", "DELETE"]),
            Route("/sandbox/change", self._change, methods=["POST"]),
            Route("/sandbox/sign-in/{action}", self._disturb_sign_in, methods=["POST"]),
        ]

    async def _index(self, _request: Request) -> Response:
        return HTMLResponse(entra.html_page("Partner Center sandbox", _LINKS))

    async def _stats(self, _request: Request) -> Response:
        world, requests = self._sandbox.world, self._sandbox.requests
        statuses = Counter(str(request.status) for request in requests)
        return JSONResponse({
            "referrals": len(world.referrals),
            "incoming": len(world.incoming()),
            "removed": len(world.removed),
            "tenants": len(world.tenants),
            "requests": statuses.total(),
            "statuses": dict(sorted(statuses.items())),
            "faults": len(self._sandbox.faults.pending()),
        })  # fmt: skip

    async def _redirect_target(self, _request: Request) -> Response:
        return JSONResponse({"value": []})

    async def _faults(self, request: Request) -> Response:
        """List the faults, after those in the body are added; or remove all."""
        faults = self._sandbox.faults
        if request.method == "DELETE":
            faults.clear()
            return Response(status_code=204)
        if request.method == "POST":
            body = await request.body()
            try:
                posted = json.loads(body)
                faults.add(*[Fault(**fields) for fields in (posted if isinstance(posted, list) else [posted])])
            except (TypeError, ValueError) as error:
                return JSONResponse({"error": str(error), "received": body.decode(errors="replace")}, 400)
        pending = [dataclasses.asdict(fault) for fault in faults.pending()]
        return JSONResponse(pending, 201 if request.method == "POST" else 200)

    async def _change(self, request: Request) -> Response:
        count = request.query_params.get("n", "1")
        if not count.isdecimal() or int(count) > MAX_CHANGES:
            return JSONResponse({"error": f"n={count}: a number up to {MAX_CHANGES}"}, 400)
        return JSONResponse({"ids": self._sandbox.world.change(int(count))})

    async def _disturb_sign_in(self, request: Request) -> Response:
        counter = _SIGN_IN_ACTIONS.get(request.path_params["action"])
        if counter is None:
            return JSONResponse({"error": "one of: revoke, expire, require-mfa"}, 404)
        self._sandbox.world.increment(counter)
        return Response(status_code=204)
