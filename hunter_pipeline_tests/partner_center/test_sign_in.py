"""Signing in and staying signed in, against the sandbox's Entra over HTTPS."""

import base64
import hashlib
import html
import logging
import re
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from hunter_pipeline.domain.errors import ConfigurationError, PartnerCenterAuthError, PartnerCenterNetworkError
from hunter_pipeline.partner_center.auth import REFRESH_TOKEN_LIFE, SignIn
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.sandbox import CLIENT_ID, TENANT_ID, Fault, Sandbox, SandboxOptions
from hunter_pipeline.settings import load_settings
from hunter_pipeline.sign_in import open_client, open_sign_in
from hunter_pipeline_tests.partner_center.conftest import Waits, sign_in_at, signed_in_file
from hunter_pipeline_tests.partner_center.rawserver import RawServer, answer
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

FILE = Path("home") / ".token_cache"


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox whose tokens may be voided."""
    with Sandbox(SandboxOptions(referrals=2, outgoing=0)) as sandbox:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_file))
        yield sandbox


@pytest.fixture
def at_own(own: Sandbox, http: Http, tmp_path: Path) -> SignIn:
    sign_in = sign_in_at(own.url, http, tmp_path / FILE)
    sign_in.login_device_code(lambda *_: None)
    own.requests.clear()
    return sign_in


def test_a_device_code_signs_in(sign_in: SignIn, sandbox: Sandbox) -> None:
    """The person is shown address and code; afterwards tokens come from the file, without a request."""
    shown: list[tuple[str, str, str]] = []
    account = sign_in.login_device_code(lambda *said: shown.append(said))
    assert (account.username, account.tenant_id) == ("ada.brook@fourthcoffee.com", TENANT_ID)
    address, code, message = shown[0]
    assert (address.startswith("https://"), code in message) == (True, True)
    sandbox.requests.clear()
    assert sign_in.token() == sign_in.token()
    assert sandbox.requests == []


def test_the_status_tells_who_and_for_how_long(client: PartnerCenterClient) -> None:
    """Signed in now, so good for 90 days; without a request."""
    before = client.requests
    status = client.sign_in.status()
    assert (status.signed_in, status.username, status.client_id) == (True, "ada.brook@fourthcoffee.com", CLIENT_ID)
    assert status.last_refreshed_at is not None
    assert status.signed_in_at is not None
    assert status.refresh_token_expires_at == status.last_refreshed_at + REFRESH_TOKEN_LIFE
    assert REFRESH_TOKEN_LIFE.days == 90
    assert client.requests == before


def test_nobody_is_signed_in(sign_in: SignIn, sandbox: Sandbox) -> None:
    """Without a file there is no request, but a sentence and a hint; logging out of nothing is fine."""
    for ask in (sign_in.token, sign_in.refreshed_token):
        with pytest.raises(PartnerCenterAuthError, match="Nobody is signed in") as caught:
            ask()
        assert "hunter auth login" in str(caught.value.hint)
    assert not sign_in.status().signed_in
    assert not sign_in.logout()
    assert sandbox.requests == []


def test_logging_out_forgets(client: PartnerCenterClient, tmp_path: Path) -> None:
    """The file is gone, and so is the sign-in."""
    assert client.sign_in.logout()
    assert not (tmp_path / FILE).exists()
    with pytest.raises(PartnerCenterAuthError):
        client.sign_in.token()


def test_refresh_tokens_rotate(at_own: SignIn, own: Sandbox) -> None:
    """Each forced refresh spends the newest refresh token and keeps the one that came with it."""
    tokens = [at_own.token(), at_own.refreshed_token(), at_own.refreshed_token()]
    spent = [request.form["refresh_token"] for request in own.requests if "refresh_token" in request.form]
    assert len(set(tokens)) == 3
    assert len(set(spent)) == 2
    assert at_own.token() == tokens[-1]
    assert at_own.status().signed_in_at is not None


def test_a_token_near_its_end_is_refreshed_silently(
    sandbox: Sandbox, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under five minutes of life left, a new token is fetched before the old one fails."""
    with Sandbox(SandboxOptions(referrals=2, outgoing=0, access_token_seconds=200)) as short:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(short.ca_file))
        sign_in = sign_in_at(short.url, http, tmp_path / FILE)
        sign_in.login_device_code(lambda *_: None)
        first = sign_in.token()
        assert sign_in.token() != first
        sent = [request.form.get("grant_type") for request in short.requests]
        assert sent.count("refresh_token") == 2


