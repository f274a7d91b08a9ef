"""Settings: what the contract names, what is refused, and how a running demo is found."""

import os
import textwrap
from pathlib import Path

import pytest

from hunter_pipeline.config.environment import DEMO_FILE, DEMO_VARIABLE, child_environment, enter_demo
from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import Settings, load_settings
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
    "HUNTER_PARTNER_CENTER_PAGE_SIZE": 200,
    "HUNTER_DATABASE_URL": None,
    "HUNTER_HOME": Path(".hunter"),
    "HUNTER_ENV": "development",
    "HUNTER_SYNC_INTERVAL_SECONDS": None,
    "HUNTER_OWN_DOMAINS": (),
    "HUNTER_RAW_RETENTION_DAYS": None,
    "HUNTER_TENANT_LOOKUP": True,
    "HUNTER_LOG_FORMAT": None,
    "HUNTER_API_HOST": "127.0.0.1",
    "HUNTER_API_PORT": 8000,
    "HUNTER_API_KEY": None,
    "HUNTER_DAGSTER_URL": "http://127.0.0.1:3000",
    "HUNTER_RUN_RETENTION_DAYS": 30,
    "HUNTER_ALERT_URLS": (),
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
    ("HUNTER_HOME", "~nobody-of-this-name/x", "a path"),
    ("HUNTER_ENV", "prod", "'development' or 'production'"),
    ("HUNTER_SYNC_INTERVAL_SECONDS", "4", "from 5 to 86400"),
    ("HUNTER_SYNC_INTERVAL_SECONDS", "1.5", "from 5 to 86400"),
    ("HUNTER_RAW_RETENTION_DAYS", "0", "from 1 to 36500"),
    ("HUNTER_TENANT_LOOKUP", "2", "true or false"),
    ("HUNTER_LOG_FORMAT", "xml", "'console' or 'json'"),
    ("HUNTER_API_PORT", "0", "from 1 to 65535"),
    ("HUNTER_DAGSTER_URL", "localhost:3000", "http://"),
    ("HUNTER_DAGSTER_URL", "http://localhost:99999", "http://"),
    ("HUNTER_RUN_RETENTION_DAYS", "0", "from 1 to 36500"),
]


def announce(home: Path, *, pid: int | str) -> None:
    """Write the file that a running demo writes."""
    home.mkdir(parents=True, exist_ok=True)
    values = {
        "HUNTER_PARTNER_CENTER_ENABLED": "true",
        "HUNTER_PARTNER_CENTER_API_URL": "https://localhost:4711",
        "HUNTER_PARTNER_CENTER_AUTHORITY": "https://localhost:4711",
        DEMO_VARIABLE: str(pid),
    }
    (home / DEMO_FILE).write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a demo puts into the environment ends with the test."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


@pytest.fixture
def home() -> Path:
    """The HUNTER_HOME of the test."""
    return Path(os.environ["HUNTER_HOME"])


def test_every_variable_of_the_contract_exists_with_its_default():
    """The table of the contract and the code name the same variables with the same defaults."""
    assert {f"HUNTER_{name.upper()}": field.default for name, field in Settings.model_fields.items()} == CONTRACT


@pytest.mark.parametrize(("env", "seconds", "style"), [("development", 30, "console"), ("production", 600, "json")])
def test_cadence_and_log_format_follow_the_environment(
    env: str, seconds: int, style: str, monkeypatch: pytest.MonkeyPatch
):
    """Development syncs every 30 seconds and logs for eyes, production every 600 and logs JSON."""
    monkeypatch.setenv("HUNTER_ENV", env)
    assert (load_settings().interval_seconds, load_settings().log_style) == (seconds, style)


