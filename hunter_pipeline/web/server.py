"""The web server around the app: how `hunter serve` listens, and how it stops."""

import uvicorn

from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import HunterError
from hunter_pipeline.warehouse import migrate
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.web.app import create_app

STOP_SECONDS = 10
"""How long requests under way may take once the server is told to stop."""


def serve(settings: Settings) -> None:
    """
    Listen until SIGINT or SIGTERM.

    The schema is brought up to date first; a database that is out of reach does not keep the server from starting,
    because its health check is what tells of it. Raises: ConfigurationError.
    """
    try:
        migrate.upgrade(Warehouse.from_settings(settings))
    except HunterError as error:
        log.warning("database_not_ready", error=error.message, hint=error.hint)
    uvicorn.run(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,  # ours, without what a request asked for
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
