"""The steps of a sync against the sandbox and a real PostgreSQL: what arrives, what it becomes, what is counted."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hunter_pipeline.errors import PartnerCenterServerError
from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline.warehouse import raw_referrals
from hunter_pipeline_tests.servers import SERVERS, Server
from hunter_pipeline_tests.warehouse.office import FarSide, Office, identity, office_of, payload, sign_in

REFERRALS = 30
PAGE = 10


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Server:
    """The embedded server and, where there is one, the machine's own."""
    return request.getfixturevalue(request.param)


def counted(summary: dict[str, Any]) -> tuple[int, ...]:
    """(fetched, new, updated, unchanged, quarantined), which always add up."""
    names = ("fetched", "new", "updated", "unchanged", "quarantined")
    counts = tuple(summary[name] for name in names)
    assert counts[0] == sum(counts[1:]), dict(zip(names, counts, strict=True))
    return counts


def oldest_and_newest(office: Office) -> tuple[str, str]:
    """The ids of the referrals that changed first and last."""
    known = sorted(office.sandbox.world.incoming().values(), key=lambda item: item["updatedDateTime"])
    return known[0]["id"], known[-1]["id"]


# What arrives


def test_a_first_sync_lands_everything(office: Office) -> None:
    """Each referral that the API lists is in the three tables, once, and is counted as new."""
    summary = office.sync()
    assert summary["status"] == "success"
    assert counted(summary) == (REFERRALS, REFERRALS, 0, 0, 0)
    upstream = set(office.sandbox.world.incoming())
    for table in ("raw_referrals", "normalized_referrals", "partner_center_referrals"):
        assert {row["referral_id"] for row in office.rows(f"select referral_id from {table}")} == upstream
    assert summary["pages"] == 3
    assert summary["requests"] == len(office.pages_asked) == 4, "the last one proves that nothing follows the full page"
    newest = max(item["updatedDateTime"] for item in office.sandbox.world.incoming().values())
    assert summary["watermark"] == newest.removesuffix("Z").ljust(27, "0") + "Z", "always with seven digits"
    without = office.value("select count(*) from partner_center_referrals where domain is null")
    assert summary["without_domain"] == without > 0


def test_the_payload_stays_as_it_came(office: Office) -> None:
    """`raw_referrals.payload` is the very JSON that the API sent."""
    office.sync()
    stored = {row["referral_id"]: row["payload"] for row in office.rows("select * from raw_referrals")}
    assert stored == office.sandbox.world.incoming()


def test_a_second_sync_finds_nothing_to_do(office: Office) -> None:
    """The same upstream state once more: 0 new, 0 updated, the same rows in every table."""
    office.sync()
    before = office.state()
    summary = office.sync()
    assert counted(summary)[1:3] == (0, 0)
    assert office.state() == before
    full = office.sync("full")
    assert counted(full) == (REFERRALS, 0, 0, REFERRALS, 0)
    assert office.state() == before


def test_an_incremental_sync_asks_for_what_changed(office: Office) -> None:
    """It asks from five minutes before the last success's newest change on, and reads only that."""
    watermark = office.sync()["watermark"]
    office.sandbox.requests.clear()
    summary = office.sync()
    [question] = office.pages_asked
    assert watermark.startswith("20")
    assert f"direction eq 'Incoming' and updatedDateTime ge {_earlier(watermark)}" == question["$filter"]
    assert question["$orderby"] == "updatedDateTime asc"
    assert summary["fetched"] < 5


def _earlier(watermark: str) -> str:
    moment = datetime.fromisoformat(watermark[:26] + "+00:00") - timedelta(minutes=5)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0Z"


def test_changes_and_arrivals_are_picked_up(office: Office) -> None:
    """What changed upstream is updated, what arrived is new, and each count says so."""
    office.sync()
    world = office.sandbox.world
    changed, _ = oldest_and_newest(office)
    world.update(changed, name="Renamed", details={"dealValue": 4711})
    arrived = world.arrive(2)
    summary = office.sync()
    assert counted(summary)[1:3] == (2, 1)
    assert summary["fetched"] < 10
    [row] = office.rows("select * from partner_center_referrals where referral_id = %s", changed)
    assert (row["name"], row["deal_value"]) == ("Renamed", 4711)
    known = {row["referral_id"] for row in office.rows("select referral_id from partner_center_referrals")}
    assert set(arrived) < known
    assert office.value("select count(*) from raw_referrals where referral_id = %s", changed) == 2


