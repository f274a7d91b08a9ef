"""
Handles for a test, a demo or a curious person, over HTTP.

Belongs here: faults, changes and figures under /sandbox/. Does not belong here: anything that Partner
Center has. No sign-in: the sandbox listens on loopback only.
"""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from hunter_pipeline.sandbox import pages
from hunter_pipeline.sandbox.faults import Fault
from hunter_pipeline.sandbox.site import Site
from hunter_pipeline.sandbox.tokens import ACCESS, MFA, REFRESH

MOST_CHANGES = 10_000


def router(site: Site) -> APIRouter:
    """The routes of the control panel."""
    routes = APIRouter()

    @routes.get("/")
    async def front() -> Response:
        return HTMLResponse(pages.front())

    @routes.get("/sandbox/stats")
    async def stats() -> Response:
        return JSONResponse(site.stats())

    @routes.get("/sandbox/elsewhere")
    async def elsewhere() -> Response:
        return JSONResponse({"value": []})

    @routes.get("/sandbox/faults")
    async def faults() -> Response:
        return JSONResponse([fault.as_dict() for fault in site.faults.listed()])

    @routes.post("/sandbox/faults")
    async def add_faults(request: Request) -> Response:
        return _add_faults(site, await request.body(), await _json(request))

    @routes.delete("/sandbox/faults")
    async def clear_faults() -> Response:
        site.faults.clear()
        return Response(status_code=204)

    @routes.post("/sandbox/change")
    async def change(n: int = 1) -> Response:
        return JSONResponse({"ids": site.world.change(max(0, min(n, MOST_CHANGES)))})

    @routes.post("/sandbox/sign-in/{action}")
    async def sign_in(action: str) -> Response:
        counter = {"revoke": REFRESH, "expire": ACCESS, "require-mfa": MFA}.get(action)
        if counter is None:
            return JSONResponse({"error": "one of: revoke, expire, require-mfa"}, 404)
        site.tokens.void(counter)
        return Response(status_code=204)

    return routes


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        return None


def _add_faults(site: Site, raw: bytes, posted: Any) -> Response:
    try:
        faults = [Fault(**item) for item in (posted if isinstance(posted, list) else [posted])]
    except (TypeError, ValueError) as error:
        return JSONResponse({"error": str(error), "received": raw.decode(errors="replace")}, 400)
    for fault in faults:
        site.faults.add(fault)
    return JSONResponse([fault.as_dict() for fault in site.faults.listed()], 201)
