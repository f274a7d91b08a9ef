"""`hunter forget`: nobody by that address is left in any table, and nobody comes back."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hunter_pipeline import cli, forget
from hunter_pipeline.domain.forgetting import plain_address
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline.settings import load_settings
from hunter_pipeline.sync_run import SyncRun, stream_of
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.office import TABLES, FarSide, Office, office_of, payload

REFERRALS = 60
VIEWS = ("leads_ready", "referral_status_history")
SUE = {
    "firstName": "Sue",
    "lastName": "Fairweather",
    "phoneNumber": "+1 425 555 0123",
    "email": "Sue.Fairweather@Fabrikam.com",
    "title": "CIO",
}
ADDRESS = "sue.fairweather@fabrikam.com"


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Office]:
    with office_of(server, SandboxOptions(referrals=REFERRALS)) as office:
        yield office


def forgotten(office: Office, address: str = ADDRESS) -> dict[str, int]:
    plain = plain_address(address)
    assert plain is not None
    settings = load_settings()
    with office.warehouse.connection() as connection:
        return forget.forget(connection, plain, stream_of(settings), settings.own_domains)


def dump(office: Office) -> str:
    """Every table and view as text, folded."""
    rows = {name: office.rows(f"select * from {name}") for name in (*TABLES, *VIEWS)}
    return json.dumps(rows, default=str, ensure_ascii=False).casefold()


def traces_left(office: Office, *words: str) -> list[str]:
    text = dump(office)
    return [word for word in words if word.casefold() in text]


@pytest.mark.slow
def test_everybody_in_a_small_world(office: Office) -> None:
    """For a dozen people of the sandbox: address and name are gone from every table and stay gone."""
    office.sync()
    known = office.rows("select contacts -> 0 as person, referral_id from partner_center_referrals order by 2")
    people = [row["person"] for row in known if row["person"] and plain_address(row["person"]["email"] or "")][:12]
    before = office.rows("select referral_id, domain, domain_source, company_name from partner_center_referrals")
    addresses = [person["email"].strip() for person in people]
    named = {
        person["name"]: office.rows(
            "select referral_id from raw_referrals where payload::text ilike %s", f"%{person['email'].strip()}%"
        )
        for person in people
    }
    assert sum(forgotten(office, f"  {address.upper()} ")["raw_referrals"] for address in addresses) >= len(named)

    def left() -> list[str]:
        """Addresses anywhere, and names in the referrals that had the address: the sandbox has namesakes."""
        texts = {
            row["referral_id"]: row["text"]
            for row in office.rows(
                "select referral_id, raw.payload::text || referral::text as text from raw_referrals as raw "
                "join partner_center_referrals as referral using (referral_id)"
            )
        }
        names = [name for name, ids in named.items() for row in ids if name and name in texts[row["referral_id"]]]
        return traces_left(office, *addresses) + names

    assert left() == []
    for mode in ("incremental", "full", "full"):
        summary = office.sync(mode)
        assert (summary["status"], summary["new"], summary["updated"]) == ("success", 0, 0)
        assert left() == []
    assert office.value("select count(*) from raw_referrals") == REFERRALS
    after = office.rows("select referral_id, domain, domain_source, company_name from partner_center_referrals")
    assert sorted(map(str, after)) == sorted(map(str, before)), "no referral loses its company"


def test_every_version_and_the_quarantine(office: Office) -> None:
    """History, notes, the partner's team and what is in quarantine lose the person; colleagues and deals stay."""
    colleague = {"firstName": "Bob", "lastName": "Stone", "email": "bob@fabrikam.com"}
    profile = {"name": "Fabrikam", "team": [SUE, colleague]}
    first = payload(1, "2025-01-02T08:00:00Z", customerProfile=profile, team=[SUE])
    notes = {"notes": f"Sue Fairweather, +1 (425) 555 0123, {ADDRESS}", "dealValue": 1}
    second = payload(1, "2025-01-03T08:00:00Z", customerProfile={**profile, "team": [colleague]}, details=notes)
    third = payload(1, "2025-01-04T08:00:00Z", customerProfile={**profile, "team": [colleague]})
    invited = payload(2, inviteContext={"notes": f"ask {ADDRESS.upper()}", "invitedBy": SUE})
    odd = [{"no": "id", "customerProfile": profile}, ADDRESS, [SUE]]
    for page in ([first, invited, *odd], [second], [third]):
        office.sync(client=FarSide(page))
    before = office.state()
    assert forgotten(office) == {
        "raw_referrals": 3,
        "quarantined_referrals": 3,
        "normalized_referrals": 2,
        "partner_center_referrals": 2,
        "leads_ready": 2,
    }
    assert traces_left(office, ADDRESS, "sue", "fairweather", "555 0123", "cio") == []
    assert office.value("select count(*) from raw_referrals where payload::text like '%bob@fabrikam.com%'") == 3
    after = office.state()
    for table in ("companies", "leads_ready"):
        keys = ("domain", "canonical_name", "deal_value")
        assert [[row.get(key) for key in keys] for row in after[table]] == [
            [row.get(key) for key in keys] for row in before[table]
        ]
    summary = office.sync(client=FarSide([third, first, second, invited, *odd]))
    assert (summary["new"], summary["updated"], summary["quarantined"]) == (0, 0, 3)
    assert office.state() == after
    assert office.value("select count(*) from quarantined_referrals") == 3
    assert forgotten(office)["raw_referrals"] == 0