def test_an_old_access_token_costs_one_refresh(at_own: SignIn, own: Sandbox, http: Http) -> None:
    """The API's 401 is mended by one silent refresh, and the next page needs none."""
    own.expire_access_tokens()
    client = PartnerCenterClient(http, at_own, own.url)
    assert len(list(client.pages(page_size=1))) == 2
    assert [request.status for request in own.requests if request.path.startswith("/v1.0")] == [401, 200, 200]


def test_missing_mfa_is_told_and_mended_by_signing_in(at_own: SignIn, own: Sandbox, http: Http) -> None:
    """900421 survives the refresh; the hint says MFA, and a new sign-in helps."""
    own.require_mfa()
    client = PartnerCenterClient(http, at_own, own.url)
    with pytest.raises(PartnerCenterAuthError, match="900421") as caught:
        list(client.pages())
    assert "MFA" in str(caught.value.hint)
    assert caught.value.code == "900421"
    at_own.login_device_code(lambda *_: None)
    assert len(list(client.pages())) == 1


def test_a_revoked_sign_in_is_told(at_own: SignIn, own: Sandbox) -> None:
    """A refused refresh says what happened and what to do; the file stays for another try."""
    own.revoke_tokens()
    with pytest.raises(PartnerCenterAuthError, match=r"revoked.*AADSTS50173") as caught:
        at_own.refreshed_token()
    assert caught.value.hint == "Sign in again: hunter auth login."
    assert at_own.token()
    at_own.login_device_code(lambda *_: None)
    assert at_own.refreshed_token()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (50076, "MFA"), (50079, "MFA"), (50158, "MFA"), (53003, "--interactive"), (530036, "--interactive"),
        (700082, "hunter auth login"), (70043, "hunter auth login"), (50173, "hunter auth login"),
        (7000218, "Allow public client flows"), (90002, "TENANT_ID"), (700016, "CLIENT_ID"), (65001, "consent"),
        (999999, "hunter auth login"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["token", "devicecode"])
def test_each_refusal_says_what_to_do(place: str, code: int, says: str, sign_in: SignIn, sandbox: Sandbox) -> None:
    """Entra's code becomes one sentence and one hint, never Entra's own text."""
    sandbox.fail(Fault(where=place, kind=f"AADSTS{code}"))
    with pytest.raises(PartnerCenterAuthError) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert says in str(caught.value.hint)
    assert caught.value.code == str(code)
    assert f"AADSTS{code}" in str(caught.value)
    assert "Trace" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_refused_refresh_says_what_to_do(client: PartnerCenterClient, sandbox: Sandbox) -> None:
    """The same words where it is the silent refresh that is refused."""
    sandbox.fail(Fault(where="token", kind="AADSTS50076", times=1))
    with pytest.raises(PartnerCenterAuthError, match="multi-factor") as caught:
        client.sign_in.refreshed_token()
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("client_id", "tenant_id", "names"), [("nobody", TENANT_ID, "CLIENT_ID"), (CLIENT_ID, "nowhere", "TENANT_ID")]
)
def test_a_wrong_registration_names_the_setting(  # noqa: PLR0917
    client_id: str, tenant_id: str, names: str, sandbox: Sandbox, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown client or tenant is a mistake in a setting, and the hint names it."""
    environment = sandbox.environment() | {
        "HUNTER_PARTNER_CENTER_CLIENT_ID": client_id,
        "HUNTER_PARTNER_CENTER_TENANT_ID": tenant_id,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    sign_in = open_sign_in(load_settings(), http)
    with pytest.raises(PartnerCenterAuthError) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert f"HUNTER_PARTNER_CENTER_{names}" in str(caught.value.hint)


def test_settings_without_a_registration_make_no_request() -> None:
    """An empty client id is named before anything happens."""
    with pytest.raises(ConfigurationError, match="CLIENT_ID"):
        open_client(load_settings())


@pytest.mark.parametrize(("state", "says"), [("declined", "declined"), ("pending", "not entered in time")])
def test_a_code_that_nobody_enters(
    state: str, says: str, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Declining or letting the code lapse ends the sign-in with that sentence."""
    with Sandbox(SandboxOptions(referrals=1, auto_approve=False, device_code_seconds=1)) as sandbox:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_file))
        sign_in = sign_in_at(sandbox.url, http, tmp_path / FILE)

        def person(_address: str, _code: str, _message: str) -> None:
            for grant in sandbox.site.device_grants.values():
                grant.state = state

        with pytest.raises(PartnerCenterAuthError, match=says):
            sign_in.login_device_code(person)
        assert not (tmp_path / FILE).exists()


