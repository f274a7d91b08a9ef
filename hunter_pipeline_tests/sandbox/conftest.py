"""Sandboxes of the tests, and an HTTPS client for them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msal
import pytest
import requests

from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

REFERRALS = "/v1.0/engagements/referrals"
SCOPES = ["https://api.partner.microsoft.com/.default"]
CLIENT_REQUEST_ID = "5c1b1c5e-0000-4000-8000-000000000001"


@dataclass
class Client:
    """A client of one sandbox, which trusts its certificate only and ignores the environment's proxies."""

    sandbox: Sandbox
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.verify = str(self.sandbox.ca_file)

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Send a request without any headers."""
        return self.session.request(method, self.sandbox.url + path, timeout=DEADLINE_SECONDS, **arguments)

    def get(self, query: Any = None, *, path: str = REFERRALS, **headers: Any) -> requests.Response:
        """Send a request with the headers that the API requires; a header of None is left out."""
        required = {
            "Authorization": f"Bearer {self.sandbox.access_token()}",
            "client-request-id": CLIENT_REQUEST_ID,
        }
        sent = {name: value for name, value in (required | headers).items() if value is not None}
        url = self.sandbox.url + path
        return self.session.get(url, params=query, headers=sent, timeout=DEADLINE_SECONDS, allow_redirects=False)

    def pages(self, query: Any = None) -> Iterator[dict[str, Any]]:
        """Return every page of a list; of nextLink only the query string is used."""
        while query is not None:
            response = self.get(query)
            assert response.status_code == 200, response.text
            yield response.json()
            link = response.json().get("@odata.nextLink")
            query = urlsplit(link).query if link else None

    def rows(self, **options: str) -> list[Any]:
        """Return every referral of a list; the options are `filter`, `orderby`, `select` and `top`."""
        query = {f"${name}": value for name, value in ({"top": "200"} | options).items()}
        return [row for page in self.pages(query) for row in page["value"]]

    def app(self, cache: msal.SerializableTokenCache | None = None) -> Any:
        """Return an MSAL application for this sandbox; MSAL's own annotations are too loose to be of use."""
        authority = f"{self.sandbox.url}/{self.sandbox.tenant_id}"
        return msal.PublicClientApplication(
            self.sandbox.client_id,
            authority=authority,
            instance_discovery=False,
            http_client=self.session,
            token_cache=cache,
        )

    def sign_in(self, app: Any) -> dict[str, Any]:
        """Sign in by device code, and return MSAL's result."""
        return app.acquire_token_by_device_flow(app.initiate_device_flow(SCOPES))


StartSandbox = Callable[..., Client]


@pytest.fixture
def start() -> Iterator[StartSandbox]:
    """Return a function that starts a small sandbox with the given options; the end of the test stops them all."""
    with ExitStack() as stack:

        def started(**options: Any) -> Client:
            settings: dict[str, Any] = {"referrals": 40} | options
            client = Client(stack.enter_context(Sandbox(SandboxOptions(**settings))))
            stack.callback(client.session.close)
            return client

        yield started


@pytest.fixture(scope="session")
def full() -> Iterator[Client]:
    """Return a client of a sandbox of the default size; no test changes its referrals."""
    with Sandbox(SandboxOptions()) as sandbox:
        client = Client(sandbox)
        yield client
        client.session.close()
