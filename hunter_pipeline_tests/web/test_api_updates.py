"""Answers to referrals over HTTP: given, listed, taken back and sent again."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline_tests.pipeline.answering import add_referral, patches, send, stored
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.office import Office, office_of
from hunter_pipeline_tests.web.seed import settings_for
from hunter_pipeline_tests.web.services import run_service


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Office]:
    with office_of(server, SandboxOptions(referrals=3)) as office:
        yield office


@pytest.fixture(scope="module")
def url(shared: Office) -> Iterator[str]:
    with run_service(service_settings(shared)) as url:
        yield url


@pytest.fixture(autouse=True)
def write_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")


def service_settings(office: Office, **changes: Any) -> Settings:
    changes = {"partner_center_enabled": True, "write_back": "on"} | changes
    return settings_for(office.url, office.folder, **changes)


def call(method: str, url: str, referral_id: str, path: str = "", **arguments: Any) -> requests.Response:
    address = f"{url}/api/v1/partner-center/referrals/{referral_id}/updates{path}"
    return requests.request(method, address, timeout=DEADLINE_SECONDS, **arguments)


def make_due(office: Office) -> None:
    office.execute("update referral_updates set send_after = clock_timestamp() where state = 'pending'")


def test_answer_is_given_listed_and_sent(office: Office, url: str) -> None:
    referral_id = add_referral(office)
    body = {"action": "accept", "value": 12500.5, "close_date": "2027-03-31", "requested_by": "Ada"}
    given = call("POST", url, referral_id, json=body)
    row = given.json()
    assert (given.status_code, row["state"], row["requested_by"]) == (202, "pending", "Ada")
    assert {"op": "replace", "path": "/details/dealValue", "value": "12500.5"} in row["operations"]
    assert call("GET", url, referral_id).json() == {"items": [row], "total": 1}
    make_due(office)
    send(office)
    [listed] = call("GET", url, referral_id).json()["items"]
    assert (listed["state"], stored(office, referral_id)["status"]) == ("confirmed", "Active")
    taken_back = call("DELETE", url, referral_id, f"/{row['id']}")
    assert (taken_back.status_code, taken_back.json()["error"]) == (409, "not_pending")


def test_pending_answer_is_taken_back(office: Office, url: str) -> None:
    referral_id = add_referral(office)
    number = call("POST", url, referral_id, json={"action": "decline", "reason": "No capacity"}).json()["id"]
    assert call("DELETE", url, add_referral(office), f"/{number}").status_code == 404
    canceled = call("DELETE", url, referral_id, f"/{number}")
    assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled")
    make_due(office)
    assert send(office) == []
    assert patches(office) == []


def test_failed_answer_is_sent_again_when_asked_for(office: Office, url: str) -> None:
    referral_id = add_referral(office)
    number = call("POST", url, referral_id, json={"action": "decline"}).json()["id"]
    refused = call("POST", url, referral_id, f"/{number}/retry")
    assert (refused.status_code, refused.json()["error"]) == (409, "not_retryable")
    make_due(office)
    office.sandbox.fail(Fault(where="patch", kind="423", times=1))
    assert [row["state"] for row in send(office)] == ["rejected"]
    again = call("POST", url, referral_id, f"/{number}/retry")
    assert (again.status_code, again.json()["state"], again.json()["error"]) == (202, "pending", None)
    assert [row["state"] for row in send(office)] == ["confirmed"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "accept", "reason": "why"}, "invalid_value"),
        ({"action": "decline", "value": 1}, "invalid_value"),
        ({"action": "update"}, "nothing_given"),
        ({"action": "update", "notes": "first"}, "unchanged"),
        ({"action": "update", "currency": "euro"}, "invalid_value"),
        ({"action": "reopen"}, "invalid_request"),
        ({"action": "update", "value": -1}, "invalid_request"),
        ({"action": "update", "notes": "a\0b"}, "invalid_request"),
        ({"action": "update", "salesStage": "x"}, "invalid_request"),
    ],
)
def test_invalid_answer_is_refused(office: Office, url: str, body: dict[str, Any], code: str) -> None:
    referral_id = add_referral(office)
    answer = call("POST", url, referral_id, json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, code)
    assert office.value("select count(*) from referral_updates") == 0


def test_refused_transition_and_missing_value_are_unprocessable(office: Office, url: str) -> None:
    closed = add_referral(office, status="Closed", substatus="Lost")
    bare = add_referral(office, details={"currency": "EUR"})
    transition = call("POST", url, closed, json={"action": "accept"})
    missing = call("POST", url, bare, json={"action": "accept"})
    assert (transition.status_code, transition.json()["error"]) == (422, "transition_refused")
    assert (missing.status_code, missing.json()["error"]) == (422, "missing_value")
    assert "value, close_date" in missing.json()["detail"]
    assert call("POST", url, "nowhere", json={"action": "decline"}).status_code == 404
    assert call("GET", url, "nowhere").status_code == 404


def test_page_of_another_origin_cannot_answer(office: Office, url: str) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    answer = call("POST", url, add_referral(office), json={"action": "decline"}, headers=foreign)
    assert (answer.status_code, office.value("select count(*) from referral_updates")) == (403, 0)


def test_answers_need_the_key_and_the_flag(office: Office) -> None:
    referral_id = add_referral(office)
    body = {"action": "decline"}
    with run_service(service_settings(office, api_key=SecretStr("secret"))) as url:
        for method, path in (("POST", ""), ("GET", ""), ("DELETE", "/1"), ("POST", "/1/retry")):
            assert call(method, url, referral_id, path, json=body).status_code == 401
        assert call("POST", url, referral_id, json=body, headers={"X-API-Key": "secret"}).status_code == 202
    with run_service(service_settings(office, write_back="off")) as url:
        answer = call("POST", url, referral_id, json={"action": "update", "notes": "x"})
        assert (answer.status_code, answer.json()["error"]) == (400, "write_back_off")
        assert "HUNTER_WRITE_BACK" in answer.json()["hint"]
    assert office.value("select count(*) from referral_updates") == 1
