"""Test pytest's notice on a machine without a browser."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.web.browser import NO_BROWSER

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]
BROWSER_TEST = "hunter_pipeline_tests/web/test_browser.py::test_column_header_sorts_and_paging_keeps_the_order"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a machine without a browser; skip if an installed one cannot be hidden."""
    hidden = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "CI": ""}
    environment = os.environ | hidden
    line = [sys.executable, "-m", "hunter_pipeline_tests.web.browser"]
    found = subprocess.run(line, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        pytest.skip(f"a browser is here, wherever one looks: {found.stdout}")
    return environment


@pytest.mark.parametrize(("ci", "exit_code"), [("", 0), ("true", 1)], ids=["a machine", "CI"])
def test_browser_test_is_skipped_with_a_notice_or_fails_in_ci(
    ci: str, exit_code: int, environment: dict[str, str]
) -> None:
    """The last line says how to install a browser; with CI=true the tests fail."""
    line = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", BROWSER_TEST, *([] if ci else ["-n", "1"])]
    options: Any = {"capture_output": True, "text": True, "timeout": DEADLINE_SECONDS}
    done = subprocess.run(line, cwd=CHECKOUT, env=environment | {"CI": ci}, check=False, **options)
    assert done.returncode == exit_code, done.stdout + done.stderr
    assert ("1 skipped" in done.stdout) is not bool(ci)
    assert (done.stdout.splitlines()[-1] == f"1 test was skipped. {NO_BROWSER}") is not bool(ci)
    assert NO_BROWSER in done.stdout
