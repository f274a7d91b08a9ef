"""Test every setting: its default, the values that are refused, and the error message for them."""

import textwrap
from pathlib import Path

import pytest

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import Settings, load_settings, unknown_variables
from hunter_pipeline.errors import ConfigurationError

CONTRACT = {
    "HUNTER_PARTNER_CENTER_ENABLED": False,
    "HUNTER_PARTNER_CENTER_CLIENT_ID": None,
    "HUNTER_PARTNER_CENTER_TENANT_ID": None,
    "HUNTER_PARTNER_CENTER_API_URL": "https://api.partner.microsoft.com",
    "HUNTER_PARTNER_CENTER_AUTHORITY": "https://login.microsoftonline.com",
    "HUNTER_PARTNER_CENTER_SCOPE": "https://api.partner.microsoft.com/.default",
    "HUNTER_PARTNER_CENTER_TOKEN_CACHE": None,
    "HUNTER_TOKEN_KEYS": (),
    "HUNTER_PARTNER_CENTER_DIRECTION": "Incoming",
    "HUNTER_PARTNER_CENTER_PAGE_SIZE": None,
    "HUNTER_DATABASE_URL": None,
    "HUNTER_HOME": Path(".hunter"),
    "HUNTER_ENV": "development",
    "HUNTER_SYNC_INTERVAL_SECONDS": None,
    "HUNTER_OWN_DOMAINS": (),
    "HUNTER_CURRENCY": "USD",
    "HUNTER_RAW_RETENTION_DAYS": None,
    "HUNTER_TENANT_LOOKUP": True,
    "HUNTER_WRITE_BACK": "off",
    "HUNTER_LOG_FORMAT": None,
    "HUNTER_API_HOST": "127.0.0.1",
    "HUNTER_API_PORT": 8000,
    "HUNTER_API_KEY": None,
    "HUNTER_PUBLIC_URL": "http://127.0.0.1:8000",
    "HUNTER_DAGSTER_URL": "http://127.0.0.1:3000",
    "HUNTER_RUN_RETENTION_DAYS": 30,
    "HUNTER_ALERT_URLS": (),
    "HUNTER_NOTIFY_URLS": (),
    "HUNTER_SOURCE_URL": None,
}

WRONG = [
    ("HUNTER_PARTNER_CENTER_ENABLED", "maybe", "true or false"),
    ("HUNTER_PARTNER_CENTER_API_URL", "http://api.partner.microsoft.com", "https://"),
    ("HUNTER_PARTNER_CENTER_API_URL", "https://host:abc", "https://"),
    ("HUNTER_PARTNER_CENTER_API_URL", "https://[bad", "https://"),
    ("HUNTER_PARTNER_CENTER_AUTHORITY", "login.microsoftonline.com", "https://"),
    ("HUNTER_PARTNER_CENTER_DIRECTION", "incoming", "'Incoming', 'Outgoing' or 'All'"),
    ("HUNTER_PARTNER_CENTER_PAGE_SIZE", "0", "from 1 to 200"),
    ("HUNTER_PARTNER_CENTER_PAGE_SIZE", "201", "from 1 to 200"),
    ("HUNTER_PARTNER_CENTER_PAGE_SIZE", "many", "from 1 to 200"),
    ("HUNTER_PARTNER_CENTER_TOKEN_CACHE", "~nobody-of-this-name/cache", "a path"),
    ("HUNTER_DATABASE_URL", "mysql://host/db", "postgresql://"),
    ("HUNTER_DATABASE_URL", "postgresql://", "names a host or a database"),
    ("HUNTER_DATABASE_URL", "postgresql:host/db", "postgresql://"),
    ("HUNTER_DATABASE_URL", "postgresql://[bad/db", "postgresql://"),
    ("HUNTER_PARTNER_CENTER_TENANT_ID", "a/b", "an id as the app registration"),
    ("HUNTER_PARTNER_CENTER_TENANT_ID", "..", "an id as the app registration"),
    ("HUNTER_PARTNER_CENTER_CLIENT_ID", "my app", "an id as the app registration"),
    ("HUNTER_OWN_DOMAINS", "not a domain,,", "a comma list of domains"),
    ("HUNTER_OWN_DOMAINS", "contoso.com, fabrikam", "a comma list of domains"),
    ("HUNTER_OWN_DOMAINS", "contoso.com, *.", "a comma list of domains"),
    ("HUNTER_OWN_DOMAINS", "shop.*.contoso.com", "a comma list of domains"),
    ("HUNTER_HOME", "~nobody-of-this-name/x", "a path"),
    ("HUNTER_ENV", "prod", "'development' or 'production'"),
    ("HUNTER_SYNC_INTERVAL_SECONDS", "4", "from 5 to 86400"),
    ("HUNTER_SYNC_INTERVAL_SECONDS", "1.5", "from 5 to 86400"),
    ("HUNTER_RAW_RETENTION_DAYS", "0", "from 1 to 36500"),
    ("HUNTER_TENANT_LOOKUP", "2", "true or false"),
    ("HUNTER_WRITE_BACK", "true", "'off', 'dry-run' or 'on'"),
    ("HUNTER_LOG_FORMAT", "xml", "'console' or 'json'"),
    ("HUNTER_API_PORT", "0", "from 1 to 65535"),
    ("HUNTER_PUBLIC_URL", "crm.example/hunter", "http://"),
    ("HUNTER_PUBLIC_URL", "https://crm.example/hunter?x=1", "without a query"),
    ("HUNTER_PUBLIC_URL", "https://crm.example//evil.example", "without a query"),
    ("HUNTER_DAGSTER_URL", "localhost:3000", "http://"),
    ("HUNTER_DAGSTER_URL", "http://localhost:99999", "http://"),
    ("HUNTER_RUN_RETENTION_DAYS", "0", "from 1 to 36500"),
]


