"""The desk's HTML over HTTP: what it shows when things are missing, mistyped, hostile or down."""

import hashlib
import re
from collections.abc import Iterator

import pytest
import requests
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.web import pages
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.office import Office
from hunter_pipeline_tests.web.desks import row, stored
from hunter_pipeline_tests.web.live import served

HTMX_SHA256 = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
HOSTILE = "<script>alert(1)</script>"
BROWSER = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def settings_of_60(server: Server) -> Iterator[Settings]:
    """A database of 60 referrals of known content, one of them hostile."""
    rows = [row(number) for number in range(60)]
    rows[59] |= {"name": HOSTILE, "company_name": HOSTILE, "contacts": Jsonb([{"name": HOSTILE, "email": '"><b>@x'}])}
    with stored(server, rows) as settings:
        yield settings


@pytest.fixture(scope="module")
def url(settings_of_60: Settings) -> Iterator[str]:
    with served(settings_of_60) as url:
        yield url


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers={**BROWSER, **headers}, timeout=30)


def names(html: str) -> list[str]:
    """The referrals of a page, in their order."""
    return re.findall(r'id="row-referral-(\d+)"', html)


def test_every_referral_of_a_world_has_a_page_and_a_dialog(office: Office):
    """Whatever a referral lacks, its page is there in both languages, and no style or script stands inside it."""
    assert office.sync()["status"] == "success"
    ids = [found["referral_id"] for found in office.rows("select referral_id from partner_center_referrals")]
    with served(load_settings()) as url:
        found = [get(f"{url}/?lang={code}").text for code in ("en", "tr")]
        found += [get(f"{url}/referrals/{each}?lang=tr").text for each in ids]
        dialogs = [get(f"{url}/referrals/{each}", **{"HX-Request": "true"}).text for each in ids]
    assert len(ids) == 30
    assert all("<h3>Durum geçmişi</h3>" in page for page in found[2:])
    assert all(page.startswith('<article class="detail">') and "data-close" in page for page in dialogs)
    inside = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)|javascript:|hx-on|hx-vals=.js")
    assert [match[0] for page in found + dialogs if (match := inside.search(page))] == []


def test_filters_order_and_pages_come_from_the_address(url: str):
    """Without scripts the address alone decides what is shown."""
    page = get(f"{url}/?referral_type=co-sell&status=New&sort=name&dir=asc").text
    assert names(page) == ["000", "012", "024", "036", "048"]
    assert '<option value="co-sell" selected>' in page
    exported = page.partition('action="/api/v1/partner-center/referrals/export"')[2].partition("</form>")[0]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', exported)
    assert hidden == [("referral_type", "co-sell"), ("status", "New")]
    assert re.findall(r'name="format" value="(\w+)"', exported) == ["csv", "xlsx"]
    first, second, third = (names(get(f"{url}/?sort=company_name&dir=asc&page={number}").text) for number in (1, 2, 3))
    assert len(first + second + third) == len({*first, *second, *third}) == 60


@pytest.mark.parametrize(
    "query", ["page=99999999999", "page=-1", "page=x", "sort=nonsense", "leads=7&page=1e3", "q=%00", "lang=xx&dir=up"]
)
def test_a_mistyped_address_shows_something_sensible(url: str, query: str):
    """Nothing that somebody types into the address is an error."""
    answer = get(f"{url}/?{query}")
    assert answer.status_code == 200
    assert len(names(answer.text)) == 25


def test_a_page_behind_the_last_one_is_the_last_one(url: str):
    """A list that has become shorter since does not turn up empty."""
    assert "Page 3 of 3" in get(f"{url}/?page=9").text
    assert "1 referral<" in get(f"{url}/?q=Company%20007&page=4").text.replace("1 referral ", "1 referral<")


def test_hostile_names_are_text(url: str):
    """What strangers write is shown, never run."""
    for path in ("/?q=script", "/referrals/referral-059"):
        page = get(f"{url}{path}").text
        assert HOSTILE not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert '"><b>' not in page