def test_synced_at_moves_when_seen_and_updated_at_when_changed(office: Office) -> None:
    """A full read that sees an unchanged referral moves its `synced_at` and leaves `updated_at` alone."""
    office.sync()
    changed, _ = oldest_and_newest(office)
    before = {row["referral_id"]: row for row in office.rows("select * from partner_center_referrals")}
    office.sandbox.world.update(changed, name="Renamed")
    office.sync("full")
    after = {row["referral_id"]: row for row in office.rows("select * from partner_center_referrals")}
    assert all(after[key]["synced_at"] > before[key]["synced_at"] for key in before)
    assert {key for key in before if after[key]["updated_at"] != before[key]["updated_at"]} == {changed}
    assert all(after[key]["created_at"] == before[key]["created_at"] for key in before)


def test_a_sync_does_not_move_what_it_has_not_seen(office: Office) -> None:
    """An incremental sync leaves `synced_at` of the referrals that it did not ask for."""
    office.sync()
    oldest, _ = oldest_and_newest(office)
    before = office.value("select synced_at from partner_center_referrals where referral_id = %s", oldest)
    office.sync()
    assert office.value("select synced_at from partner_center_referrals where referral_id = %s", oldest) == before


# Broken off


def test_a_read_that_breaks_off_keeps_its_pages(office: Office) -> None:
    """Page 3 cannot be read: pages 1 and 2 stay, the sync is recorded as failed with its error and counts."""
    office.sandbox.fail(Fault(where="page", kind="malformed", page=3, times=1))
    summary = office.sync()
    assert summary["status"] == "failed"
    assert summary["error"]["type"] == "PartnerCenterResponseError"
    assert summary["error"]["status_code"] == 200
    assert summary["error"]["request_id"]
    assert (summary["pages"], summary["fetched"], summary["requests"]) == (2, 2 * PAGE, 3)
    assert office.value("select count(*) from raw_referrals") == 2 * PAGE
    assert office.value("select watermark from sync_cursors") is None


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_the_next_sync_goes_on_behind_the_last_page(office: Office, mode: Any) -> None:
    """After a read that broke off at page 3 the next one asks for page 3 on, and reads at most a page again."""
    office.sandbox.fail(Fault(where="page", kind="malformed", page=3, times=1))
    office.sync(mode)
    office.sandbox.requests.clear()
    summary = office.sync()
    assert summary["status"] == "success"
    assert summary["mode"] == mode
    assert summary["fetched"] <= REFERRALS - 2 * PAGE + PAGE
    assert len(office.pages_asked) <= 2
    assert office.value("select count(*) from partner_center_referrals where missing_since is null") == REFERRALS
    assert office.value("select count(*) from partner_center_referrals") == REFERRALS
    assert office.sync()["mode"] == "incremental"


def test_a_full_read_supersedes_an_incremental_one(office: Office) -> None:
    """A full sync after an incremental one that broke off begins from the first page."""
    office.sandbox.fail(Fault(where="page", kind="malformed", page=3, times=1))
    office.sync()
    summary = office.sync("full")
    assert (summary["mode"], summary["fetched"], summary["missing"]) == ("full", REFERRALS, 0)


def test_a_page_and_its_cursor_are_one_transaction(office: Office) -> None:
    """A page whose cursor cannot be written (the second is the first that moves it) does not land either."""
    office.execute(
        "create function refuse() returns trigger language plpgsql as "
        "$$ begin if new.read_cursor is not null then raise exception 'no'; end if; return new; end $$;"
        "create trigger refuse before update on sync_cursors for each row execute function refuse()"
    )
    try:
        summary = office.sync()
    finally:
        office.execute("drop trigger refuse on sync_cursors; drop function refuse")
    assert summary["status"] == "failed"
    assert summary["error"]["type"] == "DatabaseError"
    assert office.value("select count(*) from raw_referrals") == PAGE
    assert office.sync()["new"] == REFERRALS


