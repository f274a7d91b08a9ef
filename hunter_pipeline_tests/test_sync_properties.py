"""Whatever the order in which versions of referrals arrive, and however often: the same rows."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hunter_pipeline.pipeline.steps import Stream, pull
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline.warehouse import sync_runs
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.office import FarSide, Office, office_of, payload


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Office]:
    with office_of(server, SandboxOptions(referrals=1)) as office:
        yield office


def _versions() -> list[dict[str, Any]]:
    """Three referrals in three, two and one versions; two of one moment; one without a readable moment."""
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
    """Syncs, each with its pages, each with numbers of VERSIONS; every version comes at least once."""
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


def _deliver(office: Office, syncs: list[tuple[str, list[list[int]]]]) -> dict[str, Any]:
    office.execute("truncate raw_referrals, sync_cursors, sync_runs, companies, normalized_referrals")
    office.execute("truncate partner_center_referrals")
    stream = Stream("tenant", "Incoming")
    for number, (kind, pages) in enumerate([*syncs, ("whole", [])]):
        far_side: Any = FarSide(*([copy.deepcopy(VERSIONS[place]) for place in page] for page in pages))
        with office.warehouse.connection() as connection:
            sync_runs.open_run(connection, f"run {number}", "incremental")
            connection.commit()
            pulled = pull(far_side, connection, stream, mode="incremental", run_id=f"run {number}", page_size=3)
        if kind == "whole":
            office.behind(stream, pulled)
        elif kind == "behind only":
            office.behind(stream, None, everything=True)
    return office.state()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(syncs=deliveries())
def test_any_order_and_any_repetition_leave_the_same_rows(
    office: Office, syncs: list[tuple[str, list[list[int]]]]
) -> None:
    """Pages in any order, versions repeated, syncs that stop half-way: the tables are those of one sync in order."""
    if not hasattr(office, "expected"):
        office.expected = _deliver(office, [("whole", [list(range(len(VERSIONS)))])])  # type: ignore[attr-defined]
        assert [row["status"] for row in office.expected["partner_center_referrals"]]  # type: ignore[attr-defined]
    assert _deliver(office, syncs) == office.expected  # type: ignore[attr-defined]
