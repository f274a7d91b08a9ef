"""Test the sandbox's update of a referral: eTags, request ids, transitions, required values and errors."""

import json
import uuid
from typing import Any

import pytest
import requests

from hunter_pipeline.sandbox import Fault
from hunter_pipeline_tests.sandbox.conftest import CLIENT_REQUEST_ID, REFERRALS, Client, StartSandbox

WON = [{"op": "replace", "path": "/status", "value": "Closed"}, {"op": "replace", "path": "/substatus", "value": "Won"}]
ACCEPT = [
    {"op": "replace", "path": "/status", "value": "Active"},
    {"op": "replace", "path": "/substatus", "value": "Accepted"},
]


@pytest.fixture
def client(start: StartSandbox) -> Client:
    return start()


def add(client: Client, **changes: Any) -> dict[str, Any]:
    payload = {"id": str(uuid.uuid4()), "status": "New", "substatus": "Pending", "eTag": '"first"', "name": "Deal"}
    details = {"dealValue": 1, "closingDateTime": "2027-01-01T00:00:00Z", "notes": None}
    client.sandbox.world.add(payload | {"details": details, "team": []} | changes)
    return client.sandbox.world.referrals[payload["id"]]


def patch(client: Client, referral_id: str, operations: Any, **headers: str | None) -> requests.Response:
    required = {
        "Authorization": f"Bearer {client.sandbox.access_token()}",
        "client-request-id": CLIENT_REQUEST_ID,
        "Content-Type": "application/json",
        "Prefer": "return=representation",
    }
    sent = {name.replace("_", "-"): value for name, value in (required | headers).items() if value is not None}
    return client.call("PATCH", f"{REFERRALS}/{referral_id}", data=json.dumps(operations), headers=sent)


def code(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_update_changes_the_referral_and_its_etag(client: Client) -> None:
    before = dict(add(client))
    answer = patch(client, before["id"], WON, If_Match='"first"')
    after = client.sandbox.world.referrals[before["id"]]
    assert (answer.status_code, answer.json()) == (200, after)
    assert (after["status"], after["substatus"]) == ("Closed", "Won")
    assert after["closedDateTime"] == after["updatedDateTime"]
    assert after["eTag"] != before["eTag"]
    assert client.get(path=f"{REFERRALS}/{before['id']}").json()["eTag"] == after["eTag"]


def test_answer_has_no_body_unless_it_is_preferred(client: Client) -> None:
    answer = patch(client, add(client)["id"], WON, Prefer=None)
    assert (answer.status_code, answer.content) == (204, b"")


def test_stale_etag_is_refused_with_the_documented_body(client: Client) -> None:
    referral = add(client)
    answer = patch(client, referral["id"], WON, If_Match='"other"')
    error = answer.json()["error"]
    assert (*code(answer), error["target"], error["innerError"]["code"]) == (412, "preconditionFailed", "ETag", "99918")
    assert referral["status"] == "New"
    client.sandbox.fail(Fault(where="patch", kind="412", times=1))
    fresh = patch(client, referral["id"], WON, If_Match='"first"')
    assert (code(fresh), fresh.json()["error"]["innerError"]["code"]) == ((412, "preconditionFailed"), "99918")
    assert patch(client, referral["id"], WON, If_Match='"first"').status_code == 200


def test_request_id_is_applied_once(client: Client) -> None:
    """The second answer is the referral as it is, whatever its eTag."""
    referral_id = add(client)["id"]
    answers = [patch(client, referral_id, WON, If_Match='"first"', request_id="one") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    [applied] = client.sandbox.updates.applied
    assert (applied.request_id, applied.replaced) == ("one", {"/status": "New", "/substatus": "Pending"})
    forgetful = patch(client, referral_id, WON, If_Match='"first"', request_id="two")
    assert forgetful.status_code == 412


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ({"status": "Closed"}, (400, "invalidRequest")),
        ([], (400, "invalidRequest")),
        ([{"op": "remove", "path": "/name"}], (400, "invalidRequest")),
        ([{"op": "replace", "path": "/name"}], (400, "invalidRequest")),
        ([{"op": "replace", "path": "/eTag", "value": "x"}], (400, "invalidRequest")),
        ([{"op": "replace", "path": "/statusReason", "value": "x"}], (400, "invalidRequest")),
        ([{"op": "replace", "path": "/details/dealValue", "value": "much"}], (422, "semanticError")),
        ([{"op": "add", "path": "/details/currency", "value": "euro"}], (422, "semanticError")),
        ([{"op": "replace", "path": "/status", "value": "Active"}], (422, "semanticError")),
        ([*WON, {"op": "replace", "path": "/substatus", "value": "Accepted"}], (422, "semanticError")),
    ],
)
def test_invalid_update_changes_nothing(client: Client, operations: Any, expected: tuple[int, str]) -> None:
    before = dict(add(client))
    assert code(patch(client, before["id"], operations)) == expected
    assert client.sandbox.world.referrals[before["id"]] == before


def test_accepted_referral_needs_name_value_and_close_date(client: Client) -> None:
    for missing in ({"name": None}, {"details": {"dealValue": 1}}, {"details": {"closingDateTime": "2027-01-01"}}):
        assert code(patch(client, add(client, **missing)["id"], ACCEPT)) == (422, "semanticError")
    accepted = patch(
        client, add(client)["id"], [*ACCEPT, {"op": "add", "path": "/team/-", "value": {"email": "a@b.c"}}]
    )
    assert (accepted.status_code, accepted.json()["team"]) == (200, [{"email": "a@b.c"}])


def test_closed_referral_stays_closed(client: Client) -> None:
    closed = add(client, status="Closed", substatus="Lost")
    assert code(patch(client, closed["id"], ACCEPT)) == (422, "semanticError")
    assert code(patch(client, closed["id"], WON)) == (422, "semanticError")


def test_colleague_edits_before_the_update(client: Client) -> None:
    referral = add(client)
    client.sandbox.fail(Fault(where="patch", kind="edit", body='{"details": {"notes": "theirs"}}', times=1))
    assert code(patch(client, referral["id"], WON, If_Match='"first"')) == (412, "preconditionFailed")
    assert (referral["status"], referral["details"]["notes"]) == ("New", "theirs")


def test_unknown_referral_and_missing_token_are_refused(client: Client) -> None:
    assert code(patch(client, str(uuid.uuid4()), WON)) == (404, "itemNotFound")
    assert code(patch(client, add(client)["id"], WON, Authorization=None)) == (401, "unauthenticated")
