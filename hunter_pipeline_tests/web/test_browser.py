"""
The lead desk in a real browser.

The tests share one Dagster, one browser and one window; each begins at `/`. The first one fills the table.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from hunter_pipeline.sandbox import Fault
from hunter_pipeline.warehouse.connection import WRITE_LOCK
from hunter_pipeline_tests.web.browser import KEEP_TOASTS, Visit, rows, started_browser, table
from hunter_pipeline_tests.web.services import LivePipeline, run_service

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("needs_browser")]
browser = started_browser


@pytest.fixture(scope="module")
def url(live: LivePipeline) -> Iterator[str]:
    live.installation.reset()
    with run_service(live.settings) as url:
        yield url


@pytest.fixture(scope="module")
def visit(browser: Browser, url: str) -> Iterator[Visit]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", base_url=url) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(KEEP_TOASTS)
        yield Visit(context)


@pytest.fixture
def page(visit: Visit, url: str) -> Iterator[Page]:
    """The desk, just opened. All requests go to its own address, and no script fails."""
    visit.page.goto("/")
    yield visit.page
    assert visit.hosts == {urlsplit(url).netloc}
    assert visit.errors == []


def test_sync_now_shows_the_progress_and_fills_the_table(page: Page, live: LivePipeline):
    """Toasts tell the start and the end, the status region follows the run, and the lists refresh automatically."""
    expect(page.get_by_role("status")).to_contain_text("No sync yet")
    expect(page.get_by_text("No referrals yet")).to_be_visible()
    with psycopg.connect(live.installation.url) as connection:
        # the run waits for this lock until the test has seen it running
        connection.execute("select pg_advisory_lock(%s)", (WRITE_LOCK,))
        page.get_by_role("button", name="Sync now").click()
        expect(page.get_by_text("Sync queued")).to_be_visible()
        expect(page.get_by_role("status")).to_contain_text("Running")
    expect(page.get_by_text("Sync finished: 60 new, 0 updated")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("60 new, 0 updated, 60 fetched")
    expect(page.get_by_role("status")).to_contain_text("ago")
    expect(rows(page)).to_have_count(25)
    expect(page.get_by_role("list", name="Leads by score").locator("li")).to_have_count(20)
    expect(page.get_by_role("img", name="Syncs over time")).to_be_visible()


def test_filters_survive_a_reload(page: Page):
    """Type, status and search narrow the table and are part of the address."""
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
    expect(page.get_by_text("No referrals match these filters")).to_be_visible()
    page.locator("#results").get_by_role("link", name="Clear filters").click()
    expect(rows(page)).to_have_count(25)


def test_filters_survive_a_reload_before_the_response(page: Page):
    """A typed word is one step of the browser's history."""
    page.get_by_label("Referral type").select_option("co-sell")
    page.reload()
    expect(page.get_by_label("Referral type")).to_have_value("co-sell")
    page.get_by_label("Search").press_sequentially("no such name")
    page.reload()
    expect(page.get_by_label("Search")).to_have_value("no such name")
    expect(page.get_by_text("No referrals match these filters")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("")
    expect(page.get_by_label("Referral type")).to_have_value("co-sell")
    expect(page).to_have_url("/?referral_type=co-sell")


def test_column_header_sorts_and_paging_keeps_the_order(page: Page):
    """A second click reverses the order, and Back returns to the previous page."""
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


def test_dialog_opens_from_any_cell_and_closes_three_ways(page: Page, visit: Visit):
    """Close, Escape or a click outside closes it, and the focus returns to the row."""
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
    assert visit.violations() == []


def test_click_copies_a_contact_and_announces_it(page: Page):
    contact = page.get_by_role("list", name="Leads by score").locator("[data-copy*='@']").first
    expect(page.locator(".reach a[href^='mailto:']").first).to_be_visible()
    contact.click()
    expect(contact).to_contain_text("Copied")
    expect(page.locator("#announcement")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == contact.get_attribute("data-copy")


def test_copying_works_without_the_clipboard_api(page: Page):
    """Browsers offer it over https only."""
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("list", name="Leads by score").get_by_role("link").first.click()
    contact = page.get_by_role("dialog").locator("[data-copy]").last
    contact.click()
    expect(contact).to_contain_text("Copied")
    expect(page.get_by_role("dialog").locator("[data-announce]")).to_have_text("Copied")


def test_keys_move_between_rows_open_them_and_reach_the_search(page: Page):
    """They do nothing during typing."""
    links = page.locator(".lead .company a")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(links.first).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("jk/")
    expect(page.get_by_label("Search")).to_have_value("jk/")


def test_quick_filters_charts_and_sorts_are_part_of_the_address(page: Page):
    page.get_by_text("Asked for a call").click()
    expect(page).to_have_url("/?show=asked")
    sort = page.get_by_role("button", name="Country")
    expect(sort).to_have_attribute("href", re.compile("show=asked"))
    sort.click()
    expect(sort).to_have_accessible_name("Country ascending")
    expect(page).to_have_url("/?show=asked&lead_sort=country&lead_dir=asc")
    page.get_by_label("Country", exact=True).select_option(index=1)
    expect(page).to_have_url(re.compile(r"show=asked&country=\w\w&lead_sort=country&lead_dir=asc"))
    expect(page.locator("#charts .bar").first).to_be_visible()
    page.locator("#charts").get_by_role("link", name="Closed").click()
    expect(page.get_by_label("Status")).to_have_value("Closed")
    expect(page.get_by_text("No leads match these filters")).to_be_visible()
    page.goto("/")
    day = page.locator("#charts a[href*='expires=']").first
    address = day.get_attribute("href") or ""
    day.click()
    expect(page).to_have_url(address)
    expect(page.get_by_label("Expires", exact=True)).to_have_value(address.rpartition("=")[2])
    page.locator("#metrics").scroll_into_view_if_needed()
    expect(page.get_by_text("Time to the first answer").first).to_be_visible()


def test_dialog_begins_with_the_company_and_ends_with_the_closed_payload(page: Page):
    page.locator(".lead .company a").first.click()
    headings = page.get_by_role("dialog").locator("h3")
    expect(headings.first).to_have_text("Company")
    names = [re.sub(" Score .*", "", text) for text in headings.all_inner_texts()]
    assert names == [
        *("Company", "Why now", "What the customer wants", "Contacts", "Deal"),
        *("All referrals of this company", "Status history", "Raw payload"),
    ]
    points = [int(text) for text in page.locator(".points .number").all_inner_texts()]
    assert f"Score {sum(points)} of 100" in headings.nth(1).inner_text()
    expect(page.get_by_role("dialog").locator("pre")).to_be_hidden()


def test_paper_has_the_leads_and_nothing_else(page: Page):
    page.emulate_media(media="print")
    try:
        expect(page.locator("#leads")).to_be_visible()
        for name in ("#results", "#charts", "#filters", ".top", ".foot", ".copy"):
            expect(page.locator(name).first).to_be_hidden()
        further = page.locator("#further-leads").evaluate("found => found.content.children.length")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".lead")).to_have_count(20 + further)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        expect(page.locator(".lead")).to_have_count(20)
    finally:
        page.emulate_media(media="screen")


def test_failed_sync_shows_the_reason_and_the_next_step(page: Page, live: LivePipeline):
    """The toast stays until it is dismissed."""
    live.installation.sandbox.fail(Fault(where="list", kind="403"))
    try:
        page.get_by_role("button", name="Sync now").click()
        expect(page.get_by_text("Sync queued")).to_be_visible()
        page.reload()  # the page still follows the run that it started
        toast = page.get_by_text("Sync failed:")
        expect(toast).to_be_visible()
    finally:
        live.installation.sandbox.clear_faults()
    expect(toast).to_contain_text("403")
    expect(page.get_by_role("status")).to_contain_text("Failed")
    expect(page.get_by_role("status")).to_contain_text("What to do: Run hunter auth login")
    expect(page.get_by_role("status")).to_contain_text("Last success")
    expect(page.locator("#charts .bar.failed").first).to_be_attached()
    page.get_by_role("button", name="Dismiss notification").last.click()
    expect(toast).to_have_count(0)
