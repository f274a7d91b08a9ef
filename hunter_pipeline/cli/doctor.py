"""`hunter doctor`: what is configured, reachable, signed in and up to date, and how to fix what is not."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

from hunter_pipeline.config.environment import hunter_variables
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings, unknown_variables
from hunter_pipeline.errors import ConfigurationError, HunterError, PartnerCenterAuthError
from hunter_pipeline.local import processes
from hunter_pipeline.partner_center.entra_errors import CLOCK_HINT, clock_problem
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.pipeline.sign_in import open_client, open_sign_in, own_domains
from hunter_pipeline.referrals.canonical_domain import registrable_domain, resolve
from hunter_pipeline.warehouse import migrate, normalized_referrals, referral_updates, sync_runs
from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline.warehouse.disk_space import disk_space

# A check, and the names of those without which it would fail for the same reason.
Check = tuple[Callable[[Settings], str], *tuple[str, ...]]


class Diagnosis(NamedTuple):
    """One line of the report; `mark` is ok, WARN, BAD or, where another line says why nothing was checked, -."""

    subject: str
    mark: str
    text: str
    exit_code: int = 0


class _WarningError(HunterError):
    """Something that works now and needs attention soon."""

    exit_code = 0


def doctor() -> int:
    """
    Check the installation, and say how to fix what does not work.

    Checks settings, disk, database, sign-in, Partner Center and Dagster. Exit code 0 if all of it works; WARN marks
    what will stop working soon.
    """
    settings = load_settings()
    configure_logs(settings, warn_of_variables=False)
    codes: list[int] = []
    for diagnosis in diagnose(settings):
        print(f"{diagnosis.mark:<5}{diagnosis.subject:<16}{diagnosis.text}")
        codes.append(diagnosis.exit_code)
    # a specific code says more than 1, which an overdue sync has
    return next((code for code in codes if code > 1), max(codes))


def diagnose(settings: Settings) -> Iterator[Diagnosis]:
    """Run every check; one that fails is a diagnosis as well, and is not repeated by checks that need what it found."""
    causes: dict[str, str] = {}  # of each check without a result: the one that failed
    for subject, (check, *needs) in _checks(settings).items():
        if cause := next((causes[need] for need in needs if need in causes), None):
            causes[subject] = cause
            yield Diagnosis(subject, "-", f"not checked: see {cause}")
            continue
        try:
            yield Diagnosis(subject, "ok", check(settings))
        except HunterError as error:
            mark = "BAD" if error.exit_code else "WARN"
            if error.exit_code:
                causes[subject] = subject
            yield Diagnosis(subject, mark, f"{error.message} {error.hint or ''}".rstrip(), error.exit_code)


def _checks(settings: Settings) -> dict[str, Check]:
    """Return the checks of these settings, in their order."""
    stored_in_database = ("database",) if settings.token_keys else ()
    same_host = urlsplit(settings.partner_center_api_url).netloc == urlsplit(settings.partner_center_authority).netloc
    checks: dict[str, Check] = {
        "variables": (_check_variables,),
        "home": (_check_home,),
        "database": (_check_database,),
        "disk": (_check_disk, "database"),
        "feature flag": (_check_flag,),
        "clock": (_check_clock,),
        "last sync": (_check_last_sync, "database"),
    }
    if settings.partner_center_enabled:
        checks["sign-in"] = (_check_sign_in, "feature flag", *stored_in_database)
        checks["Partner Center"] = (_check_partner_center, "sign-in", *(("clock",) if same_host else ()))
    if settings.write_back != "off":
        checks["answers"] = (_check_answers, "database")
    return checks | {
        "own domains": (_check_own_domains, "database"),
        "Dagster": (_check_dagster,),
        "lead desk": (_check_desk,),
    }


@contextmanager
def _connection(settings: Settings) -> Iterator[Connection | None]:
    """Open a connection to the database, None if it is empty."""
    warehouse = Warehouse.from_settings(settings)
    if migrate.status(warehouse)[0] is None:
        yield None
        return
    with warehouse.connection() as connection:
        yield connection


def _check_variables(_settings: Settings) -> str:
    unknown = [f"{name} (did you mean {meant}?)" if meant else name for name, meant in unknown_variables().items()]
    if unknown:
        raise _WarningError(
            f"These variables do not exist and are ignored: {', '.join(unknown)}.", hint=".env.example lists all."
        )
    return f"{len(hunter_variables())} set, all of them known"


def _check_own_domains(settings: Settings) -> str:
    own = own_domains(settings)
    ignored = [text for text in own if registrable_domain(text) is None]
    if ignored:
        raise ConfigurationError(
            f"HUNTER_OWN_DOMAINS names {', '.join(ignored)}, which is not the domain of a company.",
            hint="It may hold a comma list of domains, such as contoso.com, fabrikam.co.uk.",
        )
    with _connection(settings) as connection:
        hosts = normalized_referrals.partner_team_hosts(connection) if connection else {}
    others = {found.domain for host, count in hosts.items() if count > 1 and (found := resolve(host, own=own)).domain}
    if others:
        raise _WarningError(
            f"Your own teams in the referrals also have addresses at {', '.join(sorted(filter(None, others))[:5])}.",
            hint="If these are yours, add them to HUNTER_OWN_DOMAINS, so that they are never taken for a customer.",
        )
    known = sorted({domain for text in own if (domain := registrable_domain(text))})
    return ", ".join(known) or "none: set HUNTER_OWN_DOMAINS, so that your own people are never taken for a customer"


def _check_answers(settings: Settings) -> str:
    mode = f"HUNTER_WRITE_BACK is {settings.write_back}"
    with _connection(settings) as connection:
        if connection is None:
            return mode
        unresolved = referral_updates.count_unresolved(connection)
    if unresolved:
        raise _WarningError(
            f"{unresolved} answers to referrals are in conflict, rejected or failed.",
            hint="hunter referrals updates says why; updates --retry N sends one again.",
        )
    return f"{mode}; no answer is unresolved"


def _check_home(settings: Settings) -> str:
    existing = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"HUNTER_HOME holds {settings.home}, which is not writable.",
            hint="Change its owner, or set HUNTER_HOME to another folder.",
        )
    return str(settings.home)


def _check_disk(settings: Settings) -> str:
    with _connection(settings) as connection:
        space = disk_space(settings.home, connection if settings.database_url is None else None)
    if space.is_low():
        raise _WarningError(f"The disk of {settings.home} has {space}.", hint="Free space before it is full.")
    return str(space)


def _check_clock(settings: Settings) -> str:
    if not settings.partner_center_enabled:
        return "not compared: nothing calls Entra while the feature flag is off"
    with Http() as http:
        problem = clock_problem(http, settings.partner_center_authority)
    if problem:
        raise HunterError(problem, hint=CLOCK_HINT)
    return "agrees with Entra's"


def _check_database(settings: Settings) -> str:
    warehouse = Warehouse.from_settings(settings)
    revision, newest = migrate.status(warehouse)
    server = "embedded" if warehouse.url is None else "HUNTER_DATABASE_URL"
    if revision is None:
        return f"{server}, reachable, empty: the first sync creates the schema"
    if revision != newest:
        return f"{server}, reachable, at revision {revision}: the next sync upgrades it to {newest}"
    return f"{server}, reachable, at revision {revision}, the newest"


def _check_last_sync(settings: Settings) -> str:
    with _connection(settings) as connection:
        last = sync_runs.last_run(connection) if connection else None
        success = sync_runs.last_success(connection) if connection else None
    if last is None:
        return "none yet"
    if success is None:
        raise HunterError(
            f"The last sync ended as {last['status']}, and none has succeeded yet.", hint="Run: hunter sync"
        )
    minutes = round(success["age_seconds"] / 60)
    age = "1 minute" if minutes == 1 else f"{minutes} minutes"
    if settings.partner_center_enabled and timedelta(seconds=success["age_seconds"]) > settings.freshness_window:
        raise HunterError(
            f"The last successful sync ended {age} ago.",
            hint="Check that `hunter up` is running; `hunter sync` shows what is wrong.",
        )
    return f"succeeded {age} ago; the last one ended as {last['status']}"


def _check_flag(settings: Settings) -> str:
    if not settings.partner_center_enabled:
        return "off: nothing calls Partner Center (HUNTER_PARTNER_CENTER_ENABLED=true turns it on)"
    settings.require_partner_center()
    return "on"


def _check_sign_in(settings: Settings) -> str:
    with Http() as http:
        status = open_sign_in(settings, http).status()
    if not status.signed_in:
        raise PartnerCenterAuthError(status.problem or "No account is signed in.", hint="Run: hunter auth login")
    if problem := status.expiry_warning():
        raise _WarningError(problem, hint="Run: hunter auth login")
    until = f"{status.refresh_token_expires_at:%Y-%m-%d}" if status.refresh_token_expires_at else "unknown"
    return f"signed in, stored in {status.kept_in}; without any sync it lasts until {until}"


def _check_partner_center(settings: Settings) -> str:
    direction = settings.partner_center_direction
    with open_client(settings) as client:
        newest = client.newest_update(None if direction == "All" else direction)
    return f"reachable; the newest change is from {newest}" if newest else "reachable; it has no referral"


def _check_dagster(settings: Settings) -> str:
    urls = processes.recorded_urls(settings)
    return _check_service(urls.dagster if urls else settings.dagster_url, "/server_info", "hunter up")


def _check_desk(settings: Settings) -> str:
    settings.require_api_key()
    urls = processes.recorded_urls(settings)
    return _check_service(urls.desk if urls else settings.api_url, "/healthz/live", "hunter up or hunter serve")


def _check_service(url: str, path: str, starter: str) -> str:
    try:
        requests.get(f"{url}{path}", timeout=5).raise_for_status()
    except requests.RequestException:
        return f"not running at {url}; start it with {starter}"
    return f"responds at {url}"
