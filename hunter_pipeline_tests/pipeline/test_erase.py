"""Test `hunter forget`: an erased person is in no table, also after later syncs."""

import json
import threading
from typing import Any

import pytest

from hunter_pipeline import cli
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.pipeline import erase
from hunter_pipeline.pipeline.sign_in import own_domains
from hunter_pipeline.pipeline.sync_run import SyncRun
from hunter_pipeline.referrals.addresses import canonical_address
from hunter_pipeline.referrals.erasure import ERASED
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline.warehouse import erasure, raw_referrals, sync_lease
from hunter_pipeline_tests.pipeline.answering import add_referral, give, send
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.installation import (
    TABLES,
    FakePartnerCenter,
    Installation,
    payload,
)

pytestmark = pytest.mark.slow

REFERRALS = 60
SANDBOX = SandboxOptions(referrals=REFERRALS)
VIEWS = ("leads_ready", "referral_status_history")
SUE = {
    "firstName": "Sue",
    "lastName": "Fairweather",
    "phoneNumber": "+1 425 555 0123",
    "email": "Sue.Fairweather@Fabrikam.com",
    "title": "CIO",
}
BOB = {"firstName": "Bob", "lastName": "Stone", "email": "bob@fabrikam.com"}
ADDRESS = "sue.fairweather@fabrikam.com"
EVERYTHING_OF_SUE = (ADDRESS, "sue", "fairweather", "555 0123", "cio")


def erase_address(installation: Installation, address: str = ADDRESS) -> dict[str, int]:
    canonical = canonical_address(address)
    assert canonical is not None
    settings = load_settings()
    return erase.erase_person(installation.warehouse, canonical, own_domains(settings))


def dump(installation: Installation) -> str:
    """Return every table and view as case-folded text."""
    rows = {name: installation.rows(f"select * from {name}") for name in (*TABLES, *VIEWS)}
    return json.dumps(rows, default=str, ensure_ascii=False).casefold()


def words_left(installation: Installation, *words: str) -> list[str]:
    """Return which of the words are in any table."""
    text = dump(installation)
    return [word for word in words if word.casefold() in text]


def test_people_of_the_sandbox_are_erased_and_stay_erased(installation: Installation) -> None:
    """Neither address nor name of twelve people returns, and no referral loses its company."""
    installation.sync()
    known = installation.rows("select contacts -> 0 as person, referral_id from partner_center_referrals order by 2")
    people = [row["person"] for row in known if row["person"] and canonical_address(row["person"]["email"] or "")][:12]
    before = installation.rows("select referral_id, domain, domain_source, company_name from partner_center_referrals")
    addresses = [person["email"].strip() for person in people]
    named = {
        person["name"]: installation.rows(
            "select referral_id from raw_referrals where payload::text ilike %s", f"%{person['email'].strip()}%"
        )
        for person in people
    }
    changed = [erase_address(installation, f"  {address.upper()} ")["raw_referrals"] for address in addresses]
    assert sum(changed) >= len({row["referral_id"] for rows in named.values() for row in rows}) > len(people) / 2

    def left() -> list[str]:
        """Return addresses in any table, and names in the referrals that had the address: names are not unique."""
        texts = {
            row["referral_id"]: row["text"]
            for row in installation.rows(
                "select referral_id, raw.payload::text || referral::text as text from raw_referrals as raw "
                "join partner_center_referrals as referral using (referral_id)"
            )
        }
        names = [name for name, rows in named.items() for row in rows if name and name in texts[row["referral_id"]]]
        return words_left(installation, *addresses) + names

    assert left() == []
    for mode in ("incremental", "full", "full"):
        summary = installation.sync(mode)
        assert (summary["status"], summary["new"], summary["updated"]) == ("success", 0, 0)
        assert left() == []
    assert installation.value("select count(*) from raw_referrals") == REFERRALS
    after = installation.rows("select referral_id, domain, domain_source, company_name from partner_center_referrals")
    assert sorted(map(str, after)) == sorted(map(str, before))