def test_who_comes_later_is_left_out(office: Office) -> None:
    """An address that is in no table is remembered: its person never gets in, whatever new versions come."""
    assert forgotten(office, "Sue.Fairweather@Fabrikam.com") == dict.fromkeys(forgotten(office), 0)
    team = {"name": "Fabrikam", "team": [SUE]}
    versions = [payload(1, f"2025-01-0{day}T08:00:00Z", customerProfile=team, name=f"Deal {day}") for day in (2, 3)]
    for version in versions:
        assert office.sync(client=FarSide([version]))["status"] == "success"
        again = office.sync(client=FarSide([version]))
        assert (again["new"], again["updated"]) == (0, 0)
    assert office.value("select count(*) from raw_referrals") == 2
    assert traces_left(office, ADDRESS, "sue", "fairweather", "0123") == []
    assert office.value("select domain from leads_ready") == "fabrikam.com"
    assert office.value("select contact_email from leads_ready") is None
    assert office.value("select count(*) from forgotten_people") == 1


def test_two_people_of_one_referral(office: Office) -> None:
    """Forgetting one after the other leaves one version, known again at the next sync."""
    bob = {**SUE, "firstName": "Bob", "email": "bob@fabrikam.com", "phoneNumber": "+1 425 555 0777"}
    page = [payload(1, customerProfile={"name": "Fabrikam", "team": [SUE, bob]})]
    office.sync(client=FarSide(page))
    forgotten(office)
    forgotten(office, "bob@fabrikam.com")
    summary = office.sync(client=FarSide(page))
    assert (summary["new"], summary["updated"]) == (0, 0)
    assert office.value("select count(*) from raw_referrals") == 1
    assert traces_left(office, ADDRESS, "bob", "0777") == []


def test_what_postgresql_would_refuse_is_known_again(office: Office) -> None:
    """A payload that had to be repaired is no new version after its person was erased."""
    page = [payload(1, customerProfile={"team": [SUE]}, name="a\0b", odd=float("inf"))]
    office.sync(client=FarSide(page))
    assert forgotten(office)["raw_referrals"] == 1
    summary = office.sync(client=FarSide(page))
    assert (summary["new"], summary["updated"], office.value("select count(*) from raw_referrals")) == (0, 0, 1)


