"""Define the settings of a sandbox, and the fixed ids of its tenant, its app registration and its only user."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hunter_pipeline.sandbox.faults import Fault

TENANT_ID = "7f3d2a1c-5b84-4e69-9d0a-c1e2f3a4b5c6"
CLIENT_ID = "2c9e4b7a-1d36-4f58-8a0b-d4c5e6f7a8b9"
ORGANIZATION_ID = "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d"
ORGANIZATION_NAME = "Fourth Coffee Consulting"
USER_ID = "9b8a7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d"
USER_NAME = "Ada Brook"
USERNAME = "ada.brook@fourthcoffee.com"
DEFAULT_INCOMING, DEFAULT_OUTGOING = 739, 61


@dataclass(frozen=True, kw_only=True)
class SandboxOptions:
    """
    Settings of a sandbox.

    Attributes:
        referrals, outgoing: number of Incoming and Outgoing referrals; `outgoing` None is in proportion, 61 to 739.
        seed: the same seed and numbers generate the same referrals.
        epoch: the time for which referrals are generated; None is the time of the start.
        tenants: number of companies with a Microsoft 365 tenant.
        state_file: where the referrals are kept between runs; None keeps them in memory only.
        change_every_seconds: interval at which referrals change or arrive; None leaves them as they are.
        port: port on loopback; 0 takes a free one.
        certificate_dir: folder of the certificate authority; None is a temporary folder.
        page_size_limit: largest `$top`.
        top_is_total: `$top` limits the whole list and not a page.
        skip_links: `@odata.nextLink` counts with `$skip` instead of a token, so that changes shift its pages.
        refuse_updated_filter, refuse_all_filters: answer such a `$filter` with 400.
        next_link_host: host in `@odata.nextLink`; None is the sandbox's own host and port.
        remembers_request_ids: answer an update with the `request-id` of an earlier one without applying it again.
        auto_approve: approve every sign-in without a person.
        block_device_code: refuse the device code flow as Conditional Access does.
        device_code_interval: seconds between two polls of a device code.
        faults: faults from the start.
    """

    referrals: int = DEFAULT_INCOMING
    outgoing: int | None = None
    seed: int = 42
    epoch: datetime | None = None
    tenants: int = 17
    state_file: Path | None = None
    change_every_seconds: float | None = None
    port: int = 0
    certificate_dir: Path | None = None
    page_size_limit: int = 200
    top_is_total: bool = False
    skip_links: bool = False
    refuse_updated_filter: bool = False
    refuse_all_filters: bool = False
    next_link_host: str | None = None
    remembers_request_ids: bool = True
    auto_approve: bool = True
    block_device_code: bool = False
    device_code_interval: int = 1
    device_code_seconds: float = 900
    access_token_seconds: float = 3600
    refresh_token_seconds: float = 90 * 86_400
    faults: "Sequence[Fault]" = ()

    @property
    def outgoing_count(self) -> int:
        """Return the number of Outgoing referrals."""
        if self.outgoing is not None:
            return self.outgoing
        return self.referrals * DEFAULT_OUTGOING // DEFAULT_INCOMING