@pytest.mark.parametrize(("name", "value", "may_hold"), WRONG)
def test_a_wrong_value_names_the_variable_what_it_holds_and_what_it_may_hold(
    name: str, value: str, may_hold: str, monkeypatch: pytest.MonkeyPatch
):
    """A wrong value is one sentence with all that is needed to mend it."""
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
        ("HUNTER_ALERT_URLS", "json://127.0.0.1:9/a,nothing://sue:geheim@host"),
    ],
)
def test_a_password_is_never_quoted(name: str, value: str, monkeypatch: pytest.MonkeyPatch):
    """What a wrong address holds may be quoted, its password not."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    assert "geheim" not in raised.value.message
    assert name in raised.value.message


def test_a_wrong_key_says_what_a_key_is(monkeypatch: pytest.MonkeyPatch):
    """The sentence names the variable and its form, and `load_settings` takes any number of keys that have it."""
    monkeypatch.setenv("HUNTER_TOKEN_KEYS", "A" * 44)
    with pytest.raises(
        ConfigurationError, match=r"HUNTER_TOKEN_KEYS holds .*; it may hold Fernet keys, each 32 random"
    ):
        load_settings()
    monkeypatch.setenv("HUNTER_TOKEN_KEYS", f" {'A' * 43}= , {'-_' * 21}A=,")
    keys = load_settings().token_keys
    assert [key.get_secret_value() for key in keys] == [f"{'A' * 43}=", f"{'-_' * 21}A="]


def test_dotenv_is_read_and_the_environment_goes_before_it(monkeypatch: pytest.MonkeyPatch):
    """`.env` in the current folder counts, a variable of the environment counts more, an empty one not at all."""
    Path(".env").write_text("HUNTER_API_PORT=8001\nHUNTER_ENV=production\nHUNTER_OWN_DOMAINS= a.com , b.org,\n")
    monkeypatch.setenv("HUNTER_API_PORT", "8002")
    monkeypatch.setenv("HUNTER_ENV", "")
    settings = load_settings()
    assert (settings.api_port, settings.env, settings.own_domains) == (8002, "production", ("a.com", "b.org"))


def test_a_dotenv_that_is_no_text_is_a_sentence():
    """A `.env` in another encoding is named as the cause."""
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
def test_an_odd_but_right_value_is_taken(name: str, value: str, monkeypatch: pytest.MonkeyPatch):
    """A socket, several hosts, a tenant's domain, own domains in any form: all are in use somewhere."""
    monkeypatch.setenv(name, value)
    assert load_settings()


def test_secrets_do_not_show_in_a_printed_settings(monkeypatch: pytest.MonkeyPatch):
    """Printing the settings prints neither the database's password nor a key."""
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://u:geheim@h/d")
    monkeypatch.setenv("HUNTER_API_KEY", "geheim")
    monkeypatch.setenv("HUNTER_TOKEN_KEYS", f"geheim{'A' * 37}=")
    assert "geheim" not in repr(load_settings()) + str(load_settings())


def test_a_home_that_cannot_be_written_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A HUNTER_HOME below a file is refused with its name."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HUNTER_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(ConfigurationError, match=r"HUNTER_HOME holds .* is not writable"):
        load_settings().folder("logs")


def test_a_running_demo_is_found(home: Path):
    """`hunter sync` in another terminal takes over the running demo's sandbox and the embedded database."""
    announce(home, pid=os.getpid())
    os.environ["HUNTER_DATABASE_URL"] = "postgresql://elsewhere/db"
    os.environ["DAGSTER_PG_URL"] = "postgresql://elsewhere/dagster"
    settings = load_settings()
    assert settings.partner_center_enabled
    assert settings.partner_center_api_url == "https://localhost:4711"
    assert settings.database_url is None
    assert "DAGSTER_PG_URL" not in os.environ


@pytest.mark.parametrize("pid", [2**22 - 1, 0, "", "text"])
def test_a_demo_that_died_is_not_found(home: Path, pid: int | str):
    """What a killed demo left behind is not taken over."""
    announce(home, pid=pid)
    assert not load_settings().partner_center_enabled


def test_a_number_that_was_given_out_again_is_no_demo(home: Path):
    """A process that is younger than what a demo left behind did not write it."""
    announce(home, pid=os.getpid())
    os.utime(home / DEMO_FILE, (1, 1))
    assert not load_settings().partner_center_enabled


@pytest.mark.parametrize(
    "name",
    [
        "HUNTER_PARTNER_CENTER_CLIENT_ID",
        "HUNTER_PARTNER_CENTER_TOKEN_CACHE",
        "HUNTER_PARTNER_CENTER_DIRECTION",
        "hunter_partner_center_tenant_id",
    ],
)
@pytest.mark.parametrize("in_file", [True, False])
def test_a_demo_is_taken_over_whole_or_not_at_all(home: Path, name: str, in_file: bool):
    """Any variable of a real Partner Center keeps the sandbox's address out: the two never meet."""
    announce(home, pid=os.getpid())
    if in_file:
        Path(".env").write_text(f"{name}=Incoming\n")
    else:
        os.environ[name] = "Incoming"
    settings = load_settings()
    assert settings.partner_center_api_url == CONTRACT["HUNTER_PARTNER_CENTER_API_URL"]
    assert not settings.partner_center_enabled