def test_an_id_that_is_an_address_gives_way(office: Office) -> None:
    """Its rows go on under an id that tells nothing, in every table."""
    page = [payload(1, id=ADDRESS, customerProfile={"team": [SUE]})]
    office.sync(client=FarSide(page))
    forgotten(office)
    office.sync(client=FarSide(page))
    assert traces_left(office, ADDRESS, "sue") == []
    ids = {row["referral_id"] for table in ("raw_referrals", "partner_center_referrals") for row in office.table(table)}
    assert len(ids) == 1


def test_it_waits_for_the_sync_under_way(office: Office) -> None:
    """While a sync has the lock nothing is erased; what it lands before its end is erased then."""
    told = threading.Event()
    settings = load_settings()

    def work() -> None:
        with office.warehouse.connection() as connection:
            forget.forget(connection, ADDRESS, stream_of(settings), (), told.set)

    thread = threading.Thread(target=work)
    with office.warehouse.connection() as connection:
        run = SyncRun(connection, settings, "under-way")
        assert run.begin("full") is None
        thread.start()
        assert told.wait(DEADLINE_SECONDS)
        time.sleep(0.3)
        connection.execute(
            "insert into raw_referrals (referral_id, payload, content_hash) values ('late', %s, 'h')",
            (json.dumps({"id": "late", "customerProfile": {"team": [SUE]}}),),
        )
        connection.commit()
        assert thread.is_alive()
        run.finish()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()
    assert traces_left(office, ADDRESS, "fairweather") == []


def test_no_sync_begins_meanwhile(office: Office) -> None:
    """While a person is being erased a sync is skipped, as next to another sync."""
    settings = load_settings()
    with office.warehouse.connection() as connection, connection.transaction():
        forget.people.wait_for_syncs(connection)
        with office.warehouse.connection() as other:
            run = SyncRun(other, settings, "another")
            assert run.begin("full") == "sync_in_progress"
            run.finish()


def test_an_error_leaves_all_as_it_was(office: Office) -> None:
    """Erasing, remembering and deriving again are one transaction."""
    office.sync(client=FarSide([payload(1, customerProfile={"name": "Fabrikam", "team": [SUE]})]))
    before = dump(office)
    office.execute("alter table partner_center_referrals add constraint full_up check (contacts <> '[]')")
    try:
        with pytest.raises(Exception, match="PostgreSQL refused a statement: check violation") as raised:
            forgotten(office)
    finally:
        office.execute("alter table partner_center_referrals drop constraint full_up")
    assert ADDRESS not in str(raised.value).casefold()
    assert dump(office) == before


def test_the_command(office: Office, capfd: pytest.CaptureFixture[Any]) -> None:
    """It says how many rows in which table, and never whom; an unknown person is fine, no address is a usage error."""
    office.sync(client=FarSide([payload(1, customerProfile={"name": "Fabrikam", "team": [SUE]})]))
    capfd.readouterr()
    assert cli.run(["forget", f" {ADDRESS.title()} "]) == 0
    out, err = capfd.readouterr()
    assert out == (
        "Erased; rows touched: 1 of raw_referrals, 1 of normalized_referrals, 1 of partner_center_referrals, "
        "1 of leads_ready. Later syncs leave this person out.\n"
    )
    assert '"event": "person_forgotten"' in err
    assert ADDRESS not in (out + err).casefold()
    assert cli.run(["forget", "nobody@fabrikam.com"]) == 0
    assert capfd.readouterr().out == "None found: no row names this person. Later syncs leave this person out.\n"
    for wrong in ("sue", "sue@", "@fabrikam.com", "sue fairweather@fabrikam.com", ""):
        assert cli.run(["forget", wrong]) == 2
        said = capfd.readouterr()
        assert said.out == ""
        assert said.err.startswith("error: ")
        assert "hint:  Try: hunter forget --help" in said.err
        assert not wrong or f"'{wrong}'" not in said.err
    assert cli.run(["forget"]) == 2
