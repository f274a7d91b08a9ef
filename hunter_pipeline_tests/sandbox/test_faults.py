"""What a client sees when things go wrong on demand."""

from typing import Any

import pytest
import requests

from hunter_pipeline.sandbox import Fault
from hunter_pipeline_tests.sandbox.conftest import REFERRALS, Start
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS


@pytest.mark.parametrize("kind", ["429", "500", "502", "503", "504", "509", "401", "403", "400", "404"])
def test_status_faults_are_answered_in_the_documented_form(start: Start, kind: str) -> None:
    """A status fault strikes as often as it says, with an error body, and then no more."""
    client = start(faults=[Fault(where="list", kind=kind, times=2, retry_after="3")])
    for _ in range(2):
        answer = client.get()
        assert answer.status_code == int(kind)
        assert {"code", "message", "innerError"} <= answer.json()["error"].keys()
        assert (answer.headers["Retry-After"], "Request-ID" in answer.headers) == ("3", True)
    assert client.get().status_code == 200


def test_drop_resets_the_connection_before_any_answer(start: Start) -> None:
    """The client sees a reset, and the next request is answered."""
    client = start(faults=[Fault(where="list", kind="drop", times=1)])
    with pytest.raises(requests.ConnectionError, match=r"reset|aborted"):
        client.get()
    assert client.get().status_code == 200
    assert [request.status for request in client.sandbox.requests] == [None, 200]


def test_cut_ends_in_the_middle_of_the_body(start: Start) -> None:
    """The client is promised more bytes than it gets, and sees that it was cut off."""
    client = start(faults=[Fault(where="list", kind="cut", times=1)])
    with pytest.raises(
        (requests.exceptions.ChunkedEncodingError, requests.ConnectionError), match=r"IncompleteRead|more expected|EOF"
    ):
        client.get()
    assert client.get().status_code == 200


def test_slow_waits_and_then_answers(start: Start) -> None:
    """A slow answer comes late but whole; a client with less patience sees a time-out."""
    slow, slower = (Fault(where="list", kind="slow", delay=delay, times=1) for delay in (0.1, 3600))
    client = start(faults=[slow, slower])
    assert client.get().status_code == 200
    with pytest.raises(requests.ReadTimeout):
        client.session.get(client.sandbox.url + REFERRALS, timeout=(DEADLINE_SECONDS, 0.1))


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("html", lambda a: a.text.startswith("<!doctype html>") and "html" in a.headers["content-type"]),
        ("empty", lambda a: a.content == b""),
        ("malformed", lambda a: not a.text.rstrip().endswith("}")),
        ("no_value", lambda a: "value" not in a.json()),
        ("value_not_list", lambda a: isinstance(a.json()["value"], dict)),
        ("not_an_object", lambda a: isinstance(a.json(), list)),
        ("junk_items", lambda a: None in a.json()["value"]),
        ("duplicate", lambda a: len({row["id"] for row in a.json()["value"]}) < len(a.json()["value"])),
        ("bad_next", lambda a: a.json()["@odata.nextLink"] == "not a link"),
        ("foreign_next", lambda a: a.json()["@odata.nextLink"].startswith("http://referrals.example.net/")),
    ],
)
def test_spoilt_answers_are_wrong_as_they_say(start: Start, kind: str, check) -> None:
    """A spoilt answer has status 200 and is wrong in exactly the way asked for."""
    client = start(faults=[Fault(where="list", kind=kind, times=1)])
    answer = client.get({"$top": "10"})
    assert answer.status_code == 200
    assert check(answer)


def test_repeated_next_link_is_an_endless_loop(start: Start) -> None:
    """The link of a page leads to the same page again and again."""
    client = start(faults=[Fault(where="page", kind="repeat_next", page=2)])
    links = [page.get("@odata.nextLink") for page, _ in zip(client.pages({"$top": "10"}), range(4), strict=False)]
    assert links[0] == links[1] == links[2] == links[3]


def test_redirect_leads_to_another_host(start: Start) -> None:
    """A redirect names another host of this machine, where a follower can be seen."""
    client = start(faults=[Fault(where="list", kind="redirect", times=1)])
    location = client.get().headers["location"]
    client.session.get(location, timeout=DEADLINE_SECONDS)
    assert location.startswith("https://127.0.0.1:")
    assert client.sandbox.requests[-1].path == "/sandbox/elsewhere"


def test_a_fault_can_strike_one_page_only(start: Start) -> None:
    """Only the third page fails, and only once."""
    client = start(faults=[Fault(where="list", kind="503", page=3, times=1)])
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
def test_faults_strike_where_they_say(start: Start, where: str, method: str, path: str) -> None:
    """A fault for one place leaves the others alone."""
    client = start()
    client.sandbox.fail(Fault(where=where, kind="502"))
    assert client.get().status_code == 200
    assert client.call(method, path.format(tenant=client.sandbox.tenant_id)).status_code == 502
    client.sandbox.clear_faults()
    assert client.call(method, path.format(tenant=client.sandbox.tenant_id)).status_code != 502


def test_faults_can_be_set_over_http(start: Start) -> None:
    """Another process sets, reads and clears faults, and is told what is wrong with a bad one."""
    client = start()
    posted = client.call(
        "POST", "/sandbox/faults", json=[{"where": "list", "kind": "429", "retry_after": "soon", "times": 1}]
    )
    assert (posted.status_code, client.call("GET", "/sandbox/faults").json()[0]["kind"]) == (201, "429")
    assert client.get().headers["Retry-After"] == "soon"
    assert client.call("GET", "/sandbox/faults").json() == []
    assert client.call("POST", "/sandbox/faults", json={"where": "list", "kind": "flood"}).status_code == 400
    assert client.call("POST", "/sandbox/faults", data="{").status_code == 400
    client.call("POST", "/sandbox/faults", json={"where": "any", "kind": "500"})
    assert client.call("DELETE", "/sandbox/faults").status_code == 204
    assert client.get().status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"where": "lists", "kind": "429"}, {"where": "list", "kind": "boom"}, {"where": "list", "kind": "999"}]
)
def test_misspelt_faults_are_refused(wrong: dict[str, Any]) -> None:
    """A fault that could never strike is an error at once."""
    with pytest.raises(ValueError, match=r"where=|kind="):
        Fault(**wrong)
