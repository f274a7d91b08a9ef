"""Test the sending of answers to Partner Center: each is applied once or reported as unresolved."""

from dataclasses import replace
from decimal import Decimal

import pytest

from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline.warehouse import referral_updates
from hunter_pipeline_tests.pipeline.answering import DEAL, add_referral, give, patches, send, stored
from hunter_pipeline_tests.warehouse.installation import Installation

SANDBOX = SandboxOptions(referrals=3)
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("write_back")]

TRIES = 5


def test_accepted_referral_is_active_upstream_and_in_the_tables(installation: Installation) -> None:
    referral_id = add_referral(installation)
    given = give(installation, referral_id, "accept", **DEAL)
    [row] = send(installation)
    upstream = installation.sandbox.world.referrals[referral_id]
    assert (row["id"], row["state"], row["attempts"], row["error"]) == (given["id"], "confirmed", 1, None)
    assert row["confirmed_at"] is not None
    assert (upstream["status"], upstream["substatus"], upstream["details"]["dealValue"]) == (
        "Active",
        "Accepted",
        12000,
    )
    table = stored(installation, referral_id)
    assert (table["status"], table["deal_value"], table["etag"]) == ("Active", Decimal(12000), upstream["eTag"])


def test_request_is_as_microsoft_documents_it(installation: Installation) -> None:
    referral_id = add_referral(installation)
    given = give(installation, referral_id, "won", value="10000")
    send(installation)
    [request] = patches(installation)
    [applied] = installation.sandbox.updates.applied
    assert request.path == f"/v1.0/engagements/referrals/{referral_id}"
    assert request.headers["if-match"] == '"0000-first"'
    assert request.headers["prefer"] == "return=representation"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["request-id"] == given["request_id"] != request.headers["client-request-id"]
    assert applied.operations == [
        {"op": "replace", "path": "/status", "value": "Closed"},
        {"op": "replace", "path": "/substatus", "value": "Won"},
        {"op": "replace", "path": "/details/dealValue", "value": "10000"},
    ]


def test_stored_version_is_that_of_the_next_sync(installation: Installation) -> None:
    """The version that is read back equals the one in the list, so the next sync finds nothing new."""
    referral_id = add_referral(installation)
    give(installation, referral_id, "lost", reason="Too expensive")
    send(installation)
    versions = installation.value("select count(*) from raw_referrals where referral_id = %s", referral_id)
    summary = installation.sync()
    assert versions == installation.value("select count(*) from raw_referrals where referral_id = %s", referral_id) == 2
    assert (summary["new"], summary["updated"]) == (0, 0)
    assert stored(installation, referral_id)["status_reason"] == "Too expensive"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(where="patch", kind="drop", times=1),
        Fault(where="patch", kind="good", breaks="head", times=1),
        Fault(where="patch", kind="good", breaks="body", times=1),
        Fault(where="patch", kind="good", status=503, times=1),
        Fault(where="patch", kind="500", times=TRIES - 1),
        Fault(where="patch", kind="429", retry_after="0", times=TRIES - 1),
        Fault(where="patch", kind="412", times=1),
        Fault(where="patch", kind="409", times=1),
        Fault(where="get", kind="503", times=2),
        Fault(where="patch", kind="edit", body='{"details": {"notes": "A colleague was here"}}', times=1),
    ],
    ids=lambda fault: f"{fault.where}-{fault.kind}-{fault.breaks or fault.status or ''}",
)
@pytest.mark.parametrize("remembers", [True, False])
def test_answer_is_applied_once_when_a_fault_passes(installation: Installation, fault: Fault, remembers: bool) -> None:
    """Partner Center may or may not recognize a repeated request id."""
    installation.sandbox.options = replace(installation.sandbox.options, remembers_request_ids=remembers)
    referral_id = add_referral(installation)
    give(installation, referral_id, "accept", value="12000")
    installation.sandbox.fail(fault)
    [row] = send(installation)
    assert (row["state"], row["error"]) == ("confirmed", None)
    assert len(installation.sandbox.updates.applied) == 1
    assert {request.headers["request-id"] for request in patches(installation)} == {row["request_id"]}
    assert row["attempts"] == len(patches(installation))
    assert stored(installation, referral_id)["status"] == "Active"


