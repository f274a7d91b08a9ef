"""One running pipeline for the tests that need a real Dagster; a service of its own for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.warehouse.office import office_of
from hunter_pipeline_tests.web.live import Live, pipeline

REFERRALS = 60


@pytest.fixture(scope="package")
def live(server: Path) -> Iterator[Live]:
    """A pipeline with a sandbox of 60 referrals, shared by all modules: Dagster takes some ten seconds to start."""
    with office_of(server, SandboxOptions(referrals=REFERRALS)) as office, pipeline(office) as live:
        yield live
