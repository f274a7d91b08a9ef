"""The free space of the disk under HUNTER_HOME, and how long it lasts while the embedded database grows as it does."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from hunter_pipeline.warehouse.connection import Connection, fetch_one

# A warning comes below either of these.
LOW_BYTES = 1_000_000_000
LOW_DAYS = 14
# The growth of a shorter time says nothing.
_MEASURED_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """Free bytes, and the days that they last at the present growth; None if the growth is unknown."""

    free_bytes: int
    days_left: int | None

    def __str__(self) -> str:
        lasts = "" if self.days_left is None else f", enough for {self.days_left} days at the present growth"
        return f"{self.free_bytes / 1e9:.1f} GB free{lasts}"

    def is_low(self) -> bool:
        """Return whether it is time to free space."""
        return self.free_bytes < LOW_BYTES or (self.days_left is not None and self.days_left < LOW_DAYS)


def disk_space(home: Path, connection: Connection | None) -> DiskSpace:
    """Return the space of the disk that `home` is on; `connection` is the embedded database's, None for another one."""
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    growth = fetch_one(connection, "database_growth") if connection else None
    if growth is None or growth["seconds"] is None or growth["seconds"] < _MEASURED_SECONDS:
        return DiskSpace(free, None)
    return DiskSpace(free, int(free / max(float(growth["bytes"]) / float(growth["seconds"]) * 86_400, 1)))
