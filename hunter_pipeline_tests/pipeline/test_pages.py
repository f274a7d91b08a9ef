"""Test the proof of complete reads, requests of single referrals by id, and timestamps in the future."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hunter_pipeline.pipeline.pages import may_be_cut
from hunter_pipeline.referrals.timestamps import sortable_utc
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import FakePartnerCenter, Installation, open_installation, payload

REFERRALS = 35
TIME = "2025-01-02T08:00:00.0000001Z"


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Installation]:
    with open_installation(server, SandboxOptions(referrals=REFERRALS, top_is_total=True)) as installation:
        yield installation


def stored(installation: Installation) -> int:
    return installation.value("select count(*) from partner_center_referrals where missing_since is null")


@pytest.mark.parametrize(
    ("sizes", "page_size", "expected"),
    [
        ([], None, False),
        ([0], None, False),
        ([1], None, False),
        ([39], None, False),
        ([100], None, True),
        ([100, 39], None, False),
        ([100, 100], None, True),
        ([7, 7], None, True),
        ([200], 200, True),
        ([150], 200, False),
    ],
)
def test_end_may_be_a_cut_at_a_full_page_or_a_round_number(
    sizes: list[int], page_size: int | None, expected: bool
) -> None:
    assert may_be_cut(sizes, page_size) is expected


def test_everything_is_read_when_top_limits_the_whole_list(installation: Installation) -> None:
    summary = installation.sync(page_size=10)
    assert (summary["status"], summary["fetched"], stored(installation)) == ("success", REFERRALS, REFERRALS)
    again = installation.sync("full", page_size=10)
    assert (again["status"], again["new"], again["missing"], stored(installation)) == ("success", 0, 0, REFERRALS)


def test_everything_is_read_when_top_cuts_referrals_of_one_timestamp(installation: Installation) -> None:
    with installation.sandbox.world.lock:
        for referral in installation.sandbox.world.referrals.values():
            referral["updatedDateTime"] = TIME
    summary = installation.sync(page_size=10)
    assert (summary["status"], summary["fetched"], stored(installation)) == ("success", REFERRALS, REFERRALS)


def test_page_size_is_left_to_the_server_when_it_is_refused(installation: Installation) -> None:
    installation.sandbox.options = replace(installation.sandbox.options, page_size_limit=5)
    summary = installation.sync(page_size=200)
    assert (summary["status"], summary["fetched"]) == ("success", REFERRALS)
    assert "$top" not in installation.pages_asked[-1]


def test_timestamp_in_the_future_does_not_hide_changes(installation: Installation) -> None:
    future, changed, *_ = installation.sandbox.world.incoming()
    later = f"{datetime.now(UTC) + timedelta(hours=3):%Y-%m-%dT%H:%M:%S.0000000Z}"
    installation.sandbox.world.update(future, updatedDateTime=later)
    first = installation.sync()
    assert first["watermark"] < (sortable_utc(later) or "")
    installation.sandbox.world.update(changed, name="changed now")
    assert installation.sync()["updated"] == 1
    assert (
        installation.value("select name from partner_center_referrals where referral_id = %s", changed) == "changed now"
    )


def test_referral_is_requested_by_id_when_a_full_read_left_it_out(installation: Installation) -> None:
    """The pages of a changing list can leave out an unchanged referral."""

    class ShiftedList(FakePartnerCenter):
        def has_referral(self, referral_id: str) -> bool:
            return referral_id == left_out["id"]

    page = [payload(number) for number in range(1, 8)]
    *rest, left_out, gone = page
    installation.sync(client=FakePartnerCenter(page))
    summary = installation.sync("full", client=ShiftedList(rest))
    assert (summary["status"], summary["missing"], stored(installation)) == ("success", 1, 6)
    missing = installation.rows("select referral_id from partner_center_referrals where missing_since is not null")
    assert [row["referral_id"] for row in missing] == [gone["id"]]
