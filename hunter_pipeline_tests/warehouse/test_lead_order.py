"""Test the order of leads_ready against a seller's ranking and a whole sandbox."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline.warehouse import leads_ready
from hunter_pipeline.warehouse.list_queries import Filters
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import FakePartnerCenter, Installation, open_installation, sign_in

RANKING = Path(__file__).parent.parent / "data/golden/ranking.jsonl"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z")


def golden_payloads() -> list[dict[str, Any]]:
    """Return the referrals of the golden ranking, with dates moved to the present."""
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


def leads(installation: Installation) -> list[dict[str, Any]]:
    return installation.rows(
        "select * from leads_ready"
        " order by score desc, deal_value_base desc nulls last, expires_at asc nulls last, lead_key"
    )


def test_order_agrees_with_a_seller(installation: Installation) -> None:
    payloads = golden_payloads()
    assert installation.sync(client=FakePartnerCenter(payloads))["status"] == "success"
    rank_of = {payload["id"]: rank for rank, payload in enumerate(payloads)}
    order = [rank_of[lead["primary_referral_id"]] for lead in leads(installation)]
    assert sorted(order) == list(range(len(payloads)))
    assert spearman(order) >= 0.95


@pytest.fixture(scope="module")
def large_installation(server: Server) -> Iterator[Installation]:
    """Return an installation with a sandbox of the demo's size after one sync."""
    with open_installation(server, SandboxOptions()) as installation, pytest.MonkeyPatch.context() as patch:
        for name, value in installation.environment.items():
            patch.setenv(name, value)
        sign_in(installation)
        assert installation.sync(page_size=200)["status"] == "success"
        yield installation


def test_scores_differ_between_the_leads_of_a_sandbox(large_installation: Installation) -> None:
    """No more than 5 % of the leads share a score."""
    rows = leads(large_installation)
    [(score, count)] = Counter(row["score"] for row in rows).most_common(1)
    assert count <= 0.05 * len(rows), (score, count, len(rows))


def test_every_open_referral_is_in_a_lead(large_installation: Installation) -> None:
    in_leads = [referral_id for row in leads(large_installation) for referral_id in row["referral_ids"]]
    open_referrals = large_installation.rows(
        "select referral_id from partner_center_referrals where status in ('New', 'Active') and missing_since is null"
    )
    assert len(in_leads) == len(set(in_leads))
    assert {row["referral_id"] for row in open_referrals} <= set(in_leads)
    assert len(open_referrals) > 400


def test_points_add_up_to_the_score(large_installation: Installation) -> None:
    for row in leads(large_installation):
        assert sum(row["score_points"]) == row["score"], row
        assert len(row["score_points"]) == len(row["score_reasons"])
        assert [abs(points) for points in row["score_points"]] == sorted(map(abs, row["score_points"]), reverse=True)


def test_leads_that_expire_within_a_day_come_first(large_installation: Installation) -> None:
    rows = leads(large_installation)
    reasons = [row["score_reasons"][0] for row in rows]
    expiring = reasons.count("expires within 24 hours")
    asked = reasons.count("customer asked to be called in the last 72 hours")
    assert expiring > 0
    assert asked > 0
    assert set(reasons[:expiring]) == {"expires within 24 hours"}
    assert set(reasons[expiring : expiring + asked]) == {"customer asked to be called in the last 72 hours"}


def test_pages_are_the_whole_list_in_its_order(large_installation: Installation) -> None:
    """The first pages are found among the urgent leads, later ones among all."""
    expected = [row["lead_key"] for row in leads(large_installation)]
    with large_installation.warehouse.connection() as connection:
        pages = [leads_ready.page(connection, Filters(), page=page, page_size=20) for page in range(1, 20)]
    assert [row["lead_key"] for page in pages for row in page.items] == expected
    assert {page.total for page in pages[: len(expected) // 20]} == {len(expected)}
