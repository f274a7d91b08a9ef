"""Test faults as a client sees them."""

from typing import Any

import pytest
import requests

from hunter_pipeline.sandbox import Fault
from hunter_pipeline_tests.sandbox.conftest import REFERRALS, StartSandbox
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS


@pytest.mark.parametrize("kind", ["429", "500", "502", "503", "504", "509", "401", "403", "400", "404"])
def test_status_fault_is_answered_in_the_documented_form(start: StartSandbox, kind: str) -> None:
    """A status fault applies as often as it says, with an error body, and then no more."""
    client = start(faults=[Fault(where="list", kind=kind, times=2, retry_after="3")])
    for _ in range(2):
        response = client.get()
        assert response.status_code == int(kind)
        assert {"code", "message", "innerError"} <= response.json()["error"].keys()
        assert (response.headers["Retry-After"], "Request-ID" in response.headers) == ("3", True)
    assert client.get().status_code == 200


def test_drop_resets_the_connection_before_the_response(start: StartSandbox) -> None:
    client = start(faults=[Fault(where="list", kind="drop", times=1)])
    with pytest.raises(requests.ConnectionError, match=r"reset|aborted"):
        client.get()
    assert client.get().status_code == 200
    assert [request.status for request in client.sandbox.requests] == [None, 200]


@pytest.mark.parametrize(("kind", "breaks"), [("cut", None), ("good", "body")])
def test_cut_ends_the_connection_within_the_body(start: StartSandbox, kind: str, breaks: str | None) -> None:
    """The client receives fewer bytes than the header announces."""
    client = start(faults=[Fault(where="list", kind=kind, breaks=breaks, times=1)])
    with pytest.raises(
        (requests.exceptions.ChunkedEncodingError, requests.ConnectionError), match=r"IncompleteRead|more expected|EOF"
    ):
        client.get()
    assert client.get().status_code == 200


def test_break_within_the_head_leaves_status_and_no_body(start: StartSandbox) -> None:
    """requests takes the half head for a complete one; the pipeline's client has to notice the missing length."""
    client = start(faults=[Fault(where="list", kind="good", breaks="head", times=1)])
    response = client.get()
    assert (response.status_code, response.content, "Content-Length" in response.headers) == (200, b"", False)
    assert client.get().json()["value"]


def test_break_after_the_response_leaves_it_complete(start: StartSandbox) -> None:
    client = start(faults=[Fault(where="list", kind="good", breaks="after", times=1)])
    page = client.get().json()
    assert len(page["value"]) == page["@odata.count"] > 0


def test_slow_delays_the_response(start: StartSandbox) -> None:
    """A slow response is complete; a client that waits for less time sees a time-out."""
    slow, slower = (Fault(where="list", kind="slow", delay=delay, times=1) for delay in (0.1, 3600))
    client = start(faults=[slow, slower])
    assert client.get().status_code == 200
    with pytest.raises(requests.ReadTimeout):
        client.session.get(client.sandbox.url + REFERRALS, timeout=(DEADLINE_SECONDS, 0.1))


@pytest.mark.parametrize(
    ("kind", "has_fault"),
    [
        ("html", lambda r: r.text.startswith("<!doctype html>") and "html" in r.headers["content-type"]),
        ("empty", lambda r: r.content == b""),
        ("malformed", lambda r: not r.text.rstrip().endswith("}")),
        ("no_value", lambda r: "value" not in r.json()),
        ("value_not_list", lambda r: isinstance(r.json()["value"], dict)),
        ("not_an_object", lambda r: isinstance(r.json(), list)),
        ("junk_items", lambda r: None in r.json()["value"]),
        ("duplicate", lambda r: len({row["id"] for row in r.json()["value"]}) < len(r.json()["value"])),
        ("bad_next", lambda r: r.json()["@odata.nextLink"] == "not a link"),
        ("foreign_next", lambda r: r.json()["@odata.nextLink"].startswith("http://referrals.example.net/")),
    ],
)
def test_spoiled_response_has_status_200_and_its_fault(start: StartSandbox, kind: str, has_fault: Any) -> None:
    client = start(faults=[Fault(where="list", kind=kind, times=1)])
    response = client.get({"$top": "10"})
    assert response.status_code == 200
    assert has_fault(response)


def test_status_and_body_of_a_fault_replace_those_of_its_kind(start: StartSandbox) -> None:
    client = start(faults=[Fault(where="list", kind="malformed", status=206, body="[", times=1)])
    response = client.get()
    assert (response.status_code, response.text) == (206, "[")


def test_repeated_next_link_leads_to_the_same_page(start: StartSandbox) -> None:
    client = start(faults=[Fault(where="page", kind="repeat_next", page=2)])
    links = [page.get("@odata.nextLink") for page, _ in zip(client.pages({"$top": "10"}), range(4), strict=False)]
    assert links[0] == links[1] == links[2] == links[3]


def test_redirect_leads_to_another_host_where_it_is_recorded(start: StartSandbox) -> None:
    client = start(faults=[Fault(where="list", kind="redirect", times=1)])
    location = client.get().headers["location"]
    client.session.get(location, timeout=DEADLINE_SECONDS)
    assert location.startswith("https://127.0.0.1:")
    assert client.sandbox.requests[-1].path == "/sandbox/elsewhere"


def test_fault_of_a_page_applies_to_that_page_only(start: StartSandbox) -> None:
    client = start(faults=[Fault(where="page", kind="503", page=3, times=1)])
    first = client.get({"$top": "10"}).json()
    second = client.get(first["@odata.nextLink"].partition("?")[2]).json()
    query = second["@odata.nextLink"].partition("?")[2]
    assert [client.get(query).status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    ("where", "method", "path"),
    [
        ("token", "POST", "/{tenant}/oauth2/v2.0/token"),
        ("devicecode", "POST", "/{tenant}/oauth2/v2.0/devicecode"),
        ("openid", "GET", "/{tenant}/v2.0/.well-known/openid-configuration"),
        ("get", "GET", REFERRALS + "/x"),
    ],
)
def test_fault_of_an_endpoint_leaves_the_others_alone(start: StartSandbox, where: str, method: str, path: str) -> None:
    client = start()
    client.sandbox.fail(Fault(where=where, kind="502"))
    assert client.get().status_code == 200
    assert client.call(method, path.format(tenant=client.sandbox.tenant_id)).status_code == 502
    client.sandbox.clear_faults()
    assert client.call(method, path.format(tenant=client.sandbox.tenant_id)).status_code != 502


@pytest.mark.parametrize(
    "fields", [{"where": "lists", "kind": "429"}, {"where": "list", "kind": "boom"}, {"where": "list", "kind": "999"}]
)
def test_misspelled_fault_is_refused(fields: dict[str, Any]) -> None:
    """A fault that could never apply is an error at once."""
    with pytest.raises(ValueError, match=r"where=|kind="):
        Fault(**fields)
