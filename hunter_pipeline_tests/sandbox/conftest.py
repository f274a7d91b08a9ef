"""
Sandboxes and clients for their tests.

Belongs here: starting, stopping, and a client that trusts the sandbox's certificate only.
"""

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


@dataclass
class Client:
    """A thin client: every call has a time-out, and the environment's proxies and bundles are ignored."""

    sandbox: Sandbox
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        """Trust this sandbox."""
        self.session.trust_env = False
        self.session.verify = str(self.sandbox.ca_file)

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Any request, without headers of its own."""
        return self.session.request(method, self.sandbox.url + path, timeout=DEADLINE_SECONDS, **arguments)

    def get(self, query: Any = None, *, path: str = REFERRALS, **headers: Any) -> requests.Response:
        """A request as the API wants it."""
        own = {
            "Authorization": f"Bearer {self.sandbox.access_token()}",
            "client-request-id": "5c1b1c5e-0000-4000-8000-000000000001",
        }
        sent = {name: value for name, value in (own | headers).items() if value is not None}
        url = self.sandbox.url + path
        return self.session.get(url, params=query, headers=sent, timeout=DEADLINE_SECONDS, allow_redirects=False)

    def pages(self, query: Any = None) -> Iterator[dict[str, Any]]:
        """Every page, following nextLink by its query only."""
        while query is not None:
            answer = self.get(query)
            assert answer.status_code == 200, answer.text
            yield answer.json()
            link = answer.json().get("@odata.nextLink")
            query = urlsplit(link).query if link else None

    def rows(self, **query: str) -> list[Any]:
        """Every row of a list; `filter`, `orderby` and `top` without their dollar."""
        asked = {f"${name}": value for name, value in ({"top": "200"} | query).items()}
        return [row for page in self.pages(asked) for row in page["value"]]

    def app(self, cache: msal.SerializableTokenCache | None = None) -> Any:
        """A PublicClientApplication of MSAL, whose own annotations are too loose to be of use, pointed here."""
        authority = f"{self.sandbox.url}/{self.sandbox.tenant_id}"
        return msal.PublicClientApplication(
            self.sandbox.client_id,
            authority=authority,
            instance_discovery=False,
            http_client=self.session,
            token_cache=cache,
        )

    def sign_in(self, app: Any) -> dict[str, Any]:
        """Device code, from end to end."""
        return app.acquire_token_by_device_flow(app.initiate_device_flow(SCOPES))


Start = Callable[..., Client]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a small sandbox with given options; all are stopped at the end of the test."""
    with ExitStack() as stack:

        def started(**options: Any) -> Client:
            settings: dict[str, Any] = {"referrals": 40} | options
            sandbox = stack.enter_context(Sandbox(SandboxOptions(**settings)))
            client = Client(sandbox)
            stack.callback(client.session.close)
            return client

        yield started


@pytest.fixture(scope="session")
def full() -> Iterator[Client]:
    """A world of the default size that no test changes."""
    with Sandbox(SandboxOptions()) as sandbox:
        client = Client(sandbox)
        yield client
        client.session.close()
