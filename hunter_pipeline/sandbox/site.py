"""
What the parts of a running sandbox share.

Belongs here: the one object that every route is given, and the record of what was asked. Does not
belong here: behaviour.
"""

from dataclasses import dataclass, field
from typing import Any

from hunter_pipeline.sandbox.faults import FaultBook
from hunter_pipeline.sandbox.options import SandboxOptions
from hunter_pipeline.sandbox.paging import Catalogue
from hunter_pipeline.sandbox.tokens import TokenOffice
from hunter_pipeline.sandbox.world import World

# A demo may run for weeks: the record keeps the newer half when it reaches this.
MOST_RECORDED = 20_000


@dataclass
class RecordedRequest:
    """
    A request as it came in, and what it was answered.

    Shape: `query` is decoded (`{"$top": "200"}`), `raw_query` is not; header names are lower case;
           `form` is what was posted. None: a `status` of None was dropped without an answer.
    """

    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    headers: dict[str, str]
    status: int | None = None
    fault: str | None = None
    form: dict[str, str] = field(default_factory=dict)


@dataclass
class DeviceGrant:
    """A sign-in by device code that waits for a person; `state` is pending, approved, declined or used."""

    user_code: str
    scope: str
    expires_at: float
    state: str = "pending"


@dataclass
class CodeGrant:
    """An authorization code that waits to be redeemed."""

    scope: str
    redirect_uri: str
    challenge: str
    nonce: str | None
    expires_at: float


@dataclass
class Site:
    """One running sandbox."""

    options: SandboxOptions
    world: World
    url: str
    faults: FaultBook = field(default_factory=FaultBook)
    requests: list[RecordedRequest] = field(default_factory=list)
    device_grants: dict[str, DeviceGrant] = field(default_factory=dict)
    code_grants: dict[str, CodeGrant] = field(default_factory=dict)
    tokens: TokenOffice = field(init=False)
    catalogue: Catalogue = field(init=False)

    def __post_init__(self) -> None:
        """Open the offices that need the world."""
        self.tokens = TokenOffice(self.options, self.world)
        self.catalogue = Catalogue(self.world)

    @property
    def host(self) -> str:
        """Host and port, as `nextLink` prints them."""
        return self.options.next_link_host or self.url.removeprefix("https://")

    def record(self, request: RecordedRequest) -> None:
        """Remember a request."""
        if len(self.requests) >= MOST_RECORDED:
            del self.requests[: MOST_RECORDED // 2]
        self.requests.append(request)

    def stats(self) -> dict[str, Any]:
        """Figures for the control endpoint."""
        statuses = [request.status for request in self.requests]
        return {
            "referrals": len(self.world.referrals),
            "incoming": len(self.world.incoming()),
            "removed": len(self.world.removed),
            "tenants": len(self.world.tenants),
            "requests": len(statuses),
            "statuses": {str(status): statuses.count(status) for status in sorted(set(statuses), key=str)},
            "faults": len(self.faults.listed()),
        }
