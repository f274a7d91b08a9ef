"""
/docs: Swagger UI from our own files, so that no request leaves the machine.

The files are those of npm's swagger-ui-dist 5.35.0, packed; who does not take gzip gets them unpacked.
"""

import gzip
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

_FOLDER = Path(__file__).parent / "static" / "swagger"
_TYPES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>hunter_pipeline API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
def start() -> Response:
    """What sets it up; a strict content policy takes no script inside a page."""
    return Response(_START, media_type="text/javascript; charset=utf-8")


@router.get("/docs/swagger-ui-bundle.js")
@router.get("/docs/swagger-ui.css")
def asset(request: Request) -> Response:
    """One of Swagger UI's two files."""
    name = request.url.path.rpartition("/")[2]
    headers = {"Cache-Control": "private, max-age=86400", "Vary": "Accept-Encoding"}
    packed = _packed(name)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=_TYPES[name], headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=_TYPES[name], headers=headers)


@cache
def _packed(name: str) -> bytes:
    return (_FOLDER / f"{name}.gz").read_bytes()
