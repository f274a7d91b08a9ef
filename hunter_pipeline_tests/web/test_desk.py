"""The desk's HTML: missing values, invalid addresses, hostile names, and unavailable services."""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.web import pages
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import Installation
from hunter_pipeline_tests.web.seed import referral_row, seeded_database
from hunter_pipeline_tests.web.services import run_service

HTMX_SHA256 = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
HOSTILE = "<script>alert(1)</script>"
BROWSER = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def settings_of_60(server: Server) -> Iterator[Settings]:
    """A database of 60 known referrals, one of them with hostile names."""
    rows = [referral_row(number) for number in range(60)]
    rows[59] |= {"name": HOSTILE, "company_name": HOSTILE, "contacts": Jsonb([{"name": HOSTILE, "email": '"><b>@x'}])}
    rows[58] |= {"accepted_at": rows[58]["source_created_at"] + timedelta(hours=20, minutes=30), "company_key": "58 DE"}
    rows[57] |= {"company_key": "58 DE"}
    with seeded_database(server, rows) as settings:
        yield settings


@pytest.fixture(scope="module")
def url(settings_of_60: Settings) -> Iterator[str]:
    with run_service(settings_of_60) as url:
        yield url


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers={**BROWSER, **headers}, timeout=30)


def referral_numbers(html: str) -> list[str]:
    """Return the numbers of the referrals of a page in their order."""
    return re.findall(r'id="row-referral-(\d+)"', html)


def test_every_sandbox_referral_has_a_page_and_a_dialog(installation: Installation):
    """Missing values are no errors, in both languages, and no page contains an inline style or script."""
    assert installation.sync()["status"] == "success"
    ids = [found["referral_id"] for found in installation.rows("select referral_id from partner_center_referrals")]
    with run_service(load_settings()) as url:
        found = [get(f"{url}/?lang={code}").text for code in ("en", "tr")]
        found += [get(f"{url}/referrals/{each}?lang=tr").text for each in ids]
        dialogs = [get(f"{url}/referrals/{each}", **{"HX-Request": "true"}).text for each in ids]
    assert len(ids) == 30
    assert all("<h3>Durum geçmişi</h3>" in page for page in found[2:])
    assert all(page.startswith('<article class="detail">') and "data-close" in page for page in dialogs)
    inside = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)|javascript:|hx-on|hx-vals=.js")
    assert [match[0] for page in found + dialogs if (match := inside.search(page))] == []


def test_address_selects_filters_order_and_page(url: str):
    page = get(f"{url}/?referral_type=co-sell&status=New&sort=name&dir=asc").text
    assert referral_numbers(page) == ["000", "012", "024", "036", "048"]
    assert '<option value="co-sell" selected>' in page
    exported = page.partition('action="/api/v1/partner-center/referrals/export"')[2].partition("</form>")[0]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', exported)
    assert hidden == [("referral_type", "co-sell"), ("status", "New")]
    assert re.findall(r'name="format" value="(\w+)"', exported) == ["csv", "xlsx"]
    first, second, third = (
        referral_numbers(get(f"{url}/?sort=company_name&dir=asc&page={number}").text) for number in (1, 2, 3)
    )
    assert len(first + second + third) == len({*first, *second, *third}) == 60


@pytest.mark.parametrize(
    "query", ["page=99999999999", "page=-1", "page=x", "sort=nonsense", "leads=7&page=1e3", "q=%00", "lang=xx&dir=up"]
)
def test_invalid_address_shows_the_default(url: str, query: str):
    answer = get(f"{url}/?{query}")
    assert answer.status_code == 200
    assert len(referral_numbers(answer.text)) == 25


def test_page_number_after_the_last_page_shows_the_last_page(url: str):
    """A list may have become shorter since its address was bookmarked."""
    assert "Page 3 of 3" in get(f"{url}/?page=9").text
    assert "1 referral<" in get(f"{url}/?q=Company%20007&page=4").text.replace("1 referral ", "1 referral<")


def test_hostile_names_are_escaped(url: str):
    for path in ("/?q=script", "/referrals/referral-059"):
        page = get(f"{url}{path}").text
        assert HOSTILE not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert '"><b>' not in page


def test_metrics_are_shown_in_each_language(url: str):
    """One referral was answered after 20.5 hours, and 19 older ones were not."""
    assert 'hx-get="/desk/metrics"' in get(url).text
    english, turkish = (get(f"{url}/desk/metrics?lang={code}").text for code in ("en", "tr"))
    assert re.findall(r"<dd>([^<]+)<", english)[:2] == ["20.5 hrs", "5%"]
    assert re.findall(r"<dd>([^<]+)<", turkish)[:2] == ["20,5 sa.", "%5"]
    assert re.search(r'<th scope="row">Germany</th>\s*<td>20</td>', english)


