"""Test `hunter referrals`: lists of referrals and answers."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline_tests.cli.conftest import is_one_sentence_and_a_hint
from hunter_pipeline_tests.pipeline.answering import add_referral, patches, stored
from hunter_pipeline_tests.warehouse.installation import Installation

SANDBOX = SandboxOptions(referrals=3)
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("write_back")]

ROW = (
    *("id", "referral_id", "action", "operations", "base_etag", "requested_by", "requested_at", "send_after", "state"),
    *("request_id", "attempts", "error", "confirmed_at"),
)


def make_due(installation: Installation) -> None:
    installation.execute("update referral_updates set send_after = clock_timestamp() where state = 'pending'")


def count(installation: Installation) -> int:
    return installation.value("select count(*) from referral_updates")


def test_accept_stores_an_answer_that_send_sends(installation: Installation, hunter: Any) -> None:
    referral_id = add_referral(installation)
    given = hunter("referrals", "accept", referral_id, "--value", "12000", "--by", "Ada", "--json")
    assert given.code == 0, given.err
    row = json.loads(given.out)
    assert set(ROW) <= set(row)
    assert (row["state"], row["requested_by"], row["attempts"], row["error"]) == ("pending", "Ada", 0, None)
    assert row["send_after"] > row["requested_at"]
    installation.execute("update referral_updates set send_after = send_after + interval '1 hour'")
    early = hunter("referrals", "send", "--json")
    assert (early.code, json.loads(early.out)) == (0, {"counts": {}, "updates": []})
    make_due(installation)
    sent = hunter("referrals", "send", "--json")
    answer = json.loads(sent.out)
    assert (sent.code, answer["counts"], len(sent.out.splitlines())) == (0, {"confirmed": 1}, 1)
    assert (answer["updates"][0]["id"], answer["updates"][0]["state"]) == (row["id"], "confirmed")
    assert stored(installation, referral_id)["status"] == "Active"
    listed = json.loads(hunter("referrals", "updates", "--json").out)
    assert [item["state"] for item in listed] == ["confirmed"]
    shown = json.loads(hunter("referrals", "show", referral_id, "--json").out)
    assert (shown["status"], shown["updates"][0]["id"]) == ("Active", row["id"])


@pytest.mark.parametrize(
    ("kind", "code", "state"), [("403", 3, "rejected"), ("423", 5, "rejected"), ("412", 5, "failed")]
)
def test_send_exits_with_the_reason_and_retry_sends_again(
    installation: Installation, hunter: Any, kind: str, code: int, state: str
) -> None:
    referral_id = add_referral(installation)
    number = json.loads(hunter("referrals", "decline", referral_id, "--json").out)["id"]
    make_due(installation)
    installation.sandbox.fail(Fault(where="patch", kind=kind))
    sent = hunter("referrals", "send", "--json")
    answer = json.loads(sent.out)
    assert (sent.code, answer["counts"]) == (code, {state: 1})
    assert kind in answer["updates"][0]["error"]
    installation.sandbox.clear_faults()
    again = hunter("referrals", "updates", "--retry", str(number), "--json")
    assert (again.code, json.loads(again.out)["state"]) == (0, "pending")
    assert hunter("referrals", "send").code == 0
    assert stored(installation, referral_id)["substatus"] == "Declined"


def test_send_exits_with_3_when_the_sign_in_has_ended(installation: Installation, hunter: Any) -> None:
    referral_id = add_referral(installation)
    hunter("referrals", "decline", referral_id)
    make_due(installation)
    (installation.folder / ".token_cache").unlink()
    sent = hunter("referrals", "send", "--json")
    assert (sent.code, json.loads(sent.out)["counts"]) == (3, {"failed": 1})
    assert patches(installation) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("accept {closed}", "cannot get the status Active"),
        ("won {closed}", "cannot get the status Closed"),
        ("accept {bare}", "name, value, currency, close_date"),
        ("update {new}", "at least one value"),
        ("update {new} --notes first", "changes nothing"),
        ("update {new} --value much", "has to be a number"),
        ("update {new} --close tomorrow", "has to be a date"),
        ("update {new} --currency euro", "three letters"),
        ("accept nowhere", "No referral has this id"),
        ("updates --retry 999", "No answer has this number"),
        ("cancel 999", "No answer has this number"),
    ],
)
def test_refused_answer_writes_nothing(installation: Installation, hunter: Any, line: str, message: str) -> None:
    ids = {
        "closed": add_referral(installation, status="Closed", substatus="Lost"),
        "bare": add_referral(installation, name=None, details={}),
        "new": add_referral(installation),
    }
    code, out, err = hunter("referrals", *line.format(**ids).split())
    assert (code, out, count(installation)) == (2, "", 0)
    assert message in err
    assert is_one_sentence_and_a_hint(err)


def test_nothing_is_written_or_sent_while_the_flag_is_off(
    installation: Installation, hunter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    referral_id = add_referral(installation)
    hunter("referrals", "decline", referral_id)
    make_due(installation)
    monkeypatch.delenv("HUNTER_WRITE_BACK")
    code, out, err = hunter("referrals", "accept", referral_id)
    assert (code, out, count(installation)) == (2, "", 1)
    assert "HUNTER_WRITE_BACK" in err
    sent = hunter("referrals", "send", "--json")
    assert (sent.code, json.loads(sent.out)) == (0, {"counts": {}, "updates": []})
    assert patches(installation) == []
    assert referral_id in hunter("referrals", "list").out
    assert hunter("referrals", "show", referral_id).code == 0


def test_answer_is_canceled_before_it_is_sent(installation: Installation, hunter: Any) -> None:
    referral_id = add_referral(installation)
    number = str(json.loads(hunter("referrals", "decline", referral_id, "--json").out)["id"])
    assert referral_id in hunter("referrals", "updates").out
    canceled = hunter("referrals", "cancel", number, "--json")
    assert (canceled.code, json.loads(canceled.out)["state"]) == (0, "canceled")
    make_due(installation)
    assert hunter("referrals", "send").out.strip() == "No answer is due."
    assert patches(installation) == []
    again = hunter("referrals", "cancel", number)
    assert again.code == 2
    assert "cannot be taken back" in again.err


def test_answer_is_refused_when_it_is_given_twice(installation: Installation, hunter: Any) -> None:
    """A waiting answer counts: there is one row."""
    referral_id = add_referral(installation)
    assert hunter("referrals", "accept", referral_id).code == 0
    assert hunter("referrals", "accept", referral_id).code == 2
    assert count(installation) == 1


def test_won_warns_when_the_referral_is_new(installation: Installation, hunter: Any) -> None:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    young = add_referral(installation, createdDateTime=now)
    old = add_referral(installation)
    early, late = hunter("referrals", "won", young, "--json"), hunter("referrals", "won", old, "--json")
    assert (early.code, late.code) == (0, 0)
    assert "72 hours" in early.err
    assert "72 hours" in json.loads(early.out)["warning"]
    assert ("72 hours" in late.err, json.loads(late.out)["warning"]) == (False, None)


def test_dry_run_prints_the_exact_request(
    installation: Installation, hunter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUNTER_WRITE_BACK", "dry-run")
    referral_id = add_referral(installation)
    assert "a dry run" in hunter("referrals", "lost", referral_id, "--reason", "Price").out
    make_due(installation)
    sent = hunter("referrals", "send")
    assert sent.code == 0
    assert '"method": "PATCH"' in sent.out
    assert '"value": "Price"' in sent.out
    assert "1 dry_run" in sent.out
    assert patches(installation) == []
