"""Test the control endpoints, with which another process changes a sandbox."""

from hunter_pipeline_tests.sandbox.conftest import StartSandbox


def test_faults_are_set_listed_and_cleared(start: StartSandbox) -> None:
    """A fault that is not valid is refused with the reason."""
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


def test_change_returns_the_changed_ids(start: StartSandbox) -> None:
    client = start()
    assert len(client.call("POST", "/sandbox/change?n=3").json()["ids"]) == 3
    assert len(client.call("POST", "/sandbox/change").json()["ids"]) == 1
    assert client.call("POST", "/sandbox/change?n=many").status_code == 400


def test_sign_in_can_be_disturbed(start: StartSandbox) -> None:
    """Tokens become invalid; an unknown action is not found."""
    client = start()
    header = {"Authorization": f"Bearer {client.sandbox.access_token()}"}
    assert client.call("POST", "/sandbox/sign-in/require-mfa").status_code == 204
    assert client.get(**header).json()["error"]["code"] == "900421"
    assert client.call("POST", "/sandbox/sign-in/dance").status_code == 404


def test_stats_count_referrals_and_requests(start: StartSandbox) -> None:
    """Requests to the control endpoints are not counted."""
    client = start(outgoing=2)
    client.get()
    client.get({"$top": "0"})
    stats = client.call("GET", "/sandbox/stats").json()
    assert (stats["incoming"], stats["referrals"], stats["removed"]) == (40, 42, 0)
    assert (stats["requests"], stats["statuses"]) == (2, {"200": 1, "400": 1})


def test_index_links_to_the_pages_for_people(start: StartSandbox) -> None:
    page = start().call("GET", "/").text
    assert all(f'href="{path}"' in page for path in ("/devicelogin", "/sandbox/stats", "/sandbox/faults"))