class Browser(webbrowser.BaseBrowser):
    """A person's browser: opens the page, and sends the form that it is shown."""

    def __init__(self, ca_file: Path, *, declines: bool = False) -> None:
        super().__init__("test")
        self.ca_file = ca_file
        self.declines = declines
        self.asked: dict[str, list[str]] = {}

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        threading.Thread(target=self._visit, args=(url,), daemon=True).start()
        return True

    def _visit(self, url: str) -> None:
        self.asked = parse_qs(urlsplit(url).query)
        if self.declines:
            fields = {
                "error": "access_denied",
                "error_description": "AADSTS65004: no.",
                "state": self.asked["state"][0],
            }
            requests.post(self.asked["redirect_uri"][0], data=fields, timeout=DEADLINE_SECONDS).close()
            return
        with requests.Session() as session:
            page = session.get(url, verify=str(self.ca_file), timeout=DEADLINE_SECONDS).text
            while 'method="post"' in page:
                action = html.unescape(re.findall(r'action="([^"]*)"', page)[0])
                fields = {
                    html.unescape(n): html.unescape(v) for n, v in re.findall(r'name="([^"]*)" value="([^"]*)"', page)
                }
                target = action if action.startswith("http") else f"https://{urlsplit(url).netloc}{action}"
                page = session.post(target, data=fields, verify=str(self.ca_file), timeout=DEADLINE_SECONDS).text


