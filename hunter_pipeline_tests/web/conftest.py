"""One running pipeline for the tests that need a real Dagster; a service of its own for each test that asks for one."""

from collections.abc import Iterator

import pytest

from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.office import office_of
from hunter_pipeline_tests.web.browser import require_browser
from hunter_pipeline_tests.web.live import Live, pipeline

REFERRALS = 60


@pytest.fixture(scope="session")
def needs_browser() -> None:
    """Look for a browser before anything is started that only a browser would look at."""
    require_browser()


@pytest.fixture(scope="package")
def live(server: Server) -> Iterator[Live]:
    """
    A pipeline with a sandbox of 60 referrals, shared by all modules: Dagster takes some ten seconds to start.

    It ends with this package's tests, before the next module on this worker starts a Dagster of its own.
    """
    with office_of(server, SandboxOptions(referrals=REFERRALS)) as office, pipeline(office) as live:
        yield live
