"""
`create_app`: the service as a whole. No route stands here; each concern has a module of its own.

Nothing is opened before the first request: connections and the way to Dagster are made when they are needed.
"""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.web import api, desk, docs, errors, health, models, sign_in
from hunter_pipeline.web.access import Access
from hunter_pipeline.web.dagster_client import Launches
from hunter_pipeline.web.gate import Gate
from hunter_pipeline.web.metrics import Metrics

_ABOUT = """
Referrals of Microsoft Partner Center, the leads among them, and their syncs.

With `HUNTER_API_KEY` set, everything but `/healthz*` needs it: as `X-API-Key`, or by signing in at `/sign-in`.
Every error has one shape: `error` for programs, `detail` and `hint` for people.
"""
_STATUSES = (401, 403, 421, 422, 429, 500, 503)


def create_app(settings: Settings) -> FastAPI:
    """
    The API and the lead desk.

    Raises: ConfigurationError where it would listen to the network without a key.
    """
    settings.require_api_key()
    app = FastAPI(
        title="hunter_pipeline",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        responses={status: {"model": models.Error} for status in _STATUSES},
    )
    app.state.settings = settings
    app.state.warehouse = Warehouse.from_settings(settings)
    app.state.launches = Launches(settings.dagster_url, app.state.warehouse)
    app.state.access = Access(settings)
    app.state.metrics = Metrics()
    app.state.limiter = health.new_limiter()
    for part in (api, health, docs, sign_in, desk):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    errors.install(app)
    app.add_middleware(Gate, access=app.state.access, metrics=app.state.metrics)
    return app
