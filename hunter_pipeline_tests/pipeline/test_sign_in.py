"""Test the sign-in in a file and in the database by the same tests, and the database alone."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet

from hunter_pipeline import cli
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.errors import DatabaseError, PartnerCenterAuthError, PartnerCenterNetworkError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.token_store import TokenStore, parse_cache
from hunter_pipeline.pipeline.sign_in import open_sign_in, token_store
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.installation import Installation

OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
# Written at commit b769da0, with the sandbox's tokens.
OLD_TOKEN_FILE = Path(__file__).parents[1] / "data" / "token_cache_b769da0.json"
PRINT_TOKEN = """
import sys
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.pipeline.sign_in import open_sign_in
with Http() as http:
    sign_in = open_sign_in(load_settings(), http)
    print(sign_in.refreshed_token() if sys.argv[1:] else sign_in.token())
"""
HOLD_LOCK = """
import time
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.pipeline.sign_in import token_store
with token_store(load_settings()).locked():
    print("held", flush=True); time.sleep(3600)
"""
UseKeys = Callable[[str], Settings]
Hunter = Callable[..., tuple[int, str]]


@pytest.fixture
def use_keys(shared: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> UseKeys:
    """Return a function that returns the settings of a node without a stored sign-in; `""` selects the file."""
    for name, value in shared.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_TOKEN_CACHE", str(tmp_path / ".token_cache"))
    shared.execute("delete from sign_in")
    shared.sandbox.clear_faults()
    shared.sandbox.requests.clear()

    def use_keys(keys: str) -> Settings:
        monkeypatch.setenv("HUNTER_TOKEN_KEYS", keys)
        return load_settings()

    return use_keys


@pytest.fixture(params=["", NEW_KEY], ids=["file", "database"])
def settings(request: pytest.FixtureRequest, use_keys: UseKeys) -> Settings:
    """Return the settings of a node with the sign-in in a file, and of one with the sign-in in the database."""
    return use_keys(request.param)


@pytest.fixture
def http() -> Iterator[Http]:
    with Http() as http:
        yield http


@pytest.fixture
def hunter(capfd: pytest.CaptureFixture[str]) -> Hunter:
    """Return a function that runs a command in this process and returns its exit code and output."""

    def run(*arguments: str) -> tuple[int, str]:
        capfd.readouterr()
        code = cli.run(list(arguments))
        sys.stdout.flush()
        return code, "".join(capfd.readouterr())

    return run


def sign_in_with(settings: Settings, http: Http) -> SignIn:
    sign_in = open_sign_in(settings, http)
    sign_in.login_device_code(lambda *_: None)
    return sign_in


def stored_text(store: TokenStore) -> str:
    text = store.read()
    assert text is not None
    return text


def expire(store: TokenStore) -> None:
    """Move the end of the stored access token to one minute from now."""
    with store.locked() as held:
        text = held.read() or ""
        held.save(re.sub(r'"expires_on": "\d+"', f'"expires_on": "{int(time.time()) + 60}"', text))


def secrets_of(store: TokenStore) -> set[str]:
    sections = parse_cache(store.read())
    kinds = ("AccessToken", "RefreshToken", "IdToken")
    found = {str(entry["secret"]) for kind in kinds for entry in sections.get(kind, {}).values()}
    return found | {str(entry["username"]) for entry in sections["Account"].values()}


def test_sign_in_is_stored_and_deleted(settings: Settings, http: Http, shared: Installation) -> None:
    """A stored token costs no request."""
    sign_in = open_sign_in(settings, http)
    for ask in (sign_in.token, sign_in.refreshed_token, sign_in.rewrite):
        with pytest.raises(PartnerCenterAuthError, match="No account is signed in"):
            ask()
    assert not sign_in.logout()
    sign_in.login_device_code(lambda *_: None)
    shared.sandbox.requests.clear()
    assert sign_in.token() == open_sign_in(settings, http).token()
    assert shared.sandbox.requests == []
    status = sign_in.status()
    assert (status.signed_in, status.username) == (True, "ada.brook@fourthcoffee.com")
    assert status.kept_in == ("the database, encrypted" if settings.token_keys else f"the file {settings.token_cache}")
    assert settings.token_cache.exists() == (not settings.token_keys)
    assert sign_in.logout()
    assert sign_in.status().problem == "No account is signed in."


def test_saved_text_is_read_at_once(settings: Settings) -> None:
    """Any text is read completely, also without the lock."""
    store = token_store(settings)
    assert store.read() is None
    for text in ("{}", '{"RefreshToken": {"ü": {"secret": "%s"}}}' % ("x" * 50_000)):
        with store.locked() as held:
            held.save(text)
            assert (held.read(), token_store(settings).read()) == (text, text)
    with store.locked() as held:
        assert (held.delete(), held.delete()) == (True, False)
    assert store.read() is None


def test_saved_text_stays_when_the_lock_ends_with_an_error(settings: Settings) -> None:
    """A saved refresh token is kept after a later error, and the lock is released."""
    store = token_store(settings)
    with pytest.raises(ZeroDivisionError), store.locked() as held:
        held.save("{}")
        raise ZeroDivisionError
    with store.locked(0.1) as held:
        assert held.read() == "{}"


def test_lock_holds_between_processes_and_ends_with_them(settings: Settings) -> None:
    """A wait for another process's lock is bounded; after a kill -9 the lock is free."""
    store = token_store(settings)
    with subprocess.Popen([sys.executable, "-c", HOLD_LOCK], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(PartnerCenterNetworkError, match="refreshing the sign-in for too long"), store.locked(0.2):
            pass
        holder.kill()
        holder.wait()
        with store.locked(DEADLINE_SECONDS):
            pass


@pytest.mark.slow
@pytest.mark.parametrize(("forced", "refreshes"), [(False, 1), (True, 6)])
def test_concurrent_nodes_refresh_one_after_the_other(
    forced: bool, refreshes: int, settings: Settings, http: Http, shared: Installation
) -> None:
    """Processes and threads that find the token expired use one refresh token; forced ones each use the newest."""
    sign_in_with(settings, http)
    expire(token_store(settings))
    shared.sandbox.requests.clear()
    command = [sys.executable, "-c", PRINT_TOKEN, *(["force"] if forced else [])]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    tokens: list[str] = []

    def ask() -> None:
        sign_in = open_sign_in(settings, http)
        tokens.append(sign_in.refreshed_token() if forced else sign_in.token())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tokens += [process.communicate(timeout=DEADLINE_SECONDS)[0].strip() for process in processes]
    sent = [request.form["refresh_token"] for request in shared.sandbox.requests if "refresh_token" in request.form]
    assert all(tokens)
    assert (len(tokens), len(set(tokens)), len(sent), len(set(sent))) == (6, refreshes, refreshes, refreshes)
    assert set(sent).isdisjoint(secrets_of(token_store(settings)))  # the newest is stored
    assert open_sign_in(settings, http).refreshed_token() not in tokens


def test_corrupt_sign_in_asks_to_sign_in_again(settings: Settings, http: Http) -> None:
    """The error is one sentence with a hint, and a sign-in replaces the text."""
    store, sign_in = token_store(settings), open_sign_in(settings, http)
    for text in ("", "{", "[]", '{"hello": "world"}', "[" * 100_000):
        with store.locked() as held:
            held.save(text)
        with pytest.raises(PartnerCenterAuthError, match="cannot be read, or is not one of ours") as caught:
            sign_in.token()
        assert "hunter auth login" in str(caught.value.hint)
    assert sign_in_with(settings, http).token()


def test_row_holds_no_secrets(use_keys: UseKeys, http: Http, shared: Installation) -> None:
    """No token, name or key is in the table; the same sign-in saved again is encrypted differently."""
    settings = use_keys(NEW_KEY)
    sign_in = sign_in_with(settings, http)
    secrets = secrets_of(token_store(settings)) | {NEW_KEY, "RefreshToken"}
    assert len(secrets) > 4
    rows = [str(shared.rows("select * from sign_in"))]
    sign_in.rewrite()
    rows.append(str(shared.rows("select * from sign_in")))
    assert [secret for secret in secrets for row in rows if secret in row] == []
    assert rows[0] != rows[1]
    assert shared.value("select count(*) from sign_in") == 1


def test_sign_in_is_kept_when_no_key_fits(use_keys: UseKeys, http: Http, hunter: Hunter) -> None:
    """A node whose keys do not fit reports it with exit code 3; only a sign-in overwrites the row."""
    sign_in_with(use_keys(OLD_KEY), http)
    secrets = secrets_of(token_store(use_keys(OLD_KEY))) | {OLD_KEY, NEW_KEY}
    sign_in = open_sign_in(use_keys(NEW_KEY), http)
    for ask in (sign_in.token, sign_in.refreshed_token, sign_in.rewrite):
        with pytest.raises(PartnerCenterAuthError, match="No key of HUNTER_TOKEN_KEYS fits") as caught:
            ask()
        assert caught.value.__cause__ is None
    results = [hunter("auth", "status"), hunter("auth", "status", "--json"), hunter("auth", "rotate"), hunter("doctor")]
    assert [code for code, _ in results] == [3] * 4
    assert all("No key of HUNTER_TOKEN_KEYS fits the stored sign-in" in text for _, text in results)
    assert [secret for secret in secrets for _, text in results if secret in text] == []
    assert open_sign_in(use_keys(OLD_KEY), http).token()
    assert sign_in_with(use_keys(NEW_KEY), http).token()


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        "x",
        "gAAAAA==",
        "ü",
        "\x01",
        Fernet(NEW_KEY).encrypt(b"\xff").decode(),
        Fernet(NEW_KEY).encrypt(b"{").decode(),
    ],
    ids=["empty", "text", "cut off", "not ASCII", "control", "no text inside", "no JSON inside"],
)
def test_damaged_row_asks_to_sign_in_again(sealed: str, use_keys: UseKeys, http: Http, shared: Installation) -> None:
    """Everything that reads the row reports it, and a sign-in replaces it."""
    settings = use_keys(NEW_KEY)
    shared.execute("insert into sign_in (sealed) values (%s)", sealed)
    sign_in = open_sign_in(settings, http)
    with pytest.raises(PartnerCenterAuthError) as caught:
        sign_in.token()
    assert "hunter auth login" in str(caught.value.hint)
    assert sign_in.status().problem
    assert sign_in.logout()
    assert sign_in_with(settings, http).token()