@pytest.mark.parametrize("declines", [False, True])
def test_a_browser_signs_in(declines: bool, sign_in: SignIn, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Authorization code with PKCE, answered to http://localhost; declining says so."""
    browser = Browser(sandbox.ca_file, declines=declines)
    monkeypatch.setattr(webbrowser, "_tryorder", ["test"])
    monkeypatch.setitem(webbrowser._browsers, "test", [None, browser])  # type: ignore[attr-defined]
    monkeypatch.setenv("BROWSER", "test")
    if declines:
        with pytest.raises(PartnerCenterAuthError, match="declined"):
            sign_in.login_interactive(timeout=DEADLINE_SECONDS)
        return
    assert sign_in.login_interactive(timeout=DEADLINE_SECONDS).username == "ada.brook@fourthcoffee.com"
    assert sign_in.token()
    assert browser.asked["redirect_uri"][0].startswith("http://localhost:")
    verifier = next(request.form["code_verifier"] for request in sandbox.requests if "code_verifier" in request.form)
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert (browser.asked["code_challenge"], browser.asked["code_challenge_method"]) == ([digest], ["S256"])


def test_a_browser_that_nobody_answers(sign_in: SignIn, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser the address is shown; without an answer the sign-in ends."""
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    shown: list[str] = []
    with pytest.raises(PartnerCenterAuthError, match="not finished in time"):
        sign_in.login_interactive(shown.append, timeout=1)
    assert shown[0].startswith(sandbox.url)


PROCESS = """
import sys; from pathlib import Path
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline_tests.partner_center.conftest import sign_in_at
with Http() as http:
    print(sign_in_at(sys.argv[1], http, Path(sys.argv[2])).token())
"""


@pytest.mark.slow
def test_processes_refresh_one_after_the_other(own: Sandbox, http: Http, tmp_path: Path) -> None:
    """Three processes and four threads that all find the token expired spend one refresh token, once."""
    path = tmp_path / FILE
    sign_in_at(own.url, http, path).login_device_code(lambda *_: None)
    content = path.read_text()
    path.write_text(re.sub(r'"expires_on": "\d+"', f'"expires_on": "{int(time.time()) + 60}"', content))
    own.requests.clear()
    command = [sys.executable, "-c", PROCESS, own.url, str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    tokens: list[str] = []
    threads = [
        threading.Thread(target=lambda: tokens.append(sign_in_at(own.url, http, path).token())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tokens.extend(process.communicate(timeout=DEADLINE_SECONDS)[0].strip() for process in processes)
    assert (len(tokens), len(set(tokens))) == (7, 1)
    assert sum("refresh_token" in request.form for request in own.requests) == 1


def test_another_account_replaces_the_first(client: PartnerCenterClient, tmp_path: Path) -> None:
    """The file holds one sign-in: the last."""
    signed_in_file(tmp_path / FILE)
    client.sign_in.login_device_code(lambda *_: None)
    assert "fabrikam" not in (tmp_path / FILE).read_text()


@pytest.mark.parametrize("setting", ["client_id", "tenant_id", "authority"])
def test_a_sign_in_elsewhere_does_not_count(setting: str, sandbox: Sandbox, waits: Waits, tmp_path: Path) -> None:
    """A token of another app, tenant or authority is never used, and its refresh token sent nowhere."""
    path = signed_in_file(tmp_path / FILE)
    text = path.read_text()
    old = {"client_id": CLIENT_ID, "tenant_id": TENANT_ID, "authority": '"localhost"'}[setting]
    path.write_text(text.replace(old, '"login.microsoftonline.com"' if setting == "authority" else "0" * 8))
    with Http(sleep=waits.sleep) as http, pytest.raises(PartnerCenterAuthError):
        sign_in_at(sandbox.url, http, path).token()
    sent = [request.form for request in sandbox.requests if "refresh_token" in request.form]
    assert setting == "tenant_id" or sent == []


def test_msal_tells_no_names(sign_in: SignIn, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """MSAL's own log, which quotes tokens' claims, stays silent at every level that is shown."""
    with caplog.at_level(logging.INFO):
        sign_in.login_device_code(lambda *_: None)
        sign_in.refreshed_token()
    assert not any(record.name.startswith("msal") for record in caplog.records)


def test_the_probe_bounds_the_sign_in_too(
    client: PartnerCenterClient, sandbox: Sandbox, waits: Waits, tmp_path: Path
) -> None:
    """A sensor's question that has to refresh first gives up after two tries of the refresh."""
    path = tmp_path / FILE
    path.write_text(re.sub(r'"expires_on": "\d+"', '"expires_on": "0"', path.read_text()))
    sandbox.fail(Fault(where="token", kind="drop"))
    with pytest.raises(PartnerCenterNetworkError) as caught:
        client.newest_update()
    assert (caught.value.attempt, len(waits.seconds)) == (2, 1)


def test_a_terse_authority_will_do(serve: Callable[..., RawServer], http: Http, tmp_path: Path) -> None:
    """Opaque tokens without scope, ID token or client info: who it is stays unknown, the rest works."""
    server = serve(answer(200, {}))
    oauth = f"{server.url}/oauth2"
    places = {"authorization_endpoint": oauth, "token_endpoint": oauth, "device_authorization_endpoint": oauth}
    code = {"user_code": "A", "device_code": "B", "verification_uri": server.url, "expires_in": "60", "interval": "1"}
    pending = answer(400, {"error": "authorization_pending"})
    tokens = [{"access_token": f"a{n}", "refresh_token": f"r{n}", "expires_in": 3600} for n in range(2)]
    server.steps = [answer(200, places), answer(200, code), pending, answer(200, tokens[0])]
    server.steps += [answer(200, places), answer(200, tokens[1])]
    sign_in = sign_in_at(server.url, http, tmp_path / FILE)
    assert sign_in.login_device_code(lambda *_: None).username == ""
    assert (sign_in.token(), sign_in.refreshed_token(), sign_in.token()) == ("a0", "a1", "a1")
    assert (sign_in.status().signed_in, sign_in.status().username) == (True, None)
    assert len(server.heads) == len(server.steps)