def test_every_setting_has_the_documented_default() -> None:
    assert {f"HUNTER_{name.upper()}": field.default for name, field in Settings.model_fields.items()} == CONTRACT


@pytest.mark.parametrize(("env", "seconds", "style"), [("development", 30, "console"), ("production", 600, "json")])
def test_interval_and_log_format_depend_on_the_environment(
    env: str, seconds: int, style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUNTER_ENV", env)
    assert (load_settings().interval_seconds, load_settings().log_style) == (seconds, style)


@pytest.mark.parametrize(("name", "value", "may_hold"), WRONG)
def test_wrong_value_is_refused_with_variable_value_and_allowed_values(
    name: str, value: str, may_hold: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    message = raised.value.message
    assert message.startswith(f"{name} holds ")
    assert message.endswith(".")
    assert may_hold in message
    assert "DATABASE" in name or repr(value) in message
    assert raised.value.hint
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUNTER_DATABASE_URL", "mysql://sue:geheim@host/db"),
        ("HUNTER_PARTNER_CENTER_AUTHORITY", "https://sue:geheim@host"),
        ("HUNTER_TOKEN_KEYS", "geheim"),
        ("HUNTER_TOKEN_KEYS", "Z2VoZWlt"),
        ("HUNTER_TOKEN_KEYS", f"{'A' * 43}=,geheim"),
        ("HUNTER_NOTIFY_URLS", "json://sue:geheim@127.0.0.1:9/?digest=25:00"),
        ("HUNTER_ALERT_URLS", "json://127.0.0.1:9/a,nothing://sue:geheim@host"),
    ],
)
def test_error_message_does_not_quote_a_password(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    assert "geheim" not in raised.value.message
    assert name in raised.value.message


def test_token_keys_have_to_be_fernet_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message describes a key; any number of keys is accepted."""
    monkeypatch.setenv("HUNTER_TOKEN_KEYS", "A" * 44)
    with pytest.raises(
        ConfigurationError, match=r"HUNTER_TOKEN_KEYS holds .*; it may hold Fernet keys, each 32 random"
    ):
        load_settings()
    monkeypatch.setenv("HUNTER_TOKEN_KEYS", f" {'A' * 43}= , {'-_' * 21}A=,")
    keys = load_settings().token_keys
    assert [key.get_secret_value() for key in keys] == [f"{'A' * 43}=", f"{'-_' * 21}A="]


def test_environment_takes_precedence_over_dotenv(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable of the environment does not count."""
    Path(".env").write_text("HUNTER_API_PORT=8001\nHUNTER_ENV=production\nHUNTER_OWN_DOMAINS= a.com , b.org,\n")
    monkeypatch.setenv("HUNTER_API_PORT", "8002")
    monkeypatch.setenv("HUNTER_ENV", "")
    settings = load_settings()
    assert (settings.api_port, settings.env, settings.own_domains) == (8002, "production", ("a.com", "b.org"))


def test_dotenv_in_another_encoding_is_refused() -> None:
    Path(".env").write_bytes(b"HUNTER_OWN_DOMAINS=m\xfcller.de\n")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUNTER_DATABASE_URL", "postgresql://postgres:@/hunter?host=/home/ada/.hunter/postgres"),
        ("HUNTER_DATABASE_URL", "postgres://one:5432,two:5432/hunter"),
        ("HUNTER_DATABASE_URL", "postgresql:///hunter"),
        ("HUNTER_PARTNER_CENTER_TENANT_ID", "contoso.onmicrosoft.com"),
        ("HUNTER_OWN_DOMAINS", "müller.de,xn--mller-kva.de, https://www.contoso.com/ ,sue@fabrikam.co.uk"),
    ],
)
def test_unusual_valid_value_is_accepted(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket, several hosts, a tenant's domain, own domains in any form."""
    monkeypatch.setenv(name, value)
    assert load_settings()


def test_own_domains_may_have_wildcards_and_semicolons(monkeypatch: pytest.MonkeyPatch) -> None:
    """`*.` in front means the domain itself; a semicolon separates as a comma does."""
    monkeypatch.setenv("HUNTER_OWN_DOMAINS", "*.contoso.com; fabrikam.co.uk ,*.müller.de")
    assert load_settings().own_domains == ("contoso.com", "fabrikam.co.uk", "müller.de")


def test_unknown_variable_is_reported_with_the_probable_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of Kubernetes and docker-compose.yml are known."""
    Path(".env").write_text("hunter_own_domain=contoso.com\nHUNTER_VERSION=1.2\nHUNTER_API_PORT=8001\nOTHER=1\n")
    monkeypatch.setenv("HUNTER_COLOUR", "blue")
    monkeypatch.setenv("HUNTER_SERVICE_PORT_HTTP", "8000")
    monkeypatch.setenv("HUNTER_PORT_8000_TCP_ADDR", "10.0.0.1")
    assert unknown_variables() == {"HUNTER_COLOUR": None, "HUNTER_OWN_DOMAIN": "HUNTER_OWN_DOMAINS"}


def test_printed_settings_contain_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://u:geheim@h/d")
    monkeypatch.setenv("HUNTER_API_KEY", "geheim")
    monkeypatch.setenv("HUNTER_TOKEN_KEYS", f"geheim{'A' * 37}=")
    assert "geheim" not in repr(load_settings()) + str(load_settings())


def test_home_below_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HUNTER_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(ConfigurationError, match=r"HUNTER_HOME holds .* is not writable"):
        load_settings().folder("logs")


def test_env_example_lists_every_setting_commented_out() -> None:
    """Each one with its description and its default."""
    how = "Copy to .env and uncomment what should differ from its default. The environment takes precedence over .env."
    lines = [f"# {how}", ""]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, ()) else field.default
        value = str(default).lower() if isinstance(default, bool) else str(default)
        lines += [*textwrap.wrap(str(field.description), 100, initial_indent="# ", subsequent_indent="# ")]
        lines += [f"#HUNTER_{name.upper()}={value}", ""]
    assert project_file(".env.example").read_text(encoding="utf-8") == "\n".join(lines[:-1]) + "\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost", "LOCALHOST"])
def test_api_key_is_optional_on_loopback(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER_API_HOST", host)
    settings = load_settings()
    settings.require_api_key()
    assert settings.api_is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "desk.contoso.com", ""])
def test_api_key_is_required_on_other_addresses(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of spaces does not count."""
    monkeypatch.setenv("HUNTER_API_HOST", host or "[::]")
    for key in ("", "  "):
        monkeypatch.setenv("HUNTER_API_KEY", key)
        with pytest.raises(ConfigurationError, match=r"HUNTER_API_HOST holds .* and HUNTER_API_KEY is empty"):
            load_settings().require_api_key()
    monkeypatch.setenv("HUNTER_API_KEY", "k" * 32)
    load_settings().require_api_key()
