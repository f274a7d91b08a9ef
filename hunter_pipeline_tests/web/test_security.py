"""Access control: API key, sessions, other sites and hosts, guesses, and what responses and logs leave out."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from pydantic import SecretStr

from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.web import security
from hunter_pipeline.web.app import create_app
from hunter_pipeline.web.security import AccessControl, GuessLimiter
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.web.seed import referral_row, seeded_database
from hunter_pipeline_tests.web.services import run_service

KEY = "correct-horse-battery-staple-ğ"
SENT = KEY.encode()
LIST = "/api/v1/partner-center/referrals"
HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def settings(server: Server) -> Iterator[Settings]:
    with seeded_database(server, [referral_row(1)]) as settings:
        yield settings


@pytest.fixture(scope="module")
def open_url(settings: Settings) -> Iterator[str]:
    """A service without an API key."""
    with run_service(settings) as url:
        yield url


@pytest.fixture(scope="module")
def settings_with_key(settings: Settings) -> Settings:
    return settings.model_copy(update={"api_key": SecretStr(KEY)})


@pytest.fixture
def url(settings_with_key: Settings) -> Iterator[str]:
    """A service with an API key that has not counted any guess yet."""
    with run_service(settings_with_key) as url:
        yield url


def sign_in(url: str, key: str = KEY, **more: str) -> requests.Response:
    return requests.post(f"{url}/sign-in", data={"key": key, **more}, allow_redirects=False, timeout=30)


def test_everything_but_health_and_sign_in_needs_the_key(url: str):
    """Without it the API answers 401, and a page redirects to the sign-in, which redirects back."""
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
def test_path_that_resembles_a_public_one_needs_the_key(url: str, path: str):
    with requests.Session() as session:
        request = requests.Request("GET", url).prepare()
        request.url = url + path
        assert session.send(request, timeout=30).status_code in (401, 404)


def test_key_in_the_header_gives_access(url: str):
    """It does for requests of other sites too, because browsers do not add this header by themselves."""
    assert requests.get(url + LIST, headers={"X-API-Key": SENT}, timeout=30).status_code == 200
    assert requests.get(url + LIST, headers={"X-API-Key": "wrong"}, timeout=30).status_code == 401
    cross = {"X-API-Key": SENT, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert requests.post(f"{url}/api/referrals/sync", headers=cross, timeout=30).status_code == 400  # the flag is off


def test_sign_in_sets_a_cookie_and_sign_out_deletes_it(url: str):
    """Scripts cannot read the cookie."""
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


def test_sign_out_revokes_the_session_in_every_process(url: str, settings_with_key: Settings):
    """A copy of the cookie is refused as well, another session stays valid."""
    cookies, other = sign_in(url).cookies, sign_in(url).cookies
    with run_service(settings_with_key) as second:
        assert requests.get(second + LIST, cookies=cookies, headers=host_of(url), timeout=30).status_code == 200
        assert requests.post(f"{url}/sign-out", cookies=cookies, allow_redirects=False, timeout=30).status_code == 303
        for address in (url, second):
            assert requests.get(address + LIST, cookies=cookies, headers=host_of(url), timeout=30).status_code == 401
            assert requests.get(address + LIST, cookies=other, headers=host_of(url), timeout=30).status_code == 200


def test_session_is_valid_for_the_host_where_it_began(url: str):
    cookies = sign_in(url).cookies
    assert requests.get(url + LIST, cookies=cookies, timeout=30).status_code == 200
    other = {"Host": "127.0.0.1:1"}
    assert requests.get(url + LIST, cookies=cookies, headers=other, timeout=30).status_code == 401


def host_of(url: str) -> dict[str, str]:
    return {"Host": urlsplit(url).netloc}


def test_session_over_https_is_not_valid_over_http(settings_with_key: Settings, monkeypatch: pytest.MonkeyPatch):
    """Its cookie is only for HTTPS and only for this host."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
    https = {"X-Forwarded-Proto": "https"}
    with run_service(settings_with_key) as url:
        answer = requests.post(f"{url}/sign-in", data={"key": KEY}, headers=https, allow_redirects=False, timeout=30)
        name, _, rest = answer.headers["set-cookie"].partition("=")
        assert name == "__Host-hunter_session"
        assert all(word in rest.lower() for word in ("; secure", "; path=/", "; httponly"))
        value = rest.partition(";")[0]
        for cookie in (f"{name}={value}", f"hunter_session={value}"):
            is_https = requests.get(url + LIST, headers={**https, "Cookie": cookie}, timeout=30).status_code
            assert is_https == (200 if cookie.startswith("__Host-") else 401)
            assert requests.get(url + LIST, headers={"Cookie": cookie}, timeout=30).status_code == 401