def test_answers_that_name_the_person_are_erased(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiting answer is canceled, and none can be sent again, also if only the answer names the person."""
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")
    named = add_referral(installation, customerProfile={"name": "Fabrikam", "team": [SUE]})
    answered, other = add_referral(installation), add_referral(installation)
    give(installation, named, "accept", notes="Sue Fairweather calls back")
    send(installation)
    give(installation, answered, "decline", reason=f"ask {ADDRESS}")
    give(installation, other, "update", notes="Bob")
    assert erase_address(installation)["referral_updates"] == 2
    assert words_left(installation, ADDRESS, "fairweather") == []
    rows = {row["referral_id"]: row for row in installation.rows("select * from referral_updates")}
    assert (rows[named]["state"], rows[answered]["state"], rows[other]["state"]) == ("confirmed", "canceled", "pending")
    values = {item["path"]: item["value"] for item in rows[named]["operations"]}
    assert (values["/status"], values["/details/notes"], values["/name"]) == ("Active", ERASED, ERASED)
    assert [row["state"] for row in send(installation)] == ["confirmed"]
    assert erase_address(installation)["referral_updates"] == 0
    installation.sync("full")
    assert words_left(installation, ADDRESS, "fairweather") == []


def test_answer_that_is_being_sent_keeps_no_text(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row has no text after its sender has died or failed with an error that quotes the referral."""
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")
    referral_id = add_referral(installation, customerProfile={"name": "Fabrikam", "team": [SUE]})
    give(installation, referral_id, "update", notes="Sue Fairweather calls back")
    installation.execute(
        "update referral_updates set state = 'sending', claimed_at = 'epoch', claimed_by = 'elsewhere/1/0'"
    )
    erase_address(installation)
    [row] = send(installation)
    assert (row["state"], row["error"], row["attempts"]) == ("failed", ERASED, 0)
    assert words_left(installation, ADDRESS, "fairweather") == []


def test_every_version_and_quarantined_text_is_erased(installation: Installation) -> None:
    """Versions without the address are reduced, too; other referrals of the company are unchanged."""
    profile = {"name": "Fabrikam", "team": [SUE, BOB]}
    first = payload(1, "2025-01-02T08:00:00Z", customerProfile=profile, team=[SUE])
    notes = {"notes": "Sue Fairweather, +1 (425) 555 0123", "dealValue": 1}
    second = payload(1, "2025-01-03T08:00:00Z", customerProfile={**profile, "team": [BOB]}, details=notes)
    third = payload(1, "2025-01-04T08:00:00Z", customerProfile={**profile, "team": [BOB]})
    invited = payload(2, inviteContext={"notes": f"ask {ADDRESS.upper()}", "invitedBy": SUE})
    other = payload(3, customerProfile={"name": "Fabrikam", "team": [BOB]}, status="Closed", substatus="Won")
    odd = [{"no": "id", "customerProfile": profile}, ADDRESS, [SUE]]
    for page in ([first, invited, other, *odd], [second], [third]):
        installation.sync(client=FakePartnerCenter(page))
    before = installation.state()
    assert erase_address(installation) == {
        "raw_referrals": 4,
        "quarantined_referrals": 3,
        "referral_updates": 0,
        "normalized_referrals": 2,
        "partner_center_referrals": 2,
        "leads_ready": 2,
    }
    assert words_left(installation, *EVERYTHING_OF_SUE) == []
    assert installation.value("select string_agg(distinct payload, '') from quarantined_referrals") == ERASED
    assert installation.value("select count(*) from raw_referrals where payload::text like '%bob@fabrikam.com%'") == 1
    assert (
        installation.value("select count(*) from partner_center_referrals where deal_value in (1001, 1002, 1003)") == 3
    )
    after = installation.state()
    for table in ("companies", "leads_ready"):
        keys = ("domain", "canonical_name", "deal_value")
        assert [[row.get(key) for key in keys] for row in after[table]] == [
            [row.get(key) for key in keys] for row in before[table]
        ]
    summary = installation.sync(client=FakePartnerCenter([third, first, second, invited, other, *odd]))
    assert (summary["new"], summary["updated"], summary["quarantined"]) == (0, 0, 3)
    assert installation.state() == after
    assert installation.value("select count(*) from quarantined_referrals") == 3
    assert erase_address(installation)["raw_referrals"] == 0


def test_person_in_no_table_is_left_out_of_later_syncs(installation: Installation) -> None:
    assert erase_address(installation, "Sue.Fairweather@Fabrikam.com") == dict.fromkeys(erase_address(installation), 0)
    team = {"name": "Fabrikam", "team": [SUE]}
    versions = [payload(1, f"2025-01-0{day}T08:00:00Z", customerProfile=team, name=f"Deal {day}") for day in (2, 3)]
    for version in versions:
        assert installation.sync(client=FakePartnerCenter([version]))["status"] == "success"
        again = installation.sync(client=FakePartnerCenter([version]))
        assert (again["new"], again["updated"]) == (0, 0)
    assert installation.value("select count(*) from raw_referrals") == 2
    assert words_left(installation, *EVERYTHING_OF_SUE) == []
    assert installation.value("select domain from leads_ready") == "fabrikam.com"
    assert installation.value("select contact_email from leads_ready") is None
    assert installation.value("select count(*) from forgotten_people") == 1


def test_another_spelling_of_an_erased_address_is_left_out(installation: Installation) -> None:
    erase_address(installation, "bilgi@girisim.com.tr")
    team = [
        {"firstName": "Ayşe", "email": "BİLGİ@GİRİSİM.COM.TR"},
        {"lastName": "Öz", "email": "bilgi＠girisim.com.tr"},
    ]
    page = [payload(1, customerProfile={"team": team[:1]}), payload(2, customerProfile={"team": team[1:]})]
    installation.sync(client=FakePartnerCenter(page))
    assert words_left(installation, "bilgi", "BİLGİ", "ayşe", "öz") == []
    assert installation.value("select count(*) from partner_center_referrals where domain = 'girisim.com.tr'") == 2


def test_two_people_of_one_referral_leave_one_version(installation: Installation) -> None:
    """The next sync recognizes the version."""
    page = [payload(1, customerProfile={"name": "Fabrikam", "team": [SUE, BOB]})]
    installation.sync(client=FakePartnerCenter(page))
    erase_address(installation)
    erase_address(installation, "bob@fabrikam.com")
    summary = installation.sync(client=FakePartnerCenter(page))
    assert (summary["new"], summary["updated"]) == (0, 0)
    assert installation.value("select count(*) from raw_referrals") == 1
    assert words_left(installation, *EVERYTHING_OF_SUE, "bob", "stone") == []


def test_person_erased_by_an_earlier_release_stays_erased(installation: Installation) -> None:
    """Rows with keyed hashes and payloads without the names are no new versions."""
    page = [
        payload(1, customerProfile={"name": "Fabrikam", "team": [SUE, BOB]}, details={"notes": "Sue Fairweather"}),
        payload(2, customerProfile={"name": "Fabrikam", "team": []}, details={"notes": "Sue Fairweather"}),
    ]
    installation.sync(client=FakePartnerCenter(page))
    hashes = {row["referral_id"]: row["content_hash"] for row in installation.table("raw_referrals")}
    with installation.warehouse.connection() as connection:
        registry = erasure.load_registry(connection)
        person = registry.address_hash(ADDRESS)
        registry.people.add(person)
        for referral in page:
            registry.record(referral["id"], {person})
        erasure.save_registry(connection, registry)
    installation.execute("insert into forgotten_traces (address_hash, trace_hash) values (%s, 'a name')", person)
    cut = {**SUE, **dict.fromkeys(("firstName", "lastName", "phoneNumber", "email", "title"))}
    member = {**cut, "erasedAddressHost": "fabrikam.com"}
    for referral, team in zip(page, ([member, BOB], []), strict=True):
        stored = {**referral, "customerProfile": {"name": "Fabrikam", "team": team}, "details": {"notes": "[erased]"}}
        installation.execute(
            "update raw_referrals set payload = %s, content_hash = %s, erased = true where referral_id = %s",
            *(json.dumps(stored), registry.version_hash(hashes[referral["id"]]), referral["id"]),
        )
    with installation.warehouse.connection() as connection:
        raw_referrals.repair_newest_versions(connection)
    installation.later_steps()
    before = installation.state()
    for mode in ("incremental", "full"):
        summary = installation.sync(mode, client=FakePartnerCenter(page))
        assert (summary["new"], summary["updated"]) == (0, 0)
    assert installation.state() == before
    assert words_left(installation, *EVERYTHING_OF_SUE) == []
    assert erase_address(installation)["raw_referrals"] == 2, "reduced like those of today"
    assert words_left(installation, *EVERYTHING_OF_SUE, "bob") == []
    assert installation.sync(client=FakePartnerCenter(page))["updated"] == 0


def test_repaired_payload_is_recognized_after_its_person_was_erased(installation: Installation) -> None:
    page = [payload(1, customerProfile={"team": [SUE]}, name="a\0b", odd=float("inf"))]
    installation.sync(client=FakePartnerCenter(page))
    assert erase_address(installation)["raw_referrals"] == 1
    summary = installation.sync(client=FakePartnerCenter(page))
    assert (summary["new"], summary["updated"], installation.value("select count(*) from raw_referrals")) == (0, 0, 1)


def test_referral_whose_id_is_an_address_gets_another_id(installation: Installation) -> None:
    """The new id does not reveal the address in any table."""
    page = [payload(1, id=ADDRESS, customerProfile={"team": [SUE]})]
    installation.sync(client=FakePartnerCenter(page))
    erase_address(installation)
    installation.sync(client=FakePartnerCenter(page))
    assert words_left(installation, *EVERYTHING_OF_SUE) == []
    ids = {
        row["referral_id"]
        for table in ("raw_referrals", "partner_center_referrals")
        for row in installation.table(table)
    }
    assert len(ids) == 1


def test_erasing_waits_for_a_running_sync(installation: Installation) -> None:
    """Rows that the sync stores before its end are erased as well."""
    waiting = threading.Event()
    settings = load_settings()

    def work() -> None:
        erase.erase_person(installation.warehouse, ADDRESS, (), waiting.set)

    thread = threading.Thread(target=work)
    run = SyncRun(installation.warehouse, settings, "under-way")
    assert run.begin("full") is None
    with installation.warehouse.connection() as connection:
        thread.start()
        assert waiting.wait(DEADLINE_SECONDS)
        connection.execute(
            "insert into raw_referrals (referral_id, payload, content_hash) values ('late', %s, 'h')",
            (json.dumps({"id": "late", "customerProfile": {"team": [SUE]}}),),
        )
        connection.commit()
        raw_referrals.repair_newest_versions(connection)
    assert thread.is_alive()
    run.finish()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()
    assert words_left(installation, ADDRESS, "fairweather") == []


def test_sync_is_skipped_while_a_person_is_erased(installation: Installation) -> None:
    with sync_lease.held(installation.warehouse, "hunter forget", seconds=DEADLINE_SECONDS):
        run = SyncRun(installation.warehouse, load_settings(), "another")
        assert run.begin("incremental") == "sync_in_progress"
        run.finish()


def test_error_while_erasing_changes_nothing(installation: Installation) -> None:
    installation.sync(client=FakePartnerCenter([payload(1, customerProfile={"name": "Fabrikam", "team": [SUE]})]))
    before = dump(installation)
    installation.execute("alter table partner_center_referrals add constraint full_up check (contacts <> '[]')")
    try:
        with pytest.raises(Exception, match="PostgreSQL refused a statement: check violation") as raised:
            erase_address(installation)
    finally:
        installation.execute("alter table partner_center_referrals drop constraint full_up")
    assert ADDRESS not in str(raised.value).casefold()
    assert dump(installation) == before


def test_forget_command_reports_changes_without_the_person(
    installation: Installation, capfd: pytest.CaptureFixture[Any]
) -> None:
    installation.sync(client=FakePartnerCenter([payload(1, customerProfile={"name": "Fabrikam", "team": [SUE]})]))
    capfd.readouterr()
    assert cli.run(["forget", f" {ADDRESS.title()} "]) == 0
    out, err = capfd.readouterr()
    assert out == (
        "Erased. Rows changed: 1 in raw_referrals, 1 in normalized_referrals, 1 in partner_center_referrals, "
        "1 in leads_ready. Later syncs leave this person out.\n"
    )
    assert '"event": "person_forgotten"' in err
    assert ADDRESS not in (out + err).casefold()
    assert cli.run(["forget", "nobody@fabrikam.com"]) == 0
    assert capfd.readouterr().out == "No row names this person. Later syncs leave this person out.\n"


@pytest.mark.parametrize("wrong", ["sue", "sue@", "@fabrikam.com", "sue fairweather@fabrikam.com", "", None])
def test_forget_command_refuses_anything_but_one_address(
    installation: Installation, wrong: str | None, capfd: pytest.CaptureFixture[Any]
) -> None:
    assert cli.run(["forget"] if wrong is None else ["forget", wrong]) == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert "hint:  Try: hunter forget --help" in printed.err
    assert not wrong or f"'{wrong}'" not in printed.err
