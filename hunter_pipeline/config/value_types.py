"""Define the types of settings' values: how each is read from text, and what it may hold."""

import base64
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, StringConstraints
from pydantic_settings import NoDecode

from hunter_pipeline.config.notify_targets import notify_target

_KEY_BYTES = 32
_IDENTIFIER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_PUBLIC_URL = re.compile(r"https?://[^/?#@]+(?:/[A-Za-z0-9._~-]+)*")
_OWN_DOMAIN = re.compile(r"[^\s.*]+(?:\.[^\s.*]+)+\.?")

Value = str | SecretStr | tuple[str, ...] | tuple[SecretStr, ...]


def _must(is_valid: Callable[[str], object], may_hold: str) -> AfterValidator:
    """
    Return a validator of a text, a secret, or each part of a list.

    Its error continues "HUNTER_X holds ...; it may hold"; `{number}` is the number of the first wrong part.
    """

    def check(value: Value) -> Value:
        for number, part in enumerate(value if isinstance(value, tuple) else (value,), 1):
            if not is_valid(part.get_secret_value() if isinstance(part, SecretStr) else part):
                raise ValueError(f"it may hold {may_hold.format(number=number)}")
        return value

    return AfterValidator(check)


def _split(value: object, separators: str = ",") -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in re.split(f"[{separators}]", value) if part.strip())


def _split_domains(value: object) -> object:
    """Split at commas and semicolons; `*.contoso.com` means contoso.com."""
    parts = _split(value, ",;")
    return tuple(str(part).removeprefix("*.") for part in parts) if isinstance(parts, tuple) else parts


def _strip_key(value: object) -> object:
    # an HTTP header cannot carry surrounding spaces
    return value.strip() or None if isinstance(value, str) else value


def _resolve(path: Path) -> Path:
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):  # an unknown ~user, a NUL character, a loop of symbolic links
        raise ValueError("it may hold a path") from None


def _is_url(text: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an invalid port or IPv6 address
        return False


def _is_database_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    names_something = bool(parts.netloc or parts.path.strip("/") or parts.query)
    return parts.scheme in ("postgresql", "postgres") and "://" in text and names_something


def _is_fernet_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == _KEY_BYTES
    except ValueError:
        return False


def _is_apprise_url(text: str) -> bool:
    import apprise  # noqa: PLC0415 - takes half a second, and most processes have no alert URL

    # Apprise logs the URLs that it rejects, and they contain secrets
    logging.getLogger("apprise").disabled = True
    return bool(apprise.Apprise.instantiate(text))


def _is_notify_url(text: str) -> bool:
    target = notify_target(text)
    return target is not None and _is_apprise_url(target.address)


_Url = Annotated[str, AfterValidator(lambda text: text.rstrip("/"))]
_Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]

AnyPath = Annotated[Path, AfterValidator(_resolve)]
ApiKey = Annotated[SecretStr | None, BeforeValidator(_strip_key)]
Currency = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern="^[A-Za-z]{3}$")]
Identifier = Annotated[
    str,
    _must(
        _IDENTIFIER.fullmatch, "an id as the app registration shows it, such as 7d23e5ca-1c7b-4f0e-9d6a-2b8f1e3c5a70"
    ),
]
HttpUrl = Annotated[_Url, _must(lambda text: _is_url(text, "http", "https"), "an http:// or https:// URL")]
HttpsUrl = Annotated[
    _Url,
    _must(
        lambda text: _is_url(text, "https") and not set("@?#") & set(text),
        "an https:// URL only, so that no token is sent unencrypted",
    ),
]
PublicUrl = Annotated[
    _Url,
    _must(
        lambda text: _is_url(text, "http", "https") and _PUBLIC_URL.fullmatch(text),
        "an http:// or https:// URL of a host and a path, without a query",
    ),
]
DatabaseUrl = Annotated[SecretStr, _must(_is_database_url, "a postgresql:// URL that names a host or a database")]
Domains = Annotated[
    tuple[str, ...],
    NoDecode,
    BeforeValidator(_split_domains),
    _must(_OWN_DOMAIN.fullmatch, "a comma list of domains, such as contoso.com, fabrikam.co.uk"),
]
FernetKeys = Annotated[
    _Secrets, _must(_is_fernet_key, "Fernet keys, each 32 random bytes in URL-safe base64, separated by commas")
]
AppriseUrls = Annotated[
    _Secrets, _must(_is_apprise_url, "a comma list of Apprise URLs, and number {number} is not one")
]
NotifyUrls = Annotated[
    _Secrets,
    _must(
        _is_notify_url,
        "a comma list of Apprise URLs, and number {number} is not one or has a wrong lang (en, tr), digest (08:00) or "
        "tz (Europe/Istanbul)",
    ),
]
