"""The lead desk in browsers of several kinds (zone, language, theme, phone, no scripts) and with several settings."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ViewportSize, expect
from pydantic import SecretStr

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import open_installation, sign_in
from hunter_pipeline_tests.web.browser import Visit, rows, started_browser, table
from hunter_pipeline_tests.web.seed import settings_for
from hunter_pipeline_tests.web.services import run_service

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("needs_browser")]
browser = started_browser
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def settings(server: Server) -> Iterator[Settings]:
    """The settings of a service that shows 60 referrals."""
    with open_installation(server, SandboxOptions(referrals=60)) as installation:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in installation.environment.items():
                patch.setenv(name, value)
            sign_in(installation)
            assert installation.sync()["new"] == 60
        yield settings_for(installation.url, installation.folder, partner_center_enabled=True)


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    with run_service(settings) as url:
        yield url


def test_times_are_in_the_zone_of_the_browser(browser: Browser, url: str):
    times: list[str] = []
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        with browser.new_context(locale="en-GB", timezone_id=zone, base_url=url) as context:
            page = Visit(context).page
            page.goto("/")
            expect(page.locator(".foot")).to_contain_text(zone)
            times.append(page.locator("tbody tr").first.locator("td.date").last.inner_text())
    assert times[0] != times[1]
    assert all(re.fullmatch(r"\d+ \w+ \d{4}, \d\d:\d\d", time) for time in times)


def test_page_survives_a_restart_of_the_service(browser: Browser, settings: Settings):
    """It shows a notice as long as the server cannot be reached."""
    with browser.new_context(locale="en-GB") as context:
        page = Visit(context).page
        with run_service(settings) as url:
            page.goto(url)
        notice = page.get_by_text("No connection to the server. Trying again…")
        page.evaluate("htmx.trigger('#filters', 'submit')")
        expect(notice.first).to_be_visible()
        with run_service(settings, port=urlsplit(url).port or 0):
            page.get_by_label("Status").select_option("Closed")
            expect(table(page).locator(".badge.closed")).not_to_have_count(0)
            expect(notice.first).to_be_hidden()


def test_sync_now_names_the_setting_when_the_feature_flag_is_off(browser: Browser, settings: Settings):
    disabled = settings.model_copy(update={"partner_center_enabled": False})
    with run_service(disabled) as url, browser.new_context(locale="en-GB") as context:
        page = Visit(context).page
        page.goto(url)
        expect(page.get_by_role("status")).to_contain_text("Partner Center sync is disabled")
        page.get_by_role("button", name="Sync now").click()
        expect(page.get_by_text("Sync failed:")).to_contain_text("HUNTER_PARTNER_CENTER_ENABLED=true")


def test_sign_in_returns_to_the_page_and_sign_out_ends_the_session(browser: Browser, settings: Settings):
    protected = settings.model_copy(update={"api_key": SecretStr("a-long-secret-key")})
    with run_service(protected) as url, browser.new_context(locale="en-GB", base_url=url) as context:
        visit = Visit(context)
        page = visit.page
        page.goto("/?status=Closed")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert visit.violations() == []
        page.get_by_label("API key").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("This API key is incorrect.")
        page.get_by_label("API key").fill("a-long-secret-key")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("Status")).to_have_value("Closed")
        page.get_by_role("button", name="Sign out").click()
        page.goto("/")
        expect(page.get_by_label("API key")).to_be_visible()


def test_phone_needs_no_horizontal_scrolling(browser: Browser, url: str):
    """At 390 pixels the desk and the dialog fit, and axe finds no serious violation."""
    with browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, locale="en-GB", base_url=url) as context:
        visit = Visit(context)
        visit.page.goto("/")
        assert not visit.scrolls_horizontally()
        assert visit.violations() == []
        boxes = [lead.bounding_box() or {} for lead in visit.page.locator(".lead").all()]
        assert boxes[0]["y"] + boxes[0]["height"] <= PHONE["height"], "the first lead is on the first screen"
        assert max(box["height"] for box in boxes) <= 180
        rows(visit.page).first.locator("td:visible").last.tap()
        expect(visit.page.get_by_role("dialog")).to_be_visible()
        assert not visit.scrolls_horizontally()
        visit.page.goto(visit.page.locator("dialog pre").evaluate("() => document.querySelector('tbody a').href"))
        expect(visit.page.get_by_role("heading", name="Raw payload")).to_be_visible()
        assert not visit.scrolls_horizontally()


def test_language_and_theme_follow_the_browser_until_changed(browser: Browser, url: str):
    """A choice is kept, and axe finds no serious violation in either language and theme."""
    with browser.new_context(locale="tr-TR", color_scheme="dark", base_url=url) as context:
        visit = Visit(context)
        page = visit.page
        page.goto("/")
        expect(page.locator("html")).to_have_attribute("lang", "tr")
        expect(page.get_by_role("table", name="Yönlendirmeler")).to_be_visible()
        expect(page.get_by_role("button", name="Koyu mod")).to_have_attribute("aria-pressed", "true")
        assert visit.violations() == []
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("button", name="Koyu mod").click()
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("button", name="Dark mode")).to_have_attribute("aria-pressed", "false")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
        page.goto("/")
        expect(page.get_by_role("table", name="Referrals")).to_be_visible()
        expect(page.get_by_role("button", name="Dark mode")).to_have_attribute("aria-pressed", "false")
        assert visit.violations() == []


def test_desk_works_without_scripts(browser: Browser, url: str):
    """The filters are a form, a referral is a page, and the theme button works."""
    with browser.new_context(java_script_enabled=False, locale="en-GB", base_url=url) as context:
        page = Visit(context).page
        page.goto("/")
        page.get_by_label("Status").select_option("Closed")
        page.get_by_role("button", name="Apply").click()
        expect(page).to_have_url(re.compile("status=Closed"))
        expect(rows(page).first).to_contain_text("Closed")
        page.get_by_role("button", name="Dark mode").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        rows(page).first.get_by_role("link").click()
        expect(page.get_by_role("heading", name="Status history")).to_be_visible()
