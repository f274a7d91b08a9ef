"""`hunter up`: Dagster's web UI and daemon and the lead desk, against the configured Partner Center and database."""

from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.local import home_lock, ports
from hunter_pipeline.local.home_lock import Urls


def up() -> None:
    """
    Run Dagster and the lead desk on what is configured.

    Until Ctrl-C. They use the Partner Center and the database that the HUNTER_* variables or .env name; the embedded
    database where none is named.
    """
    settings = load_settings()
    configure_logs(settings)
    if settings.partner_center_enabled:
        settings.require_partner_center()
    settings.require_api_key()
    from hunter_pipeline.local import dagster_instance, supervisor  # noqa: PLC0415 - Dagster takes a second to import

    with supervisor.until_stopped(), home_lock.only_one(settings), supervisor.database_until_done(settings):
        urls = addresses(settings, or_next=False)
        print("Starting.", flush=True)
        dagster_instance.prepare(settings)
        if settings.partner_center_enabled:
            supervisor.refuse_mixing(settings)
        with supervisor.running(settings, urls) as running:
            print(in_words(settings, urls), flush=True)
            supervisor.watch(running)


def addresses(settings: Settings, *, or_next: bool) -> Urls:
    """
    Where Dagster and the lead desk can listen: the configured ports or, if asked for, the next free ones.

    Raises: ConfigurationError where they cannot.
    """
    dagster = ports.free_url(settings.dagster_url, ports.DAGSTER, or_next=or_next)
    return Urls(dagster, ports.free_url(settings.api_url, ports.API, or_next=or_next))


def in_words(settings: Settings, urls: Urls) -> str:
    """What runs now, and where."""
    from hunter_pipeline.defs.schedules import kept_seconds  # noqa: PLC0415

    flag = "on" if settings.partner_center_enabled else "off, so nothing calls Partner Center"
    return (
        f"\n  Lead desk           {urls.desk}\n"
        f"  Dagster's web UI    {urls.dagster}\n"
        f"  feature flag        {flag}\n"
        f"  a sync every        {kept_seconds(settings.interval_seconds)} seconds\n"
        f"  logs                {settings.home / 'logs'}\n\n"
        "Ctrl-C ends it."
    )
