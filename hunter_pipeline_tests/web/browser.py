"""
The browser of the tests: whichever Chromium, Chrome or Edge the machine has.

`python -m hunter_pipeline_tests.web.browser` names it, or ends with 1 where there is none. It is started once, and
watched for requests to elsewhere and for errors of the page's scripts.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, BrowserType, Error, Page, expect, sync_playwright

from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

NO_BROWSER = "The tests of the lead desk need Chromium, Chrome or Edge, and none starts here. Install one: make browser"
_MILLISECONDS = 1000 * DEADLINE_SECONDS
_PROGRAMS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextmanager
def browser_of_this_machine() -> Iterator[Browser | None]:
    """Start the machine's browser; None where it has none that starts."""
    with sync_playwright() as playwright:
        browser = _start(playwright.chromium)
        expect.set_options(timeout=_MILLISECONDS)
        yield browser
        if browser is not None:
            browser.close()


def require_browser() -> None:
    """Where the machine has no browser, skip the test that needs one or, with CI=true, fail it."""
    with browser_of_this_machine() as browser:
        if browser is not None:
            return
    if os.environ.get("CI") == "true":
        pytest.fail(NO_BROWSER, pytrace=False)
    pytest.skip(NO_BROWSER)


def _start(chromium: BrowserType) -> Browser | None:
    """Start the first browser that can be started: Playwright's own, an installed Chrome or Edge, one on the PATH."""
    choices: list[dict[str, Any]] = [{}, {"channel": "chrome"}, {"channel": "msedge"}]
    choices += [{"executable_path": path} for name in _PROGRAMS if (path := shutil.which(name))]
    for choice in choices:
        try:
            return chromium.launch(args=list(_FLAGS), timeout=_MILLISECONDS, **choice)
        except Error:  # it is not installed, or lacks a library of the system's
            continue
    return None


class Visit:
    """One reader's window; `page` is what they see."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(_MILLISECONDS)
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if _is_refused(line.text) else None)

    def findings(self) -> list[str]:
        """Return what axe-core finds that is serious or critical: 'color-contrast: .badge'."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        grave = [each for each in found if each["impact"] in ("serious", "critical")]
        return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in grave for node in each["nodes"]]

    def scrolls_sideways(self) -> bool:
        """Return whether the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def _is_refused(line: str) -> bool:
    return "Content Security Policy" in line or "Refused to" in line


def _main() -> int:
    with browser_of_this_machine() as browser:
        if browser is not None:
            print(f"The tests use {browser.browser_type.name} {browser.version}.")  # noqa: T201 - `make browser` shows it
        return int(browser is None)


if __name__ == "__main__":
    sys.exit(_main())