@pytest.mark.parametrize(
    ("kind", "state", "sent"),
    [
        ("400", "rejected", 1),
        ("403", "rejected", 1),
        ("404", "rejected", 1),
        ("422", "rejected", 1),
        ("423", "rejected", 1),
        ("412", "failed", 2),
        ("409", "failed", 2),
        ("429", "failed", TRIES),
        ("500", "failed", TRIES),
        ("503", "failed", TRIES),
        ("drop", "failed", TRIES),
    ],
)
def test_answer_ends_with_the_reason_when_a_fault_stays(
    installation: Installation, kind: str, state: str, sent: int
) -> None:
    referral_id = add_referral(installation)
    give(installation, referral_id, "decline")
    installation.sandbox.fail(Fault(where="patch", kind=kind))
    [row] = send(installation)
    assert (row["state"], row["attempts"], len(patches(installation))) == (state, sent, sent)
    assert row["error"]
    assert row["status_code"] == (int(kind) if kind.isdigit() else None)
    assert installation.sandbox.updates.applied == []
    installation.sandbox.clear_faults()
    assert send(installation) == []
    with installation.warehouse.connection() as connection:
        assert referral_updates.retry(connection, row) is not None
    [again] = send(installation)
    assert (again["state"], again["error"], again["request_id"]) == ("confirmed", None, row["request_id"])


def test_expired_sign_in_leaves_the_answer_failed(installation: Installation) -> None:
    referral_id = add_referral(installation)
    give(installation, referral_id, "decline")
    installation.sandbox.require_mfa()
    [row] = send(installation)
    assert (row["state"], row["status_code"]) == ("failed", 401)
    assert installation.sandbox.updates.applied == []
    (installation.folder / ".token_cache").unlink()


@pytest.mark.parametrize("remembers", [True, False])
def test_conflict_shows_both_values_and_overwrites_nothing(installation: Installation, remembers: bool) -> None:
    installation.sandbox.options = replace(installation.sandbox.options, remembers_request_ids=remembers)
    referral_id = add_referral(installation)
    give(installation, referral_id, "update", value="12000", notes="ours")
    installation.sandbox.world.update(referral_id, details={"dealValue": 9000})
    [row] = send(installation)
    assert row["state"] == "conflict"
    assert row["conflict"] == [{"path": "/details/dealValue", "base": 5000, "ours": "12000", "theirs": 9000}]
    assert "9000" in row["error"]
    assert "12000" in row["error"]
    assert installation.sandbox.world.referrals[referral_id]["details"]["notes"] == "first"
    assert stored(installation, referral_id)["deal_value"] == Decimal(9000)
    with installation.warehouse.connection() as connection:
        assert referral_updates.retry(connection, row) is not None
    [again] = send(installation)
    assert again["state"] == "confirmed"
    assert stored(installation, referral_id)["deal_value"] == Decimal(12000)


def test_edit_is_a_conflict_when_it_follows_an_accepted_answer(installation: Installation) -> None:
    """An answer that a colleague has overwritten is not sent again."""
    referral_id = add_referral(installation)
    give(installation, referral_id, "update", notes="ours")
    installation.sandbox.fail(Fault(where="get", kind="edit", body='{"details": {"notes": "theirs"}}', times=1))
    [row] = send(installation)
    assert (row["state"], len(patches(installation))) == ("conflict", 1)
    assert row["conflict"] == [{"path": "/details/notes", "base": "first", "ours": "ours", "theirs": "theirs"}]


def test_later_answer_waits_for_the_earlier_one_and_builds_on_it(installation: Installation) -> None:
    """It is no conflict that the second answer changes the value of the first one."""
    referral_id = add_referral(installation)
    give(installation, referral_id, "accept", value="12000")
    give(installation, referral_id, "update", value="15000")
    give(installation, referral_id, "won")
    rows = send(installation)
    assert [row["state"] for row in rows] == ["confirmed"] * 3
    assert [entry.request_id for entry in installation.sandbox.updates.applied] == [row["request_id"] for row in rows]
    upstream = installation.sandbox.world.referrals[referral_id]
    assert (upstream["substatus"], upstream["details"]["dealValue"]) == ("Won", 15000)


def test_dry_run_shows_the_request_and_sends_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUNTER_WRITE_BACK", "dry-run")
    referral_id = add_referral(installation)
    give(installation, referral_id, "decline", reason="No capacity")
    [row] = send(installation)
    assert (row["state"], row["attempts"], patches(installation)) == ("dry_run", 0, [])
    assert row["request"]["url"].endswith(referral_id)
    assert row["request"]["headers"]["If-Match"] == '"0000-first"'
    assert row["request"]["body"] == row["operations"]
    assert "Bearer" not in str(row["request"])


def test_answer_of_a_dry_run_is_never_sent(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not sent after the flag is switched on, and a real answer waits while the flag is dry-run."""
    first, second = add_referral(installation), add_referral(installation)
    monkeypatch.setenv("HUNTER_WRITE_BACK", "dry-run")
    give(installation, first, "decline")
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")
    give(installation, second, "decline")
    monkeypatch.setenv("HUNTER_WRITE_BACK", "dry-run")
    assert [row["state"] for row in send(installation)] == ["dry_run"]
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")
    assert [(row["referral_id"], row["state"]) for row in send(installation)] == [(second, "confirmed")]
