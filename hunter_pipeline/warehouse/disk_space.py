"""Measure the free space of the disk of HUNTER_HOME and estimate how long it lasts at the database's growth."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from hunter_pipeline.warehouse.connection import Connection, fetch_one

# The limits below which a warning is given.
LOW_BYTES = 1_000_000_000
LOW_DAYS = 14
# The shortest period from which the growth is estimated.
_MEASURED_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The free bytes, and the days that they last at the present growth (None if the growth is unknown)."""

    free_bytes: int
    days_left: int | None

    def __str__(self) -> str:
        lasts = "" if self.days_left is None else f", enough for {self.days_left} days at the present growth"
        return f"{self.free_bytes / 1e9:.1f} GB free{lasts}"

    def is_low(self) -> bool:
        """Return whether the free space is below one of the limits."""
        return self.free_bytes < LOW_BYTES or (self.days_left is not None and self.days_left < LOW_DAYS)


def disk_space(home: Path, connection: Connection | None) -> DiskSpace:
    """Return the free space of the disk of `home`; `connection` is None unless the database is the embedded one."""
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    growth = fetch_one(connection, "database_growth") if connection else None
    if growth is None or growth["seconds"] is None or growth["seconds"] < _MEASURED_SECONDS:
        return DiskSpace(free, None)
    return DiskSpace(free, int(free / max(float(growth["bytes"]) / float(growth["seconds"]) * 86_400, 1)))
