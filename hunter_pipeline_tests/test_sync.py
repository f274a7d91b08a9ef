"""Test the steps of a sync against the sandbox and a real PostgreSQL: stored rows and counts."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hunter_pipeline.errors import PartnerCenterServerError
from hunter_pipeline.referrals.payloads import identify
from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline.warehouse import raw_referrals
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import (
    FakePartnerCenter,
    Installation,
    identity,
    open_installation,
    payload,
    sign_in,
)

pytestmark = pytest.mark.slow

REFERRALS = 30
PAGE = 10


def counted(summary: dict[str, Any]) -> tuple[int, ...]:
    """Return (fetched, new, updated, unchanged, quarantined), and check that they add up."""
    names = ("fetched", "new", "updated", "unchanged", "quarantined")
    counts = tuple(summary[name] for name in names)
    assert counts[0] == sum(counts[1:]), dict(zip(names, counts, strict=True))
    return counts


def oldest_and_newest(installation: Installation) -> tuple[str, str]:
    """Return the ids of the referrals that changed first and last."""
    known = sorted(installation.sandbox.world.incoming().values(), key=lambda item: item["updatedDateTime"])
    return known[0]["id"], known[-1]["id"]


# Stored payloads


def test_first_sync_stores_every_referral(installation: Installation) -> None:
    """Each listed referral is once in the three tables and is counted as new."""
    summary = installation.sync()
    assert summary["status"] == "success"
    assert counted(summary) == (REFERRALS, REFERRALS, 0, 0, 0)
    upstream = set(installation.sandbox.world.incoming())
    for table in ("raw_referrals", "normalized_referrals", "partner_center_referrals"):
        assert {row["referral_id"] for row in installation.rows(f"select referral_id from {table}")} == upstream
    assert summary["pages"] == 3
    assert summary["requests"] == len(installation.pages_asked) == 4, (
        "the last one proves that nothing follows the full page"
    )
    newest = max(item["updatedDateTime"] for item in installation.sandbox.world.incoming().values())
    assert summary["watermark"] == newest.removesuffix("Z").ljust(27, "0") + "Z", "always with seven digits"
    without = installation.value("select count(*) from partner_center_referrals where domain is null")
    assert summary["without_domain"] == without > 0


def test_payload_is_stored_unchanged(installation: Installation) -> None:
    """`raw_referrals.payload` equals the JSON of the API."""
    installation.sync()
    stored = {row["referral_id"]: row["payload"] for row in installation.rows("select * from raw_referrals")}
    assert stored == installation.sandbox.world.incoming()


def test_second_sync_changes_nothing(installation: Installation) -> None:
    """For the same upstream state 0 referrals are new or updated, and all tables have the same rows."""
    installation.sync()
    before = installation.state()
    summary = installation.sync()
    assert counted(summary)[1:3] == (0, 0)
    assert installation.state() == before
    full = installation.sync("full")
    assert counted(full) == (REFERRALS, 0, 0, REFERRALS, 0)
    assert installation.state() == before


def test_incremental_sync_requests_changes_only(installation: Installation) -> None:
    """It filters from five minutes before the newest change of the last success."""
    watermark = installation.sync()["watermark"]
    installation.sandbox.requests.clear()
    summary = installation.sync()
    [question] = installation.pages_asked
    assert watermark.startswith("20")
    assert f"direction eq 'Incoming' and updatedDateTime ge {_earlier(watermark)}" == question["$filter"]
    assert question["$orderby"] == "updatedDateTime asc"
    assert summary["fetched"] < 5


def _earlier(watermark: str) -> str:
    moment = datetime.fromisoformat(watermark[:26] + "+00:00") - timedelta(minutes=5)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0Z"


def test_sync_stores_changed_and_new_referrals(installation: Installation) -> None:
    """Changed referrals are updated, new ones are inserted, and both are counted."""
    installation.sync()
    world = installation.sandbox.world
    changed, _ = oldest_and_newest(installation)
    world.update(changed, name="Renamed", details={"dealValue": 4711})
    arrived = world.arrive(2)
    summary = installation.sync()
    assert counted(summary)[1:3] == (2, 1)
    assert summary["fetched"] < 10
    [row] = installation.rows("select * from partner_center_referrals where referral_id = %s", changed)
    assert (row["name"], row["deal_value"]) == ("Renamed", 4711)
    known = {row["referral_id"] for row in installation.rows("select referral_id from partner_center_referrals")}
    assert set(arrived) < known
    assert installation.value("select count(*) from raw_referrals where referral_id = %s", changed) == 2


def test_synced_at_follows_reads_and_updated_at_follows_changes(installation: Installation) -> None:
    """A full read of an unchanged referral changes its `synced_at` and not its `updated_at`."""
    installation.sync()
    changed, _ = oldest_and_newest(installation)
    before = {row["referral_id"]: row for row in installation.rows("select * from partner_center_referrals")}
    installation.sandbox.world.update(changed, name="Renamed")
    installation.sync("full")
    after = {row["referral_id"]: row for row in installation.rows("select * from partner_center_referrals")}
    assert all(after[key]["synced_at"] > before[key]["synced_at"] for key in before)
    assert {key for key in before if after[key]["updated_at"] != before[key]["updated_at"]} == {changed}
    assert all(after[key]["created_at"] == before[key]["created_at"] for key in before)


def test_synced_at_stays_when_a_referral_was_not_read(installation: Installation) -> None:
    """An incremental sync does not change `synced_at` of referrals that it did not read."""
    installation.sync()
    oldest, _ = oldest_and_newest(installation)
    before = installation.value("select synced_at from partner_center_referrals where referral_id = %s", oldest)
    installation.sync()
    assert installation.value("select synced_at from partner_center_referrals where referral_id = %s", oldest) == before


# Interrupted reads


def test_interrupted_read_keeps_its_pages(installation: Installation) -> None:
    """If page 3 cannot be read, pages 1 and 2 stay, and the sync is recorded as failed with its counts."""
    installation.sandbox.fail(Fault(where="page", kind="malformed", page=3, times=1))
    summary = installation.sync()
    assert summary["status"] == "failed"
    assert summary["error"]["type"] == "PartnerCenterResponseError"
    assert summary["error"]["status_code"] == 200
    assert summary["error"]["request_id"]
    assert (summary["pages"], summary["fetched"], summary["requests"]) == (2, 2 * PAGE, 3)
    assert installation.value("select count(*) from raw_referrals") == 2 * PAGE
    assert installation.value("select watermark from sync_cursors") is None


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_next_sync_continues_after_the_last_page_of_an_interrupted_read(installation: Installation, mode: Any) -> None:
    """After a read that failed at page 3, the next one repeats at most one page."""
    installation.sandbox.fail(Fault(where="page", kind="malformed", page=3, times=1))
    installation.sync(mode)
    installation.sandbox.requests.clear()
    summary = installation.sync()
    assert summary["status"] == "success"
    assert summary["mode"] == mode
    assert summary["fetched"] <= REFERRALS - 2 * PAGE + PAGE
    assert len(installation.pages_asked) <= 2
    assert installation.value("select count(*) from partner_center_referrals where missing_since is null") == REFERRALS
    assert installation.value("select count(*) from partner_center_referrals") == REFERRALS
    assert installation.sync()["mode"] == "incremental"


def test_full_read_replaces_an_interrupted_incremental_read(installation: Installation) -> None:
    """A full sync after an interrupted incremental one begins with the first page."""
    installation.sandbox.fail(Fault(where="page", kind="malformed", page=3, times=1))
    installation.sync()
    summary = installation.sync("full")
    assert (summary["mode"], summary["fetched"], summary["missing"]) == ("full", REFERRALS, 0)


def test_page_and_cursor_are_stored_in_one_transaction(installation: Installation) -> None:
    """A page is not stored if its cursor cannot be written; the second page is the first to move it."""
    installation.execute(
        "create function refuse() returns trigger language plpgsql as "
        "$$ begin if new.read_cursor is not null then raise exception 'no'; end if; return new; end $$;"
        "create trigger refuse before update on sync_cursors for each row execute function refuse()"
    )
    try:
        summary = installation.sync()
    finally:
        installation.execute("drop trigger refuse on sync_cursors; drop function refuse")
    assert summary["status"] == "failed"
    assert summary["error"]["type"] == "DatabaseError"
    assert installation.value("select count(*) from raw_referrals") == PAGE
    assert installation.sync()["new"] == REFERRALS


def test_error_between_the_steps_loses_nothing(installation: Installation) -> None:
    """The next sync processes what a sync has stored before it died, although it fetches little."""
    installation.execute("alter table normalized_referrals rename to elsewhere")
    try:
        failed = installation.sync()
    finally:
        installation.execute("alter table elsewhere rename to normalized_referrals")
    assert (failed["status"], failed["error"]["type"], failed["fetched"]) == ("failed", "DatabaseError", REFERRALS)
    installation.sync()
    assert installation.value("select count(*) from partner_center_referrals") == REFERRALS


# Refused filters


def test_read_stops_at_the_watermark_when_the_change_filter_is_refused(installation: Installation) -> None:
    """It reads the newest referrals first and stops at the watermark."""
    installation.sync(page_size=5)
    arrived = installation.sandbox.world.arrive(1)
    installation.refuse(refuse_updated_filter=True)
    installation.sandbox.requests.clear()
    summary = installation.sync(page_size=5)
    assert summary["status"] == "success"
    assert (summary["new"], summary["updated"]) == (1, 0)
    assert installation.pages_asked[1]["$orderby"] == "updatedDateTime desc"
    assert installation.pages_asked[1]["$filter"] == "direction eq 'Incoming'"
    assert summary["fetched"] <= 10
    assert installation.value("select count(*) from raw_referrals where referral_id = %s", arrived[0]) == 1


def test_read_requests_everything_when_all_filters_are_refused(installation: Installation) -> None:
    """It reads everything; an incremental read still stops at the watermark."""
    installation.refuse(refuse_all_filters=True)
    summary = installation.sync()
    assert summary["status"] == "success"
    assert summary["fetched"] == len(installation.sandbox.world.referrals) > REFERRALS
    installation.sandbox.world.arrive(1)
    installation.sandbox.requests.clear()
    second = installation.sync(page_size=5)
    assert (second["status"], second["new"]) == ("success", 1)
    assert second["fetched"] <= 10
    assert "$filter" not in installation.pages_asked[-1]


def test_read_fails_when_another_request_is_refused(installation: Installation) -> None:
    """A 404 is not a refused filter: the sync fails after one request."""
    installation.sandbox.fail(Fault(where="list", kind="404"))
    summary = installation.sync()
    assert summary["error"]["type"] == "PartnerCenterClientError"
    assert summary["error"]["status_code"] == 404
    assert len(installation.pages_asked) == 1


def test_cursor_does_not_advance_after_a_single_page(installation: Installation) -> None:
    """No referral is lost if a server ignores `$orderby` and fails after a page that was ordered by chance."""
    newest = [payload(1, "2025-03-01T00:00:00Z"), payload(2, "2025-03-02T00:00:00Z")]

    class BreaksOff(FakePartnerCenter):
        def pages(self, **question: Any) -> Iterator[Any]:
            yield from super().pages(**question)
            raise PartnerCenterServerError("no more")

    assert installation.sync(client=BreaksOff(newest))["status"] == "failed"
    assert installation.value("select read_cursor from sync_cursors") is None
    older = [payload(3, "2025-01-01T00:00:00Z"), payload(4, "2025-01-02T00:00:00Z")]
    installation.sync(client=BreaksOff(newest, older))
    assert installation.value("select read_cursor from sync_cursors") is None
    installation.sync(client=BreaksOff(older, newest))
    assert installation.value("select read_cursor from sync_cursors") == "2025-03-02T00:00:00.0000000Z"


# Versions


def test_older_version_never_overwrites_a_newer_one(installation: Installation) -> None:
    """A version with an earlier `updatedDateTime` that is received later is stored in raw_referrals only."""
    new, old = payload(1, "2025-01-03T00:00:00Z", name="new"), payload(1, "2025-01-02T00:00:00Z", name="old")
    installation.sync(client=FakePartnerCenter([new]))
    summary = installation.sync(client=FakePartnerCenter([old]))
    assert counted(summary) == (1, 0, 0, 1, 0)
    assert installation.value("select name from partner_center_referrals") == "new"
    assert installation.value("select count(*) from raw_referrals") == 2


def test_version_order_uses_all_seven_digits(installation: Installation) -> None:
    """Versions that differ by 100 nanoseconds are ordered, also with 0, 6 and 7 digits."""
    stamps = ("2025-01-02T08:00:00Z", "2025-01-02T08:00:00.000001Z", "2025-01-02T08:00:00.0000019Z")
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        installation.reset()
        for place in order:
            installation.sync(client=FakePartnerCenter([payload(1, stamps[place], name=str(place))]))
        assert installation.value("select name from partner_center_referrals") == "2"
    assert installation.value("select watermark from sync_cursors") == stamps[2]


def test_last_read_version_wins_when_timestamps_are_equal(installation: Installation) -> None:
    """Content that changed without a new `updatedDateTime` replaces the stored one, back and forth."""
    first, second = payload(1, name="first"), payload(1, name="second")
    for item in (first, second, first, second):
        installation.sync(client=FakePartnerCenter([item]))
        assert installation.value("select name from partner_center_referrals") == item["name"]
    assert installation.value("select count(*) from raw_referrals") == 2


def test_referral_has_one_row_when_a_page_repeats_it(installation: Installation) -> None:
    """A referral that moves between pages during a read is counted twice and stored once."""
    installation.sandbox.fail(Fault(where="list", kind="duplicate", page=1, times=1))
    summary = installation.sync()
    assert counted(summary) == (REFERRALS + 3, REFERRALS, 0, 3, 0)
    assert installation.value("select count(*) from raw_referrals") == REFERRALS


@pytest.mark.parametrize("stamp", ["9999-12-31T23:59:59.9999999Z", "2099-01-01T00:00:00Z"])
def test_watermark_ignores_a_date_in_the_future(installation: Installation, stamp: str) -> None:
    """A wrong `updatedDateTime` of one referral does not hide later changes of others."""
    world = installation.sandbox.world
    slipped, changed = oldest_and_newest(installation)
    world.update(slipped, updatedDateTime=stamp)
    summary = installation.sync()
    assert summary["watermark"] < "2090"
    world.update(changed, name="Renamed")
    assert counted(installation.sync())[1:3] == (0, 1)
    assert installation.value("select name from partner_center_referrals where referral_id = %s", changed) == "Renamed"


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "yesterday", "", None, 7])
def test_sync_succeeds_when_a_date_is_impossible(installation: Installation, stamp: Any) -> None:
    """The year 1, no date and no text are stored, and the next sync sends a valid filter."""
    assert counted(installation.sync(client=FakePartnerCenter([payload(1) | {"updatedDateTime": stamp}])))[1] == 1
    assert installation.sync(client=FakePartnerCenter([payload(1) | {"updatedDateTime": stamp}]))["status"] == "success"
    assert installation.sync()["status"] == "success"
    assert installation.value("select count(*) from partner_center_referrals") == REFERRALS + 1


# Quarantine

ODD: dict[str, Any] = {
    "no object": "text",
    "null": None,
    "a list": [1, 2],
    "no id": {"name": "x"},
    "null id": {"id": None},
    "number id": {"id": 7},
    "empty id": {"id": "  "},
    "long id": {"id": "x" * 300},
    "NUL in the id": {"id": "a\0b"},
    "surrogate in the id": {"id": "a\ud800b"},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_item_that_is_no_referral_is_quarantined_once(installation: Installation, odd: Any) -> None:
    """It has one row with its reason, is counted at each read, and does not stop the sync."""
    for _ in range(2):
        summary = installation.sync(client=FakePartnerCenter([payload(1), odd, payload(2)]))
        assert summary["status"] == "success"
        assert counted(summary)[4] == 1
    [row] = installation.table("quarantined_referrals")
    assert row["reason"]
    assert row["run_id"]
    assert installation.value("select count(*) from partner_center_referrals") == 2


@pytest.mark.parametrize("levels", [600, 5000, 20_000])
def test_payload_is_quarantined_when_it_is_nested_too_deep(installation: Installation, levels: int) -> None:
    """A payload that PostgreSQL or the encoder would refuse is quarantined; the rest of the page is stored."""
    deep = json.dumps({**payload(1), "tags": "DEEP"}).replace('"DEEP"', "[" * levels + "]" * levels)
    page = [identify(deep.encode()), payload(2)]
    for _ in range(2):
        assert counted(installation.sync(client=FakePartnerCenter(page)))[4] == 1
    assert [row["reason"] for row in installation.table("quarantined_referrals")] == ["too_deep"]
    assert installation.value("select count(*) from partner_center_referrals") == 1


@pytest.mark.parametrize(
    "value",
    ["a\0b", "\ud83d", "x" * 200_000, float("nan"), float("inf"), 10**2000],
    ids=["NUL", "surrogate", "long", "nan", "infinity", "huge"],
)
def test_payload_is_repaired_and_stored_when_jsonb_refuses_it(installation: Installation, value: Any) -> None:
    """Payloads with NUL, lone surrogates, NaN or very long numbers are stored."""
    odd = payload(1, name=value, details={"dealValue": value, "notes": value}, tags=[value])
    for _ in range(2):
        summary = installation.sync(client=FakePartnerCenter([odd, payload(2)]))
        assert counted(summary)[4] == 0
    assert installation.value("select count(*) from raw_referrals") == 2
    assert installation.value("select count(*) from partner_center_referrals") == 2


def test_malformed_items_of_a_response_are_quarantined(installation: Installation) -> None:
    """Items of a real response that are no referrals are stored with their reasons."""
    installation.sandbox.fail(Fault(where="list", kind="junk_items", page=2))
    installation.sync("full")
    summary = installation.sync("full")
    assert counted(summary) == (REFERRALS + 6, 0, 0, REFERRALS, 6)
    reasons = {row["reason"] for row in installation.table("quarantined_referrals")}
    assert reasons == {"not_an_object", "missing_id", "null_id"}
    assert installation.value("select count(*) from quarantined_referrals") == 6


def test_version_is_quarantined_alone_when_postgresql_refuses_it(installation: Installation) -> None:
    """The other referrals of the page are stored."""
    installation.execute(
        "create function refuse() returns trigger language plpgsql as "
        f"$$ begin if new.referral_id = '{identity(7)}' then raise exception 'secret' using errcode = '22000'; "
        "end if; return new; end $$;"
        "create trigger refuse before insert on raw_referrals for each row execute function refuse()"
    )
    try:
        for _ in range(2):
            summary = installation.sync(client=FakePartnerCenter([payload(number) for number in range(12)]))
            assert summary["status"] == "success"
            assert counted(summary)[4] == 1
    finally:
        installation.execute("drop trigger refuse on raw_referrals; drop function refuse")
    [row] = installation.table("quarantined_referrals")
    assert row["reason"] == raw_referrals.NOT_STORABLE
    assert identity(7) in row["payload"]
    assert installation.value("select count(*) from partner_center_referrals") == 11
    assert counted(installation.sync(client=FakePartnerCenter([payload(7)])))[1] == 1, (
        "once PostgreSQL takes it, it is a referral"
    )


# Full reads


def test_full_read_marks_missing_referrals_and_unmarks_returned_ones(installation: Installation) -> None:
    """A referral that a full read did not return is kept with `missing_since` until it is returned again."""
    installation.sync()
    gone, _ = oldest_and_newest(installation)
    installation.sandbox.world.remove(gone)
    assert installation.sync()["missing"] == 0, "an incremental sync cannot know"
    summary = installation.sync("full")
    assert (summary["missing"], summary["fetched"], summary["updated"]) == (1, REFERRALS - 1, 0)
    query = "select referral_id, missing_since from partner_center_referrals where missing_since is not null"
    [row] = installation.rows(query)
    assert row["referral_id"] == gone
    assert installation.sync("full")["missing"] == 1
    assert installation.rows(query) == [row], "the mark keeps its first date"
    installation.sandbox.world.restore(gone)
    assert installation.sync("full")["missing"] == 0
    assert installation.rows(query) == []
    assert installation.value("select count(*) from partner_center_referrals") == REFERRALS


def test_incremental_sync_unmarks_a_returned_referral(installation: Installation) -> None:
    """A missing referral that changes upstream is unmarked before the next full read."""
    installation.sync()
    gone, _ = oldest_and_newest(installation)
    installation.sandbox.world.remove(gone)
    installation.sync("full")
    installation.sandbox.world.restore(gone)
    installation.sandbox.world.update(gone, name="Back")
    installation.sync()
    assert installation.value("select count(*) from partner_center_referrals where missing_since is not null") == 0


@pytest.mark.parametrize(("left", "missing"), [(REFERRALS // 2, REFERRALS // 2), (REFERRALS // 2 - 1, 0), (0, 0)])
def test_full_read_marks_nothing_when_it_returns_less_than_half(
    installation: Installation, left: int, missing: int
) -> None:
    """Fewer referrals than half of the known ones indicate a lost role."""
    installation.sync()
    for key in list(installation.sandbox.world.incoming())[left:]:
        installation.sandbox.world.remove(key)
    summary = installation.sync("full")
    assert (summary["status"], summary["fetched"], summary["missing"]) == ("success", left, missing)
    assert (
        installation.value("select count(*) from partner_center_referrals where missing_since is not null") == missing
    )


def test_referral_is_not_missing_when_it_was_created_after_the_full_read(installation: Installation) -> None:
    """It was read by an incremental sync only."""
    installation.sync("full")
    installation.sandbox.world.arrive(1)
    installation.sync()
    assert installation.value("select count(*) from partner_center_referrals where missing_since is not null") == 0


# Domains, companies, tenants


def test_referral_without_a_domain_is_stored_and_counted(installation: Installation) -> None:
    """Consumer mail or no contact leaves `domain` empty with a reason, and creates no company."""
    consumer = payload(1, customerProfile={"name": "A", "team": [{"email": "kim@gmail.com"}]})
    no_contact = payload(2, customerProfile={"name": "B"})
    summary = installation.sync(client=FakePartnerCenter([consumer, no_contact, payload(3)]))
    assert (summary["new"], summary["without_domain"]) == (3, 2)
    found = installation.rows("select domain, domain_reason from partner_center_referrals order by referral_id")
    assert [tuple(row.values()) for row in found] == [
        (None, "consumer"),
        (None, "no_candidates"),
        ("company3.de", None),
    ]
    assert [row["domain"] for row in installation.table("companies")] == ["company3.de"]


def test_next_sync_applies_changed_own_domains(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new own domain is removed from referrals that are not fetched again, too."""
    installation.sync(client=FakePartnerCenter([payload(1), payload(2)]))
    monkeypatch.setenv("HUNTER_OWN_DOMAINS", "company1.de")
    summary = installation.sync(client=FakePartnerCenter([]))
    assert (summary["fetched"], summary["updated"]) == (0, 1)
    assert [row["domain"] for row in installation.table("companies")] == ["company2.de"]
    assert installation.value("select domain_reason from partner_center_referrals where domain is null") == "own"
    monkeypatch.delenv("HUNTER_OWN_DOMAINS")
    installation.sync(client=FakePartnerCenter([]))
    assert [row["domain"] for row in installation.table("companies")] == ["company1.de", "company2.de"]