def test_no_sync_yet_no_rows_and_no_such_referral_say_what_to_do(url: str, office: Office):
    """Each kind of nothing has its own words."""
    assert "No referral fits these filters" in get(f"{url}/?q=nobody-of-that-name").text
    gone = get(f"{url}/referrals/none-such")
    assert (gone.status_code, "This referral is not here" in gone.text) == (404, True)
    with served(load_settings()) as empty:
        page = get(f"{empty}/").text
    assert "No sync yet" in page
    assert "Press Sync now to fetch the referrals." in page
    assert "No referrals yet" in page


def test_without_the_database_a_page_says_so(settings_of_60: Settings):
    """503, in the desk's own design and in the reader's language."""
    down = settings_of_60.model_copy(update={"database_url": SecretStr("postgresql://x@127.0.0.1:1/x")})
    with served(down) as url:
        answer = get(f"{url}/", **{"Accept-Language": "tr"})
    assert (answer.status_code, "Veritabanına ulaşılamıyor" in answer.text) == (503, True)
    assert '<html lang="tr"' in answer.text


def test_dagster_out_of_reach_is_said_at_once(settings_of_60: Settings):
    """Sync now without Dagster: a toast with the reason and the next step, in the reader's language."""
    with served(settings_of_60.model_copy(update={"partner_center_enabled": True})) as url:
        english, turkish = (
            requests.post(
                f"{url}/desk/sync", headers={**BROWSER, "Accept-Language": code, "HX-Request": "true"}, timeout=60
            ).text
            for code in ("en", "tr")
        )
    assert "Sync failed: Dagster is out of reach. Start it with hunter up" in english
    assert "Eşitleme başarısız: Dagster&#39;a ulaşılamıyor. hunter up komutuyla" in turkish


def test_a_state_that_has_not_changed_is_not_sent_again(url: str):
    """Who polls with the digest that the page shows gets 204: a screen reader is not told the same thing again."""
    polled = re.search(r'hx-get="(/desk/status\?[^"]+)"', get(f"{url}/").text)
    assert polled
    first = get(f"{url}{polled[1].replace('&amp;', '&')}")
    again = re.search(r'hx-get="(/desk/status\?[^"]+)"', first.text)
    assert again
    assert get(f"{url}{again[1].replace('&amp;', '&')}").status_code == 204


def test_a_large_payload_is_loaded_only_when_it_is_looked_at(office: Office):
    """A payload of a hundred kilobytes is not in the dialog, but at an address of its own, as text."""
    assert office.sync()["status"] == "success"
    office.execute("update raw_referrals set payload = payload || jsonb_build_object('notes', repeat('<x>', 40000))")
    one = office.value("select min(referral_id) from raw_referrals")
    with served(load_settings()) as url:
        page = get(f"{url}/referrals/{one}").text
        payload = get(f"{url}/referrals/{one}/payload")
        fragment = get(f"{url}/referrals/{one}/payload", **{"HX-Request": "true"}).text
    assert len(page) < 20_000
    assert f'hx-get="/referrals/{one}/payload" hx-trigger="toggle once"' in page
    assert payload.headers["content-type"].startswith("text/plain")
    assert "<x>" in payload.text
    assert "<x>" not in fragment


def test_a_choice_of_colours_is_kept_and_leads_nowhere_else(url: str):
    """The theme's form sets a cookie and goes back to where it was, never to another site."""
    for target, place in (("/?status=New", "/?status=New"), ("https://evil.test/", "/"), ("//evil.test", "/")):
        form = {"theme": "dark", "next": target}
        answer = requests.post(f"{url}/desk/theme", data=form, timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, place)
        assert answer.cookies["theme"] == "dark"
    assert 'data-theme="dark"' in get(f"{url}/", Cookie="theme=dark").text
    assert "data-theme" not in get(f"{url}/", Cookie="theme=x").text


def test_htmx_is_the_file_that_was_published():
    """Vendored code is what its makers released, and its licence lies beside it."""
    assert hashlib.sha256((pages.STATIC / pages.HTMX).read_bytes()).hexdigest() == HTMX_SHA256
    assert "Zero-Clause BSD" in (pages.STATIC / "htmx-LICENSE.txt").read_text(encoding="utf-8")
