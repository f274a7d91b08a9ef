"""`hunter up`: Dagster's web UI and daemon against the configured Partner Center and database."""

from hunter_pipeline.logs import configure_logs
from hunter_pipeline.settings import Settings, load_settings


def up() -> None:
    """
    Run Dagster on what is configured, until Ctrl-C.

    Its web UI and daemon use the Partner Center and the database that the HUNTER_* variables or .env name; the embedded
    database where none is named.
    """
    settings = load_settings()
    configure_logs(settings)
    if settings.partner_center_enabled:
        settings.require_partner_center()
    from hunter_pipeline import instance, services  # noqa: PLC0415 - Dagster takes a second to import

    with services.until_stopped(), services.only_one(settings), services.database_until_done(settings):
        url = services.free_url(settings.dagster_url, or_next=False)
        print("Starting.", flush=True)
        instance.prepare(settings)
        if settings.partner_center_enabled:
            services.refuse_mixing(settings)
        with services.dagster_running(settings, url) as process:
            print(in_words(settings, url), flush=True)
            services.watch(process, settings)


def in_words(settings: Settings, url: str) -> str:
    """What runs now, and where."""
    from hunter_pipeline.defs.cadence import kept_seconds  # noqa: PLC0415

    flag = "on" if settings.partner_center_enabled else "off, so nothing calls Partner Center"
    return (
        f"\n  Dagster's web UI    {url}\n"
        f"  feature flag        {flag}\n"
        f"  a sync every        {kept_seconds(settings.interval_seconds)} seconds\n"
        f"  logs                {settings.home / 'logs'}\n\n"
        "Ctrl-C ends it."
    )
