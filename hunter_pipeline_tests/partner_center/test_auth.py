"""Test the sign-in and the refresh of its tokens, against the sandbox's Entra over HTTPS."""

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

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import ConfigurationError, PartnerCenterAuthError, PartnerCenterNetworkError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.sign_in_status import REFRESH_TOKEN_LIFETIME
from hunter_pipeline.pipeline.sign_in import open_client, open_sign_in
from hunter_pipeline.sandbox import CLIENT_ID, TENANT_ID, Fault, Sandbox, SandboxOptions
from hunter_pipeline_tests.partner_center.conftest import FakeClock, sign_in_at, write_token_file
from hunter_pipeline_tests.partner_center.raw_server import RawServer, respond
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

TOKEN_FILE = Path("home") / ".token_cache"


@pytest.fixture
def own_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox whose tokens a test may revoke."""
    with Sandbox(SandboxOptions(referrals=2, outgoing=0)) as sandbox:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_file))
        yield sandbox


@pytest.fixture
def own_sign_in(own_sandbox: Sandbox, http: Http, tmp_path: Path) -> SignIn:
    """A sign-in at that sandbox, with a stored account."""
    sign_in = sign_in_at(own_sandbox.url, http, tmp_path / TOKEN_FILE)
    sign_in.login_device_code(lambda *_: None)
    own_sandbox.requests.clear()
    return sign_in


def test_device_code_signs_in(sign_in: SignIn, sandbox: Sandbox) -> None:
    """The person is shown an address and a code; afterwards tokens come from the file, without a request."""
    shown: list[tuple[str, str, str]] = []
    status = sign_in.login_device_code(lambda *texts: shown.append(texts))
    assert (status.username, status.tenant_id) == ("ada.brook@fourthcoffee.com", TENANT_ID)
    address, code, message = shown[0]
    assert (address.startswith("https://"), code in message) == (True, True)
    sandbox.requests.clear()
    assert sign_in.token() == sign_in.token()
    assert sandbox.requests == []


def test_status_shows_account_and_expiry(client: PartnerCenterClient) -> None:
    """The expiry is estimated as 90 days after the last refresh, without a request."""
    before = client.requests
    status = client.sign_in.status()
    assert (status.signed_in, status.username, status.client_id) == (True, "ada.brook@fourthcoffee.com", CLIENT_ID)
    assert status.last_refreshed_at is not None
    assert status.signed_in_at is not None
    assert status.refresh_token_expires_at == status.last_refreshed_at + REFRESH_TOKEN_LIFETIME
    assert REFRESH_TOKEN_LIFETIME.days == 90
    assert client.requests == before


def test_token_is_an_auth_error_when_no_account_is_signed_in(sign_in: SignIn, sandbox: Sandbox) -> None:
    """Without a file there is no request, but an error with a hint; a sign-out does nothing."""
    for ask in (sign_in.token, sign_in.refreshed_token):
        with pytest.raises(PartnerCenterAuthError, match="No account is signed in") as caught:
            ask()
        assert "hunter auth login" in str(caught.value.hint)
    assert not sign_in.status().signed_in
    assert not sign_in.logout()
    assert sandbox.requests == []


def test_logout_deletes_the_file(client: PartnerCenterClient, tmp_path: Path) -> None:
    assert client.sign_in.logout()
    assert not (tmp_path / TOKEN_FILE).exists()
    with pytest.raises(PartnerCenterAuthError):
        client.sign_in.token()


def test_refresh_tokens_rotate(own_sign_in: SignIn, own_sandbox: Sandbox) -> None:
    """Each forced refresh uses the newest refresh token and stores the one that it returns."""
    tokens = [own_sign_in.token(), own_sign_in.refreshed_token(), own_sign_in.refreshed_token()]
    used = [request.form["refresh_token"] for request in own_sandbox.requests if "refresh_token" in request.form]
    assert len(set(tokens)) == 3
    assert len(set(used)) == 2
    assert own_sign_in.token() == tokens[-1]
    assert own_sign_in.status().signed_in_at is not None


def test_token_is_refreshed_when_it_is_near_its_end(
    sandbox: Sandbox, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With less than five minutes left, a new token is requested."""
    with Sandbox(SandboxOptions(referrals=2, outgoing=0, access_token_seconds=200)) as short:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(short.ca_file))
        sign_in = sign_in_at(short.url, http, tmp_path / TOKEN_FILE)
        sign_in.login_device_code(lambda *_: None)
        first = sign_in.token()
        assert sign_in.token() != first
        sent = [request.form.get("grant_type") for request in short.requests]
        assert sent.count("refresh_token") == 2


