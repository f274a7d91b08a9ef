"""Provide Dagster in process: the real definitions, an instance per test and one sandbox per module."""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest

from hunter_pipeline.definitions import build_defs
from hunter_pipeline.pipeline.sync_run import SYNC_JOB
from hunter_pipeline_tests.warehouse.installation import Installation

REFERRALS = 30
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

Run = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def run(installation: Installation, instance: dg.DagsterInstance) -> Run:
    """Return a function that runs the job, or some of its assets, like `hunter sync`."""

    def execute(*assets: str, config: dict[str, Any] | None = None) -> dg.ExecuteInProcessResult:
        return (
            build_defs()
            .resolve_job_def(SYNC_JOB)
            .execute_in_process(
                run_config={**QUIET, **(config or {})},
                instance=instance,
                raise_on_error=False,
                asset_selection=[dg.AssetKey(name) for name in assets] or None,
            )
        )

    return execute
