"""Who is let in: keys, sign-in, other sites, other hosts, guesses; and what no answer and no log may hold."""

from collections.abc import Iterator

import pytest
import requests
import time_machine
from pydantic import SecretStr

from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.web import access
from hunter_pipeline.web.access import Access, Guesses
from hunter_pipeline.web.app import create_app
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.web.desks import row, stored
from hunter_pipeline_tests.web.live import served

KEY = "correct-horse-battery-staple-ğ"
SENT = KEY.encode()
LIST = "/api/v1/partner-center/referrals"
HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def settings(server: Server) -> Iterator[Settings]:
    with stored(server, [row(1)]) as settings:
        yield settings


@pytest.fixture(scope="module")
def open_url(settings: Settings) -> Iterator[str]:
    """A service without a key."""
    with served(settings) as url:
        yield url


@pytest.fixture(scope="module")
def locked(settings: Settings) -> Settings:
    return settings.model_copy(update={"api_key": SecretStr(KEY)})


@pytest.fixture
def url(locked: Settings) -> Iterator[str]:
    """A service with a key, that has seen no guess yet."""
    with served(locked) as url:
        yield url


def sign_in(url: str, key: str = KEY, **more: str) -> requests.Response:
    return requests.post(f"{url}/sign-in", data={"key": key, **more}, allow_redirects=False, timeout=30)


def test_everything_but_health_needs_the_key(url: str):
    """Without it an API path is 401 in the one shape, and a page leads to the sign-in, which leads back."""
    for path in (LIST, "/api/v1/leads", "/metrics", "/openapi.json", "/docs", "/nothing", "/"):
        answer = requests.get(url + path, timeout=30)
        assert answer.status_code == 401, path
        assert answer.json()["error"] == "key_required"
        assert "Kim" not in answer.text
    assert requests.post(f"{url}/api/referrals/sync", timeout=30).status_code == 401
    page = requests.get(f"{url}/?status=New", headers=HTML, allow_redirects=False, timeout=30)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2F%3Fstatus%3DNew")
    for path in ("/healthz", "/healthz/live", "/healthz/ready", "/sign-in"):
        assert requests.get(url + path, timeout=30).status_code == 200
        assert requests.get(url + path, headers={"X-API-Key": "an old one"}, timeout=30).status_code == 200
        assert requests.head(url + path, timeout=30).status_code == 200


@pytest.mark.parametrize(
    "path", ["/healthz-not", "/healthz/../metrics", "/static/../api/v1/leads", "/sign-in/x", "//healthz"]
)
def test_what_only_looks_like_an_open_path_is_closed(url: str, path: str):
    """A path that begins like an open one needs the key all the same."""
    with requests.Session() as session:
        request = requests.Request("GET", url).prepare()
        request.url = url + path
        assert session.send(request, timeout=30).status_code in (401, 404)


def test_the_key_as_a_header(url: str):
    """The right key opens, from another site as well, because no browser adds it by itself; a wrong one does not."""
    assert requests.get(url + LIST, headers={"X-API-Key": SENT}, timeout=30).status_code == 200
    assert requests.get(url + LIST, headers={"X-API-Key": "wrong"}, timeout=30).status_code == 401
    cross = {"X-API-Key": SENT, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert requests.post(f"{url}/api/referrals/sync", headers=cross, timeout=30).status_code == 400  # the flag is off


def test_signing_in_and_out(url: str):
    """The key becomes a cookie that scripts cannot read; signing out takes it away."""
    answer = sign_in(url, next="/referrals/referral-001")
    assert (answer.status_code, answer.headers["location"]) == (303, "/referrals/referral-001")
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", f"max-age={12 * 3600}", "path=/"))
    assert "secure" not in cookie  # over http a browser would not keep it
    session = requests.Session()
    session.cookies.update(answer.cookies)
    assert session.get(url + LIST, timeout=30).status_code == 200
    assert session.get(f"{url}/docs", timeout=30).status_code == 200
    out = session.post(f"{url}/sign-out", allow_redirects=False, timeout=30)
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert session.get(url + LIST, timeout=30).status_code == 401


def test_a_cookie_ends_after_twelve_hours_and_with_its_key(locked: Settings, settings: Settings):
    """An old cookie, a changed one, one under another key and one of a service without a key are worth nothing."""
    door = Access(locked)
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        cookie = door.new_session()
        clock.shift(access.SESSION_SECONDS)
        assert door.is_session(cookie)
        clock.shift(1)
        assert not door.is_session(cookie)
    cookie = door.new_session()
    other = Access(locked.model_copy(update={"api_key": SecretStr("other")}))
    assert not other.is_session(cookie)
    assert not door.is_session(("A" if cookie[0] != "A" else "B") + cookie[1:])
    assert not door.is_session("")
    assert not Access(settings).is_key(b"")
    assert door.is_key(SENT)


def test_guesses_are_limited_by_address(url: str):
    """After five wrong keys even the right one has to wait, and the answer says how long."""
    for _ in range(access.GUESSES):
        assert sign_in(url, "guess").status_code == 401
    limited = sign_in(url)
    assert limited.status_code == 429
    assert 0 < int(limited.headers["retry-after"]) <= access.GUESS_SECONDS
    header = requests.get(url + LIST, headers={"X-API-Key": SENT}, timeout=30)
    assert (header.status_code, header.json()["error"]) == (429, "too_many_tries")
    assert requests.get(f"{url}/healthz/live", timeout=30).status_code == 200


def test_the_memory_of_guesses_is_bounded():
    """It forgets with time, holds so many addresses, and takes an IPv6 household for one."""
    guesses = Guesses()
    for number in range(access.REMEMBERED + 100):
        guesses.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(guesses._tries) == access.REMEMBERED
    for number in range(access.GUESSES):
        guesses.failed(f"2001:db8::{number + 1}")
    assert guesses.wait_seconds("2001:db8::ffff") > 0
    assert guesses.wait_seconds("2001:db8:0:1::1") == guesses.wait_seconds("10.0.0.1") == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),  # no browser: it gets as far as the flag, which is off
        ({"Sec-Fetch-Site": "same-origin"}, 400),
        ({"Sec-Fetch-Site": "none"}, 400),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Origin": "{url}"}, 400),
    ],
)
def test_another_site_cannot_start_a_sync(open_url: str, headers: dict[str, str], status: int):
    """What changes something is refused where the browser says that another site asks for it."""
    sent = {name: value.replace("{url}", open_url) for name, value in headers.items()}
    answer = requests.post(f"{open_url}/api/referrals/sync", headers=sent, timeout=30)
    assert answer.status_code == status
    assert requests.get(open_url + LIST, headers=sent, timeout=30).status_code == 200


