"""Serve the endpoints under /sandbox/ that control a sandbox; they need no sign-in."""

import json
from collections import Counter
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from hunter_pipeline.sandbox import entra, oauth
from hunter_pipeline.sandbox.faults import Fault

if TYPE_CHECKING:
    from hunter_pipeline.sandbox.sandbox import Sandbox

MAX_CHANGES = 10_000
# Where the fault "redirect" leads. Requests to it are recorded, so that a client that follows with its token is seen.
REDIRECT_TARGET = "/sandbox/elsewhere"
_SIGN_IN_ACTIONS = {"revoke": oauth.REFRESH, "expire": oauth.ACCESS, "require-mfa": oauth.MFA}
_LINKS = """<p>A simulator of Partner Center and Entra. Nothing here is real.</p>
<ul><li><a href="/devicelogin">Enter a device code</a></li><li><a href="/sandbox/stats">Figures</a></li>
<li><a href="/sandbox/faults">Faults</a></li></ul>"""


class ControlEndpoints:
    """The endpoints of one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self._index),
            Route("/sandbox/stats", self._stats),
            Route(REDIRECT_TARGET, self._redirect_target),
            Route("/sandbox/faults", self._list_faults),
            Route("/sandbox/faults", self._add_faults, methods=["POST"]),
            Route("/sandbox/faults", self._clear_faults, methods=["DELETE"]),
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

    async def _list_faults(self, _request: Request) -> Response:
        return self._faults()

    async def _add_faults(self, request: Request) -> Response:
        body = await request.body()
        try:
            posted = json.loads(body)
            faults = [Fault(**fields) for fields in (posted if isinstance(posted, list) else [posted])]
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error), "received": body.decode(errors="replace")}, 400)
        self._sandbox.faults.add(*faults)
        return self._faults(status=201)

    async def _clear_faults(self, _request: Request) -> Response:
        self._sandbox.faults.clear()
        return Response(status_code=204)

    async def _change(self, request: Request) -> Response:
        count = request.query_params.get("n", "1")
        if not count.isdecimal() or int(count) > MAX_CHANGES:
            return JSONResponse({"error": f"n={count}: a number up to {MAX_CHANGES}"}, 400)
        return JSONResponse({"ids": self._sandbox.world.change(int(count))})

    async def _disturb_sign_in(self, request: Request) -> Response:
        kind = _SIGN_IN_ACTIONS.get(request.path_params["action"])
        if kind is None:
            return JSONResponse({"error": "one of: revoke, expire, require-mfa"}, 404)
        self._sandbox.oauth.invalidate(kind)
        return Response(status_code=204)

    def _faults(self, status: int = 200) -> Response:
        return JSONResponse([fault.as_dict() for fault in self._sandbox.faults.pending()], status)
