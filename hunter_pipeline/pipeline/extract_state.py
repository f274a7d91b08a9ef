"""What a read of referrals is about (`Stream`), and how far it has come (`ExtractState`)."""

from dataclasses import dataclass, field
from typing import Literal

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.referrals.erasure import ErasureRegistry
from hunter_pipeline.warehouse.sync_cursors import Read


@dataclass(frozen=True, slots=True)
class Stream:
    """The referrals of one tenant and one direction ('Incoming', 'Outgoing' or 'All')."""

    tenant: str
    direction: Literal["Incoming", "Outgoing", "All"]

    @classmethod
    def from_settings(cls, settings: Settings) -> "Stream":
        """Return the stream of the settings; its tenant is empty before one is configured."""
        return cls(settings.partner_center_tenant_id or "", settings.partner_center_direction)

    @property
    def only(self) -> Literal["Incoming", "Outgoing"] | None:
        """Return the direction to filter by, None for both."""
        return None if self.direction == "All" else self.direction

    @property
    def name(self) -> str:
        """Return the key of the stream's cursor, e.g. '7d23e5ca-.../Incoming'."""
        return f"{self.tenant}/{self.direction}"


@dataclass(slots=True)
class ExtractState:
    """
    The state of a read, and its result at the end.

    since:     updatedDateTime from which it reads, None for everything.
    watermark: newest updatedDateTime of any sync.
    cursor:    position of this read, None if the order of its pages is not reliable.
    landed:    number of new versions; the other counts are the summary's.
    started_at: when the read began by Partner Center's clock; no watermark is later. Changes that are dated later, by
               a wrong clock, are read again until that time has come.
    complete:  whether the read is proven to have returned everything.
    registry:  the erased people. `hunter forget` waits for the sync's lease, so it stays valid for the whole read.
    reader:    address of the signed-in user, None if unknown; never stored.
    naming:    number of referrals with the reader in their `team`.
    """

    stream: Stream
    read: Read
    run_id: str
    since: str | None
    watermark: str | None
    cursor: str | None
    registry: ErasureRegistry
    reader: str | None = field(default=None, repr=False)
    started_at: str | None = None
    complete: bool = False
    naming: int = 0
    fetched: int = 0
    landed: int = 0
    quarantined: int = 0
    pages: int = 0
    requests: int = 0
    retries: int = 0

    @property
    def mode(self) -> str:
        """Return 'incremental' or 'full': the requested mode, or that of an interrupted read that is continued."""
        return self.read.mode

    def past(self, keys: list[str]) -> list[str]:
        """Return the keys that are not later than the start of the read."""
        return [key for key in keys if self.started_at is None or key <= self.started_at]

    def counts(self) -> dict[str, int | str | None]:
        """Return the columns of `sync_runs`."""
        names = ("mode", "fetched", "quarantined", "pages", "requests", "retries", "watermark")
        return {name: getattr(self, name) for name in names}
