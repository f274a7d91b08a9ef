"""Test arbitrary JSON in a page, from its bytes to the last table: nothing raises and nothing is lost."""

from collections.abc import Iterator
from typing import Any

import pytest
import simplejson
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chaos import faults
from hunter_pipeline.partner_center.pagination import read_page
from hunter_pipeline.partner_center.responses import ApiResponse
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.partner_center.pages import parsed_items
from hunter_pipeline_tests.referrals.strategies import json_values, referrals
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import FakePartnerCenter, Installation, open_installation, payload

pytestmark = pytest.mark.slow

IDS = st.sampled_from(["a", "B", " a ", "00000000-0000-4000-8000-000000000001", "", "x" * 300, "a\0b", None, 7])
STAMPS = st.sampled_from(
    [
        *("2025-01-02T08:00:00Z", "2025-01-02T08:00:00.0000019Z", "2025-01-02T09:00:00.000001+01:00"),
        *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "yesterday", "", None, 7, True),
    ]
)
WITH_ID = st.builds(
    lambda body, key, stamp: {**body, "id": key, "updatedDateTime": stamp}, referrals, IDS, STAMPS | json_values
)
WITH_ONE_ODD_FIELD = st.builds(
    lambda number, key, value: {**payload(number), key: value},
    st.integers(1, 3),
    st.sampled_from(list(payload(1))),
    json_values,
)
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
PAGES = st.lists(st.lists(WITH_ID | WITH_ONE_ODD_FIELD | referrals | json_values, max_size=5), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Installation]:
    with open_installation(server, SandboxOptions(referrals=1)) as installation:
        faults.disable_synchronous_commit(installation)
        yield installation


def parsed_pages(pages: list[list[Any]]) -> list[list[Any]]:
    """Return the items as the client parses them from the pages' bytes."""
    answers = [
        ApiResponse(200, {}, simplejson.dumps({"value": items}, use_decimal=True, allow_nan=True).encode(), 1)
        for items in pages
    ]
    return [parsed_items(read_page(answer, number)) for number, answer in enumerate(answers, 1)]


def count_stored(installation: Installation) -> tuple[int, int]:
    """Return how many versions and how many quarantined payloads there are."""
    return (
        installation.value("select count(*) from raw_referrals"),
        installation.value("select count(*) from quarantined_referrals"),
    )


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(pages=PAGES)
@example(pages=[[{"id": "a", "updatedDateTime": "9999-12-31T23:59:59-14:00", "details": {"dealValue": "1e400"}}]])
def test_any_json_is_one_version_or_one_quarantined_payload(installation: Installation, pages: list[list[Any]]) -> None:
    """Also after it arrived again; each referral is a row of every table."""
    installation.reset()
    arrived = parsed_pages(pages)
    texts = {
        simplejson.dumps(item, sort_keys=True, use_decimal=True, allow_nan=True) for page in arrived for item in page
    }
    first = installation.sync(client=FakePartnerCenter(*arrived))
    assert first["status"] == "success", first
    assert first["fetched"] == sum(map(len, arrived))
    assert sum(count_stored(installation)) == len(texts)
    before, state = count_stored(installation), installation.state()
    again = installation.sync(client=FakePartnerCenter(*parsed_pages(pages)))
    assert (again["status"], again["new"], again["updated"]) == ("success", 0, 0)
    assert (count_stored(installation), installation.state()) == (before, state)
    known = installation.value("select count(distinct referral_id) from raw_referrals")
    for table in ("normalized_referrals", "partner_center_referrals"):
        assert installation.value(f"select count(*) from {table}") == known
        assert installation.value(f"select count(distinct referral_id) from {table}") == known