def test_keys_can_be_rotated(use_keys: UseKeys, http: Http, hunter: Hunter) -> None:
    """With the new key before the old one nothing is lost; after `rotate` or a refresh the old one can be removed."""
    sign_in_with(use_keys(OLD_KEY), http)
    kept = stored_text(token_store(use_keys(f"{NEW_KEY},{OLD_KEY}")))
    assert hunter("auth", "rotate") == (0, "The sign-in is encrypted with the first key of HUNTER_TOKEN_KEYS.\n")
    assert stored_text(token_store(use_keys(NEW_KEY))) == kept
    with pytest.raises(PartnerCenterAuthError):
        token_store(use_keys(OLD_KEY)).read()
    open_sign_in(use_keys(f"{OLD_KEY}, {NEW_KEY}"), http).refreshed_token()
    assert open_sign_in(use_keys(OLD_KEY), http).token()


@pytest.mark.parametrize(
    ("keys", "code", "problem"),
    [("", 2, "HUNTER_TOKEN_KEYS is empty"), (NEW_KEY, 3, "No account is")],
    ids=["file", "no account"],
)
def test_rotation_fails_when_there_is_nothing_to_encrypt(
    keys: str, code: int, problem: str, use_keys: UseKeys, hunter: Hunter
) -> None:
    use_keys(keys)
    exit_code, output = hunter("auth", "rotate")
    assert exit_code == code
    assert output.startswith(f"error: {problem}")


