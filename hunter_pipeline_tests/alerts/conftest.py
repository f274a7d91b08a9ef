"""Provide the sensor of alerts as Dagster evaluates it, with a real webhook as its target."""

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dagster as dg
import pytest
import time_machine

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.definitions import build_resources
from hunter_pipeline.defs.alerts import alerts_sensor
from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import Installation, open_installation

UI = "http://dagster.example:3000"
GIVEN = {name: build_resources()[name] for name in ("warehouse", "partner_center")}


class Webhook:
    """A web server that stores what is posted to it, and can refuse or be down."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.status = 200
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    def up(self) -> None:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if webhook.status == 200:
                    webhook.received.append(body)
                self.send_response(webhook.status)
                self.end_headers()

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def address(self) -> str:
        return f"json://ada:geheim@127.0.0.1:{self.port}/hooks/geheim"

    def take(self) -> list[str]:
        """Return title and body of each message received since the last call."""
        found = [f"{message['title']}\n{message['message']}" for message in self.received]
        self.received.clear()
        return found


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Installation]:
    """Open an installation with people whose data could leak."""
    with open_installation(server, SandboxOptions(referrals=90)) as installation:
        yield installation


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    webhook = Webhook()
    webhook.up()
    monkeypatch.setenv("HUNTER_ALERT_URLS", webhook.address)
    monkeypatch.setenv("HUNTER_DAGSTER_URL", UI)
    yield webhook
    webhook.down()


class Sensor:
    """The sensor as the daemon evaluates it: a tick gets the cursor of the tick before."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursor: str | None = None

    def tick(self, *, later: timedelta = timedelta()) -> str:
        """Evaluate the sensor with the clock moved forward; return the skip message."""
        moved = time_machine.travel(datetime.now(UTC) + later, tick=True)
        with moved, dg.build_sensor_context(self.instance, self.cursor, resources=GIVEN) as context:
            data = alerts_sensor.evaluate_tick(context)
        self.cursor = data.cursor
        assert not data.run_requests
        return data.skip_message or ""


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    """Return the sensor before its first tick."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Sensor(instance)


@pytest.fixture
def calm(installation: Installation, sensor: Sensor, webhook: Webhook) -> Installation:
    """Return an installation after a successful sync and a first tick, with nothing to alert."""
    for key in list(installation.sandbox.world.incoming()):
        installation.sandbox.world.update(key, expirationDateTime="2099-01-01T00:00:00Z")
    installation.sync(page_size=200)
    assert sensor.tick() == "0 alerts sent"
    assert webhook.take() == []
    return installation


def age(installation: Installation, minutes: int) -> None:
    """Move every sync into the past."""
    installation.execute(
        "update sync_runs set started_at = started_at - %s, finished_at = finished_at - %s",
        *[timedelta(minutes=minutes)] * 2,
    )


def fail(installation: Installation) -> None:
    installation.sandbox.fail(Fault(where="list", kind="403", times=1))
    assert installation.sync()["status"] == "failed"


def quarantine(installation: Installation, count: int) -> None:
    for _ in range(count):
        installation.execute(
            "insert into quarantined_referrals (payload, reason, content_hash, run_id) values (%s, %s, %s, %s)",
            *("{}", "no_id", str(uuid.uuid4()), "a-run"),
        )


def expire(installation: Installation, hours: int, count: int) -> None:
    """Make more referrals unanswered and about to expire."""
    installation.execute(
        "update partner_center_referrals set status = 'New', missing_since = null, expires_at = now() + %s "
        "where referral_id in (select referral_id from partner_center_referrals "
        "where expires_at > now() + interval '3 days' order by referral_id limit %s)",
        *(timedelta(hours=hours), count),
    )


def end_sign_in(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the sign-in 80 days old."""
    cache = load_settings().token_cache
    old = json.loads(cache.read_text())
    for entry in old["RefreshToken"].values():
        entry["last_modification_time"] = str(int((datetime.now(UTC) - timedelta(days=80)).timestamp()))
    aged = installation.folder / ".aged_token_cache"
    aged.write_text(json.dumps(old))
    aged.chmod(0o600)
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_TOKEN_CACHE", str(aged))


@pytest.fixture
def second(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """Start a second target beside the first."""
    second = Webhook()
    second.up()
    monkeypatch.setenv("HUNTER_ALERT_URLS", f"{webhook.address}, {second.address}")
    yield second
    second.down()