def test_an_error_between_the_steps_loses_nothing(office: Office) -> None:
    """A sync that dies after its pull is made up for by the next one, although that fetches next to nothing."""
    office.execute("alter table normalized_referrals rename to elsewhere")
    try:
        failed = office.sync()
    finally:
        office.execute("alter table elsewhere rename to normalized_referrals")
    assert (failed["status"], failed["error"]["type"], failed["fetched"]) == ("failed", "DatabaseError", REFERRALS)
    office.sync()
    assert office.value("select count(*) from partner_center_referrals") == REFERRALS


# Refused filters


def test_a_refused_change_filter_falls_back_to_the_watermark(office: Office) -> None:
    """Where `updatedDateTime` cannot be filtered by, it reads from the newest on and stops at the watermark."""
    office.sync(page_size=5)
    arrived = office.sandbox.world.arrive(1)
    office.refuse(refuse_updated_filter=True)
    office.sandbox.requests.clear()
    summary = office.sync(page_size=5)
    assert summary["status"] == "success"
    assert (summary["new"], summary["updated"]) == (1, 0)
    assert office.pages_asked[1]["$orderby"] == "updatedDateTime desc"
    assert office.pages_asked[1]["$filter"] == "direction eq 'Incoming'"
    assert summary["fetched"] <= 10
    assert office.value("select count(*) from raw_referrals where referral_id = %s", arrived[0]) == 1


def test_refused_filters_fall_back_to_everything(office: Office) -> None:
    """Where nothing can be filtered by, everything is read; incrementally still only down to the watermark."""
    office.refuse(refuse_all_filters=True)
    summary = office.sync()
    assert summary["status"] == "success"
    assert summary["fetched"] == len(office.sandbox.world.referrals) > REFERRALS
    office.sandbox.world.arrive(1)
    office.sandbox.requests.clear()
    second = office.sync(page_size=5)
    assert (second["status"], second["new"]) == ("success", 1)
    assert second["fetched"] <= 10
    assert "$filter" not in office.pages_asked[-1]


def test_another_refusal_is_no_reason_to_fall_back(office: Office) -> None:
    """A 404 is not a refused filter: the sync fails with it and asks once."""
    office.sandbox.fail(Fault(where="list", kind="404"))
    summary = office.sync()
    assert summary["error"]["type"] == "PartnerCenterClientError"
    assert summary["error"]["status_code"] == 404
    assert len(office.pages_asked) == 1


def test_one_page_in_order_is_no_order(office: Office) -> None:
    """A server that ignores `$orderby` and breaks off behind a page that was in order by chance loses no referral."""
    newest = [payload(1, "2025-03-01T00:00:00Z"), payload(2, "2025-03-02T00:00:00Z")]

    class BreaksOff(FarSide):
        def pages(self, **question: Any) -> Iterator[Any]:
            yield from super().pages(**question)
            raise PartnerCenterServerError("no more")

    assert office.sync(client=BreaksOff(newest))["status"] == "failed"
    assert office.value("select read_cursor from sync_cursors") is None
    older = [payload(3, "2025-01-01T00:00:00Z"), payload(4, "2025-01-02T00:00:00Z")]
    office.sync(client=BreaksOff(newest, older))
    assert office.value("select read_cursor from sync_cursors") is None
    office.sync(client=BreaksOff(older, newest))
    assert office.value("select read_cursor from sync_cursors") == "2025-03-02T00:00:00.0000000Z"


# Versions


def test_an_older_version_never_overwrites_a_newer_one(office: Office) -> None:
    """A version with an earlier `updatedDateTime` that arrives later is kept in raw, and only there."""
    new, old = payload(1, "2025-01-03T00:00:00Z", name="new"), payload(1, "2025-01-02T00:00:00Z", name="old")
    office.sync(client=FarSide([new]))
    summary = office.sync(client=FarSide([old]))
    assert counted(summary) == (1, 0, 0, 1, 0)
    assert office.value("select name from partner_center_referrals") == "new"
    assert office.value("select count(*) from raw_referrals") == 2


