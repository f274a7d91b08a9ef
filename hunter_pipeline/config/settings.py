"""Define every HUNTER_* setting with its default, description and limits."""

import difflib
import os
import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hunter_pipeline.config import value_types
from hunter_pipeline.config.environment import (
    DEMO_VARIABLE,
    DOTENV,
    PARTNER_CENTER,
    PREFIX,
    adopt_demo,
    hunter_variables,
    ignore_libpq_variables,
)
from hunter_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MICROSOFT_AUTHORITIES = ("login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn")
# A sync is due this often even if nothing changed upstream, so that a pipeline that has stopped shows as stale.
HEARTBEAT_SECONDS = 600
_PASSWORD = re.compile(r"//[^/@]*@")


class Settings(BaseSettings):
    """
    The settings of a process, read once when it starts and passed down.

    A field's variable is HUNTER_ and the field's name in capitals; `.env.example` and the README show the descriptions.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=DOTENV,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    partner_center_enabled: bool = Field(False, description="feature flag: off means that nothing calls Partner Center")
    partner_center_client_id: value_types.Identifier | None = Field(
        None, description="the Entra app registration's client id"
    )
    partner_center_tenant_id: value_types.Identifier | None = Field(None, description="the Entra tenant that signs in")
    partner_center_api_url: value_types.HttpsUrl = Field(
        "https://api.partner.microsoft.com", description="Partner Center's API"
    )
    partner_center_authority: value_types.HttpsUrl = Field(
        "https://login.microsoftonline.com",
        description="host of the authority, without the tenant; for another host, instance discovery is off",
    )
    partner_center_scope: str = Field(
        "https://api.partner.microsoft.com/.default", description="scope of the access token"
    )
    partner_center_token_cache: value_types.AnyPath | None = Field(
        None, description="file that stores the sign-in; .token_cache under HUNTER_HOME if empty"
    )
    token_keys: value_types.FernetKeys = Field(
        (), description="comma list of Fernet keys: the sign-in is stored in the database, encrypted with the first"
    )
    partner_center_direction: Literal["Incoming", "Outgoing", "All"] = Field(
        "Incoming", description="which referrals: Incoming, Outgoing or All"
    )
    partner_center_page_size: int | None = Field(
        None, ge=1, le=200, description="referrals per page, 1 to 200, sent as $top; the server's own size if empty"
    )
    database_url: value_types.DatabaseUrl | None = Field(
        None, description="postgresql://user:password@host/database; an embedded PostgreSQL if empty"
    )
    home: value_types.AnyPath = Field(
        Path(".hunter"), description="everything the program keeps on disk: database, Dagster home, token cache"
    )
    env: Literal["development", "production"] = Field("development", description="development or production")
    sync_interval_seconds: int | None = Field(
        None,
        ge=5,
        le=86_400,
        description="seconds between background syncs; 30 in development, 600 in production if empty",
    )
    own_domains: value_types.Domains = Field(
        (),
        description="comma list: the partner's own domains, never a customer's; that of the signed-in user is another",
    )
    currency: value_types.Currency = Field(
        "USD", description="the currency (ISO 4217) in which values of different currencies are compared"
    )
    raw_retention_days: int | None = Field(
        None, ge=1, le=36_500, description="days after which superseded raw versions are deleted; all stay if empty"
    )
    tenant_lookup: bool = Field(True, description="ask Entra whether a company's domain has a tenant")
    write_back: Literal["off", "dry-run", "on"] = Field(
        "off", description="whether answers are sent to Partner Center: off, dry-run (show what would be sent) or on"
    )
    log_format: Literal["console", "json"] | None = Field(
        None, description="console or json; console in development, json in production if empty"
    )
    api_host: str = Field("127.0.0.1", description="where the API and the lead desk listen")
    api_port: int = Field(8000, ge=1, le=65_535, description="the port of the API and the lead desk")
    api_key: value_types.ApiKey = Field(None, description="required before the API binds to anything but loopback")
    public_url: value_types.PublicUrl = Field(
        "http://127.0.0.1:8000",
        description="the address under which people open the lead desk, a path included: https://crm.example/hunter",
    )
    dagster_url: value_types.HttpUrl = Field(
        "http://127.0.0.1:3000", description="Dagster's web UI, where the API launches runs"
    )
    run_retention_days: int = Field(
        30, ge=1, le=36_500, description="days after which Dagster's finished runs and their events are deleted"
    )
    alert_urls: value_types.AppriseUrls = Field(
        (), description="comma list of Apprise URLs (Teams, Slack, e-mail, webhook) that receive alerts"
    )
    notify_urls: value_types.NotifyUrls = Field(
        (),
        description="comma list of Apprise URLs that are notified of new, urgent and expiring leads; "
        "?lang=tr writes Turkish, ?digest=08:00&tz=Europe/Istanbul one message a day",
    )
    source_url: str | None = Field(
        None, description="git repository of this code: Dagster's code references link to it; local files if empty"
    )

    @property
    def interval_seconds(self) -> int:
        """Return the seconds between two syncs in the background."""
        return self.sync_interval_seconds or (30 if self.env == "development" else 600)

    @property
    def freshness_window(self) -> timedelta:
        """Return the largest age of the last successful sync in seconds: three intervals."""
        return timedelta(seconds=3 * max(self.interval_seconds, HEARTBEAT_SECONDS))

    @property
    def token_cache(self) -> Path:
        """Return the file that stores the sign-in."""
        return self.partner_center_token_cache or self.home / ".token_cache"

    @property
    def log_style(self) -> Literal["console", "json"]:
        """Return the format of log lines."""
        return self.log_format or ("console" if self.env == "development" else "json")

    @property
    def dagster_home(self) -> Path:
        """Return the DAGSTER_HOME of this HUNTER_HOME."""
        return self.home / "dagster"

    @property
    def api_url(self) -> str:
        """Return the URL at which the API and the lead desk listen."""
        host = f"[{self.api_host}]" if ":" in self.api_host else self.api_host
        return f"http://{host}:{self.api_port}"

    @property
    def desk_url(self) -> str:
        """Return the URL of the lead desk for users: HUNTER_PUBLIC_URL, else the address where it listens."""
        if "public_url" in self.model_fields_set:
            return self.public_url
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def api_is_loopback(self) -> bool:
        """Return whether HUNTER_API_HOST is reachable from this machine only."""
        try:
            return ip_address(self.api_host).is_loopback
        except ValueError:
            return self.api_host.lower() == "localhost"

    def require_api_key(self) -> None:
        """
        Check that an API that other machines can reach has a key.

        Raises: ConfigurationError if HUNTER_API_HOST is not loopback and HUNTER_API_KEY is empty.
        """
        if self.api_key is None and not self.api_is_loopback:
            raise ConfigurationError(
                f"HUNTER_API_HOST holds {self.api_host!r}, which other machines reach, and HUNTER_API_KEY is empty.",
                hint="Set HUNTER_API_KEY to a long random text, or HUNTER_API_HOST to 127.0.0.1.",
            )

    def folder(self, name: str = "") -> Path:
        """
        Return a folder under HUNTER_HOME; create it if it does not exist.

        Raises: ConfigurationError if it is not writable.
        """
        folder = self.home / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            writable = os.access(folder, os.W_OK | os.X_OK)
            reason = "Permission denied"
        except OSError as error:
            writable, reason = False, error.strerror or "it is not a folder"
        if not writable:
            raise ConfigurationError(
                f"HUNTER_HOME holds {self.home}, which is not writable ({reason}).",
                hint="Free disk space, change the owner of the folder, or set HUNTER_HOME to another one.",
            )
        return folder

    def require_partner_center(self) -> tuple[str, str]:
        """
        Return the client id and the tenant id of the app registration.

        Raises: ConfigurationError naming the empty variable.
        """
        for name in ("client_id", "tenant_id"):
            if not getattr(self, f"partner_center_{name}"):
                raise ConfigurationError(
                    f"{PARTNER_CENTER}{name.upper()} is empty, and signing in needs it.",
                    hint="Copy it from the app registration in the Entra admin center into .env or the environment.",
                )
        return str(self.partner_center_client_id), str(self.partner_center_tenant_id)


def load_settings() -> Settings:
    """
    Return the settings from the environment and `.env`, or from a running demo if neither names a Partner Center.

    Removes PG* variables from the environment that would change the database sessions.
    Raises: ConfigurationError naming the variable, its value and the allowed values.
    """
    try:
        settings = _read()
        if adopt_demo(settings.home):
            settings = _read()
    except ValidationError as error:
        raise ConfigurationError(_format_error(error), hint="Correct it in the environment or in .env.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not in UTF-8"
        raise ConfigurationError(
            f"The file .env cannot be read: {reason}.",
            hint="It must be a readable text file in UTF-8; .env.example shows one.",
        ) from None
    ignore_libpq_variables(is_embedded=settings.database_url is None)
    return settings


def unknown_variables() -> dict[str, str | None]:
    """
    Return the HUNTER_* variables of the environment and `.env` that do not exist, each with the name probably meant.

    Example: {"HUNTER_OWN_DOMAIN": "HUNTER_OWN_DOMAINS"}.
    """
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    unknown = [name for name in hunter_variables() if name not in known]
    return {name: next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.8)), None) for name in unknown}


def _read() -> Settings:
    # a demo does not read .env, so that it never uses a real account or real data
    return Settings(_env_file=None if DEMO_VARIABLE in os.environ else DOTENV)  # pyright: ignore[reportCallIssue]


def _format_error(error: ValidationError) -> str:
    """Return 'HUNTER_X holds ...; it may hold ...'; never a secret or a password."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    field = Settings.model_fields[name]
    is_secret = name in ("database_url", "api_key", "token_keys", "alert_urls", "notify_urls")
    value = "an invalid value" if is_secret else repr(_PASSWORD.sub("//[hidden]@", str(first["input"]))[:80])
    allowed = _format_allowed(first, field.metadata, field.description or "")
    return f"{PREFIX}{name.upper()} holds {value}; {allowed}."


def _format_allowed(error: "ErrorDetails", limits: list[Any], description: str) -> str:
    kind = error["type"]
    if kind == "value_error":
        return error["msg"].removeprefix("Value error, ")
    if kind == "literal_error":
        return f"it may hold {error.get('ctx', {})['expected']}"
    if kind.startswith("bool"):
        return "it may hold true or false"
    bounds = {name: getattr(limit, name) for limit in limits for name in ("ge", "le") if hasattr(limit, name)}
    if bounds:
        return f"it may hold a whole number from {bounds['ge']} to {bounds['le']}"
    return f"it may hold: {description}"
