"""Test HTTP faults, each run through a real sync: a part of the matrix of `make chaos`."""

from collections.abc import Iterator

import pytest

from chaos import faults
from chaos.fault_cases import Case, all_cases
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


def cases() -> Iterator[Case]:
    """Yield every fault of the middle page, and at the other places one of each kind with each result."""
    seen = set[tuple[object, ...]]()
    for case in all_cases():
        kind = (case.row, case.place, case.error, *case.upstream)
        if case.place == "middle page" or kind not in seen:
            seen.add(kind)
            yield case


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_sync_handles_the_fault_as_documented(case: Case, installation: Installation) -> None:
    """Tries, waits, exit code, error, events and stored referrals; the next sync completes."""
    differences = faults.differences(case, faults.run(case, installation))
    assert not differences, differences