def test_rejected_access_token_costs_one_refresh(own_sign_in: SignIn, own_sandbox: Sandbox, http: Http) -> None:
    """The API's 401 leads to one silent refresh, and the next page needs none."""
    own_sandbox.expire_access_tokens()
    client = PartnerCenterClient(http, own_sign_in, own_sandbox.url)
    assert len(list(client.pages(page_size=1))) == 2
    assert [request.status for request in own_sandbox.requests if request.path.startswith("/v1.0")] == [401, 200, 200]


def test_missing_mfa_is_reported_until_the_next_sign_in(own_sign_in: SignIn, own_sandbox: Sandbox, http: Http) -> None:
    """A refresh does not help against 900421; a new sign-in does."""
    own_sandbox.require_mfa()
    client = PartnerCenterClient(http, own_sign_in, own_sandbox.url)
    with pytest.raises(PartnerCenterAuthError, match="900421") as caught:
        list(client.pages())
    assert "MFA" in str(caught.value.hint)
    assert caught.value.code == "900421"
    own_sign_in.login_device_code(lambda *_: None)
    assert len(list(client.pages())) == 1


def test_revoked_sign_in_is_reported(own_sign_in: SignIn, own_sandbox: Sandbox) -> None:
    """A refused refresh keeps the file for another try."""
    own_sandbox.revoke_tokens()
    with pytest.raises(PartnerCenterAuthError, match=r"revoked.*AADSTS50173") as caught:
        own_sign_in.refreshed_token()
    assert caught.value.hint == "Sign in again: hunter auth login."
    assert own_sign_in.token()
    own_sign_in.login_device_code(lambda *_: None)
    assert own_sign_in.refreshed_token()


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (50076, "MFA"), (50079, "MFA"), (50158, "MFA"), (53003, "--interactive"), (530036, "--interactive"),
        (700082, "hunter auth login"), (70043, "hunter auth login"), (50173, "hunter auth login"),
        (7000218, "Allow public client flows"), (90002, "TENANT_ID"), (700016, "CLIENT_ID"), (65001, "consent"),
        (999999, "hunter auth login"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["token", "devicecode"])
