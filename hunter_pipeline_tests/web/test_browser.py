"""
The lead desk in a real Chromium: what a seller clicks and what they then see.

One Dagster, one browser and one window serve most tests; each begins at `/`.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from hunter_pipeline.sandbox import Fault
from hunter_pipeline.warehouse import runs
from hunter_pipeline_tests.web.browser import Visit, browser_of_this_machine
from hunter_pipeline_tests.web.live import Live, served

# The page takes a message away after some seconds; for a test on a slow machine it stays.
KEEP_MESSAGES = """
const later = window.setTimeout;
window.setTimeout = (call, wait, ...rest) => later(call, wait === 8000 ? 1e9 : wait, ...rest);
"""
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("needs_browser")]
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browser_of_this_machine() as browser:
        assert browser is not None
        yield browser


@pytest.fixture(scope="module")
def url(live: Live) -> Iterator[str]:
    live.office.reset()
    with served(live.settings) as url:
        yield url


@pytest.fixture(scope="module")
def visit(browser: Browser, url: str) -> Iterator[Visit]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", base_url=url) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(KEEP_MESSAGES)
        yield Visit(context)


@pytest.fixture
def page(visit: Visit, url: str) -> Iterator[Page]:
    """The desk, freshly opened; every request it makes goes to its own address, and no script of it fails."""
    visit.page.goto("/")
    yield visit.page
    assert visit.hosts == {urlsplit(url).netloc}
    assert visit.errors == []


def table(page: Page) -> Locator:
    return page.get_by_role("table", name="Referrals")


def rows(page: Page) -> Locator:
    return table(page).locator("tbody tr")


def test_sync_now_runs_and_the_table_fills(page: Page, live: Live):
    """Sync now: a toast, the region follows the real run, a toast with counts, and the table is there by itself."""
    expect(page.get_by_role("status")).to_contain_text("No sync yet")
    expect(page.get_by_text("No referrals yet")).to_be_visible()
    with psycopg.connect(live.office.url) as connection:
        connection.execute("select pg_advisory_lock(%s)", (runs.STEP_LOCK,))  # the run waits until it has been seen
        page.get_by_role("button", name="Sync now").click()
        expect(page.get_by_text("Sync queued")).to_be_visible()
        expect(page.get_by_role("status")).to_contain_text("Running")
    expect(page.get_by_text("Sync finished: 60 new, 0 updated")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("60 new, 0 updated, 60 read")
    expect(page.get_by_role("status")).to_contain_text("ago")
    expect(rows(page)).to_have_count(25)
    expect(page.get_by_role("list", name="Leads by score").locator("li")).to_have_count(5)
    expect(page.get_by_role("img", name="Syncs over time")).to_be_visible()


def test_each_filter_is_kept_over_a_reload(page: Page):
    """Type, status and search narrow the table, stand in the address, and are still there after a reload."""
    page.get_by_label("Referral type").select_option("co-sell")
    expect(page).to_have_url("/?referral_type=co-sell")
    expect(table(page).locator("tbody .badge.marketplace")).to_have_count(0)
    page.get_by_label("Status").select_option("Active")
    expect(page).to_have_url("/?referral_type=co-sell&status=Active")
    expect(table(page).locator("tbody .badge.new, tbody .badge.closed")).to_have_count(0)
    company = rows(page).first.locator("td").first.inner_text()
    page.get_by_label("Search").press_sequentially(company)
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Referral type")).to_have_value("co-sell")
    expect(page.get_by_label("Status")).to_have_value("Active")
    expect(page.get_by_label("Search")).to_have_value(company)
    expect(rows(page).first).to_contain_text(company)
    expect(rows(page)).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export referrals: CSV").click()
    assert company in download.value.path().read_text(encoding="utf-8")
    page.get_by_label("Search").fill("no such company anywhere")
    expect(page.get_by_text("No referral fits these filters")).to_be_visible()
    page.locator("#results").get_by_role("link", name="Clear filters").click()
    expect(rows(page)).to_have_count(25)


def test_a_filter_is_kept_when_the_reload_comes_before_its_answer(page: Page):
    """Who reloads at once finds type and search as they were chosen; a typed word is one step, and Back undoes it."""
    page.get_by_label("Referral type").select_option("co-sell")
    page.reload()
    expect(page.get_by_label("Referral type")).to_have_value("co-sell")
    page.get_by_label("Search").press_sequentially("nobody")
    page.reload()
    expect(page.get_by_label("Search")).to_have_value("nobody")
    expect(page.get_by_text("No referral fits these filters")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("")
    expect(page.get_by_label("Referral type")).to_have_value("co-sell")
    expect(page).to_have_url("/?referral_type=co-sell")


def test_sorting_and_paging(page: Page):
    """A column's head sorts by it and then the other way round; paging keeps the order, and Back goes back."""
    page.get_by_role("link", name="Company").click()
    expect(page.get_by_role("columnheader", name="Company")).to_have_attribute("aria-sort", "ascending")
    first = rows(page).first.inner_text()
    page.get_by_role("navigation", name="Pages of referrals").get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()
    expect(rows(page).first).not_to_have_text(first)
    expect(page.get_by_role("columnheader", name="Company")).to_have_attribute("aria-sort", "ascending")
    page.go_back()
    expect(page.get_by_text("Page 1 of 3")).to_be_visible()
    assert rows(page).first.inner_text() == first
    page.get_by_role("link", name="Company").click()
    expect(page.get_by_role("columnheader", name="Company")).to_have_attribute("aria-sort", "descending")


