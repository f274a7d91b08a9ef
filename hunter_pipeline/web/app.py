"""Build the web application, serve the API documentation at /docs, and run the server."""

import asyncio
import gc
import gzip
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import uvicorn
from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.staticfiles import StaticFiles
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from hunter_pipeline.config.environment import child_environment
from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError, HunterError
from hunter_pipeline.warehouse import schema
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.web import api, desk, desk_answers, errors, health, models, pages, sync_status
from hunter_pipeline.web.dagster_client import DagsterClient
from hunter_pipeline.web.middleware import AccessMiddleware
from hunter_pipeline.web.security import AccessControl, root_path

# How long requests may take to finish once the server is told to stop.
STOP_SECONDS = 10
# How long a client may take for the head of a request.
HEAD_SECONDS = 20.0
# A connection without traffic is probed after this time; one whose client does not acknowledge for so long is closed.
_PROBE_SECONDS = 60
# Requests that are answered at the same time; the others wait. More threads would answer no faster, need more memory
# and more database connections, and keep the health checks waiting.
THREADS = min(16, 2 * (os.cpu_count() or 1))
_SOCKET_OPTIONS = {
    "SO_KEEPALIVE": (socket.SOL_SOCKET, 1),
    "TCP_KEEPIDLE": (socket.IPPROTO_TCP, _PROBE_SECONDS),
    "TCP_KEEPINTVL": (socket.IPPROTO_TCP, 15),
    "TCP_KEEPCNT": (socket.IPPROTO_TCP, 4),
    "TCP_USER_TIMEOUT": (socket.IPPROTO_TCP, 1000 * _PROBE_SECONDS),
}
_DESCRIPTION = """
Referrals of Microsoft Partner Center, the leads among them, and their syncs.

If `HUNTER_API_KEY` is set, everything but `/healthz*` needs it: send it as `X-API-Key`, or sign in at `/sign-in`.
All errors have one shape: `error` for programs, `detail` and `hint` for people.
"""
_ERROR_STATUSES = (401, 403, 421, 422, 429, 500, 503)
_SWAGGER = pages.STATIC / "swagger"
_SWAGGER_TYPES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}

docs_router = APIRouter(prefix="/docs", include_in_schema=False)


def create_app(settings: Settings) -> FastAPI:
    """
    Return the API and the lead desk as one application; it opens no connection before the first request.

    Raises: ConfigurationError if it would listen to the network without an API key.
    """
    settings.require_api_key()
    app = FastAPI(
        title="hunter_pipeline",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        responses={status: {"model": models.Error} for status in _ERROR_STATUSES},
        lifespan=_short_waits,
    )
    app.state.settings = settings
    app.state.warehouse = Warehouse.from_settings(settings)
    app.state.dagster = DagsterClient(settings.dagster_url, app.state.warehouse)
    app.state.access = AccessControl(settings)
    app.state.metrics = health.RequestMetrics()
    app.state.export_slots = asyncio.Semaphore(api.EXPORTS_AT_ONCE)
    app.state.probe_threads = CapacityLimiter(health.PROBE_THREADS)
    routers = (api, health, pages, sync_status, desk, desk_answers)
    for router in (docs_router, *(module.router for module in routers)):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    errors.register_error_handlers(app, not_found_page=lambda request: pages.not_found_page(request, "error"))
    app.add_middleware(AccessMiddleware, access=app.state.access, metrics=app.state.metrics)
    return app


@asynccontextmanager
async def _short_waits(_app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    gc.freeze()  # the garbage collector stops every thread for as long as it looks at the imported modules
    yield


def serve(settings: Settings) -> None:
    """
    Upgrade the schema, then serve the application until SIGINT or SIGTERM.

    The server starts without the database as well, because its health check has to report that. Raises:
    ConfigurationError.
    """
    try:
        schema.ensure_current(Warehouse.from_settings(settings))
    except HunterError as error:
        log.warning("database_not_ready", error=error.message, hint=error.hint)
    server = uvicorn.Server(server_config(settings, create_app(settings)))
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal that stopped it once more at its end, which would end the process with an error
        signal.signal(number, lambda *_: None)
    server.run()
    if not server.started:
        raise ConfigurationError(f"The lead desk cannot listen on {settings.api_url}.", hint="See the log above.")


def server_config(settings: Settings, app: FastAPI) -> uvicorn.Config:
    """
    Return how uvicorn serves the application.

    X-Forwarded-* headers count only if they come from an address in FORWARDED_ALLOW_IPS; uvicorn's default is loopback,
    where any program could invent clients.
    """
    return uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,  # requests are logged by AccessMiddleware, without their query strings
        access_log=False,
        server_header=False,
        forwarded_allow_ips=child_environment().get("FORWARDED_ALLOW_IPS", ""),
        timeout_graceful_shutdown=STOP_SECONDS,
        http=BoundedProtocol,
        ws="none",
    )


@docs_router.get("")
def swagger_page(request: Request) -> HTMLResponse:
    """Return Swagger UI, whose files are served from here, so that the browser loads nothing from another host."""
    page = (_SWAGGER / "index.html").read_text(encoding="utf-8")
    return HTMLResponse(page.replace('"/docs/', f'"{root_path(request)}/docs/'))


@docs_router.get("/start.js")
def swagger_start() -> FileResponse:
    """Return the script that sets Swagger UI up; the content security policy forbids inline scripts."""
    return FileResponse(_SWAGGER / "start.js", media_type="text/javascript")


@docs_router.get("/swagger-ui-bundle.js")
@docs_router.get("/swagger-ui.css")
def swagger_asset(request: Request) -> Response:
    """Return a file of npm's swagger-ui-dist 5.35.0, which is stored with gzip."""
    name = request.url.path.rpartition("/")[2]
    headers = {"Cache-Control": "private, max-age=86400", "Vary": "Accept-Encoding"}
    compressed = _read_compressed(name)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(compressed, media_type=_SWAGGER_TYPES[name], headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(compressed), media_type=_SWAGGER_TYPES[name], headers=headers)


@cache
def _read_compressed(name: str) -> bytes:
    return (_SWAGGER / f"{name}.gz").read_bytes()


class BoundedProtocol(AutoHTTPProtocol):
    """
    Uvicorn's HTTP protocol with a deadline for the head of each request.

    Uvicorn's own deadline is for the pause between two requests, and ends with the first byte of the second.
    """

    # set by uvicorn's class, h11's or httptools'
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    cycle: Any
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the deadline of the first request."""
        super().connection_made(transport)
        accepted: socket.socket | None = transport.get_extra_info("socket")
        for name, (level, value) in _SOCKET_OPTIONS.items():
            if accepted is not None and accepted.family != socket.AF_UNIX and hasattr(socket, name):
                accepted.setsockopt(level, getattr(socket, name), value)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadline."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._close_if_waiting, self.cycle)

    def _close_if_waiting(self, last_request: Any) -> None:
        has_ended = last_request is None or last_request.response_complete
        if self.cycle is last_request and has_ended:
            self.transport.close()
        else:
            self._start_timer()
