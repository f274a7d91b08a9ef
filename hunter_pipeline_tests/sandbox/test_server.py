"""How a sandbox starts, is pointed to, and stops."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from hunter_pipeline.sandbox import CLIENT_ID, TENANT_ID, Fault, Sandbox, SandboxOptions, serve_forever
from hunter_pipeline_tests.sandbox.conftest import Client, Start
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until


def test_the_environment_points_a_client_here(start: Start) -> None:
    """The settings name this sandbox, its ids and its certificate, and keep proxies out of the way."""
    sandbox = start().sandbox
    environment = sandbox.environment()
    assert environment["HUNTER_PARTNER_CENTER_ENABLED"] == "true"
    assert environment["HUNTER_PARTNER_CENTER_API_URL"] == environment["HUNTER_PARTNER_CENTER_AUTHORITY"] == sandbox.url
    assert (environment["HUNTER_PARTNER_CENTER_CLIENT_ID"], environment["HUNTER_PARTNER_CENTER_TENANT_ID"]) == (
        CLIENT_ID,
        TENANT_ID,
    )
    assert Path(environment["REQUESTS_CA_BUNDLE"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert environment["NO_PROXY"] == environment["no_proxy"] == "localhost,127.0.0.1"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_both_names(start: Start, host: str) -> None:
    """The sandbox can be verified as localhost and as 127.0.0.1."""
    client = start()
    url = client.sandbox.url.replace("localhost", host)
    assert client.session.get(url, timeout=DEADLINE_SECONDS).status_code == 200


def _ask_in_vain(client: Client) -> None:
    with pytest.raises(requests.ConnectionError):
        client.get(path="/v1.0/engagements/referrals/x")
    client.session.close()


def test_stopping_waits_for_nobody_and_frees_the_port(tmp_path: Path) -> None:
    """With an idle client and a slow request under way it stops without an answer to that, and the port is free."""
    slow = Fault(where="get", kind="slow", delay=3600)
    with Sandbox(SandboxOptions(referrals=5, certificate_dir=tmp_path, faults=[slow])) as sandbox:
        client = Client(sandbox)
        client.get()
        waiting = Client(sandbox)
        waiter = threading.Thread(target=_ask_in_vain, args=(waiting,))
        waiter.start()
        wait_until(lambda: len(sandbox.requests) == 2)
        port = urlsplit(sandbox.url).port
    waiter.join(DEADLINE_SECONDS)
    assert [request.status for request in sandbox.requests] == [200, None]
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    with pytest.raises(requests.ConnectionError):
        client.get()
    client.session.close()


def test_an_outage_can_be_played(start: Start) -> None:
    """Between stop and start nothing answers; afterwards the same world does, under the same address."""
    client = start()
    before = client.rows()
    client.sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        client.get()
    client.sandbox.start()
    assert client.rows() == before


def test_a_handshake_under_way_does_not_hold_it_up() -> None:
    """A client that connects and says nothing does not keep the sandbox from stopping cleanly."""
    with Sandbox(SandboxOptions(referrals=5)) as sandbox:
        silent = socket.create_connection(("127.0.0.1", urlsplit(sandbox.url).port or 0), timeout=DEADLINE_SECONDS)
        time.sleep(0.05)
    silent.close()


def test_a_taken_port_is_an_error_at_once(start: Start) -> None:
    """A second sandbox on the same port says so."""
    port = urlsplit(start().sandbox.url).port
    with pytest.raises(OSError, match="in use"):
        Sandbox(SandboxOptions(port=port or 0)).start()


def test_the_certificate_directory_is_kept_or_removed(tmp_path: Path) -> None:
    """A given folder keeps its authority over restarts; a temporary one goes with the sandbox."""
    options = SandboxOptions(referrals=1, certificate_dir=tmp_path / "tls")
    with Sandbox(options) as sandbox:
        authority = sandbox.ca_file.read_bytes()
    with Sandbox(options) as sandbox:
        assert sandbox.ca_file.read_bytes() == authority
        assert sandbox.ca_file.parent == tmp_path / "tls"
    with Sandbox(SandboxOptions(referrals=1)) as sandbox:
        folder = sandbox.ca_file.parent
    assert not folder.exists()


def test_requests_are_on_record(start: Start) -> None:
    """Method, path, query, headers, form and status of each request can be asserted on."""
    client = start()
    client.get({"$top": "7"})
    client.call("POST", f"/{TENANT_ID}/oauth2/v2.0/token", data={"grant_type": "x", "client_id": CLIENT_ID})
    first, second = client.sandbox.requests
    assert (first.method, first.path, first.query, first.status) == (
        "GET",
        "/v1.0/engagements/referrals",
        {"$top": "7"},
        200,
    )
    assert first.headers["authorization"].startswith("Bearer ")
    assert (second.form["grant_type"], second.status) == ("x", 400)
    assert client.call("GET", "/sandbox/stats").json()["statuses"] == {"200": 1, "400": 1}


def test_sign_in_can_be_disturbed_over_http(start: Start) -> None:
    """Another process can make tokens void, and a misspelt wish is refused."""
    client = start()
    header = {"Authorization": f"Bearer {client.sandbox.access_token()}"}
    assert client.call("POST", "/sandbox/sign-in/require-mfa").status_code == 204
    assert client.get(**header).json()["error"]["code"] == "900421"
    assert client.call("POST", "/sandbox/sign-in/dance").status_code == 404


def test_importing_the_package_is_light() -> None:
    """Neither the web framework nor the rest of the pipeline is loaded before a sandbox starts."""
    code = (
        "import sys, hunter_pipeline.sandbox; print([name for name in sys.modules if name.partition('.')[0] in "
        "{'fastapi', 'uvicorn', 'trustme'} or name.startswith('hunter_pipeline.') and '.sandbox' not in name])"
    )
    root = Path(__file__).resolve().parents[2]
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS, cwd=root
    )
    assert printed.stdout.strip() == "[]"


def test_nothing_is_printed(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    """Requests, errors and aborted connections leave standard output and error empty."""
    client = start()
    client.get()
    client.get(path="/nowhere")
    client.sandbox.stop()
    assert capfd.readouterr() == ("", "")


def test_serving_for_ever_ends_with_a_signal() -> None:
    """The blocking form serves until SIGTERM, and then returns."""
    urls: list[str] = []

    def ask_and_end(sandbox: Sandbox) -> None:
        client = Client(sandbox)
        urls.append(sandbox.url)
        assert client.get().status_code == 200
        client.session.close()
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()

    serve_forever(SandboxOptions(referrals=3), ask_and_end)
    assert urls[0].startswith("https://localhost:")
