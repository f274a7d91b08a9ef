"""The file that keeps the sign-in: whole, private, locked, and never the cause of a crash."""

import itertools
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hunter_pipeline.errors import ConfigurationError, PartnerCenterAuthError, PartnerCenterNetworkError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.token_file import TokenFile
from hunter_pipeline.sandbox import Sandbox

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
def test_a_corrupt_or_foreign_file_says_sign_in_again(content: bytes, sign_in: SignIn, tmp_path: Path) -> None:
    """Whatever the file holds, the error is one sentence and the hint says how to sign in."""
    path = tmp_path / "home" / ".token_cache"
    path.parent.mkdir()
    path.write_bytes(content)
    for ask in (sign_in.token, sign_in.refreshed_token):
        with pytest.raises(PartnerCenterAuthError, match="cannot be read, or is not one of ours") as caught:
            ask()
        assert "hunter auth login" in str(caught.value.hint)
    assert sign_in.status().problem


@pytest.mark.parametrize("content", [b"{", b'{"hello": "world"}'])
def test_signing_in_replaces_a_corrupt_file(content: bytes, sign_in: SignIn, sandbox: Sandbox, tmp_path: Path) -> None:
    """The way out of a corrupt file is the way in; what is written is private even if the old file was not."""
    path = tmp_path / "home" / ".token_cache"
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o644)
    sign_in.login_device_code(lambda *_: None)
    assert sign_in.token()
    assert mode(path) == 0o600
    assert sign_in.logout()


def test_a_folder_in_its_place_is_no_crash(sign_in: SignIn, sandbox: Sandbox, tmp_path: Path) -> None:
    """Where nothing can be written the setting is named; where nothing can be read, signing in."""
    (tmp_path / "home" / ".token_cache").mkdir(parents=True)
    with pytest.raises(PartnerCenterAuthError):
        sign_in.token()
    with pytest.raises(ConfigurationError) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert "HUNTER_PARTNER_CENTER_TOKEN_CACHE" in str(caught.value.hint)
    assert list((tmp_path / "home").glob("*.tmp")) == []


def test_it_is_private_from_its_first_byte(tmp_path: Path) -> None:
    """Mode 0600 under any umask, also while it is written, and also over a draft that somebody left open."""
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


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """While it is being replaced, each of two hundred reads is a whole cache."""
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


def test_a_place_that_cannot_be_written_is_a_setting(tmp_path: Path) -> None:
    """A file where a folder should be: ConfigurationError with the system's reason."""
    (tmp_path / "file").write_text("")
    file = TokenFile(tmp_path / "file" / "cache")
    with pytest.raises(ConfigurationError, match="cannot be kept in"):
        file.save("{}")
    with pytest.raises(ConfigurationError), file.locked():
        pass


HOLD = """
import sys, time; from pathlib import Path
from hunter_pipeline.partner_center.token_file import TokenFile
with TokenFile(Path(sys.argv[1])).locked():
    print("held", flush=True); time.sleep(3600)
"""


def test_the_lock_holds_between_processes_and_dies_with_them(tmp_path: Path) -> None:
    """While another process has it we wait, and say so in the end; after a kill -9 it is free at once."""
    file = TokenFile(tmp_path / "cache")
    command = [sys.executable, "-c", HOLD, str(tmp_path / "cache")]
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