def test_dialog_names_related_companies(url: str):
    page = get(f"{url}/referrals/referral-058").text.partition("Related companies")[2]
    assert re.search(r'href="/referrals/referral-057">Company 057</a>\s*<span[^>]*>company28.com Germany', page)
    assert "same name and country" in page
    assert "Related companies" not in get(f"{url}/referrals/referral-050").text


def test_empty_states_say_why_they_are_empty(url: str, installation: Installation):
    """No match, no such referral, and no sync yet have texts of their own."""
    assert "No referrals match these filters" in get(f"{url}/?q=nobody-of-that-name").text
    gone = get(f"{url}/referrals/none-such")
    assert (gone.status_code, "Referral not found" in gone.text) == (404, True)
    with run_service(load_settings()) as empty:
        page = get(f"{empty}/").text
    assert "No sync yet" in page
    assert "Press Sync now to fetch your referrals." in page
    assert "No referrals yet" in page


def test_page_reports_an_unavailable_database(settings_of_60: Settings):
    """The status is 503, and the page is in the reader's language."""
    down = settings_of_60.model_copy(update={"database_url": SecretStr("postgresql://x@127.0.0.1:1/x")})
    with run_service(down) as url:
        answer = get(f"{url}/", **{"Accept-Language": "tr"})
    assert (answer.status_code, "Veritabanına ulaşılamıyor" in answer.text) == (503, True)
    assert '<html lang="tr"' in answer.text


def test_sync_now_reports_an_unavailable_dagster(settings_of_60: Settings):
    """The toast has the reason and the next step in the reader's language."""
    with run_service(settings_of_60.model_copy(update={"partner_center_enabled": True})) as url:
        english, turkish = (
            requests.post(
                f"{url}/desk/sync", headers={**BROWSER, "Accept-Language": code, "HX-Request": "true"}, timeout=60
            ).text
            for code in ("en", "tr")
        )
    assert "Sync failed: Dagster cannot be reached. Start it with hunter up" in english
    assert "Eşitleme başarısız oldu: Dagster&#39;a ulaşılamıyor. hunter up komutuyla" in turkish


def test_unchanged_status_is_not_sent_again(url: str):
    """The response is 204, so that screen readers do not repeat the region."""
    polled = re.search(r'hx-get="(/desk/status\?[^"]+)"', get(f"{url}/").text)
    assert polled
    first = get(f"{url}{polled[1].replace('&amp;', '&')}")
    again = re.search(r'hx-get="(/desk/status\?[^"]+)"', first.text)
    assert again
    assert get(f"{url}{again[1].replace('&amp;', '&')}").status_code == 204


def test_large_payload_is_loaded_separately(installation: Installation):
    assert installation.sync()["status"] == "success"
    installation.execute(
        "update raw_referrals set payload = payload || jsonb_build_object('notes', repeat('<x>', 40000))"
    )
    one = installation.value("select min(referral_id) from raw_referrals")
    with run_service(load_settings()) as url:
        page = get(f"{url}/referrals/{one}").text
        payload = get(f"{url}/referrals/{one}/payload")
        fragment = get(f"{url}/referrals/{one}/payload", **{"HX-Request": "true"}).text
    assert len(page) < 20_000
    assert f'hx-get="/referrals/{one}/payload" hx-trigger="toggle once"' in page
    assert payload.headers["content-type"].startswith("text/plain")
    assert "<x>" in payload.text
    assert "<x>" not in fragment


def test_theme_is_stored_in_a_cookie_and_redirects_locally(url: str):
    for target, place in (("/?status=New", "/?status=New"), ("https://evil.test/", "/"), ("//evil.test", "/")):
        form = {"theme": "dark", "next": target}
        answer = requests.post(f"{url}/desk/theme", data=form, timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, place)
        assert answer.cookies["theme"] == "dark"
    assert 'data-theme="dark"' in get(f"{url}/", Cookie="theme=dark").text
    assert "data-theme" not in get(f"{url}/", Cookie="theme=x").text


def test_htmx_is_the_published_file_with_its_licence():
    assert hashlib.sha256((pages.STATIC / pages.HTMX).read_bytes()).hexdigest() == HTMX_SHA256
    assert "Zero-Clause BSD" in (pages.STATIC / "htmx-LICENSE.txt").read_text(encoding="utf-8")