def test_an_empty_variable_is_no_partner_center(home: Path):
    """A line of `.env` that was left empty does not keep the demo out."""
    announce(home, pid=os.getpid())
    Path(".env").write_text("HUNTER_PARTNER_CENTER_CLIENT_ID=\n")
    assert load_settings().partner_center_enabled


def test_a_demo_forgets_the_real_account_and_the_real_database(home: Path):
    """Within a demo neither the environment nor `.env` can lead to a real account or real data."""
    os.environ |= {
        "HUNTER_PARTNER_CENTER_TOKEN_CACHE": "/real/cache",
        "hunter_partner_center_client_id": "real",
        "HUNTER_DATABASE_URL": "postgresql://real/db",
        "DAGSTER_PG_URL": "postgresql://real/dagster",
        "HUNTER_TOKEN_KEYS": f"{'A' * 43}=",
    }
    Path(".env").write_text("HUNTER_PARTNER_CENTER_SCOPE=https://real/.default\n")
    enter_demo({"HUNTER_PARTNER_CENTER_API_URL": "https://localhost:4711"}, home)
    settings = load_settings()
    assert settings.partner_center_api_url == "https://localhost:4711"
    assert settings.partner_center_scope == CONTRACT["HUNTER_PARTNER_CENTER_SCOPE"]
    assert (settings.partner_center_client_id, settings.database_url) == (None, None)
    assert settings.token_keys == ()
    assert settings.token_cache == home / ".token_cache"
    assert "DAGSTER_PG_URL" not in os.environ


def test_env_example_lists_every_variable():
    """`.env.example` is the settings: every variable, its description, its default, nothing switched on."""
    how = "Copy to .env and uncomment what should differ from its default. The environment takes precedence over .env."
    lines = [f"# {how}", ""]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, ()) else field.default
        value = str(default).lower() if isinstance(default, bool) else str(default)
        lines += [*textwrap.wrap(str(field.description), 100, initial_indent="# ", subsequent_indent="# ")]
        lines += [f"#HUNTER_{name.upper()}={value}", ""]
    assert project_file(".env.example").read_text(encoding="utf-8") == "\n".join(lines[:-1]) + "\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost", "LOCALHOST"])
def test_loopback_needs_no_key(host: str, monkeypatch: pytest.MonkeyPatch):
    """On an address that only this machine reaches, the API may listen without a key."""
    monkeypatch.setenv("HUNTER_API_HOST", host)
    settings = load_settings()
    settings.require_api_key()
    assert settings.api_is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "desk.contoso.com", ""])
def test_any_other_address_needs_a_key(host: str, monkeypatch: pytest.MonkeyPatch):
    """Where others can reach the API, a key is asked for by name; with one, it may listen."""
    monkeypatch.setenv("HUNTER_API_HOST", host or "[::]")
    for key in ("", "  "):
        monkeypatch.setenv("HUNTER_API_KEY", key)
        with pytest.raises(ConfigurationError, match=r"HUNTER_API_HOST holds .* and HUNTER_API_KEY is empty"):
            load_settings().require_api_key()
    monkeypatch.setenv("HUNTER_API_KEY", "k" * 32)
    load_settings().require_api_key()


def test_children_know_what_this_process_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`.env` goes with a child that starts elsewhere, and the environment before it; an empty variable is none."""
    Path(".env").write_text("HUNTER_API_PORT=8001\nhunter_env=production\nHUNTER_OWN_DOMAINS=a.de\nHUNTER_API_KEY=\n")
    monkeypatch.setenv("HUNTER_API_PORT", "8002")
    monkeypatch.setenv("HUNTER_ENV", "development")
    monkeypatch.setenv("HUNTER_OWN_DOMAINS", "")
    here = load_settings()
    found = child_environment()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    assert load_settings() == here
    assert (here.api_port, here.env, here.own_domains, here.api_key) == (8002, "development", ("a.de",), None)


def test_a_demos_children_know_nothing_of_dotenv(monkeypatch: pytest.MonkeyPatch):
    """A demo meets no real account, by whatever way."""
    Path(".env").write_text("HUNTER_PARTNER_CENTER_CLIENT_ID=real\n")
    monkeypatch.setenv(DEMO_VARIABLE, "1")
    assert "HUNTER_PARTNER_CENTER_CLIENT_ID" not in child_environment()