def test_another_site_cannot_use_the_cookie(url: str):
    """Signed in or signing in: a request of another site is refused."""
    session = requests.Session()
    session.cookies.update(sign_in(url).cookies)
    evil = {"Origin": "https://evil.example"}
    assert session.post(f"{url}/api/referrals/sync", headers=evil, timeout=30).status_code == 403
    assert session.post(f"{url}/sign-out", headers=evil, timeout=30).status_code == 403
    assert requests.post(f"{url}/sign-in", data={"key": KEY}, headers=evil, timeout=30).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "10.0.0.1", "[::2]", "["]
)
def test_a_name_that_points_here_is_not_this_machine(open_url: str, host: str):
    """Without a key only requests that name loopback are answered: a page could point its own name here."""
    answer = requests.get(open_url + LIST, headers={"Host": host}, timeout=30)
    assert answer.status_code in (400, 421)
    assert "Company" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:8000", "[::1]", "[::1]:8000"])
def test_the_names_of_this_machine(open_url: str, host: str):
    """Whatever loopback is called, it is answered."""
    assert requests.get(open_url + LIST, headers={"Host": host}, timeout=30).status_code == 200


def test_nobody_listens_to_the_network_without_a_key(settings: Settings):
    """It is refused before anything starts."""
    with pytest.raises(ConfigurationError, match="HUNTER_API_KEY is empty"):
        create_app(settings.model_copy(update={"api_host": "0.0.0.0"}))


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/referrals/1?lang=tr", "/referrals/1?lang=tr"),
        (None, "/"), ("", "/"), ("https://evil.example", "/"), ("//evil.example", "/"), ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"), ("javascript:alert(1)", "/"), ("/a\\b", "/"),
    ],
)  # fmt: skip
def test_signing_in_leads_to_pages_of_ours_only(target: str | None, goes_to: str):
    """An address of another site, however it is written, becomes the first page."""
    assert access.local_path(target) == goes_to


def test_every_answer_carries_the_headers_of_safety(url: str):
    """Pages, errors and health alike; personal data is not to be kept by anybody on the way."""
    for path in ("/sign-in", LIST, "/healthz/live", "/nothing"):
        headers = requests.get(url + path, timeout=30).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
        assert headers["cache-control"] == "no-store"
        assert "referrer-policy" in headers


def test_the_log_holds_no_query_and_no_key(locked: Settings, capsys: pytest.CaptureFixture[str]):
    """One event a request: method, route, status, time; what was searched for may be a name."""
    configure_logs(locked.model_copy(update={"log_format": "json"}))
    with served(locked) as url:
        requests.get(f"{url}{LIST}?q=Abercrombie", headers={"X-API-Key": SENT}, timeout=30)
        requests.get(f"{url}{LIST}/Abercrombie", headers={"X-API-Key": SENT}, timeout=30)
        requests.get(f"{url}/Abercrombie?kim@fabrikam.com", headers={"X-API-Key": "wrong-secret"}, timeout=30)
    logged = capsys.readouterr()
    text = logged.out + logged.err
    assert text.count('"event": "http_request"') == 3
    assert f'"route": "{LIST}"' in text
    assert '"duration_ms"' in text
    assert not any(word in text for word in ("Abercrombie", "kim@", "correct-horse", "wrong-secret"))


def test_a_fault_of_ours_tells_nothing(settings: Settings, capsys: pytest.CaptureFixture[str]):
    """An error that nobody foresaw is a 500 without a trace; the log has its kind and not its words."""
    configure_logs(settings.model_copy(update={"log_format": "json"}))
    app = create_app(settings)

    @app.get("/fault")
    def fault() -> None:
        raise RuntimeError("Kim Abercrombie, +1 555 0100")

    with served(settings, app=app) as url:
        answer = requests.get(f"{url}/fault", timeout=30)
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "detail", "hint"}
    logged = capsys.readouterr()
    assert '"error_type": "RuntimeError"' in logged.err
    assert not any("Kim" in text or "Traceback" in text for text in (answer.text, logged.err, logged.out))
