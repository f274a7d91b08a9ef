"""
Start the browser of the tests: any Chromium, Chrome or Edge of the machine.

`python -m hunter_pipeline_tests.web.browser` prints its name, or exits with 1 if there is none.
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
from playwright.sync_api import Browser, BrowserContext, BrowserType, Error, Locator, Page, expect, sync_playwright

from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

NO_BROWSER = "The tests of the lead desk need Chromium, Chrome or Edge, and none starts here. Install one: make browser"
# The page removes toasts after eight seconds, those with Undo after ten; a test on a slow machine needs them longer.
KEEP_TOASTS = """
const later = window.setTimeout;
window.setTimeout = (call, wait, ...rest) => later(call, [8000, 10000].includes(wait) ? 1e9 : wait, ...rest);
"""
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
    """Start the machine's browser and yield it; None if no browser starts."""
    with sync_playwright() as playwright:
        browser = _start(playwright.chromium)
        expect.set_options(timeout=_MILLISECONDS)
        yield browser
        if browser is not None:
            browser.close()


@pytest.fixture(scope="module", name="browser")
def started_browser() -> Iterator[Browser]:
    """The browser of a module's tests; a module uses it by `browser = started_browser`."""
    with browser_of_this_machine() as browser:
        assert browser is not None
        yield browser


def table(page: Page) -> Locator:
    """Return the desk's table of referrals."""
    return page.get_by_role("table", name="Referrals")


def rows(page: Page) -> Locator:
    """Return the rows of the desk's table of referrals."""
    return table(page).locator("tbody tr")


def require_browser() -> None:
    """Skip the current test, or fail it with CI=true, if the machine has no browser."""
    with browser_of_this_machine() as browser:
        if browser is not None:
            return
    if os.environ.get("CI") == "true":
        pytest.fail(NO_BROWSER, pytrace=False)
    pytest.skip(NO_BROWSER)


def _start(chromium: BrowserType) -> Browser | None:
    """Start the first browser that starts: Playwright's own, an installed Chrome or Edge, or one on the PATH."""
    choices: list[dict[str, Any]] = [{}, {"channel": "chrome"}, {"channel": "msedge"}]
    choices += [{"executable_path": path} for name in _PROGRAMS if (path := shutil.which(name))]
    for choice in choices:
        try:
            return chromium.launch(args=list(_FLAGS), timeout=_MILLISECONDS, **choice)
        except Error:  # not installed, or a system library is missing
            continue
    return None


class Visit:
    """A browser window that records the hosts it sends requests to and the errors of the page's scripts."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(_MILLISECONDS)
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if _is_policy_violation(line.text) else None)

    def violations(self) -> list[str]:
        """Return the serious and critical violations that axe-core finds: 'color-contrast: .badge'."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]

    def scrolls_horizontally(self) -> bool:
        """Return whether the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def _is_policy_violation(line: str) -> bool:
    return "Content Security Policy" in line or "Refused to" in line


def _main() -> int:
    with browser_of_this_machine() as browser:
        if browser is not None:
            print(f"The tests use {browser.browser_type.name} {browser.version}.")  # noqa: T201 - `make browser` shows it
        return int(browser is None)


if __name__ == "__main__":
    sys.exit(_main())
