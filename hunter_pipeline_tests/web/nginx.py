"""Run a real nginx in front of the lead desk, with a certificate of its own."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import trustme

from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until

NO_NGINX = "These tests need nginx, and there is none on the PATH."
_CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.pem;
        {location}
    }}
}}
"""


def nginx() -> str:
    """Return the path of nginx; skip the test if there is none."""
    path = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or shutil.which("nginx")
    if path is None:
        pytest.skip(NO_NGINX)
    return path


@contextmanager
def run_nginx(folder: Path, port: int, location: str) -> Iterator[Path]:
    """
    Serve https://localhost:<port> by nginx; yield the file of the authority to trust.

    location: the `location` blocks of the server.
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, location=location))
    log = (folder / "nginx.log").open("w+")
    with log, subprocess.Popen([nginx(), "-p", folder, "-e", "stderr", "-c", configuration], stderr=log) as process:
        try:
            wait_until(lambda: process.poll() is not None or _answers(port, folder / "ca.pem"))
            assert process.poll() is None, (folder / "nginx.log").read_text()
            yield folder / "ca.pem"
        finally:
            process.terminate()


def _answers(port: int, authority: Path) -> bool:
    try:
        return bool(requests.get(f"https://localhost:{port}/", verify=str(authority), timeout=DEADLINE_SECONDS).headers)
    except requests.ConnectionError:
        return False
