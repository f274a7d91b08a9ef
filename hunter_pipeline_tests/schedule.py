"""
Assign tests to the workers of pytest-xdist and order them.

Tests of a module share fixtures, so they stay together. Modules that start a whole Dagster stay together as well,
because two such systems at once would slow each other down on a machine with two cores.
"""

from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

# The modules that start a whole Dagster: one worker runs them first, one after the other.
WHOLE_SYSTEMS = ("test_browser", "test_api_syncs", "test_uat", "test_operations", "test_demo", "test_dagster_commands")
# Other slow modules start early, so that no worker runs one alone at the end.
LONG = ("test_disk", "test_privacy")


def sort_longest_first(items: list[pytest.Item]) -> None:
    """Put the longest modules first; keep the order within a module and among the others."""
    places = {name: place for place, name in enumerate((*WHOLE_SYSTEMS, *LONG))}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


class ModuleScheduling(LoadFileScheduling):
    """A scheduler that distributes tests by module, with the modules of WHOLE_SYSTEMS as one."""

    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        return "whole systems" if Path(path).stem in WHOLE_SYSTEMS else path
