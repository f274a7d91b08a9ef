"""Answers to referrals over HTTP: given, listed, taken back and sent again."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline_tests.pipeline.answering import add_referral, patches, send, stored
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.warehouse.installation import Installation
from hunter_pipeline_tests.web.seed import settings_for
from hunter_pipeline_tests.web.services import run_service

SANDBOX = SandboxOptions(referrals=3)
pytestmark = pytest.mark.usefixtures("write_back")


@pytest.fixture(scope="module")
def url(shared: Installation) -> Iterator[str]:
    with run_service(service_settings(shared)) as url:
        yield url


def service_settings(installation: Installation, **changes: Any) -> Settings:
    changes = {"partner_center_enabled": True, "write_back": "on"} | changes
    return settings_for(installation.url, installation.folder, **changes)


def call(method: str, url: str, referral_id: str, path: str = "", **arguments: Any) -> requests.Response:
    address = f"{url}/api/v1/partner-center/referrals/{referral_id}/updates{path}"
    return requests.request(method, address, timeout=DEADLINE_SECONDS, **arguments)


def make_due(installation: Installation) -> None:
    installation.execute("update referral_updates set send_after = clock_timestamp() where state = 'pending'")


def test_answer_is_given_listed_and_sent(installation: Installation, url: str) -> None:
    referral_id = add_referral(installation)
    body = {"action": "accept", "value": 12500.5, "close_date": "2027-03-31", "requested_by": "Ada"}
    given = call("POST", url, referral_id, json=body)
    row = given.json()
    assert (given.status_code, row["state"], row["requested_by"]) == (202, "pending", "Ada")
    assert {"op": "replace", "path": "/details/dealValue", "value": "12500.5"} in row["operations"]
    assert call("GET", url, referral_id).json() == {"items": [row], "total": 1}
    make_due(installation)
    send(installation)
    [listed] = call("GET", url, referral_id).json()["items"]
    assert (listed["state"], stored(installation, referral_id)["status"]) == ("confirmed", "Active")
    taken_back = call("DELETE", url, referral_id, f"/{row['id']}")
    assert (taken_back.status_code, taken_back.json()["error"]) == (409, "not_pending")


def test_pending_answer_is_taken_back(installation: Installation, url: str) -> None:
    referral_id = add_referral(installation)
    number = call("POST", url, referral_id, json={"action": "decline", "reason": "No capacity"}).json()["id"]
    assert call("DELETE", url, add_referral(installation), f"/{number}").status_code == 404
    canceled = call("DELETE", url, referral_id, f"/{number}")
    assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled")
    make_due(installation)
    assert send(installation) == []
    assert patches(installation) == []


def test_failed_answer_is_sent_again_when_asked_for(installation: Installation, url: str) -> None:
    referral_id = add_referral(installation)
    number = call("POST", url, referral_id, json={"action": "decline"}).json()["id"]
    refused = call("POST", url, referral_id, f"/{number}/retry")
    assert (refused.status_code, refused.json()["error"]) == (409, "not_retryable")
    make_due(installation)
    installation.sandbox.fail(Fault(where="patch", kind="423", times=1))
    assert [row["state"] for row in send(installation)] == ["rejected"]
    again = call("POST", url, referral_id, f"/{number}/retry")
    assert (again.status_code, again.json()["state"], again.json()["error"]) == (202, "pending", None)
    assert [row["state"] for row in send(installation)] == ["confirmed"]


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
def test_invalid_answer_is_refused(installation: Installation, url: str, body: dict[str, Any], code: str) -> None:
    referral_id = add_referral(installation)
    answer = call("POST", url, referral_id, json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, code)
    assert installation.value("select count(*) from referral_updates") == 0


def test_refused_transition_and_missing_value_are_unprocessable(installation: Installation, url: str) -> None:
    closed = add_referral(installation, status="Closed", substatus="Lost")
    bare = add_referral(installation, details={"currency": "EUR"})
    transition = call("POST", url, closed, json={"action": "accept"})
    missing = call("POST", url, bare, json={"action": "accept"})
    assert (transition.status_code, transition.json()["error"]) == (422, "transition_refused")
    assert (missing.status_code, missing.json()["error"]) == (422, "missing_value")
    assert "value, close_date" in missing.json()["detail"]
    assert call("POST", url, "nowhere", json={"action": "decline"}).status_code == 404
    assert call("GET", url, "nowhere").status_code == 404


def test_page_of_another_origin_cannot_answer(installation: Installation, url: str) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    answer = call("POST", url, add_referral(installation), json={"action": "decline"}, headers=foreign)
    assert (answer.status_code, installation.value("select count(*) from referral_updates")) == (403, 0)


def test_answers_need_the_key_and_the_flag(installation: Installation) -> None:
    referral_id = add_referral(installation)
    body = {"action": "decline"}
    with run_service(service_settings(installation, api_key=SecretStr("secret"))) as url:
        for method, path in (("POST", ""), ("GET", ""), ("DELETE", "/1"), ("POST", "/1/retry")):
            assert call(method, url, referral_id, path, json=body).status_code == 401
        assert call("POST", url, referral_id, json=body, headers={"X-API-Key": "secret"}).status_code == 202
    with run_service(service_settings(installation, write_back="off")) as url:
        answer = call("POST", url, referral_id, json={"action": "update", "notes": "x"})
        assert (answer.status_code, answer.json()["error"]) == (400, "write_back_off")
        assert "HUNTER_WRITE_BACK" in answer.json()["hint"]
    assert installation.value("select count(*) from referral_updates") == 1