def test_the_seventh_digit_decides(office: Office) -> None:
    """Two versions that differ in the hundred nanoseconds only are in their order, and so are 0, 6 and 7 digits."""
    stamps = ("2025-01-02T08:00:00Z", "2025-01-02T08:00:00.000001Z", "2025-01-02T08:00:00.0000019Z")
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        office.reset()
        for place in order:
            office.sync(client=FarSide([payload(1, stamps[place], name=str(place))]))
        assert office.value("select name from partner_center_referrals") == "2"
    assert office.value("select watermark from sync_cursors") == stamps[2]


def test_of_two_versions_of_the_same_moment_the_one_seen_last_counts(office: Office) -> None:
    """Content that changed without a new `updatedDateTime` replaces what stood there, back and forth."""
    first, second = payload(1, name="first"), payload(1, name="second")
    for item in (first, second, first, second):
        office.sync(client=FarSide([item]))
        assert office.value("select name from partner_center_referrals") == item["name"]
    assert office.value("select count(*) from raw_referrals") == 2


def test_a_referral_twice_on_a_page_is_one_row(office: Office) -> None:
    """Records move while pages are read: what comes twice is counted twice and stored once."""
    office.sandbox.fail(Fault(where="list", kind="duplicate", page=1, times=1))
    summary = office.sync()
    assert counted(summary) == (REFERRALS + 3, REFERRALS, 0, 3, 0)
    assert office.value("select count(*) from raw_referrals") == REFERRALS


@pytest.mark.parametrize("stamp", ["9999-12-31T23:59:59.9999999Z", "2099-01-01T00:00:00Z"])
def test_a_date_in_the_far_future_does_not_become_the_watermark(office: Office, stamp: str) -> None:
    """A slip in one referral's `updatedDateTime` does not hide the later changes of the others."""
    world = office.sandbox.world
    slipped, changed = oldest_and_newest(office)
    world.update(slipped, updatedDateTime=stamp)
    summary = office.sync()
    assert summary["watermark"] < "2090"
    world.update(changed, name="Renamed")
    assert counted(office.sync())[1:3] == (0, 1)
    assert office.value("select name from partner_center_referrals where referral_id = %s", changed) == "Renamed"


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "yesterday", "", None, 7])
def test_an_impossible_date_stops_nothing(office: Office, stamp: Any) -> None:
    """The year 1, no date and no text at all are stored, and the sync after it asks properly."""
    assert counted(office.sync(client=FarSide([payload(1) | {"updatedDateTime": stamp}])))[1] == 1
    assert office.sync(client=FarSide([payload(1) | {"updatedDateTime": stamp}]))["status"] == "success"
    assert office.sync()["status"] == "success"
    assert office.value("select count(*) from partner_center_referrals") == REFERRALS + 1


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
def test_what_is_no_referral_is_quarantined_once(office: Office, odd: Any) -> None:
    """It is one row with its reason however often it comes, is counted each time, and stops nothing."""
    for _ in range(2):
        summary = office.sync(client=FarSide([payload(1), odd, payload(2)]))
        assert summary["status"] == "success"
        assert counted(summary)[4] == 1
    [row] = office.table("quarantined_referrals")
    assert row["reason"]
    assert row["run_id"]
    assert office.value("select count(*) from partner_center_referrals") == 2