def test_the_dialog_opens_from_any_cell_and_closes_three_ways(page: Page, visit: Visit):
    """A click on any part of a row opens the dialog; Close, Escape or a click outside closes it, and focus returns."""
    row = rows(page).nth(1)
    link = row.get_by_role("link")
    dialog = page.get_by_role("dialog")
    closings = (
        lambda: dialog.get_by_role("button", name="Close").click(),
        lambda: page.keyboard.press("Escape"),
        lambda: page.mouse.click(5, 5),
    )
    for cell, close in zip((0, 3, 6), closings, strict=True):
        row.locator("td").nth(cell).click(position={"x": 3, "y": 3})
        expect(dialog).to_be_visible()
        for part in ("Company", "Contacts", "Deal", "Status history", "Raw payload"):
            expect(dialog.get_by_role("heading", name=part, exact=True)).to_be_attached()
        expect(dialog.locator("pre")).to_contain_text('"customerProfile"')
        close()
        expect(dialog).to_be_hidden()
        expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_accessible_name(link.inner_text())
    assert visit.findings() == []


def test_a_click_copies_a_contact(page: Page):
    """A contact's address is copied by one click, which is said on the button and to a screen reader."""
    contact = page.get_by_role("list", name="Leads by score").locator("[data-copy*='@']").first
    contact.click()
    expect(contact).to_contain_text("Copied")
    expect(page.locator("#announcement")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == contact.get_attribute("data-copy")


def test_copying_works_without_the_clipboard_interface(page: Page):
    """Without https the browser offers no clipboard: the older way does it, in the dialog as well."""
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("list", name="Leads by score").get_by_role("link").first.click()
    contact = page.get_by_role("dialog").locator("[data-copy]").last
    contact.click()
    expect(contact).to_contain_text("Copied")
    expect(page.get_by_role("dialog").locator("[data-announce]")).to_have_text("Copied")


def test_a_failed_sync_says_why_and_what_to_do(page: Page, live: Live):
    """Partner Center refuses: the toast has the reason and stays, the region adds the next step."""
    live.office.sandbox.site.faults.add(Fault(where="list", kind="403"))
    try:
        page.get_by_role("button", name="Sync now").click()
        expect(page.get_by_text("Sync queued")).to_be_visible()
        page.reload()  # what this page has started is followed on
        toast = page.get_by_text("Sync failed:")
        expect(toast).to_be_visible()
    finally:
        live.office.sandbox.clear_faults()
    expect(toast).to_contain_text("403")
    expect(page.get_by_role("status")).to_contain_text("Failed")
    expect(page.get_by_role("status")).to_contain_text("What to do: Run hunter auth login")
    expect(page.get_by_role("status")).to_contain_text("Last success")
    expect(page.locator("#charts .bar.failed").first).to_be_attached()
    page.get_by_role("button", name="Dismiss message").last.click()
    expect(toast).to_have_count(0)


def test_the_page_survives_a_restart_of_the_service(browser: Browser, live: Live):
    """While the service is away the page says so quietly, and goes on by itself when it is back."""
    with browser.new_context(locale="en-GB") as context:
        page = Visit(context).page
        with served(live.settings) as url:
            page.goto(url)
        quiet = page.get_by_text("No connection to the server, trying again.")
        page.evaluate("htmx.trigger('#filters', 'submit')")
        expect(quiet.first).to_be_visible()
        with served(live.settings, port=urlsplit(url).port or 0):
            page.get_by_label("Status").select_option("Closed")
            expect(table(page).locator(".badge.closed")).not_to_have_count(0)
            expect(quiet.first).to_be_hidden()


def test_with_the_flag_off_the_button_says_what_to_do(browser: Browser, live: Live):
    """Sync now with the feature flag off: nothing runs, and the toast names the setting."""
    settings = live.settings.model_copy(update={"partner_center_enabled": False})
    with served(settings) as url, browser.new_context(locale="en-GB") as context:
        page = Visit(context).page
        page.goto(url)
        expect(page.get_by_role("status")).to_contain_text("Partner Center is switched off")
        page.get_by_role("button", name="Sync now").click()
        expect(page.get_by_text("Sync failed:")).to_contain_text("HUNTER_PARTNER_CENTER_ENABLED=true")


def test_signing_in_and_out(browser: Browser, live: Live):
    """With a key set the page asks for it, says when it is wrong, goes where one was going, and lets one out again."""
    settings = type(live.settings).model_validate({**live.settings.model_dump(), "api_key": "a-long-secret-key"})
    with served(settings) as url, browser.new_context(locale="en-GB", base_url=url) as context:
        visit = Visit(context)
        page = visit.page
        page.goto("/?status=Closed")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert visit.findings() == []
        page.get_by_label("API key").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("That key is not right.")
        page.get_by_label("API key").fill("a-long-secret-key")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("Status")).to_have_value("Closed")
        page.get_by_role("button", name="Sign out").click()
        page.goto("/")
        expect(page.get_by_label("API key")).to_be_visible()


