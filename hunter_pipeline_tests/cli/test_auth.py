"""Test `hunter auth`: sign-in, status and sign-out."""

import json
import time

import pytest

from hunter_pipeline.config.settings import Settings
from hunter_pipeline_tests.cli.conftest import is_one_sentence_and_a_hint

pytestmark = pytest.mark.slow


def test_login_status_and_logout_use_the_stored_sign_in(hunter, settings: Settings):
    """Sign in with a code, show the account, delete it; a status without an account has exit code 3."""
    before = hunter("auth", "status", "--json")
    assert before.code == 3
    assert json.loads(before.out)["problem"] == "No account is signed in."
    assert hunter("auth", "status").out == "No account is signed in. Run: hunter auth login.\n"

    login = hunter("auth", "login")
    assert login.code == 0
    assert "/devicelogin and enter the code " in login.err
    assert login.out.startswith("Signed in as ada.brook@fourthcoffee.com (tenant ")

    status = hunter("auth", "status", "--json")
    found = json.loads(status.out)
    assert (status.code, found["signed_in"], found["username"]) == (0, True, "ada.brook@fourthcoffee.com")
    assert "eyJ" not in status.out
    assert settings.token_cache.stat().st_mode & 0o777 == 0o600

    assert [hunter("auth", "logout").out for _ in range(2)] == ["Signed out.\n", "No account was signed in.\n"]
    assert hunter("auth", "status").code == 3


@pytest.mark.parametrize("command", ["login", "status", "logout"])
def test_command_names_the_variable_when_the_client_id_is_empty(command: str, hunter):
    """No request is sent."""
    code, out, err = hunter("auth", command)
    assert (code, out) == (2, "")
    assert "HUNTER_PARTNER_CENTER_CLIENT_ID is empty" in err
    assert is_one_sentence_and_a_hint(err)


def test_status_prints_json_when_it_fails(hunter):
    """The output is JSON although nothing is configured."""
    result = hunter("auth", "status", "--json")
    assert result.code == 2
    assert json.loads(result.out)["signed_in"] is False


@pytest.mark.parametrize(("days", "words"), [(77, "ends in about 1"), (95, "has probably expired")])
def test_status_and_doctor_warn_when_the_sign_in_ends_soon(days: int, words: str, hunter, signed_in: Settings):
    """The warning begins 14 days before the estimated end; the exit code stays 0."""
    assert hunter("auth", "status").err == ""
    sections = json.loads(signed_in.token_cache.read_text())
    for entry in sections["RefreshToken"].values():
        entry["last_modification_time"] = str(int(time.time()) - days * 86_400)
    signed_in.token_cache.write_text(json.dumps(sections))
    status = hunter("auth", "status")
    assert status.code == 0
    assert status.err.startswith(f"warning: The sign-in {words}")
    assert status.err.endswith("Run: hunter auth login\n")
    doctor = hunter("doctor")
    assert doctor.code == 0
    assert f"\nWARN sign-in         The sign-in {words}" in doctor.out
    assert len(hunter("auth", "status", "--json").out.splitlines()) == 1
