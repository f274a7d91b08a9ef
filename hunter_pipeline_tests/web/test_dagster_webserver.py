"""Dagster's web UI, tried by raw requests and by pages of other origins in a real browser."""

import http.server
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page

from hunter_pipeline.defs.resources import PartnerCenterResource
from hunter_pipeline.web import dagster_webserver
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS
from hunter_pipeline_tests.web.browser import browser_of_this_machine
from hunter_pipeline_tests.web.services import LivePipeline

SENSOR = '{repositoryName: "__repository__", repositoryLocationName: "hunter_pipeline", sensorName: "alerts_sensor"}'
CURSOR = f"""{{ sensorOrError(sensorSelector: {SENSOR}) {{ ... on Sensor {{ sensorState {{ typeSpecificData {{
    ... on SensorData {{ lastCursor }} }} }} }} }} }}"""
# Changes something that can be read back, and needs no variables, so that it also fits into a link.
MUTATION = f"""mutation {{ setSensorCursor(sensorSelector: {SENSOR}, cursor: "MARK") {{ __typename }} }}"""
# Each sends the mutation; the page is told when all have ended.
ATTACKS = """async ([base, mutation]) => {
  const link = `${base}/graphql?query=${encodeURIComponent(mutation)}`;
  const settled = (start) => new Promise((resolve) => { start(resolve); });
  const body = JSON.stringify({query: mutation});
  const outcomes = {};
  outcomes.simple_post = await fetch(link, {method: "POST", mode: "no-cors", body}).then((r) => r.type, String);
  outcomes.json_post = await fetch(`${base}/graphql`, {method: "POST", body,
    headers: {"Content-Type": "application/json"}}).then((r) => r.text(), String);
  outcomes.read = await fetch(`${base}/server_info`).then((r) => r.text(), String);
  await settled((done) => { const image = new Image(); image.onload = image.onerror = done; image.src = link; });
  await settled((done) => { const script = document.createElement("script");
    script.onload = script.onerror = done; script.src = link; document.head.append(script); });
  for (const method of ["GET", "POST"]) await settled((done) => {
    const frame = document.createElement("iframe"); frame.name = `target-${method}`; document.body.append(frame);
    const form = document.createElement("form"); Object.assign(form, {method, action: link, target: frame.name});
    const input = document.createElement("input"); Object.assign(input, {name: "query", value: mutation});
    form.append(input); document.body.append(form); frame.onload = done; form.submit(); });
  outcomes.frame = await settled((done) => { const frame = document.createElement("iframe");
    frame.onload = () => done(frame.contentDocument === null ? "foreign" : "own"); frame.src = base;
    document.body.append(frame); });
  outcomes.socket = await settled((done) => {
    const socket = new WebSocket(`${base.replace("http", "ws")}/graphql`, "graphql-ws");
    socket.onopen = () => done("open"); socket.onerror = () => done("refused"); });
  return outcomes;
}"""


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Print nothing."""


@pytest.fixture(scope="module")
def base(live: LivePipeline) -> str:
    return live.settings.dagster_url


@pytest.fixture(scope="module")
def browser(needs_browser: None) -> Iterator[Browser]:
    with browser_of_this_machine() as browser:
        assert browser is not None
        yield browser


@pytest.fixture(scope="module")
def foreign_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of another web site on this machine."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>Another web site</title>")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder))) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site.server_port
        site.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(1000 * DEADLINE_SECONDS)
        yield page


def query(base: str, text: str, **headers: str) -> requests.Response:
    return requests.post(f"{base}/graphql", json={"query": text}, headers=headers, timeout=DEADLINE_SECONDS)


def cursor(base: str) -> str | None:
    return query(base, CURSOR).json()["data"]["sensorOrError"]["sensorState"]["typeSpecificData"]["lastCursor"]


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "evil.localhost"])
def test_page_of_another_origin_can_neither_read_nor_act(page: Page, base: str, foreign_port: int, host: str):
    """Return whether it is on another port of the same site or on another site; by forms, images, fetch, WebSocket."""
    page.goto(f"http://{host}:{foreign_port}/")
    before = cursor(base)
    outcomes = page.evaluate(ATTACKS, [base, MUTATION.replace("MARK", f"changed by {host}")])
    assert cursor(base) == before
    assert outcomes["socket"] == "refused"
    assert "Failed to fetch" in outcomes["read"]
    assert "Failed to fetch" in outcomes["json_post"]


@pytest.mark.slow
def test_own_page_can_read_and_act(page: Page, base: str):
    page.goto(base)
    outcomes = page.evaluate(ATTACKS, [base, MUTATION.replace("MARK", "changed by its own page")])
    assert cursor(base) == "changed by its own page"
    assert outcomes["socket"] == "open"
    assert "dagster_webserver_version" in outcomes["read"]
    assert "setSensorCursor" in outcomes["json_post"]
    assert outcomes["frame"] == "own"


@pytest.mark.slow
def test_name_that_points_at_this_machine_shows_nothing(page: Page, base: str):
    """A page can point a name of its own at 127.0.0.1 (DNS rebinding); localhost and links from other pages work."""
    port = urlsplit(base).port
    refused = page.goto(f"http://evil.localhost:{port}/server_info")
    assert refused is not None
    assert (refused.status, "dagster_webserver_version" in refused.text()) == (421, False)
    shown = page.goto(f"http://localhost:{port}/")
    assert shown is not None
    assert shown.ok


@pytest.mark.slow
def test_link_of_another_page_opens_the_web_ui(page: Page, base: str, foreign_port: int):
    page.goto(f"http://evil.localhost:{foreign_port}/")
    page.evaluate("(base) => { location.href = `${base}/runs`; }", base)
    page.wait_for_url(f"{base}/runs**")
    assert page.title() != ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/server_info", {}, 200),
        ("GET", "/server_info", {"Host": "localhost:3000"}, 200),
        ("GET", "/server_info", {"Host": "10.1.2.3:3000"}, 200),  # the probe of a pod
        ("GET", "/server_info", {"Host": "[::1]:3000"}, 200),
        ("GET", "/server_info", {"Host": "evil.example"}, 421),
        ("GET", "/server_info", {"Host": "127.0.0.1.evil.example"}, 421),
        ("GET", "/server_info", {"Host": "localhost.evil.example"}, 421),
        ("GET", "/server_info", {"Origin": "http://evil.example"}, 403),
        ("GET", "/server_info", {"Origin": "null"}, 403),
        ("GET", "/server_info", {"Sec-Fetch-Site": "same-site"}, 403),
        ("GET", "/server_info", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("GET", "/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403),
        ("GET", "/graphql?query={version}", {}, 405),
        ("HEAD", "/graphql?query={version}", {}, 405),
        ("GET", "/graphql", {"Accept": "text/html"}, 200),
        ("POST", "/graphql?query={version}", {}, 200),
        ("POST", "/graphql?query={version}", {"Origin": "http://evil.example"}, 403),
        ("POST", "/report_asset_materialization/x", {"Origin": "http://evil.example"}, 403),
    ],
)  # fmt: skip
def test_request_is_checked_by_host_origin_and_method(
    base: str, method: str, path: str, headers: dict[str, str], status: int
):
    answer = requests.request(method, base + path, headers=headers, timeout=DEADLINE_SECONDS)
    assert answer.status_code == status, answer.text
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.slow
def test_graphql_by_get_changes_nothing(base: str):
    before = cursor(base)
    link = f"{base}/graphql?query={quote(MUTATION.replace('MARK', 'changed by GET'))}"
    assert requests.get(link, timeout=DEADLINE_SECONDS).status_code == 405
    assert cursor(base) == before
    assert json.loads(query(base, "{ version }").text)["data"]["version"]


@pytest.mark.slow
def test_file_runs_in_the_place_of_the_program(tmp_path: Path):
    """As Kubernetes mounts it: alone, under the program's name, without this package."""
    program = Path(shutil.copy(dagster_webserver.__file__, tmp_path / "dagster-webserver"))
    command = [sys.executable, "-I", "-W", "ignore", str(program), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS)
    assert "Run dagster-webserver" in done.stdout
    assert "hunter_pipeline." not in re.sub(r'""".*?"""', "", program.read_text(), flags=re.DOTALL)


def test_resource_has_no_field_that_a_run_could_replace():
    assert PartnerCenterResource().model_fields_set == set()
    assert list(PartnerCenterResource.model_fields) == []
