"""Test the estimate of free disk space."""

from datetime import timedelta
from pathlib import Path

import pytest

from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline.warehouse.disk_space import DiskSpace, disk_space

SYNC = """insert into sync_runs (run_id, status, mode, started_at, finished_at)
          values ('r', 'success', 'full', now() - %s, now())"""


@pytest.mark.parametrize(
    ("space", "text", "is_low"),
    [
        (DiskSpace(52_300_000_000, None), "52.3 GB free", False),
        (DiskSpace(52_300_000_000, 400), "52.3 GB free, enough for 400 days at the present growth", False),
        (DiskSpace(52_300_000_000, 13), "52.3 GB free, enough for 13 days at the present growth", True),
        (DiskSpace(900_000_000, None), "0.9 GB free", True),
    ],
)
def test_disk_space_is_low_by_size_or_by_growth(space: DiskSpace, text: str, is_low: bool) -> None:
    assert (str(space), space.is_low()) == (text, is_low)


def test_growth_is_known_after_a_day(connection: Connection, tmp_path: Path) -> None:
    """HUNTER_HOME need not exist yet."""
    home = tmp_path / "not" / "there"
    assert disk_space(home, None).free_bytes > 0
    assert disk_space(home, connection).days_left is None
    connection.execute(SYNC, (timedelta(hours=1),))
    assert disk_space(home, connection).days_left is None
    connection.execute("update sync_runs set started_at = now() - interval '10 days'")
    days = disk_space(home, connection).days_left
    assert days is not None
    assert days > 0
