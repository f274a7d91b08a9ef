"""Test the start, the stop, the settings and the recorded requests of a sandbox."""

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
from hunter_pipeline_tests.sandbox.conftest import Client, StartSandbox
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until


def test_environment_points_the_pipeline_to_the_sandbox(start: StartSandbox) -> None:
    """The settings name address, ids and certificate, and keep proxies out of the way."""
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
def test_certificate_is_valid_for_both_names(start: StartSandbox, host: str) -> None:
    client = start()
    url = client.sandbox.url.replace("localhost", host)
    assert client.session.get(url, timeout=DEADLINE_SECONDS).status_code == 200


def test_stop_aborts_open_requests_and_frees_the_port(tmp_path: Path) -> None:
    """With an idle connection and a slow request it stops without a response to that request."""
    slow = Fault(where="get", kind="slow", delay=3600)
    with Sandbox(SandboxOptions(referrals=5, certificate_dir=tmp_path, faults=[slow])) as sandbox:
        client, waiting = Client(sandbox), Client(sandbox)
        client.get()
        waiter = threading.Thread(target=_request_that_is_aborted, args=(waiting,))
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


def _request_that_is_aborted(client: Client) -> None:
    with pytest.raises(requests.ConnectionError):
        client.get(path="/v1.0/engagements/referrals/x")
    client.session.close()


def test_start_after_stop_serves_the_same_referrals_at_the_same_address(start: StartSandbox) -> None:
    client = start()
    before = client.rows()
    client.sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        client.get()
    client.sandbox.start()
    assert client.rows() == before


def test_stop_aborts_a_handshake_under_way() -> None:
    """A client that connects and sends nothing does not keep the sandbox from stopping cleanly."""
    with Sandbox(SandboxOptions(referrals=5)) as sandbox:
        silent = socket.create_connection(("127.0.0.1", urlsplit(sandbox.url).port or 0), timeout=DEADLINE_SECONDS)
        time.sleep(0.05)
    silent.close()


def test_taken_port_is_an_error(start: StartSandbox) -> None:
    port = urlsplit(start().sandbox.url).port
    with pytest.raises(OSError, match="in use"):
        Sandbox(SandboxOptions(port=port or 0)).start()


def test_certificate_authority_is_kept_in_a_given_folder_only(tmp_path: Path) -> None:
    """A given folder keeps the authority over restarts; a temporary one is removed."""
    options = SandboxOptions(referrals=1, certificate_dir=tmp_path / "tls")
    with Sandbox(options) as sandbox:
        authority = sandbox.ca_file.read_bytes()
    with Sandbox(options) as sandbox:
        assert sandbox.ca_file.read_bytes() == authority
        assert sandbox.ca_file.parent == tmp_path / "tls"
    with Sandbox(SandboxOptions(referrals=1)) as sandbox:
        folder = sandbox.ca_file.parent
    assert not folder.exists()


def test_requests_are_recorded(start: StartSandbox) -> None:
    """Method, path, query, headers, form and status of each request are kept."""
    client = start()
    client.get({"$top": "7"})
    client.call("POST", f"/{TENANT_ID}/oauth2/v2.0/token", data={"grant_type": "x", "client_id": CLIENT_ID})
    client.call("GET", "/sandbox/stats")
    first, second = client.sandbox.requests
    assert (first.method, first.path, first.query, first.status) == (
        "GET",
        "/v1.0/engagements/referrals",
        {"$top": "7"},
        200,
    )
    assert first.headers["authorization"].startswith("Bearer ")
    assert (second.form["grant_type"], second.status) == ("x", 400)


def test_package_is_light_to_import() -> None:
    """Neither the web server nor the rest of the pipeline is loaded before a sandbox starts."""
    code = (
        "import sys, hunter_pipeline.sandbox; print([name for name in sys.modules if name.partition('.')[0] in "
        "{'starlette', 'uvicorn', 'trustme', 'jwt'} or name.startswith('hunter_pipeline.') and '.sandbox' not in name])"
    )
    root = Path(__file__).resolve().parents[2]
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS, cwd=root
    )
    assert printed.stdout.strip() == "[]"


def test_requests_and_errors_print_nothing(start: StartSandbox, capfd: pytest.CaptureFixture[str]) -> None:
    client = start()
    client.get()
    client.get(path="/nowhere")
    client.sandbox.stop()
    assert capfd.readouterr() == ("", "")


def test_serve_forever_returns_on_sigterm() -> None:
    urls: list[str] = []

    def request_and_terminate(sandbox: Sandbox) -> None:
        client = Client(sandbox)
        urls.append(sandbox.url)
        assert client.get().status_code == 200
        client.session.close()
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()

    serve_forever(SandboxOptions(referrals=3), request_and_terminate)
    assert urls[0].startswith("https://localhost:")