def test_company_has_the_most_frequent_name_of_its_open_referrals(installation: Installation) -> None:
    """Copies of one engagement count once, and placeholder names come last."""

    def named(number: int, name: str, **changes: Any) -> dict[str, Any]:
        team = [{"email": "kim@contoso.com"}]
        return payload(number, customerProfile={"name": name, "team": team}, **changes)

    def name_of(*payloads: dict[str, Any]) -> str:
        installation.sync(client=FakePartnerCenter(list(payloads)))
        return installation.value("select canonical_name from companies")

    closed = [named(number, "Contoso Old", status="Closed") for number in (1, 2, 3)]
    assert name_of(*closed, named(4, "Test 2")) == "Contoso Old"
    assert name_of(named(5, "Contoso Ltd")) == "Contoso Ltd"
    assert name_of(named(6, "CONTOSO LIMITED"), named(7, "Contoso Limited")) == "Contoso Limited"
    copies = [named(number, "Contoso Ltd", engagementId="copy") for number in (8, 9, 10)]
    assert name_of(*copies, named(11, "Contoso Limited")) == "Contoso Limited"


@pytest.fixture
def _look_up(monkeypatch: pytest.MonkeyPatch, installation: Installation) -> None:
    monkeypatch.setenv("HUNTER_TENANT_LOOKUP", "true")