def test_refused_sign_in_says_what_to_do(place: str, code: int, hint: str, sign_in: SignIn, sandbox: Sandbox) -> None:
    """Entra's code becomes one sentence and one hint without Entra's own text."""
    sandbox.fail(Fault(where=place, kind=f"AADSTS{code}"))
    with pytest.raises(PartnerCenterAuthError) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert hint in str(caught.value.hint)
    assert caught.value.code == str(code)
    assert f"AADSTS{code}" in str(caught.value)
    assert "Trace" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_refused_refresh_says_what_to_do(client: PartnerCenterClient, sandbox: Sandbox) -> None:
    sandbox.fail(Fault(where="token", kind="AADSTS50076", times=1))
    with pytest.raises(PartnerCenterAuthError, match="multi-factor") as caught:
        client.sign_in.refreshed_token()
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("client_id", "tenant_id", "setting"), [("nobody", TENANT_ID, "CLIENT_ID"), (CLIENT_ID, "nowhere", "TENANT_ID")]
)
def test_unknown_registration_names_the_setting(  # noqa: PLR0917
    client_id: str, tenant_id: str, setting: str, sandbox: Sandbox, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = sandbox.environment() | {
        "HUNTER_PARTNER_CENTER_CLIENT_ID": client_id,
        "HUNTER_PARTNER_CENTER_TENANT_ID": tenant_id,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    sign_in = open_sign_in(load_settings(), http)
    with pytest.raises(PartnerCenterAuthError) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert f"HUNTER_PARTNER_CENTER_{setting}" in str(caught.value.hint)


def test_client_is_a_configuration_error_when_the_client_id_is_empty() -> None:
    with pytest.raises(ConfigurationError, match="CLIENT_ID"):
        open_client(load_settings())


@pytest.mark.parametrize(("state", "problem"), [("declined", "declined"), ("pending", "not entered in time")])
def test_device_code_sign_in_fails_when_the_code_is_not_entered(
    state: str, problem: str, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person declines, or does not enter the code in time."""
    with Sandbox(SandboxOptions(referrals=1, auto_approve=False, device_code_seconds=1)) as sandbox:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_file))
        sign_in = sign_in_at(sandbox.url, http, tmp_path / TOKEN_FILE)

        def person(_address: str, _code: str, _message: str) -> None:
            for grant in sandbox.oauth.device_grants.values():
                grant.state = state

        with pytest.raises(PartnerCenterAuthError, match=problem):
            sign_in.login_device_code(person)
        assert not (tmp_path / TOKEN_FILE).exists()


class Browser(webbrowser.BaseBrowser):
    """A person's browser: opens the address and submits the forms."""

    def __init__(self, ca_file: Path, *, declines: bool = False) -> None:
        super().__init__("test")
        self.ca_file = ca_file
        self.declines = declines
        self.query: dict[str, list[str]] = {}

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        threading.Thread(target=self._visit, args=(url,), daemon=True).start()
        return True

    def _visit(self, url: str) -> None:
        self.query = parse_qs(urlsplit(url).query)
        if self.declines:
            fields = {
                "error": "access_denied",
                "error_description": "AADSTS65004: no.",
                "state": self.query["state"][0],
            }
            requests.post(self.query["redirect_uri"][0], data=fields, timeout=DEADLINE_SECONDS).close()
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
def test_browser_signs_in(declines: bool, sign_in: SignIn, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Authorization code with PKCE, redirected to http://localhost."""
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
    assert browser.query["redirect_uri"][0].startswith("http://localhost:")
    verifier = next(request.form["code_verifier"] for request in sandbox.requests if "code_verifier" in request.form)
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert (browser.query["code_challenge"], browser.query["code_challenge_method"]) == ([digest], ["S256"])


def test_browser_sign_in_times_out(sign_in: SignIn, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser the address is shown."""
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    shown: list[str] = []
    with pytest.raises(PartnerCenterAuthError, match="not finished in time"):
        sign_in.login_interactive(shown.append, timeout=1)
    assert shown[0].startswith(sandbox.url)


PRINT_TOKEN = """
import sys; from pathlib import Path
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline_tests.partner_center.conftest import sign_in_at
with Http() as http:
    print(sign_in_at(sys.argv[1], http, Path(sys.argv[2])).token())
"""


@pytest.mark.slow
def test_concurrent_processes_refresh_once(own_sandbox: Sandbox, http: Http, tmp_path: Path) -> None:
    """Three processes and four threads that find the token expired use one refresh token, once."""
    path = tmp_path / TOKEN_FILE
    sign_in_at(own_sandbox.url, http, path).login_device_code(lambda *_: None)
    content = path.read_text()
    path.write_text(re.sub(r'"expires_on": "\d+"', f'"expires_on": "{int(time.time()) + 60}"', content))
    own_sandbox.requests.clear()
    command = [sys.executable, "-c", PRINT_TOKEN, own_sandbox.url, str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    tokens: list[str] = []

    def append_token() -> None:
        tokens.append(sign_in_at(own_sandbox.url, http, path).token())

    threads = [threading.Thread(target=append_token) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tokens.extend(process.communicate(timeout=DEADLINE_SECONDS)[0].strip() for process in processes)
    assert (len(tokens), len(set(tokens))) == (7, 1)
    assert sum("refresh_token" in request.form for request in own_sandbox.requests) == 1


def test_sign_in_replaces_the_stored_account(client: PartnerCenterClient, tmp_path: Path) -> None:
    write_token_file(tmp_path / TOKEN_FILE)
    client.sign_in.login_device_code(lambda *_: None)
    assert "fabrikam" not in (tmp_path / TOKEN_FILE).read_text()


@pytest.mark.parametrize("setting", ["client_id", "tenant_id", "authority"])
def test_sign_in_elsewhere_is_not_used(setting: str, sandbox: Sandbox, clock: FakeClock, tmp_path: Path) -> None:
    """A token of another app, tenant or authority is not used, and its refresh token is not sent."""
    path = write_token_file(tmp_path / TOKEN_FILE)
    text = path.read_text()
    old = {"client_id": CLIENT_ID, "tenant_id": TENANT_ID, "authority": '"localhost"'}[setting]
    path.write_text(text.replace(old, '"login.microsoftonline.com"' if setting == "authority" else "0" * 8))
    with Http(sleep=clock.sleep) as http, pytest.raises(PartnerCenterAuthError):
        sign_in_at(sandbox.url, http, path).token()
    sent = [request.form for request in sandbox.requests if "refresh_token" in request.form]
    assert setting == "tenant_id" or sent == []


def test_msal_logs_nothing(sign_in: SignIn, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """MSAL's log quotes the claims of tokens."""
    with caplog.at_level(logging.INFO):
        sign_in.login_device_code(lambda *_: None)
        sign_in.refreshed_token()
    assert not any(record.name.startswith("msal") for record in caplog.records)


def test_probe_limits_the_refresh_too(
    client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock, tmp_path: Path
) -> None:
    """A sensor's request that has to refresh first gives up after two tries of the refresh."""
    path = tmp_path / TOKEN_FILE
    path.write_text(re.sub(r'"expires_on": "\d+"', '"expires_on": "0"', path.read_text()))
    sandbox.fail(Fault(where="token", kind="drop"))
    with pytest.raises(PartnerCenterNetworkError) as caught:
        client.newest_update()
    assert (caught.value.attempt, len(clock.waits)) == (2, 1)


def test_authority_may_name_no_account(serve: Callable[..., RawServer], http: Http, tmp_path: Path) -> None:
    """Opaque tokens without scope, ID token or client info: the account is unknown, the rest works."""
    server = serve(respond(200, {}))
    oauth = f"{server.url}/oauth2"
    places = {"authorization_endpoint": oauth, "token_endpoint": oauth, "device_authorization_endpoint": oauth}
    code = {"user_code": "A", "device_code": "B", "verification_uri": server.url, "expires_in": "60", "interval": "1"}
    pending = respond(400, {"error": "authorization_pending"})
    tokens = [{"access_token": f"a{n}", "refresh_token": f"r{n}", "expires_in": 3600} for n in range(2)]
    server.steps = [respond(200, places), respond(200, code), pending, respond(200, tokens[0])]
    server.steps += [respond(200, places), respond(200, tokens[1])]
    sign_in = sign_in_at(server.url, http, tmp_path / TOKEN_FILE)
    assert sign_in.login_device_code(lambda *_: None).username is None
    assert (sign_in.token(), sign_in.refreshed_token(), sign_in.token()) == ("a0", "a1", "a1")
    assert (sign_in.status().signed_in, sign_in.status().username) == (True, None)
    assert len(server.heads) == len(server.steps)
