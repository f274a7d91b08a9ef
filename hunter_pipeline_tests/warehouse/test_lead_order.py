"""The order of leads_ready against the order in which a seller would call, and against a whole sandbox."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline.warehouse import listing
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.office import FarSide, Office, office_of, sign_in

RANKING = Path(__file__).parent.parent / "data/golden/ranking.jsonl"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z")


def golden_payloads() -> list[dict[str, Any]]:
    """Return the referrals of the golden ranking, with their dates as far from now as when they were written."""
    payloads: list[dict[str, Any]] = []
    for line in RANKING.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        shift = datetime.now(UTC) - datetime.fromisoformat(entry["written_at"])
        text = _MOMENT.sub(
            lambda match, shift=shift: (
                f"{datetime.fromisoformat(match[1] + '+00:00') + shift:%Y-%m-%dT%H:%M:%S}.0000000Z"
            ),
            json.dumps(entry["payload"]),
        )
        payloads.append(json.loads(text))
    return payloads


def spearman(order: list[int]) -> float:
    """Return Spearman's rank correlation of a permutation of 0..n-1 with the identity."""
    size = len(order)
    return 1 - 6 * sum((place - rank) ** 2 for place, rank in enumerate(order)) / (size * (size**2 - 1))


def leads(office: Office) -> list[dict[str, Any]]:
    return office.rows(
        "select * from leads_ready"
        " order by score desc, deal_value_base desc nulls last, expires_at asc nulls last, lead_key"
    )


def test_order_agrees_with_a_seller(office: Office) -> None:
    payloads = golden_payloads()
    assert office.sync(client=FarSide(payloads))["status"] == "success"
    rank_of = {payload["id"]: rank for rank, payload in enumerate(payloads)}
    order = [rank_of[lead["primary_referral_id"]] for lead in leads(office)]
    assert sorted(order) == list(range(len(payloads)))
    assert spearman(order) >= 0.95


@pytest.fixture(scope="module")
def large_office(server: Server) -> Iterator[Office]:
    """A sandbox of the demo's size, synced once."""
    with office_of(server, SandboxOptions()) as office, pytest.MonkeyPatch.context() as patch:
        for name, value in office.environment.items():
            patch.setenv(name, value)
        sign_in(office)
        assert office.sync(page_size=200)["status"] == "success"
        yield office


def test_scores_of_a_sandbox_discriminate(large_office: Office) -> None:
    """No more than 5 % of the leads share a score."""
    rows = leads(large_office)
    [(score, count)] = Counter(row["score"] for row in rows).most_common(1)
    assert count <= 0.05 * len(rows), (score, count, len(rows))


def test_every_open_referral_is_in_a_lead(large_office: Office) -> None:
    in_leads = [referral_id for row in leads(large_office) for referral_id in row["referral_ids"]]
    open_referrals = large_office.rows(
        "select referral_id from partner_center_referrals where status in ('New', 'Active') and missing_since is null"
    )
    assert len(in_leads) == len(set(in_leads))
    assert {row["referral_id"] for row in open_referrals} <= set(in_leads)
    assert len(open_referrals) > 400


def test_points_add_up_to_the_score(large_office: Office) -> None:
    for row in leads(large_office):
        assert sum(row["score_points"]) == row["score"], row
        assert len(row["score_points"]) == len(row["score_reasons"])
        assert [abs(points) for points in row["score_points"]] == sorted(map(abs, row["score_points"]), reverse=True)


def test_leads_that_expire_within_a_day_come_first(large_office: Office) -> None:
    rows = leads(large_office)
    reasons = [row["score_reasons"][0] for row in rows]
    expiring = reasons.count("expires within 24 hours")
    asked = reasons.count("customer asked to be called in the last 72 hours")
    assert expiring > 0
    assert asked > 0
    assert set(reasons[:expiring]) == {"expires within 24 hours"}
    assert set(reasons[expiring : expiring + asked]) == {"customer asked to be called in the last 72 hours"}


def test_pages_are_the_whole_list_in_its_order(large_office: Office) -> None:
    """The first pages are found among the urgent leads, later ones among all."""
    expected = [row["lead_key"] for row in leads(large_office)]
    with large_office.warehouse.connection() as connection:
        pages = [listing.leads_page(connection, listing.Filters(), page=page, page_size=20) for page in range(1, 20)]
    assert [row["lead_key"] for page in pages for row in page.items] == expected
    assert {page.total for page in pages[: len(expected) // 20]} == {len(expected)}
