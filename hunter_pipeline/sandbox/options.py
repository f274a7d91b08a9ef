"""
What can be set on a sandbox, and who lives in it.

Belongs here: settings, fixed ids and the one fictional person who signs in. Does not belong here:
anything that acts on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hunter_pipeline.sandbox.faults import Fault

TENANT_ID = "7f3d2a1c-5b84-4e69-9d0a-c1e2f3a4b5c6"
CLIENT_ID = "2c9e4b7a-1d36-4f58-8a0b-d4c5e6f7a8b9"
ORGANIZATION_ID = "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d"
ORGANIZATION_NAME = "Fourth Coffee Consulting"
USER_ID = "9b8a7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d"
USER_NAME = "Ada Brook"
USERNAME = "ada.brook@fourthcoffee.com"
INCOMING_PER_WORLD = 739
OUTGOING_PER_WORLD = 61
DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class SandboxOptions:
    """
    How large the world is, how fast it moves and how it misbehaves.

    Shape:  `SandboxOptions(referrals=50, seed=7, faults=[Fault(where="list", kind="429", times=1)])`.
    Units:  every `*_seconds` is in seconds; `port` 0 takes a free one.
    None:   `outgoing` follows `referrals` (61 to 739); `epoch` is the moment of the start;
            `change_every_seconds` leaves the world still; `state_file` forgets it at exit;
            `certificate_dir` is a temporary folder; `next_link_host` is the sandbox's own host and port.
    """

    referrals: int = INCOMING_PER_WORLD
    outgoing: int | None = None
    seed: int = 42
    port: int = 0
    page_size_limit: int = 200
    change_every_seconds: float | None = None
    auto_approve: bool = True
    access_token_seconds: float = 3600
    refresh_token_seconds: float = 90 * DAY
    device_code_seconds: float = 900
    device_code_interval: int = 1
    block_device_code: bool = False
    refuse_updated_filter: bool = False
    refuse_all_filters: bool = False
    tenants: int = 17
    state_file: Path | None = None
    certificate_dir: Path | None = None
    next_link_host: str | None = None
    epoch: datetime | None = None
    faults: Sequence[Fault] = field(default_factory=tuple)

    @property
    def outgoing_count(self) -> int:
        """How many Outgoing referrals lie on top of the Incoming ones."""
        if self.outgoing is not None:
            return self.outgoing
        return self.referrals * OUTGOING_PER_WORLD // INCOMING_PER_WORLD