def test_sign_in_asks_for_the_schema_before_a_code_is_shown(
    use_keys: UseKeys, http: Http, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an empty database no account is signed in."""
    use_keys(NEW_KEY)
    monkeypatch.setenv("HUNTER_DATABASE_URL", database_url)
    sign_in = open_sign_in(load_settings(), http)
    assert sign_in.status().problem == "No account is signed in."
    shown: list[object] = []
    with pytest.raises(DatabaseError, match="no place for the sign-in") as caught:
        sign_in.login_device_code(lambda *texts: shown.append(texts))
    assert "hunter db upgrade" in str(caught.value.hint)
    assert shown == []


def test_unreachable_database_is_a_database_error(
    use_keys: UseKeys, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 6, and there is no hint to sign in again."""
    use_keys(NEW_KEY)
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    sign_in = open_sign_in(load_settings(), http)
    for ask in (sign_in.token, sign_in.refreshed_token, sign_in.logout, sign_in.status):
        with pytest.raises(DatabaseError):
            ask()


def test_node_cannot_write_when_it_lost_the_lock(use_keys: UseKeys, shared: Installation) -> None:
    """A node whose connection was closed does not overwrite what the next holder of the lock has saved."""
    store = token_store(use_keys(NEW_KEY))
    with pytest.raises(DatabaseError), store.locked() as held:
        shared.execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = %s",
                       4_276_180_391_552_008 & 0xFFFFFFFF)  # fmt: skip
        with store.locked(DEADLINE_SECONDS) as next_one:
            next_one.save('{"RefreshToken": {}}')
        held.save("{}")
    assert store.read() == '{"RefreshToken": {}}'


def test_sync_with_the_sign_in_in_the_database_leaks_no_secrets(
    use_keys: UseKeys, http: Http, shared: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    """A sync that has to refresh succeeds, and no token, key or name is in its log or in a table."""
    settings = use_keys(NEW_KEY)
    sign_in_with(settings, http)
    secrets = secrets_of(token_store(settings)) | {NEW_KEY}
    shared.sandbox.expire_access_tokens()
    assert shared.sync()["status"] == "success"
    secrets |= secrets_of(token_store(settings))
    output = "".join(capfd.readouterr())
    assert "partner_center_token_refreshed" in output
    with psycopg.connect(os.environ["HUNTER_DATABASE_URL"]) as connection:
        stored = str(connection.execute("select s from sync_runs as s").fetchall())
        stored += str(connection.execute("select s from sign_in as s").fetchall())
    assert [secret for secret in secrets if secret in output + stored] == []


def test_row_of_an_earlier_release_is_used(use_keys: UseKeys, http: Http, shared: Installation) -> None:
    """A row made at commit b769da0 gives the account and can be encrypted again."""
    text = OLD_TOKEN_FILE.read_text(encoding="utf-8")
    settings = use_keys(NEW_KEY)
    shared.execute("insert into sign_in (sealed) values (%s)", Fernet(NEW_KEY).encrypt(text.encode()).decode())
    sign_in = open_sign_in(settings, http)
    assert (sign_in.status().signed_in, sign_in.status().username) == (True, "ada.brook@fourthcoffee.com")
    sign_in.rewrite()
    assert stored_text(token_store(settings)) == text
