"""Test that versions of referrals in any order and repetition give the same rows."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hunter_pipeline.pipeline.extract import extract
from hunter_pipeline.pipeline.extract_state import Stream
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline.warehouse import sync_runs
from hunter_pipeline.warehouse.sync_lease import Lease
from hunter_pipeline_tests.warehouse.installation import (
    FakePartnerCenter,
    Installation,
    payload,
)

pytestmark = pytest.mark.slow

SANDBOX = SandboxOptions(referrals=1)


def _versions() -> list[dict[str, Any]]:
    """Return three referrals in three, two and one versions, two with equal times and one without a valid time."""
    new, active = {"status": "New", "substatus": "Pending"}, {"status": "Active", "substatus": "Accepted"}
    return [
        payload(1, "2025-02-01T00:00:00.0000001Z", **new),
        payload(1, "2025-02-01T00:00:00.0000002Z", **active),
        payload(1, "2025-02-03T00:00:00Z", status="Closed", substatus="Won", details={"dealValue": 5}),
        payload(2, "2025-02-02T00:00:00Z", **new),
        payload(2, "2025-02-02T01:00:00+02:00", **active),
        payload(3, "not a date"),
    ]


VERSIONS = _versions()
STEPS = st.sampled_from(["whole", "pull only", "behind only"])


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[str, list[list[int]]]]:
    """Return syncs as lists of pages of indexes into VERSIONS, with every version at least once."""
    numbers = draw(st.permutations(list(range(len(VERSIONS)))))
    numbers += draw(st.lists(st.sampled_from(range(len(VERSIONS))), max_size=4))
    found: list[tuple[str, list[list[int]]]] = []
    while numbers:
        pages: list[list[int]] = []
        for size in draw(st.lists(st.integers(0, 3), min_size=1, max_size=3)):
            pages.append(numbers[:size])
            numbers = numbers[size:]
        found.append((draw(STEPS), pages))
        if sum(map(len, pages)) == 0:
            found.append(("whole", [numbers]))
            numbers = []
    return found


def _deliver(installation: Installation, syncs: list[tuple[str, list[list[int]]]]) -> dict[str, Any]:
    installation.reset()
    stream = Stream("tenant", "Incoming")
    for number, (kind, pages) in enumerate([*syncs, ("whole", [])]):
        fake_partner_center: Any = FakePartnerCenter(
            *([copy.deepcopy(VERSIONS[place]) for place in page] for page in pages)
        )
        with installation.warehouse.connection() as connection:
            sync_runs.open_run(connection, f"run {number}", "incremental")
            lease = Lease(installation.warehouse, f"run {number}")
            assert lease.acquire(connection)
            extract(fake_partner_center, connection, stream, mode="incremental", run_id=f"run {number}", page_size=3)
            lease.release(connection)
        if kind == "whole":
            installation.later_steps(f"run {number}")
        elif kind == "behind only":
            installation.later_steps()
    return installation.state()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(syncs=deliveries())
def test_pages_in_any_order_and_repetition_store_the_same_rows(
    installation: Installation, syncs: list[tuple[str, list[list[int]]]]
) -> None:
    """Also if syncs stop half-way, the tables are those of one sync in order."""
    if not hasattr(installation, "expected"):
        installation.expected = _deliver(installation, [("whole", [list(range(len(VERSIONS)))])])  # type: ignore[attr-defined]
        assert [row["status"] for row in installation.expected["partner_center_referrals"]]  # type: ignore[attr-defined]
    assert _deliver(installation, syncs) == installation.expected  # type: ignore[attr-defined]
