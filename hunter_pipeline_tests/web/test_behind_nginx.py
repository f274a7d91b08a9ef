"""The lead desk behind a real nginx: at the root and under a path, over TLS."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from hunter_pipeline.config.settings import Settings
from hunter_pipeline_tests.free_ports import free_port
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.web.browser import Visit, browser_of_this_machine
from hunter_pipeline_tests.web.nginx import nginx, run_nginx
from hunter_pipeline_tests.web.seed import referral_row, seeded_database
from hunter_pipeline_tests.web.services import run_service

pytestmark = pytest.mark.slow

KEY = "correct-horse-battery-staple"
FORWARDED = """
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
"""
HTML = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def trusted_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")


@pytest.fixture(scope="module")
def settings(server: Server) -> Iterator[Settings]:
    nginx()
    with seeded_database(server, [referral_row(number) for number in range(60)]) as settings:
        yield settings.model_copy(update={"api_key": SecretStr(KEY)})


@contextmanager
def published(settings: Settings, folder: Path, path: str, location: str) -> Iterator[tuple[str, Path]]:
    """Yield the address of the desk behind nginx, and the authority; `{desk}` in `location` is where it listens."""
    port = free_port()
    url = f"https://localhost:{port}{path}"
    own = settings.model_copy(update={"public_url": url} if path else {})
    with run_service(own) as desk, run_nginx(folder, port, location.replace("{desk}", desk)) as authority:
        yield url, authority


@pytest.mark.parametrize("proxy_pass", ["{desk}/", "{desk}"], ids=["path is removed by nginx", "path is kept by nginx"])
@pytest.mark.parametrize("headers", ["", FORWARDED], ids=["default headers", "forwarded headers"])
def test_path_is_part_of_every_redirect_link_and_cookie(
    settings: Settings, tmp_path: Path, proxy_pass: str, headers: str
):
    location = f"location /hunter/ {{ proxy_pass {proxy_pass}; {headers} }}"
    with published(settings, tmp_path, "/hunter", location) as (url, authority), requests.Session() as session:
        session.verify, session.trust_env = str(authority), False  # REQUESTS_CA_BUNDLE would take precedence
        refused = session.get(f"{url}/?status=New", headers=HTML, allow_redirects=False, timeout=60)
        assert refused.headers["location"] == "/hunter/sign-in?next=%2Fhunter%2F%3Fstatus%3DNew"
        form = session.get(f"https://{urlsplit(url).netloc}{refused.headers['location']}", timeout=60)
        assert 'action="/hunter/sign-in"' in form.text
        origin = {"Origin": f"https://{urlsplit(url).netloc}"}
        outside = session.post(
            f"{url}/sign-in", {"key": KEY, "next": "/other"}, headers=origin, allow_redirects=False, timeout=60
        )
        assert (outside.status_code, outside.headers["location"]) == (303, "/hunter/")
        cookie = outside.headers["set-cookie"]
        assert cookie.startswith("__Secure-hunter_session=")
        assert {"Path=/hunter", "Secure", "HttpOnly"} <= {part.strip() for part in cookie.split(";")}
        page = session.get(f"{url}/", headers=HTML, timeout=60)
        assert page.status_code == 200
        assert session.get(f"{url}/static/desk.css", timeout=60).headers["content-type"].startswith("text/css")
        assert session.get(f"{url}/healthz/live", timeout=60).status_code == 200
        assert session.get(f"{url}/openapi.json", timeout=60).json()["servers"] == [{"url": "/hunter"}]
        assert session.post(f"{url}/sign-out", allow_redirects=False, timeout=60).headers["location"] == (
            "/hunter/sign-in"
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browser_of_this_machine() as browser:
        assert browser is not None
        yield browser


@pytest.mark.usefixtures("needs_browser")
@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("", f"location / {{ proxy_pass {{desk}}; {FORWARDED} }}"),
        ("/hunter", f"location /hunter/ {{ proxy_pass {{desk}}/; {FORWARDED} }}"),
        ("/crm/hunter", "location /crm/hunter/ { proxy_pass {desk}; }"),
    ],
)
def test_desk_works_behind_nginx_in_a_browser(
    settings: Settings, browser: Browser, tmp_path: Path, path: str, location: str
):
    """Sign-in, styles, filters, paging, the dialog, the theme, /docs and sign-out stay under the path."""
    with (
        published(settings, tmp_path, path, location) as (url, _authority),
        browser.new_context(
            ignore_https_errors=True, locale="en-GB", viewport={"width": 1280, "height": 900}
        ) as context,
    ):
        visit = Visit(context)
        requested: list[str] = []
        visit.page.on("request", lambda request: requested.append(request.url))
        use_desk(visit.page, url)
        cookies = context.cookies()
        assert {cookie.get("path") for cookie in cookies} == {path or "/"}
        assert all(cookie.get("secure") for cookie in cookies if cookie.get("name") != "theme")
        assert [each for each in requested if not each.startswith((f"{url}/", "data:"))] == []
        assert visit.errors == []


def use_desk(page: Page, url: str) -> None:
    """Do what a person does in the morning; every step waits for what it shows."""
    page.goto(f"{url}/?status=Closed")
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Status")).to_have_value("Closed")
    expect(page.locator("body")).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")  # the style is loaded
    page.get_by_label("Status").select_option("")
    expect(page).to_have_url(f"{url}/")
    page.get_by_role("navigation", name="Pages of referrals").get_by_role("link", name="Next").click()
    expect(page).to_have_url(f"{url}/?page=2")
    page.locator("tbody tr").first.get_by_role("link").click()
    expect(page.get_by_role("dialog")).to_contain_text("Status history")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Dark mode").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("link", name="Türkçe").click()
    expect(page.locator("html")).to_have_attribute("lang", "tr")
    page.get_by_role("link", name="API", exact=True).click()
    expect(page.locator("#swagger-ui")).to_contain_text("/api/v1/leads")
    page.goto(f"{url}/?lang=en")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{url}/sign-in")
