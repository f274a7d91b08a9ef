"""Both places of the sign-in, file and database, by the same tests; then what is true of the database alone."""

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
from hunter_pipeline.domain.errors import DatabaseError, PartnerCenterAuthError, PartnerCenterNetworkError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.token_cache import TokenStore, sections_of
from hunter_pipeline.settings import Settings, load_settings
from hunter_pipeline.sign_in import open_sign_in, token_store
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.office import Office

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
DAMAGED = ["", "x", "gAAAAA==", "ü", "\x01"]
TOKEN = """
import sys
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.settings import load_settings
from hunter_pipeline.sign_in import open_sign_in
with Http() as http:
    sign_in = open_sign_in(load_settings(), http)
    print(sign_in.refreshed_token() if sys.argv[1:] else sign_in.token())
"""
HOLD = """
import time
from hunter_pipeline.settings import load_settings
from hunter_pipeline.sign_in import token_store
with token_store(load_settings()).locked():
    print("held", flush=True); time.sleep(3600)
"""
Use = Callable[[str], Settings]
Hunter = Callable[..., tuple[int, str]]


@pytest.fixture
def use(shared: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Use:
    """`use(keys)`: a node with these keys, the sign-in of nobody; without keys it lives in a file."""
    for name, value in shared.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_TOKEN_CACHE", str(tmp_path / ".token_cache"))
    shared.execute("delete from sign_in")
    shared.sandbox.clear_faults()
    shared.sandbox.requests.clear()

    def use(keys: str) -> Settings:
        monkeypatch.setenv("HUNTER_TOKEN_KEYS", keys)
        return load_settings()

    return use


@pytest.fixture(params=["", NEW], ids=["file", "database"])
def settings(request: pytest.FixtureRequest, use: Use) -> Settings:
    """A node of either kind."""
    return use(request.param)


@pytest.fixture
def http() -> Iterator[Http]:
    with Http() as http:
        yield http


@pytest.fixture
def hunter(capfd: pytest.CaptureFixture[str]) -> Hunter:
    """Run a command in this process; its exit code and everything that it said."""

    def run(*arguments: str) -> tuple[int, str]:
        capfd.readouterr()
        code = cli.run(list(arguments))
        sys.stdout.flush()
        return code, "".join(capfd.readouterr())

    return run


def signed_in(settings: Settings, http: Http) -> SignIn:
    sign_in = open_sign_in(settings, http)
    sign_in.login_device_code(lambda *_: None)
    return sign_in


def text_of(store: TokenStore) -> str:
    text = store.read()
    assert text is not None
    return text


def expire(store: TokenStore) -> None:
    """Let the stored access token be about to end."""
    with store.locked() as held:
        text = held.read() or ""
        held.save(re.sub(r'"expires_on": "\d+"', f'"expires_on": "{int(time.time()) + 60}"', text))


def secrets_of(store: TokenStore) -> set[str]:
    sections = sections_of(store.read())
    kinds = ("AccessToken", "RefreshToken", "IdToken")
    found = {str(entry["secret"]) for kind in kinds for entry in sections.get(kind, {}).values()}
    return found | {str(entry["username"]) for entry in sections["Account"].values()}


def test_signing_in_and_out(settings: Settings, http: Http, shared: Office) -> None:
    """Nobody, then somebody whose token costs no request, then nobody again."""
    sign_in = open_sign_in(settings, http)
    for ask in (sign_in.token, sign_in.refreshed_token, sign_in.save_again):
        with pytest.raises(PartnerCenterAuthError, match="Nobody is signed in"):
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
    assert sign_in.status().problem == "Nobody is signed in."


def test_what_is_saved_is_what_is_read(settings: Settings) -> None:
    """Any text, whole, seen at once by whoever asks without the lock."""
    store = token_store(settings)
    assert store.read() is None
    for text in ("{}", '{"RefreshToken": {"ü": {"secret": "%s"}}}' % ("x" * 50_000)):
        with store.locked() as held:
            held.save(text)
            assert (held.read(), token_store(settings).read()) == (text, text)
    with store.locked() as held:
        assert (held.delete(), held.delete()) == (True, False)
    assert store.read() is None


def test_a_failure_under_the_lock_loses_nothing_that_was_saved(settings: Settings) -> None:
    """A refresh token that was saved is kept, whatever comes after; the lock is free again."""
    store = token_store(settings)
    with pytest.raises(ZeroDivisionError), store.locked() as held:
        held.save("{}")
        raise ZeroDivisionError
    with store.locked(0.1) as held:
        assert held.read() == "{}"


def test_the_lock_holds_between_processes_and_dies_with_them(settings: Settings) -> None:
    """While another process has it we wait, for a bounded time; after a kill -9 it is free at once."""
    store = token_store(settings)
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(PartnerCenterNetworkError, match="refreshing the sign-in for too long"), store.locked(0.2):
            pass
        holder.kill()
        holder.wait()
        with store.locked(DEADLINE_SECONDS):
            pass


@pytest.mark.slow
@pytest.mark.parametrize(("forced", "spent"), [(False, 1), (True, 6)])
def test_nodes_refresh_one_after_the_other(
    forced: bool, spent: int, settings: Settings, http: Http, shared: Office
) -> None:
    """Processes and threads that find the token expired spend one refresh token; those that insist, each the newest."""
    signed_in(settings, http)
    expire(token_store(settings))
    shared.sandbox.requests.clear()
    command = [sys.executable, "-c", TOKEN, *(["force"] if forced else [])]
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
    assert (len(tokens), len(set(tokens)), len(sent), len(set(sent))) == (6, spent, spent, spent)
    assert set(sent).isdisjoint(secrets_of(token_store(settings)))  # the newest is the one that is kept
    assert open_sign_in(settings, http).refreshed_token() not in tokens


def test_a_stored_sign_in_that_is_no_cache_says_sign_in_again(settings: Settings, http: Http) -> None:
    """Whatever the place holds, the error is one sentence, and signing in mends it."""
    store, sign_in = token_store(settings), open_sign_in(settings, http)
    for text in ("", "{", "[]", '{"hello": "world"}', "[" * 100_000):
        with store.locked() as held:
            held.save(text)
        with pytest.raises(PartnerCenterAuthError, match="cannot be read, or is not one of ours") as caught:
            sign_in.token()
        assert "hunter auth login" in str(caught.value.hint)
    assert signed_in(settings, http).token()


def test_the_row_tells_nothing(use: Use, http: Http, shared: Office) -> None:
    """No token, name or key stands in the table; the same sign-in saved again looks otherwise."""
    settings = use(NEW)
    sign_in = signed_in(settings, http)
    secrets = secrets_of(token_store(settings)) | {NEW, "RefreshToken"}
    assert len(secrets) > 4
    rows = [str(shared.rows("select * from sign_in"))]
    sign_in.save_again()
    rows.append(str(shared.rows("select * from sign_in")))
    assert [secret for secret in secrets for row in rows if secret in row] == []
    assert rows[0] != rows[1]
    assert shared.value("select count(*) from sign_in") == 1


def test_another_key_says_so(use: Use, http: Http, hunter: Hunter) -> None:
    """A node whose keys do not fit says so with exit code 3 and overwrites nothing, but by signing in."""
    signed_in(use(OLD), http)
    secrets = secrets_of(token_store(use(OLD))) | {OLD, NEW}
    sign_in = open_sign_in(use(NEW), http)
    for ask in (sign_in.token, sign_in.refreshed_token, sign_in.save_again):
        with pytest.raises(PartnerCenterAuthError, match="No key of HUNTER_TOKEN_KEYS fits") as caught:
            ask()
        assert caught.value.__cause__ is None
    said = [hunter("auth", "status"), hunter("auth", "status", "--json"), hunter("auth", "rotate"), hunter("doctor")]
    assert [code for code, _ in said] == [3] * 4
    assert all("No key of HUNTER_TOKEN_KEYS fits the stored sign-in" in text for _, text in said)
    assert [secret for secret in secrets for _, text in said if secret in text] == []
    assert open_sign_in(use(OLD), http).token()
    assert signed_in(use(NEW), http).token()


@pytest.mark.parametrize(
    "sealed",
    ["", "x", "gAAAAA==", "ü", "\x01", Fernet(NEW).encrypt(b"\xff").decode(), Fernet(NEW).encrypt(b"{").decode()],
    ids=["empty", "text", "cut off", "not ASCII", "control", "no text inside", "no JSON inside"],
)
def test_a_damaged_row_is_no_crash(sealed: str | bytes, use: Use, http: Http, shared: Office) -> None:
    """What nobody can read is told as such by everything that reads it, and signing in replaces it."""
    settings = use(NEW)
    shared.execute("insert into sign_in (sealed) values (%s)", sealed.decode() if isinstance(sealed, bytes) else sealed)
    sign_in = open_sign_in(settings, http)
    with pytest.raises(PartnerCenterAuthError) as caught:
        sign_in.token()
    assert "hunter auth login" in str(caught.value.hint)
    assert sign_in.status().problem
    assert sign_in.logout()
    assert signed_in(settings, http).token()


def test_keys_rotate(use: Use, http: Http, hunter: Hunter) -> None:
    """With the new key before the old one nothing is lost; after `rotate`, or any refresh, the old one may go."""
    signed_in(use(OLD), http)
    kept = text_of(token_store(use(f"{NEW},{OLD}")))
    assert hunter("auth", "rotate") == (0, "The sign-in is encrypted with the first key of HUNTER_TOKEN_KEYS.\n")
    assert text_of(token_store(use(NEW))) == kept
    with pytest.raises(PartnerCenterAuthError):
        token_store(use(OLD)).read()
    open_sign_in(use(f"{OLD}, {NEW}"), http).refreshed_token()
    assert open_sign_in(use(OLD), http).token()


@pytest.mark.parametrize(
    ("keys", "code", "says"), [("", 2, "HUNTER_TOKEN_KEYS is empty"), (NEW, 3, "Nobody is")], ids=["file", "nobody"]
)
def test_there_is_nothing_to_rotate(keys: str, code: int, says: str, use: Use, hunter: Hunter) -> None:
    """A file has no key, and nobody's sign-in cannot be encrypted: a sentence each."""
    use(keys)
    found, said = hunter("auth", "rotate")
    assert found == code
    assert said.startswith(f"error: {says}")


def test_without_a_schema_nobody_is_asked_to_sign_in(
    use: Use, http: Http, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an empty database nobody is signed in, and `login` says what to run before a code is shown."""
    use(NEW)
    monkeypatch.setenv("HUNTER_DATABASE_URL", database_url)
    sign_in = open_sign_in(load_settings(), http)
    assert sign_in.status().problem == "Nobody is signed in."
    shown: list[object] = []
    with pytest.raises(DatabaseError, match="no place for the sign-in") as caught:
        sign_in.login_device_code(lambda *said: shown.append(said))
    assert "hunter db upgrade" in str(caught.value.hint)
    assert shown == []


def test_a_database_out_of_reach_is_a_database_error(use: Use, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database is gone, so is the sign-in: exit code 6, not "sign in again"."""
    use(NEW)
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    sign_in = open_sign_in(load_settings(), http)
    for ask in (sign_in.token, sign_in.refreshed_token, sign_in.logout, sign_in.status):
        with pytest.raises(DatabaseError):
            ask()


def test_a_node_that_lost_the_lock_cannot_write(use: Use, shared: Office) -> None:
    """Whose connection was cut may not overwrite what the next holder of the lock has saved."""
    store = token_store(use(NEW))
    with pytest.raises(DatabaseError), store.locked() as held:
        shared.execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = %s",
                       4_276_180_391_552_008 & 0xFFFFFFFF)  # fmt: skip
        with store.locked(2) as next_one:
            next_one.save('{"RefreshToken": {}}')
        held.save("{}")
    assert store.read() == '{"RefreshToken": {}}'


def test_a_sync_with_the_sign_in_in_the_database_tells_nobody(
    use: Use, http: Http, shared: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    """A sync that has to refresh on its way succeeds, and no token, key or name gets into its log or any table."""
    settings = use(NEW)
    signed_in(settings, http)
    secrets = secrets_of(token_store(settings)) | {NEW}
    shared.sandbox.expire_access_tokens()
    assert shared.sync()["status"] == "success"
    secrets |= secrets_of(token_store(settings))
    said = "".join(capfd.readouterr())
    assert "partner_center_token_refreshed" in said
    with psycopg.connect(os.environ["HUNTER_DATABASE_URL"]) as connection:
        stored = str(connection.execute("select s from sync_runs as s").fetchall())
        stored += str(connection.execute("select s from sign_in as s").fetchall())
    assert [secret for secret in secrets if secret in said + stored] == []
