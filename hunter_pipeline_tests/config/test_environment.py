"""Test the variables of a process: those of a running demo, and those that child processes get."""

import os
import shutil
from pathlib import Path

import pytest

from hunter_pipeline.config.environment import DEMO_FILE, DEMO_VARIABLE, child_environment, enter_demo
from hunter_pipeline.config.settings import load_settings

API_URL = "https://api.partner.microsoft.com"


def announce(home: Path, *, pid: int | str) -> None:
    """Write the file that a running demo writes."""
    home.mkdir(parents=True, exist_ok=True)
    values = {
        "HUNTER_PARTNER_CENTER_ENABLED": "true",
        "HUNTER_PARTNER_CENTER_API_URL": "https://localhost:4711",
        "HUNTER_PARTNER_CENTER_AUTHORITY": "https://localhost:4711",
        "HUNTER_HOME": str(home),
        DEMO_VARIABLE: str(pid),
    }
    (home / DEMO_FILE).write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what a demo changes in the environment."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


@pytest.fixture
def home() -> Path:
    """Return the HUNTER_HOME of the test."""
    return Path(os.environ["HUNTER_HOME"])


def test_running_demo_is_adopted(home: Path) -> None:
    """`hunter sync` in another terminal uses its sandbox and the embedded database."""
    announce(home, pid=os.getpid())
    os.environ["HUNTER_DATABASE_URL"] = "postgresql://elsewhere/db"
    os.environ["DAGSTER_PG_URL"] = "postgresql://elsewhere/dagster"
    settings = load_settings()
    assert settings.partner_center_enabled
    assert settings.partner_center_api_url == "https://localhost:4711"
    assert settings.database_url is None
    assert "DAGSTER_PG_URL" not in os.environ


def test_demo_is_not_adopted_in_a_copy_of_its_home(home: Path, tmp_path: Path) -> None:
    """`hunter db stop` in the copy would stop the server of the original."""
    announce(home, pid=os.getpid())
    copy = Path(shutil.copytree(home, tmp_path / "copy"))
    os.environ["HUNTER_HOME"] = str(copy)
    settings = load_settings()
    assert settings.home == copy
    assert not settings.partner_center_enabled


@pytest.mark.parametrize("pid", [2**22 - 1, 0, "", "text"])
def test_demo_is_not_adopted_when_its_process_is_gone(home: Path, pid: int | str) -> None:
    announce(home, pid=pid)
    assert not load_settings().partner_center_enabled


def test_demo_is_not_adopted_when_its_process_id_is_reused(home: Path) -> None:
    """A process that is younger than the file did not write it."""
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
def test_demo_is_not_adopted_when_a_partner_center_is_configured(home: Path, name: str, in_file: bool) -> None:
    """A real sign-in never meets the address of the sandbox."""
    announce(home, pid=os.getpid())
    if in_file:
        Path(".env").write_text(f"{name}=Incoming\n")
    else:
        os.environ[name] = "Incoming"
    settings = load_settings()
    assert settings.partner_center_api_url == API_URL
    assert not settings.partner_center_enabled


def test_demo_is_adopted_when_a_partner_center_variable_is_empty(home: Path) -> None:
    announce(home, pid=os.getpid())
    Path(".env").write_text("HUNTER_PARTNER_CENTER_CLIENT_ID=\n")
    assert load_settings().partner_center_enabled


def test_demo_ignores_the_configured_account_and_database(home: Path) -> None:
    """They are neither taken from the environment nor from `.env`."""
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
    assert settings.partner_center_scope == f"{API_URL}/.default"
    assert (settings.partner_center_client_id, settings.database_url) == (None, None)
    assert settings.token_keys == ()
    assert settings.token_cache == home / ".token_cache"
    assert "DAGSTER_PG_URL" not in os.environ


def test_child_has_the_same_settings_when_it_starts_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets the values of `.env` for variables that are not set or empty."""
    Path(".env").write_text("HUNTER_API_PORT=8001\nhunter_env=production\nHUNTER_OWN_DOMAINS=a.de\nHUNTER_API_KEY=\n")
    monkeypatch.setenv("HUNTER_API_PORT", "8002")
    monkeypatch.setenv("HUNTER_ENV", "development")
    monkeypatch.setenv("HUNTER_OWN_DOMAINS", "")
    here = load_settings()
    variables = child_environment()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert load_settings() == here
    assert (here.api_port, here.env, here.own_domains, here.api_key) == (8002, "development", ("a.de",), None)


def test_child_of_a_demo_gets_no_value_of_dotenv(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("HUNTER_PARTNER_CENTER_CLIENT_ID=real\n")
    monkeypatch.setenv(DEMO_VARIABLE, "1")
    assert "HUNTER_PARTNER_CENTER_CLIENT_ID" not in child_environment()
