"""Test the matrix of HTTP faults, each run through a real sync; see `make chaos`."""

from collections.abc import Iterator

import pytest

from chaos import faults
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import Installation, open_installation, sign_in

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Installation]:
    with open_installation(server, faults.OPTIONS) as installation:
        faults.disable_synchronous_commit(installation)
        yield installation


@pytest.fixture
def installation(shared: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    for name, value in shared.environment.items():
        monkeypatch.setenv(name, value)
    sign_in(shared)
    return shared


@pytest.mark.parametrize("case", faults.cases(), ids=lambda case: case.name)
def test_sync_handles_the_fault_as_documented(case: faults.Case, installation: Installation) -> None:
    """Tries, waits, exit code, error, events and stored referrals; the next sync completes."""
    differences = faults.differences(case, faults.run(case, installation))
    assert not differences, differences