def _deep(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("levels", [600, 5000, 20_000])
def test_a_bottomless_payload_is_quarantined(office: Office, levels: int) -> None:
    """Nesting that PostgreSQL or Python's encoder would refuse goes to quarantine, the rest of the page lands."""
    page = [{**payload(1), "tags": _deep(levels)}, payload(2)]
    for _ in range(2):
        assert counted(office.sync(client=FarSide(page)))[4] == 1
    assert [row["reason"] for row in office.table("quarantined_referrals")] == ["too_deep"]
    assert office.value("select count(*) from partner_center_referrals") == 1


@pytest.mark.parametrize(
    "value",
    ["a\0b", "\ud83d", "x" * 200_000, float("nan"), float("inf"), 10**2000],
    ids=["NUL", "surrogate", "long", "nan", "infinity", "huge"],
)
def test_what_jsonb_refuses_is_mended_and_stored(office: Office, value: Any) -> None:
    """NUL, half a surrogate pair, NaN and endless numbers do not keep a referral out of the tables."""
    odd = payload(1, name=value, details={"dealValue": value, "notes": value}, tags=[value])
    for _ in range(2):
        summary = office.sync(client=FarSide([odd, payload(2)]))
        assert counted(summary)[4] == 0
    assert office.value("select count(*) from raw_referrals") == 2
    assert office.value("select count(*) from partner_center_referrals") == 2


def test_junk_over_the_wire_is_quarantined(office: Office) -> None:
    """Items that are no referrals, in a page that came over HTTPS, are kept with their reasons; the others land."""
    office.sandbox.fail(Fault(where="list", kind="junk_items", page=2))
    office.sync("full")
    summary = office.sync("full")
    assert counted(summary) == (REFERRALS + 6, 0, 0, REFERRALS, 6)
    reasons = {row["reason"] for row in office.table("quarantined_referrals")}
    assert reasons == {"not_an_object", "missing_id", "null_id"}
    assert office.value("select count(*) from quarantined_referrals") == 6


def test_what_postgresql_refuses_for_any_other_reason_is_quarantined_alone(office: Office) -> None:
    """One row that PostgreSQL will not take, for a reason that nobody foresaw, does not stop its page."""
    office.execute(
        "create function refuse() returns trigger language plpgsql as "
        f"$$ begin if new.referral_id = '{identity(7)}' then raise exception 'secret' using errcode = '22000'; "
        "end if; return new; end $$;"
        "create trigger refuse before insert on raw_referrals for each row execute function refuse()"
    )
    try:
        for _ in range(2):
            summary = office.sync(client=FarSide([payload(number) for number in range(12)]))
            assert summary["status"] == "success"
            assert counted(summary)[4] == 1
    finally:
        office.execute("drop trigger refuse on raw_referrals; drop function refuse")
    [row] = office.table("quarantined_referrals")
    assert row["reason"] == raw_referrals.NOT_STORABLE
    assert identity(7) in row["payload"]
    assert office.value("select count(*) from partner_center_referrals") == 11
    assert counted(office.sync(client=FarSide([payload(7)])))[1] == 1, "once PostgreSQL takes it, it is a referral"


# Full reads


def test_a_full_read_marks_what_is_gone_and_unmarks_what_is_back(office: Office) -> None:
    """A referral that a full read did not bring gets `missing_since`; it is kept, and loses the mark on its return."""
    office.sync()
    gone, _ = oldest_and_newest(office)
    office.sandbox.world.remove(gone)
    assert office.sync()["missing"] == 0, "an incremental sync cannot know"
    summary = office.sync("full")
    assert (summary["missing"], summary["fetched"], summary["updated"]) == (1, REFERRALS - 1, 0)
    query = "select referral_id, missing_since from partner_center_referrals where missing_since is not null"
    [row] = office.rows(query)
    assert row["referral_id"] == gone
    assert office.sync("full")["missing"] == 1
    assert office.rows(query) == [row], "the mark keeps its first date"
    office.sandbox.world.restore(gone)
    assert office.sync("full")["missing"] == 0
    assert office.rows(query) == []
    assert office.value("select count(*) from partner_center_referrals") == REFERRALS


def test_an_incremental_sync_that_sees_it_again_unmarks_it(office: Office) -> None:
    """A missing referral that changes upstream is back at once, without waiting for the next full read."""
    office.sync()
    gone, _ = oldest_and_newest(office)
    office.sandbox.world.remove(gone)
    office.sync("full")
    office.sandbox.world.restore(gone)
    office.sandbox.world.update(gone, name="Back")
    office.sync()
    assert office.value("select count(*) from partner_center_referrals where missing_since is not null") == 0


@pytest.mark.parametrize(("left", "missing"), [(REFERRALS // 2, REFERRALS // 2), (REFERRALS // 2 - 1, 0), (0, 0)])
def test_a_full_read_of_under_half_marks_nothing(office: Office, left: int, missing: int) -> None:
    """Half of what is known is believed; less is taken for a lost role, and nothing is marked."""
    office.sync()
    for key in list(office.sandbox.world.incoming())[left:]:
        office.sandbox.world.remove(key)
    summary = office.sync("full")
    assert (summary["status"], summary["fetched"], summary["missing"]) == ("success", left, missing)
    assert office.value("select count(*) from partner_center_referrals where missing_since is not null") == missing


def test_what_arrived_since_the_full_read_is_not_missing(office: Office) -> None:
    """A referral that only an incremental sync has seen, after a full read, is not gone."""
    office.sync("full")
    office.sandbox.world.arrive(1)
    office.sync()
    assert office.value("select count(*) from partner_center_referrals where missing_since is not null") == 0


# Domains, companies, tenants


def test_a_referral_without_a_domain_is_stored_and_counted(office: Office) -> None:
    """Consumer mail and no contact at all leave `domain` empty, with its reason, and no company."""
    consumer = payload(1, customerProfile={"name": "A", "team": [{"email": "kim@gmail.com"}]})
    nobody = payload(2, customerProfile={"name": "B"})
    summary = office.sync(client=FarSide([consumer, nobody, payload(3)]))
    assert (summary["new"], summary["without_domain"]) == (3, 2)
    found = office.rows("select domain, domain_reason from partner_center_referrals order by referral_id")
    assert [tuple(row.values()) for row in found] == [
        (None, "consumer"),
        (None, "no_candidates"),
        ("company3.de", None),
    ]
    assert [row["domain"] for row in office.table("companies")] == ["company3.de"]


def test_own_domains_that_change_are_heeded_by_the_next_sync(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A domain that is declared one's own stops being a customer's, for referrals that nobody fetched anew too."""
    office.sync(client=FarSide([payload(1), payload(2)]))
    monkeypatch.setenv("HUNTER_OWN_DOMAINS", "company1.de")
    summary = office.sync(client=FarSide([]))
    assert (summary["fetched"], summary["updated"]) == (0, 1)
    assert [row["domain"] for row in office.table("companies")] == ["company2.de"]
    assert office.value("select domain_reason from partner_center_referrals where domain is null") == "own"
    monkeypatch.delenv("HUNTER_OWN_DOMAINS")
    office.sync(client=FarSide([]))
    assert [row["domain"] for row in office.table("companies")] == ["company1.de", "company2.de"]


def test_company_has_the_most_frequent_name_of_its_open_referrals(office: Office) -> None:
    """Copies of one engagement count once, and a name that stands for no answer comes last."""

    def named(number: int, name: str, **changes: Any) -> dict[str, Any]:
        team = [{"email": "kim@contoso.com"}]
        return payload(number, customerProfile={"name": name, "team": team}, **changes)

    def name_of(*payloads: dict[str, Any]) -> str:
        office.sync(client=FarSide(list(payloads)))
        return office.value("select canonical_name from companies")

    closed = [named(number, "Contoso Old", status="Closed") for number in (1, 2, 3)]
    assert name_of(*closed, named(4, "Test 2")) == "Contoso Old"
    assert name_of(named(5, "Contoso Ltd")) == "Contoso Ltd"
    assert name_of(named(6, "CONTOSO LIMITED"), named(7, "Contoso Limited")) == "Contoso Limited"
    copies = [named(number, "Contoso Ltd", engagementId="copy") for number in (8, 9, 10)]
    assert name_of(*copies, named(11, "Contoso Limited")) == "Contoso Limited"


@pytest.fixture
def _look_up(monkeypatch: pytest.MonkeyPatch, office: Office) -> None:
    monkeypatch.setenv("HUNTER_TENANT_LOOKUP", "true")


def _asked_entra(office: Office) -> int:
    return sum(
        request.path.endswith("/.well-known/openid-configuration") and office.sandbox.tenant_id not in request.path
        for request in office.sandbox.requests
    )


@pytest.mark.usefixtures("_look_up")
def test_entra_is_asked_once_for_each_domain(office: Office) -> None:
    """A company whose domain has a tenant is `M365` and has its id, its referrals too; nothing is asked twice."""
    office.sync()
    domains = office.value("select count(*) from companies")
    assert _asked_entra(office) == domains
    found = {
        row["domain"]: row["azure_tenant_id"] for row in office.rows("select * from companies where provider = 'M365'")
    }
    assert found == office.sandbox.tenants
    wrong = office.value(
        "select count(*) from partner_center_referrals join companies using (domain)"
        " where partner_center_referrals.azure_tenant_id is distinct from companies.azure_tenant_id"
    )
    assert wrong == 0
    office.sync()
    assert _asked_entra(office) == domains


def test_the_look_up_can_be_off(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """With HUNTER_TENANT_LOOKUP=false nobody asks Entra, and no company has a provider."""
    monkeypatch.setenv("HUNTER_TENANT_LOOKUP", "false")
    assert office.sync()["status"] == "success"
    assert _asked_entra(office) == 0
    assert office.value("select count(*) from companies where provider is not null or azure_tenant_id is not null") == 0


@pytest.mark.usefixtures("_look_up")
def test_entra_out_of_order_does_not_fail_a_sync(office: Office) -> None:
    """What Entra did not answer is asked by the next sync."""
    office.sandbox.fail(Fault(where="openid", kind="400", body="{}"))
    assert office.sync()["status"] == "success"
    assert office.value("select count(*) from companies where provider is not null") == 0
    office.sandbox.clear_faults()
    office.sync()
    assert office.value("select count(*) from companies where provider = 'M365'") == len(office.sandbox.tenants)


@pytest.mark.usefixtures("_look_up")
def test_a_tenant_that_turns_up_later_is_no_change_of_the_referral(office: Office) -> None:
    """`updated_at` tells of the referral's content; a tenant id that becomes known does not move it."""
    office.sandbox.fail(Fault(where="openid", kind="400", body="{}"))
    office.sync()
    before = office.table("partner_center_referrals", without=("azure_tenant_id", "synced_at"))
    office.sandbox.clear_faults()
    assert office.sync()["updated"] == 0
    assert office.table("partner_center_referrals", without=("azure_tenant_id", "synced_at")) == before


@pytest.mark.slow
def test_a_default_world_has_seventeen_companies_on_microsoft_365(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """739 referrals in four pages, 17 companies with a tenant, in one sync."""
    with office_of(server, SandboxOptions()) as office:
        for name, value in office.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HUNTER_TENANT_LOOKUP", "true")
        sign_in(office)
        summary = office.sync(page_size=200)
        assert (summary["fetched"], summary["new"], summary["pages"]) == (739, 739, 4)
        assert office.value("select count(*) from companies where provider = 'M365'") == 17
        assert office.value("select count(distinct azure_tenant_id) from partner_center_referrals") == 17
        again = office.sync(page_size=200)
        assert (again["new"], again["updated"]) == (0, 0)


def test_the_flag_off_calls_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the flag off a sync is recorded as skipped, with the reason, and makes no request at all."""
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
    summary = office.sync()
    assert (summary["status"], summary["reason"], summary["error"]) == ("skipped", "feature_flag_disabled", None)
    assert office.sandbox.requests == []


def test_money_and_text_arrive_to_the_last_digit(office: Office) -> None:
    """Amounts keep all their digits on the way through JSON, jsonb and numeric; dates keep their microseconds."""
    amount = Decimal("123456789012.123456")
    office.sync(client=FarSide([payload(1, details={"dealValue": amount, "currency": "eur"})]))
    [row] = office.rows("select * from partner_center_referrals")
    assert (row["deal_value"], row["currency"]) == (amount, "EUR")
    assert row["source_created_at"].isoformat() == "2025-01-01T08:00:00.123456+00:00"
