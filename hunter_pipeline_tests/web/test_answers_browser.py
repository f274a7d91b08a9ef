"""Answers at the lead desk in a real browser: accepted, taken back, in conflict, for several referrals, turned off."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.pipeline.answering import add_referral, give, send
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import Installation, open_installation
from hunter_pipeline_tests.web.browser import KEEP_TOASTS, Visit, started_browser
from hunter_pipeline_tests.web.services import run_service
from hunter_pipeline_tests.web.test_api_updates import make_due, service_settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("needs_browser")]
browser = started_browser


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Installation]:
    with open_installation(server, SandboxOptions(referrals=3)) as installation:
        yield installation


@pytest.fixture(scope="module")
def url(shared: Installation) -> Iterator[str]:
    with run_service(service_settings(shared)) as url:
        yield url


@pytest.fixture
def visit(installation: Installation, browser: Browser, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """A new browser; no script fails, and no policy is violated."""
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", base_url=url) as context:
        context.add_init_script(KEEP_TOASTS)
        visit = Visit(context)
        yield visit
        assert visit.errors == []


def open_dialog(page: Page, name: str) -> Locator:
    page.goto("/")
    page.get_by_role("table", name="Referrals").get_by_role("link", name=name).click()
    return page.get_by_role("dialog")


def open_form(region: Locator, action: str) -> Locator:
    """Open the form of an action by the keyboard, and return it."""
    # htmx moves the focus to the element with autofocus once it has settled
    expect(region.page.locator(".htmx-settling")).to_have_count(0)
    region.locator("summary", has_text=action).press("Enter")
    return region.locator(".forms details[open]")


def send_waiting(installation: Installation) -> None:
    make_due(installation)
    send(installation)


def test_accepted_value_is_shown_as_waiting_and_then_as_confirmed(visit: Visit, installation: Installation) -> None:
    """The name is asked once, and news do not close a form that is being filled in."""
    referral_id = add_referral(installation)
    page = visit.page
    dialog = open_dialog(page, "Windows 365")
    form = open_form(dialog, "Accept")
    form.get_by_label("Deal value").fill("12000")
    form.get_by_label("Your name").fill("Ada Brook")
    assert visit.violations() == []
    form.get_by_label("Your name").press("Enter")
    expect(dialog.locator(".given")).to_contain_text("Accept: waiting")
    expect(page.locator("tbody tr", has_text="Windows 365")).to_contain_text("Accept: waiting")
    form = open_form(dialog, "Edit")
    expect(form.get_by_label("Your name")).to_have_value("Ada Brook")
    form.get_by_label("Notes").fill("called twice")
    send_waiting(installation)
    expect(page.locator("tbody tr", has_text="Windows 365")).to_contain_text("Active")
    expect(form.get_by_label("Notes")).to_have_value("called twice")
    dialog.locator("summary", has_text="Edit").click()
    expect(dialog.locator(".given")).to_contain_text("Accept: confirmed")
    expect(dialog.locator("header .badge.active")).to_be_visible()
    expect(dialog.locator(".given")).to_contain_text("Ada Brook")
    assert installation.sandbox.world.referrals[referral_id]["details"]["dealValue"] == 12000


def test_undo_in_the_toast_takes_the_answer_back(visit: Visit, installation: Installation) -> None:
    """The toast can be used while the dialog is open, and after it was closed."""
    add_referral(installation)
    page = visit.page
    dialog = open_dialog(page, "Windows 365")
    for closes in (False, True):
        form = open_form(dialog, "Decline")
        form.get_by_label("Your name").fill("Ada Brook")
        form.get_by_role("button", name="Decline").click()
        toast = page.locator(".toast", has_text="Decline, Windows 365: sent in 10 seconds.")
        expect(toast).to_be_visible()
        if closes:
            page.keyboard.press("Escape")
        toast.get_by_role("button", name="Undo").click()
        expect(toast).to_have_count(0)
        expect(page.get_by_text("Taken back", exact=True).first).to_be_visible()
        expect(page.locator("tbody tr .badge", has_text="Decline")).to_have_count(0)
        if not closes:
            expect(dialog.locator(".given")).to_contain_text("Decline: taken back")
    expect(dialog).to_be_hidden()
    send_waiting(installation)
    assert installation.sandbox.updates.applied == []


def test_conflict_shows_both_values_until_a_person_decides(visit: Visit, installation: Installation) -> None:
    referral_id = add_referral(installation)
    give(installation, referral_id, "update", value="12000")
    installation.sandbox.world.update(referral_id, details={"dealValue": 9000})
    send(installation)
    dialog = open_dialog(visit.page, "Windows 365")
    expect(dialog.get_by_role("row", name="Deal value")).to_have_text(re.compile(r"Deal value\s*12,000\s*9,000"))
    assert visit.violations() == []
    dialog.get_by_role("button", name="Send ours").click()
    expect(dialog.locator(".given")).to_contain_text("Edit: waiting")
    send_waiting(installation)
    expect(dialog.locator(".given")).to_contain_text("Edit: confirmed")
    assert installation.sandbox.world.referrals[referral_id]["details"]["dealValue"] == 12000


def test_three_referrals_are_declined_at_once(visit: Visit, installation: Installation) -> None:
    """The keyboard selects and answers; the selection survives a new list, and ends with the answer."""
    ids = [add_referral(installation, name=f"Deal {number}", engagementId=f"e{number}") for number in range(4)]
    page = visit.page
    page.goto("/")
    bar = page.get_by_role("region", name="Answer the selected referrals")
    for number in (0, 1):
        page.locator("#results").get_by_label(f"Select Deal {number}").check()
    page.get_by_role("link", name="Deal 2").focus()
    page.keyboard.press("x")
    expect(bar).to_contain_text("3 selected")
    page.evaluate("htmx.trigger(document.body, 'desk-refresh')")
    page.get_by_label("Search").fill("Deal")
    expect(page.get_by_role("table", name="Referrals").locator("tbody tr")).to_have_count(4)
    expect(bar).to_contain_text("3 selected")
    page.get_by_role("link", name="Deal 3").focus()
    page.keyboard.press("a")
    expect(bar.locator("summary").first).to_be_focused()
    form = open_form(bar, "Decline")
    form.get_by_label("Reason").fill("No capacity")
    form.get_by_label("Your name").fill("Ada Brook")
    assert visit.violations() == []
    form.get_by_role("button", name="Decline · 3 referrals").click()
    expect(bar.locator(".badge", has_text="Decline: waiting")).to_have_count(3)
    expect(page.locator(".pick:checked")).to_have_count(0)
    send_waiting(installation)
    expect(bar.locator(".badge", has_text="Decline: confirmed")).to_have_count(3)
    expect(page.locator("#results .badge.closed")).to_have_count(3)
    bar.get_by_role("button", name="Close").click()
    expect(bar).to_be_hidden()
    statuses = [installation.sandbox.world.referrals[each]["substatus"] for each in ids]
    assert statuses == ["Declined", "Declined", "Declined", "Pending"]


def test_answers_fit_on_a_phone_in_turkish_and_dark(browser: Browser, installation: Installation, url: str) -> None:
    """The page prints without them."""
    add_referral(installation, name="Deal 1")
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        locale="tr-TR",
        color_scheme="dark",
        base_url=url,
    )
    with context:
        visit = Visit(context)
        page = visit.page
        page.goto("/")
        page.locator("#results").get_by_label("Seç: Deal 1").check()
        bar = page.locator("#bar")
        bar.locator("summary", has_text="Kabul et").tap()
        expect(bar.locator("details[open]").get_by_label("Adınız")).to_be_visible()
        assert visit.violations() == []
        assert not visit.scrolls_horizontally()
        page.emulate_media(media="print")
        expect(bar).to_be_hidden()
        expect(page.locator(".lead .pick").first).to_be_hidden()
        page.emulate_media(media="screen")
        bar.get_by_role("button", name="Temizle").tap()
        page.get_by_role("link", name="Deal 1").tap()
        page.get_by_role("dialog").locator("summary", has_text="Kazanıldı").tap()
        assert visit.violations() == []
        assert not visit.scrolls_horizontally()


def test_desk_shows_no_answers_while_they_are_off(browser: Browser, installation: Installation) -> None:
    add_referral(installation)
    with (
        run_service(service_settings(installation, write_back="off")) as url,
        browser.new_context(locale="en-GB", base_url=url) as context,
    ):
        page = Visit(context).page
        dialog = open_dialog(page, "Windows 365")
        expect(dialog.get_by_role("heading", name="Status history")).to_be_visible()
        expect(page.locator(".answers, .pick, #bar")).to_have_count(0)
        expect(page.get_by_text("Accept", exact=True)).to_have_count(0)
