"""
Assign tests to the workers of pytest-xdist and order them.

Tests of a module share fixtures, so they stay together. Modules that start a whole Dagster form two groups, because
three such systems at once would slow each other down on a machine with two cores.
"""

from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

# The modules that start a whole Dagster: one worker runs the modules of a group, first and one after the other.
# The groups take about the same time. The first three modules share a Dagster, see `live` in web/conftest.py.
WHOLE_SYSTEMS = (
    ("test_browser", "test_dagster_webserver", "test_api_syncs", "test_demo", "test_dagster_commands"),
    ("test_operations", "test_uat"),
)
# Other slow modules start early, so that no worker runs one alone at the end.
LONG = (
    "test_privacy",
    "test_upgrade",
    "test_answers",
    "test_embedded",
    "test_upgrade_b769da0",
    "test_browser_settings",
)


def sort_longest_first(items: list[pytest.Item]) -> None:
    """Put the longest modules first; keep the order within a module and among the others."""
    names = [name for group in WHOLE_SYSTEMS for name in group]
    places = {name: place for place, name in enumerate((*names, *LONG))}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


class ModuleScheduling(LoadFileScheduling):
    """A scheduler that distributes tests by module, with the modules of each group of WHOLE_SYSTEMS as one."""

    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        groups = (f"whole systems {place}" for place, names in enumerate(WHOLE_SYSTEMS) if Path(path).stem in names)
        return next(groups, path)