@pytest.mark.parametrize(("trusted", "status"), [("", 429), ("127.0.0.1", 401), ("10.9.8.7", 429)])
def test_forwarded_address_counts_only_from_a_named_proxy(
    settings_with_key: Settings, monkeypatch: pytest.MonkeyPatch, trusted: str, status: int
):
    """On loopback too: otherwise one client could pretend to be many."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", trusted)
    with run_service(settings_with_key) as url:
        answers = [
            requests.get(
                url + LIST, headers={"X-API-Key": "wrong", "X-Forwarded-For": f"203.0.113.{number}"}, timeout=30
            )
            for number in range(security.MAX_GUESSES + 1)
        ]
        assert answers[-1].status_code == status


def test_session_is_valid_for_twelve_hours_and_one_key(settings_with_key: Settings, settings: Settings):
    """An expired cookie, a changed one and one that was signed with another key are invalid."""
    origin = "http://127.0.0.1:8000"
    access = AccessControl(settings_with_key)
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        cookie = access.new_session(origin)
        clock.shift(security.SESSION_SECONDS)
        assert access.is_session(cookie, origin)
        clock.shift(1)
        assert not access.is_session(cookie, origin)
    cookie = access.new_session(origin)
    assert not access.is_session(cookie, "https://127.0.0.1:8000")
    other = AccessControl(settings_with_key.model_copy(update={"api_key": SecretStr("other")}))
    assert not other.is_session(cookie, origin)
    assert not access.is_session(("A" if cookie[0] != "A" else "B") + cookie[1:], origin)
    assert not access.is_session("", origin)
    assert not AccessControl(settings).is_key(b"")
    assert access.is_key(SENT)


def test_guesses_are_limited(url: str):
    """After five wrong keys further ones are told to wait; the right one always passes."""
    for _ in range(security.MAX_GUESSES):
        assert sign_in(url, "guess").status_code == 401
    limited = sign_in(url, "guess")
    assert limited.status_code == 429
    assert 0 < int(limited.headers["retry-after"]) <= security.GUESS_SECONDS
    header = requests.get(url + LIST, headers={"X-API-Key": "guess"}, timeout=30)
    assert (header.status_code, header.json()["error"]) == (429, "too_many_tries")
    assert requests.get(url + LIST, headers={"X-API-Key": SENT}, timeout=30).status_code == 200
    assert sign_in(url).status_code == 303
    assert requests.get(f"{url}/healthz/live", timeout=30).status_code == 200


def test_guess_limiter_is_bounded_and_counts_an_ipv6_prefix_as_one_client():
    guesses = GuessLimiter()
    for number in range(security.MAX_TRACKED_CLIENTS + 100):
        assert guesses.count_wrong_key(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}") == 0
    assert len(guesses._failures) == security.MAX_TRACKED_CLIENTS
    for number in range(security.MAX_GUESSES):
        assert guesses.count_wrong_key(f"2001:db8::{number + 1}") == 0
    assert guesses.count_wrong_key("2001:db8::ffff") > 0
    assert guesses.count_wrong_key("2001:db8:0:1::1") == guesses.count_wrong_key("10.0.0.1") == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),  # not a browser: the request reaches the feature flag, which is off
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
def test_cross_site_request_is_refused_when_it_changes_something(open_url: str, headers: dict[str, str], status: int):
    sent = {name: value.replace("{url}", open_url) for name, value in headers.items()}
    answer = requests.post(f"{open_url}/api/referrals/sync", headers=sent, timeout=30)
    assert answer.status_code == status
    assert requests.get(open_url + LIST, headers=sent, timeout=30).status_code == 200


def test_cross_site_request_with_a_session_is_refused(url: str):
    session = requests.Session()
    session.cookies.update(sign_in(url).cookies)
    evil = {"Origin": "https://evil.example"}
    assert session.post(f"{url}/api/referrals/sync", headers=evil, timeout=30).status_code == 403
    assert session.post(f"{url}/sign-out", headers=evil, timeout=30).status_code == 403
    assert requests.post(f"{url}/sign-in", data={"key": KEY}, headers=evil, timeout=30).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "10.0.0.1", "[::2]", "["]
)
def test_request_for_another_host_is_refused_without_a_key(open_url: str, host: str):
    """A web page could point a host name of its own at this machine (DNS rebinding)."""
    answer = requests.get(open_url + LIST, headers={"Host": host}, timeout=30)
    assert answer.status_code in (400, 421)
    assert "Company" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:8000", "[::1]", "[::1]:8000"])
def test_request_for_a_loopback_host_is_answered(open_url: str, host: str):
    assert requests.get(open_url + LIST, headers={"Host": host}, timeout=30).status_code == 200


def test_network_address_without_a_key_is_a_configuration_error(settings: Settings):
    with pytest.raises(ConfigurationError, match="HUNTER_API_KEY is empty"):
        create_app(settings.model_copy(update={"api_host": "0.0.0.0"}))


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/referrals/1?lang=tr", "/referrals/1?lang=tr"),
        (None, "/"), ("", "/"), ("https://evil.example", "/"), ("//evil.example", "/"), ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"), ("javascript:alert(1)", "/"), ("/a\\b", "/"),
    ],
)  # fmt: skip
def test_redirect_targets_are_local_paths(target: str | None, path: str):
    """The address of another site becomes the start page."""
    assert security.local_path(target) == path


def test_every_response_has_the_security_headers(url: str):
    """Personal data must not be stored by browsers or proxies."""
    for path in ("/sign-in", LIST, "/healthz/live", "/nothing"):
        headers = requests.get(url + path, timeout=30).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
        assert headers["cache-control"] == "no-store"
        assert "referrer-policy" in headers


def test_log_contains_neither_queries_nor_keys(settings_with_key: Settings, capsys: pytest.CaptureFixture[str]):
    """There is one event a request with method, route, status and duration; a search text may be a name."""
    configure_logs(settings_with_key.model_copy(update={"log_format": "json"}))
    with run_service(settings_with_key) as url:
        requests.get(f"{url}{LIST}?q=Abercrombie", headers={"X-API-Key": SENT}, timeout=30)
        requests.get(f"{url}{LIST}/Abercrombie", headers={"X-API-Key": SENT}, timeout=30)
        requests.get(f"{url}/Abercrombie?kim@fabrikam.com", headers={"X-API-Key": "wrong-secret"}, timeout=30)
    logged = capsys.readouterr()
    text = logged.out + logged.err
    assert text.count('"event": "http_request"') == 3
    assert f'"route": "{LIST}"' in text
    assert '"duration_ms"' in text
    assert not any(word in text for word in ("Abercrombie", "kim@", "correct-horse", "wrong-secret"))


def test_unexpected_exception_leaks_no_detail(settings: Settings, capsys: pytest.CaptureFixture[str]):
    """The response is a plain 500; the log has the exception's type but not its message."""
    configure_logs(settings.model_copy(update={"log_format": "json"}))
    app = create_app(settings)

    @app.get("/fault")
    def fault() -> None:
        raise RuntimeError("Kim Abercrombie, +1 555 0100")

    with run_service(settings, app=app) as url:
        answer = requests.get(f"{url}/fault", timeout=30)
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "detail", "hint"}
    logged = capsys.readouterr()
    assert '"error_type": "RuntimeError"' in logged.err
    assert not any("Kim" in text or "Traceback" in text for text in (answer.text, logged.err, logged.out))
