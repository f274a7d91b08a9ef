"""Provide the `hunter` command as a separate program."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import HunterError
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.pipeline.sign_in import open_sign_in
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

HUNTER = Path(sys.executable).parent / "hunter"
Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def program() -> Program:
    """Return a function that runs a command as a separate program, in the test's folder and environment."""

    def run(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
        settings = {"capture_output": True, "text": True, "timeout": DEADLINE_SECONDS, **options}
        return subprocess.run([HUNTER, *arguments], check=False, **settings)  # pyright: ignore[reportCallIssue, reportArgumentType]

    return run


@pytest.fixture
def signed_in(settings: Settings) -> Settings:
    """Return the settings of a home with an account that is signed in to the sandbox."""
    with Http() as http:
        open_sign_in(settings, http).login_device_code(lambda *_: None)
    return settings


def is_one_sentence_and_a_hint(text: str) -> bool:
    """Return whether standard error ends with one error message and one hint, without a traceback."""
    *before, sentence, hint = text.strip().splitlines()
    return (
        "Traceback" not in text
        and not any(line.startswith("error:") for line in before)
        and sentence.startswith("error: ")
        and sentence.endswith(".")
        and hint.startswith("hint:  ")
        and HunterError.__name__ not in text
    )
