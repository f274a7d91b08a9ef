"""Settings, clients and servers for the tests of the Partner Center client."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import DEFAULT_POLICY, Http, RetryPolicy
from hunter_pipeline.partner_center.token_store import TokenFile
from hunter_pipeline.sandbox import CLIENT_ID, TENANT_ID, Sandbox, SandboxOptions
from hunter_pipeline_tests.partner_center.raw_server import RawServer, Step

SCOPE = "https://api.partner.microsoft.com/.default"
SECRET = "eyJ0b2tlbi.that.must-not-leak"


class FakeClock:
    """A clock whose `sleep` moves it forward without waiting; `waits` are the seconds of each sleep."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._skipped = 0.0

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._skipped += seconds

    def now(self) -> float:
        return time.monotonic() + self._skipped


@pytest.fixture(autouse=True)
def network_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove the machine's proxy, CA bundle and netrc."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def http(clock: FakeClock) -> Iterator[Http]:
    """A session with the production policy that does not wait between retries."""
    with Http(sleep=clock.sleep, clock=clock.now) as http:
        yield http


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """A sandbox with five incoming referrals: three pages of two, two and one."""
    with Sandbox(SandboxOptions(referrals=5, outgoing=0, device_code_interval=1)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(shared_sandbox.ca_file))
    shared_sandbox.clear_faults()
    shared_sandbox.requests.clear()
    yield shared_sandbox
    shared_sandbox.clear_faults()


@pytest.fixture
def sign_in(sandbox: Sandbox, http: Http, tmp_path: Path) -> SignIn:
    """A sign-in at the sandbox, without a stored account."""
    return sign_in_at(sandbox.url, http, tmp_path / "home" / ".token_cache")


@pytest.fixture(scope="session")
def token_file_content(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The token file after a sign-in at the sandbox, made once."""
    path = tmp_path_factory.mktemp("signed_in") / ".token_cache"
    with pytest.MonkeyPatch.context() as patch, Http() as http:
        patch.setenv("REQUESTS_CA_BUNDLE", str(shared_sandbox.ca_file))
        sign_in_at(shared_sandbox.url, http, path).login_device_code(lambda *_: None)
    return path.read_bytes()


@pytest.fixture
def client(
    sandbox: Sandbox, http: Http, sign_in: SignIn, token_file_content: bytes, tmp_path: Path
) -> PartnerCenterClient:
    """A client that is signed in, with a token that is valid for an hour."""
    path = tmp_path / "home" / ".token_cache"
    path.parent.mkdir()
    path.write_bytes(token_file_content)
    return PartnerCenterClient(http, sign_in, sandbox.url)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., RawServer]]:
    """`serve(step, step)` starts a raw server whose certificate is trusted."""
    started: list[RawServer] = []

    def start(*steps: Step, trusted: bool = True) -> RawServer:
        folder = tmp_path / f"server{len(started)}"
        folder.mkdir()
        server = RawServer(folder, *steps, trusted=trusted)
        started.append(server.__enter__())
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))
        return server

    yield start
    for server in started:
        server.__exit__()


def sign_in_at(authority: str, http: Http, path: Path) -> SignIn:
    """Return a sign-in at an authority with a token file."""
    return SignIn(http, TokenFile(path), client_id=CLIENT_ID, tenant_id=TENANT_ID, authority=authority, scope=SCOPE)


def write_token_file(path: Path, *, token: str = SECRET, expires_in: int = 3600, refresh_token: str = "r-1") -> Path:
    """Write a token file as MSAL does, for tests without an Entra."""
    common = {"home_account_id": "u.t", "environment": "localhost", "client_id": CLIENT_ID}
    now = int(time.time())
    access = {"secret": token, "realm": TENANT_ID, "target": SCOPE, "expires_on": str(now + expires_in)} | common
    refresh = {"secret": refresh_token, "target": SCOPE, "last_modification_time": str(now)} | common
    account = {"home_account_id": "u.t", "environment": "localhost", "realm": TENANT_ID, "username": "sue@fabrikam.com"}
    sections = {"AccessToken": {"a": access}, "RefreshToken": {"r": refresh}, "Account": {"u": account}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sections), encoding="utf-8")
    return path


def client_of(
    server: RawServer, tmp_path: Path, clock: FakeClock, policy: RetryPolicy = DEFAULT_POLICY
) -> PartnerCenterClient:
    """Return a client with a token for a raw server; close it."""
    return client_with(Http(policy, sleep=clock.sleep, clock=clock.now), server, tmp_path)


def client_with(http: Http, server: RawServer, tmp_path: Path) -> PartnerCenterClient:
    """Return a client with a token for a raw server that uses a given session; close it."""
    sign_in = sign_in_at(server.url, http, write_token_file(tmp_path / ".token_cache"))
    return PartnerCenterClient(http, sign_in, server.url)
