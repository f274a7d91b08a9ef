"""`hunter doctor`: what is configured, reachable, signed in and up to date, and how to mend what is not."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import requests

from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.errors import ConfigurationError, HunterError, PartnerCenterAuthError
from hunter_pipeline.local import home_lock
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.pipeline.sign_in import open_client, open_sign_in
from hunter_pipeline.warehouse import migrate, sync_runs
from hunter_pipeline.warehouse.connection import Warehouse


class Finding(NamedTuple):
    """One line of the report: what was looked at and what it said."""

    subject: str
    is_well: bool
    words: str
    exit_code: int = 0

    @property
    def mark(self) -> str:
        """How the line begins."""
        if not self.is_well:
            return "BAD"
        return "WARN" if isinstance(self.words, Warned) else "ok"


class Warned(str):
    """What works, and will not for long."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Look:
    subject: str
    ask: Callable[[Settings], str]


def doctor() -> int:
    """
    Say what works, and how to mend what does not.

    It looks at settings, disk, database, sign-in, Partner Center and Dagster; exit code 0 if all works,
    which a WARN line says will not last.
    """
    settings = load_settings()
    configure_logs(settings)
    findings = list(examine(settings))
    for finding in findings:
        print(f"{finding.mark:<5}{finding.subject:<16}{finding.words}")
    codes = [finding.exit_code for finding in findings if not finding.is_well]
    return next((code for code in codes if code > 1), max(codes, default=0))  # the cause tells more than "stale"


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding in turn; a look that cannot be had is a finding, too."""
    looks = [
        _Look("home", _home),
        _Look("database", _database),
        _Look("last sync", _last_sync),
        _Look("feature flag", _flag),
        *(
            [_Look("sign-in", _sign_in), _Look("Partner Center", _partner_center)]
            if settings.partner_center_enabled
            else []
        ),
        _Look("Dagster", _dagster),
        _Look("lead desk", _desk),
    ]
    for look in looks:
        try:
            yield Finding(look.subject, True, look.ask(settings))
        except HunterError as error:
            yield Finding(look.subject, False, f"{error.message} {error.hint or ''}".rstrip(), error.exit_code)


def _home(settings: Settings) -> str:
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"HUNTER_HOME holds {settings.home}, which cannot be written.", hint="Change its owner, or name another."
        )
    return str(settings.home)


def _database(settings: Settings) -> str:
    warehouse = Warehouse.from_settings(settings)
    revision, newest = migrate.status(warehouse)
    kind = "embedded" if warehouse.url is None else "HUNTER_DATABASE_URL"
    if revision is None:
        return f"{kind}, reachable, still empty: the first sync makes the schema"
    if revision != newest:
        return f"{kind}, reachable, at revision {revision}: the next sync brings it to {newest}"
    return f"{kind}, reachable, at revision {revision}, the newest"


def _last_sync(settings: Settings) -> str:
    warehouse = Warehouse.from_settings(settings)
    if migrate.status(warehouse)[0] is None:
        return "none yet"
    with warehouse.connection() as connection:
        last, success = sync_runs.last_run(connection), sync_runs.last_success(connection)
    if last is None:
        return "none yet"
    if success is None:
        raise HunterError(
            f"The last sync ended as {last['status']}, and none has succeeded yet.", hint="Run: hunter sync"
        )
    minutes = success["age_seconds"] / 60
    if minutes * 60 > 3 * max(settings.interval_seconds, 600) and settings.partner_center_enabled:
        raise HunterError(
            f"The last success is {_minutes(minutes)} old.", hint="Is `hunter up` running? `hunter sync` tells more."
        )
    return f"succeeded {_minutes(minutes)} ago; the last one ended as {last['status']}"


def _minutes(number: float) -> str:
    return "1 minute" if round(number) == 1 else f"{number:.0f} minutes"


def _flag(settings: Settings) -> str:
    if not settings.partner_center_enabled:
        return "off: nothing calls Partner Center (HUNTER_PARTNER_CENTER_ENABLED=true turns it on)"
    settings.require_partner_center()
    return "on"


def _sign_in(settings: Settings) -> str:
    with Http() as http:
        status = open_sign_in(settings, http).status()
    if not status.signed_in:
        raise PartnerCenterAuthError(status.problem or "No account is signed in.", hint="Run: hunter auth login")
    until = f"{status.refresh_token_expires_at:%Y-%m-%d}" if status.refresh_token_expires_at else "unknown"
    if soon := status.expiry_warning():
        return Warned(f"{soon} Run: hunter auth login")
    return f"signed in, kept in {status.kept_in}; without any sync it would last until {until}"


def _partner_center(settings: Settings) -> str:
    with open_client(settings) as client:
        newest = client.newest_update(
            None if settings.partner_center_direction == "All" else settings.partner_center_direction
        )
    return f"reachable; the newest change there is of {newest}" if newest else "reachable, and holds no referral"


def _dagster(settings: Settings) -> str:
    running = home_lock.running_urls(settings)
    return _whether_it_answers(running.dagster if running else settings.dagster_url, "/server_info", "hunter up starts")


def _desk(settings: Settings) -> str:
    settings.require_api_key()
    running = home_lock.running_urls(settings)
    url = running.desk if running else settings.api_url
    return _whether_it_answers(url, "/healthz/live", "hunter up or hunter serve starts")


def _whether_it_answers(url: str, path: str, starter: str) -> str:
    try:
        requests.get(f"{url}{path}", timeout=5).raise_for_status()
    except requests.RequestException:
        return f"not running at {url} ({starter} it)"
    return f"answers at {url}"
