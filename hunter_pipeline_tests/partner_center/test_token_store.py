"""Test the token file: private, atomic, locked, and an error with a hint when it is corrupt."""

import itertools
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hunter_pipeline.errors import ConfigurationError, PartnerCenterAuthError, PartnerCenterNetworkError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.token_store import TokenFile
from hunter_pipeline.sandbox import Sandbox

# Written at commit b769da0, with the sandbox's tokens.
OLD_TOKEN_FILE = Path(__file__).parents[1] / "data" / "token_cache_b769da0.json"
FOREIGN = [
    b"", b"{", b"\xff\xfe\x00", b"[]", b'"x"', b"null", b'{"hello": "world"}', b'{"RefreshToken": []}',
    b'{"RefreshToken": {"a": 7}}', b'{"RefreshToken": {"a": {}}}', b'{"AccessToken": {"a": {"secret": "x"}}}',
    b'{"RefreshToken": {}, "Account": {"a": {"username": 7}}}', b"[" * 100_000, b"\x00" * 100,
    b'{"RefreshToken": {}, "HunterSignIn": []}',
    b'{"AccessToken": {"a": {"secret": "x", "expires_on": "' + b"9" * 5000 + b'"}}}',
    b"SQLite format 3\x00",
]  # fmt: skip


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
def test_corrupt_or_foreign_file_asks_to_sign_in_again(content: bytes, sign_in: SignIn, tmp_path: Path) -> None:
    """The error is one sentence with a hint, and holds nothing of the file."""
    path = tmp_path / "home" / ".token_cache"
    path.parent.mkdir()
    path.write_bytes(content)
    for ask in (sign_in.token, sign_in.refreshed_token):
        with pytest.raises(PartnerCenterAuthError, match="cannot be read, or is not one of ours") as caught:
            ask()
        assert "hunter auth login" in str(caught.value.hint)
        assert caught.value.__context__ is None
    assert sign_in.status().problem


@pytest.mark.parametrize("content", [b"{", b'{"hello": "world"}'])
def test_sign_in_replaces_a_corrupt_file(content: bytes, sign_in: SignIn, sandbox: Sandbox, tmp_path: Path) -> None:
    """The new file is private even if the old one was not."""
    path = tmp_path / "home" / ".token_cache"
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o644)
    sign_in.login_device_code(lambda *_: None)
    assert sign_in.token()
    assert mode(path) == 0o600
    assert sign_in.logout()


def test_file_of_an_earlier_release_is_used(
    sign_in: SignIn, sandbox: Sandbox, token_file_content: bytes, tmp_path: Path
) -> None:
    """A file made at commit b769da0 gives the account, the stored token and, with a valid refresh token, a new one."""
    old, new = json.loads(OLD_TOKEN_FILE.read_bytes()), json.loads(token_file_content)
    for kind in ("AccessToken", "RefreshToken"):  # their lives are over, and another sandbox issued them
        [old_entry], [new_entry] = old[kind].values(), new[kind].values()
        old_entry["secret"] = new_entry["secret"]
    [old_entry], [new_entry] = old["AccessToken"].values(), new["AccessToken"].values()
    old_entry["expires_on"] = new_entry["expires_on"]
    path = tmp_path / "home" / ".token_cache"
    path.parent.mkdir()
    path.write_text(json.dumps(old, indent=4), encoding="utf-8")
    sandbox.requests.clear()
    status = sign_in.status()
    assert (status.signed_in, status.username) == (True, "ada.brook@fourthcoffee.com")
    assert status.signed_in_at is not None
    assert sign_in.token() == old_entry["secret"]
    assert sandbox.requests == []
    assert sign_in.refreshed_token() != old_entry["secret"]
    assert sign_in.status().signed_in_at == status.signed_in_at


def test_folder_in_its_place_names_the_setting(sign_in: SignIn, sandbox: Sandbox, tmp_path: Path) -> None:
    """A read asks to sign in; a sign-in names the setting and leaves no draft."""
    (tmp_path / "home" / ".token_cache").mkdir(parents=True)
    with pytest.raises(PartnerCenterAuthError):
        sign_in.token()
    with pytest.raises(ConfigurationError) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert "HUNTER_PARTNER_CENTER_TOKEN_CACHE" in str(caught.value.hint)
    assert list((tmp_path / "home").glob("*.tmp")) == []


def test_file_is_private_from_its_first_byte(tmp_path: Path) -> None:
    """Its mode is 0600 under any umask, also while it is written, and if a draft with another mode was left behind."""
    path = tmp_path / "new" / "cache"
    path.parent.mkdir()
    draft = path.with_name("cache.tmp")
    draft.write_text("left behind")
    draft.chmod(0o666)
    modes: set[int] = set()
    done = threading.Event()

    def watch() -> None:
        is_last = False
        while not is_last:
            is_last = done.is_set()
            for each in (path, draft):
                try:
                    with each.open() as file:
                        if not file.read().startswith("left"):
                            modes.add(mode(each))
                except FileNotFoundError:
                    pass

    before = os.umask(0)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(50):
            TokenFile(path).save("{}")
    finally:
        done.set()
        watcher.join()
        os.umask(before)
    assert modes == {0o600}
    assert mode(path) == 0o600


def test_reader_sees_a_complete_file_while_it_is_replaced(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "cache")
    caches = ['{"RefreshToken": {"r": {"secret": "%s"}}}' % (letter * 20_000) for letter in "ab"]
    file.save(caches[0])
    done = threading.Event()

    def replace() -> None:
        for cache in itertools.cycle(caches):
            file.save(cache)
            if done.is_set():
                return

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        assert [file.read() in caches for _ in range(200)] == [True] * 200
    finally:
        done.set()
        writer.join()


def test_unwritable_place_is_a_configuration_error(tmp_path: Path) -> None:
    """A file where a folder should be: the error has the system's reason."""
    (tmp_path / "file").write_text("")
    file = TokenFile(tmp_path / "file" / "cache")
    with pytest.raises(ConfigurationError, match="cannot be kept in"):
        file.save("{}")
    with pytest.raises(ConfigurationError), file.locked():
        pass


HOLD_LOCK = """
import sys, time; from pathlib import Path
from hunter_pipeline.partner_center.token_store import TokenFile
with TokenFile(Path(sys.argv[1])).locked():
    print("held", flush=True); time.sleep(3600)
"""


def test_lock_holds_between_processes_and_ends_with_them(tmp_path: Path) -> None:
    """A wait for another process's lock is bounded; after a kill -9 the lock is free at once."""
    file = TokenFile(tmp_path / "cache")
    command = [sys.executable, "-c", HOLD_LOCK, str(tmp_path / "cache")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(PartnerCenterNetworkError, match="Another process"), file.locked(0.1):
            pass
        holder.kill()
        holder.wait()
        with file.locked(0):
            pass
    assert mode(tmp_path / "cache.lock") == 0o600
