"""Test the comparison of this machine's clock with the server's Date header."""

import subprocess
import sys
import time
from email.utils import formatdate

import pytest

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.partner_center.entra_errors import clock_problem, skew_sentence, unreadable_sign_in
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.responses import ApiResponse
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

# `hunter` on a machine whose clock is a day ahead.
A_DAY_AHEAD = """
import sys, time
real = time.time
time.time = lambda: real() + 86400
from hunter_pipeline.cli import main
main()
"""


def set_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (0, None),
        (200, None),
        (-86_400, "This machine's clock is 24 hours ahead of the server's."),
        (86_400, "This machine's clock is 24 hours behind the server's."),
        (-601, "This machine's clock is 10 minutes ahead of the server's."),
    ],
)
def test_difference_is_named_from_five_minutes_on(seconds: int, sentence: str | None) -> None:
    response = ApiResponse(200, {"Date": formatdate(time.time() + seconds, usegmt=True)}, b"", 1)
    assert skew_sentence(response) == sentence


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": ""}])
def test_response_without_a_date_says_nothing(headers: dict[str, str]) -> None:
    assert skew_sentence(ApiResponse(200, headers, b"", 1)) is None
    assert skew_sentence(None) is None


def test_clock_agrees_with_the_authority(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(sandbox, monkeypatch)
    with Http() as http:
        assert clock_problem(http, load_settings().partner_center_authority) is None


def test_unreadable_sign_in_names_a_wrong_clock() -> None:
    """The cause is more likely than a proxy, which the error blames otherwise."""
    response = ApiResponse(200, {"Date": formatdate(time.time() - 86_400, usegmt=True)}, b"", 1)
    error = unreadable_sign_in(response)
    assert "cannot be read. This machine's clock is 24 hours ahead of the server's." in error.message
    assert "timedatectl" in str(error.hint)
    assert "proxy" in str(unreadable_sign_in(None).hint)


@pytest.mark.slow
def test_doctor_names_a_clock_that_is_a_day_ahead(
    sandbox: Sandbox, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sign-in itself works: MSAL 1.38 and newer no longer compare the times of an ID token."""
    set_environment(sandbox, monkeypatch)

    def hunter(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", A_DAY_AHEAD, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS)

    signed_in = hunter("auth", "login")
    assert signed_in.returncode == 0, signed_in.stderr
    assert "This machine's clock is 24 hours ahead of the server's." in hunter("doctor").stdout