def test_a_phone_shows_it_all_without_scrolling_sideways(browser: Browser, url: str):
    """At 390 pixels nothing sticks out, neither on the desk nor in the dialog, and axe finds nothing grave."""
    with browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, locale="en-GB", base_url=url) as context:
        visit = Visit(context)
        visit.page.goto("/")
        assert not visit.scrolls_sideways()
        assert visit.findings() == []
        rows(visit.page).first.locator("td:visible").last.tap()
        expect(visit.page.get_by_role("dialog")).to_be_visible()
        assert not visit.scrolls_sideways()
        visit.page.goto(visit.page.locator("dialog pre").evaluate("() => document.querySelector('tbody a').href"))
        expect(visit.page.get_by_role("heading", name="Raw payload")).to_be_visible()
        assert not visit.scrolls_sideways()


def test_turkish_and_dark_by_the_browser_and_by_choice(browser: Browser, url: str):
    """A Turkish browser in dark mode gets both; what is chosen instead is kept; axe finds nothing grave."""
    with browser.new_context(locale="tr-TR", color_scheme="dark", base_url=url) as context:
        visit = Visit(context)
        page = visit.page
        page.goto("/")
        expect(page.locator("html")).to_have_attribute("lang", "tr")
        expect(page.get_by_role("table", name="Yönlendirmeler")).to_be_visible()
        expect(page.get_by_role("button", name="Koyu görünüm")).to_have_attribute("aria-pressed", "true")
        assert visit.findings() == []
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("button", name="Koyu görünüm").click()
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("button", name="Dark mode")).to_have_attribute("aria-pressed", "false")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
        page.goto("/")
        expect(page.get_by_role("table", name="Referrals")).to_be_visible()
        expect(page.get_by_role("button", name="Dark mode")).to_have_attribute("aria-pressed", "false")
        assert visit.findings() == []


def test_it_works_without_scripts(browser: Browser, url: str):
    """Without scripts the filters are a form, a referral is a page, and the theme's button works."""
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