def _asked_entra(installation: Installation) -> int:
    return sum(
        request.path.endswith("/.well-known/openid-configuration")
        and installation.sandbox.tenant_id not in request.path
        for request in installation.sandbox.requests
    )


@pytest.mark.usefixtures("_look_up")
def test_tenant_of_each_domain_is_looked_up_once(installation: Installation) -> None:
    """A company with a tenant and its referrals have `M365` and the tenant's id."""
    installation.sync()
    domains = installation.value("select count(*) from companies")
    assert _asked_entra(installation) == domains
    found = {
        row["domain"]: row["azure_tenant_id"]
        for row in installation.rows("select * from companies where provider = 'M365'")
    }
    assert found == installation.sandbox.tenants
    wrong = installation.value(
        "select count(*) from partner_center_referrals join companies using (domain)"
        " where partner_center_referrals.azure_tenant_id is distinct from companies.azure_tenant_id"
    )
    assert wrong == 0
    installation.sync()
    assert _asked_entra(installation) == domains


def test_tenant_lookup_can_be_switched_off(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """With HUNTER_TENANT_LOOKUP=false no request is sent to Entra, and no company has a provider."""
    monkeypatch.setenv("HUNTER_TENANT_LOOKUP", "false")
    assert installation.sync()["status"] == "success"
    assert _asked_entra(installation) == 0
    assert (
        installation.value("select count(*) from companies where provider is not null or azure_tenant_id is not null")
        == 0
    )


@pytest.mark.usefixtures("_look_up")
def test_sync_succeeds_when_entra_fails(installation: Installation) -> None:
    """The next sync repeats look-ups without an answer."""
    installation.sandbox.fail(Fault(where="openid", kind="400", body="{}"))
    assert installation.sync()["status"] == "success"
    assert installation.value("select count(*) from companies where provider is not null") == 0
    installation.sandbox.clear_faults()
    installation.sync()
    assert installation.value("select count(*) from companies where provider = 'M365'") == len(
        installation.sandbox.tenants
    )


@pytest.mark.usefixtures("_look_up")
def test_new_tenant_does_not_change_the_referral(installation: Installation) -> None:
    """`updated_at` does not change when a tenant becomes known."""
    installation.sandbox.fail(Fault(where="openid", kind="400", body="{}"))
    installation.sync()
    before = installation.table("partner_center_referrals", without=("azure_tenant_id", "synced_at"))
    installation.sandbox.clear_faults()
    assert installation.sync()["updated"] == 0
    assert installation.table("partner_center_referrals", without=("azure_tenant_id", "synced_at")) == before


def test_default_sandbox_has_seventeen_companies_with_a_tenant(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sync reads 739 referrals in four pages."""
    with open_installation(server, SandboxOptions()) as installation:
        for name, value in installation.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HUNTER_TENANT_LOOKUP", "true")
        sign_in(installation)
        summary = installation.sync(page_size=200)
        assert (summary["fetched"], summary["new"], summary["pages"]) == (739, 739, 4)
        assert installation.value("select count(*) from companies where provider = 'M365'") == 17
        assert installation.value("select count(distinct azure_tenant_id) from partner_center_referrals") == 17
        again = installation.sync(page_size=200)
        assert (again["new"], again["updated"]) == (0, 0)


def test_sync_sends_no_request_when_the_flag_is_off(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sync is recorded as skipped with the reason."""
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
    summary = installation.sync()
    assert (summary["status"], summary["reason"], summary["error"]) == ("skipped", "feature_flag_disabled", None)
    assert installation.sandbox.requests == []


def test_money_and_text_are_stored_exactly(installation: Installation) -> None:
    """Amounts keep all digits in JSON, jsonb and numeric; dates keep their microseconds."""
    amount = Decimal("123456789012.123456")
    installation.sync(client=FakePartnerCenter([payload(1, details={"dealValue": amount, "currency": "eur"})]))
    [row] = installation.rows("select * from partner_center_referrals")
    assert (row["deal_value"], row["currency"]) == (amount, "EUR")
    assert row["source_created_at"].isoformat() == "2025-01-01T08:00:00.123456+00:00"
