"""`hunter up`: Dagster's web UI and daemon and the lead desk, for the configured Partner Center and database."""

from hunter_pipeline.config.logs import announce, configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.defs.schedules import kept_seconds
from hunter_pipeline.local import dagster_instance, processes, supervisor
from hunter_pipeline.local.processes import Urls


def up() -> None:
    """
    Run Dagster and the lead desk for your Partner Center.

    Runs until Ctrl-C, with the settings from the environment or .env, and with the embedded database if no other is
    configured.
    """
    settings = load_settings()
    configure_logs(settings)
    if settings.partner_center_enabled:
        settings.require_partner_center()
    settings.require_api_key()
    with (
        supervisor.until_stopped(as_events=settings.log_style == "json"),
        processes.lock_home(settings),
        supervisor.stop_database_after(settings),
    ):
        urls = service_urls(settings, or_next=False)
        announce(settings, "services_starting", "Starting.")
        dagster_instance.prepare(settings)
        if settings.partner_center_enabled:
            supervisor.refuse_mixing(settings)
        with supervisor.running(settings, urls) as services:
            table = describe_services(settings, urls)
            announce(settings, "services_ready", table, desk=urls.desk, dagster=urls.dagster)
            supervisor.notify_systemd()
            supervisor.watch(services)


def service_urls(settings: Settings, *, or_next: bool) -> Urls:
    """
    Return where Dagster and the lead desk can listen: the configured ports or, with `or_next`, the next free ones.

    Raises: ConfigurationError if they cannot.
    """
    dagster = processes.free_url(settings.dagster_url, processes.DAGSTER, or_next=or_next)
    return Urls(dagster, processes.free_url(settings.api_url, processes.API, or_next=or_next))


def describe_services(settings: Settings, urls: Urls) -> str:
    """Return a table of what runs and where."""
    logs = "standard error" if settings.log_style == "json" else settings.home / "logs"
    flag = "on" if settings.partner_center_enabled else "off: nothing calls Partner Center"
    return (
        f"\n  Lead desk           {urls.desk}\n"
        f"  Dagster's web UI    {urls.dagster}\n"
        f"  Feature flag        {flag}\n"
        f"  Sync interval       {kept_seconds(settings.interval_seconds)} seconds\n"
        f"  Logs                {logs}\n\n"
        f"{supervisor.READY}"
    )
