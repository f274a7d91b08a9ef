"""The matrix of HTTP faults, each run through a real sync; see `make chaos`."""

from collections.abc import Iterator

import pytest

from chaos import faults
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.office import Office, office_of, sign_in

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Office]:
    with office_of(server, faults.OPTIONS) as office:
        faults.disable_synchronous_commit(office)
        yield office


@pytest.fixture
def office(shared: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    for name, value in shared.environment.items():
        monkeypatch.setenv(name, value)
    sign_in(shared)
    return shared


@pytest.mark.parametrize("case", faults.cases(), ids=lambda case: case.name)
def test_sync_handles_the_fault_as_documented(case: faults.Case, office: Office) -> None:
    """Tries, waits, exit code, error, events and stored referrals; the next sync completes."""
    differences = faults.differences(case, faults.run(case, office))
    assert not differences, differences
