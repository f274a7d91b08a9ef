"""
Puts the routes together.

Belongs here: the order of the routes, and what is answered where there is none. Does not belong
here: any route.
"""

from fastapi import FastAPI, Request
from fastapi.responses import Response

from hunter_pipeline.sandbox import control, entra, partner_center
from hunter_pipeline.sandbox.gate import Gate
from hunter_pipeline.sandbox.site import Site


def build(site: Site) -> Gate:
    """The whole application of one sandbox."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for part in (control, partner_center, entra):
        app.include_router(part.router(site))

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
    async def nowhere(request: Request) -> Response:
        missing = partner_center.AnswerError(404, "itemNotFound", "The resource could not be found.", request.url.path)
        return partner_center.error_answer(missing)

    return Gate(app, site)
