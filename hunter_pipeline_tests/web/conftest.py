"""Fixtures of the web tests: a running pipeline with a real Dagster, and the check for a browser."""

from collections.abc import Iterator

import pytest

from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import open_installation
from hunter_pipeline_tests.web.browser import require_browser
from hunter_pipeline_tests.web.services import LivePipeline, run_pipeline

REFERRALS = 60


@pytest.fixture(scope="session")
def needs_browser() -> None:
    """Skip the browser tests before Dagster is started if the machine has no browser."""
    require_browser()


@pytest.fixture(scope="package")
def live(server: Server) -> Iterator[LivePipeline]:
    """
    A pipeline with a sandbox of 60 referrals, shared by all modules because Dagster takes ten seconds to start.

    It ends with this package's tests, before the next module on this worker starts another Dagster.
    """
    with (
        open_installation(server, SandboxOptions(referrals=REFERRALS)) as installation,
        run_pipeline(installation) as live,
    ):
        yield live
