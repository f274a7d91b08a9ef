"""`hunter serve`: run the API and the lead desk alone."""

from hunter_pipeline.config.logs import announce, configure_logs
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.local import processes
from hunter_pipeline.web.app import serve as serve_app


def serve() -> None:
    """
    Serve the API and the lead desk until Ctrl-C.

    They listen on HUNTER_API_HOST and HUNTER_API_PORT, read the database, and start syncs through the Dagster at
    HUNTER_DAGSTER_URL. Without HUNTER_API_KEY the host must be a loopback address.
    """
    settings = load_settings()
    configure_logs(settings)
    settings.require_api_key()

    url = processes.free_url(settings.api_url, processes.API, or_next=False)
    text = f"API and lead desk: {url} (API documentation: {url}/docs). Press Ctrl-C to stop."
    announce(settings, "lead_desk_starting", text, url=url)
    serve_app(settings)
