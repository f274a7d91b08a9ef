"""Alerts over a real webhook: each trouble once, again in a new episode, nobody named, nothing lost."""

import json
import logging
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import time_machine

from hunter_pipeline.config import notify
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.definitions import RESOURCES
from hunter_pipeline.defs.alerts import NO_TARGET, alerts_sensor
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline.warehouse import alerts, checks
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.test_privacy import secrets_of, told
from hunter_pipeline_tests.warehouse.office import Office, office_of

UI = "http://dagster.example:3000"
GIVEN = {name: RESOURCES[name] for name in ("warehouse", "partner_center")}


class Webhook:
    """A web server that keeps what is posted to it, and can be down for a while."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    def up(self) -> None:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if webhook.status == 200:
                    webhook.got.append(body)
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
        """Title and body of each message that has come since the last call."""
        found = [f"{message['title']}\n{message['message']}" for message in self.got]
        self.got.clear()
        return found


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Office]:
    """As that of the session, with enough people to be looked for."""
    with office_of(server, SandboxOptions(referrals=90)) as office:
        yield office


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    webhook = Webhook()
    webhook.up()
    monkeypatch.setenv("HUNTER_ALERT_URLS", webhook.address)
    monkeypatch.setenv("HUNTER_DAGSTER_URL", UI)
    yield webhook
    webhook.down()


class Sensor:
    """The sensor as the daemon evaluates it: each tick has nothing but the cursor of the one before."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursor: str | None = None

    def tick(self, *, later: timedelta = timedelta()) -> str:
        """What the tick says; `later` is how far the clock has moved from now."""
        moved = time_machine.travel(datetime.now(UTC) + later, tick=True)
        with moved, dg.build_sensor_context(self.instance, self.cursor, resources=GIVEN) as context:
            data = alerts_sensor.evaluate_tick(context)
        self.cursor = data.cursor
        assert not data.run_requests
        return data.skip_message or ""


@pytest.fixture
def sensor(instance: dg.DagsterInstance) -> Sensor:
    return Sensor(instance)


@pytest.fixture
def calm(office: Office, sensor: Sensor, webhook: Webhook) -> Office:
    """A sync has succeeded, nothing is about to expire, and a first look has found nothing."""
    for key in list(office.sandbox.world.incoming()):
        office.sandbox.world.update(key, expirationDateTime="2099-01-01T00:00:00Z")
    office.sync(page_size=200)
    assert sensor.tick() == "0 alerts sent"
    assert webhook.take() == []
    return office


def age(office: Office, minutes: int) -> None:
    """Let every sync have been so much earlier."""
    office.execute(
        "update sync_runs set started_at = started_at - %s, finished_at = finished_at - %s",
        *[timedelta(minutes=minutes)] * 2,
    )


def fail(office: Office) -> None:
    office.sandbox.fail(Fault(where="list", kind="403", times=1))
    assert office.sync()["status"] == "failed"


def quarantine(office: Office, count: int) -> None:
    for _ in range(count):
        office.execute(
            "insert into quarantined_referrals (payload, reason, content_hash, run_id) values (%s, %s, %s, %s)",
            *("{}", "no_id", str(uuid.uuid4()), "a-run"),
        )


def expire(office: Office, hours: int, count: int) -> None:
    """Let so many more referrals be unanswered and about to expire."""
    office.execute(
        "update partner_center_referrals set status = 'New', missing_since = null, expires_at = now() + %s "
        "where referral_id in (select referral_id from partner_center_referrals "
        "where expires_at > now() + interval '3 days' order by referral_id limit %s)",
        *(timedelta(hours=hours), count),
    )


def end_sign_in(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is signed in did so 80 days ago."""
    cache = load_settings().token_cache
    old = json.loads(cache.read_text())
    for entry in old["RefreshToken"].values():
        entry["last_modification_time"] = str(int((datetime.now(UTC) - timedelta(days=80)).timestamp()))
    aged = office.folder / ".aged_token_cache"
    aged.write_text(json.dumps(old))
    aged.chmod(0o600)
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_TOKEN_CACHE", str(aged))


def test_without_a_target_a_tick_does_nothing(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why, and opens no database."""
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert sensor.tick() == NO_TARGET
    assert sensor.cursor is None


@pytest.mark.parametrize("value", ["nonsense", "json://127.0.0.1:1/a, nothing://sue:geheim@host"])
def test_what_is_no_address_is_refused_in_a_sentence(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the variable and which of the addresses it is, and quotes none."""
    monkeypatch.setenv("HUNTER_ALERT_URLS", value)
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    number = len(value.split(","))
    assert raised.value.message == (
        "HUNTER_ALERT_URLS holds something that does not fit; "
        f"it may hold a comma list of Apprise's addresses, and number {number} is none."
    )


def test_the_guide_s_addresses_are_addresses() -> None:
    """Each example in docs/operations.md is one that Apprise knows, and names the service that it is to name."""
    guide = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    section = guide.partition("## Alerts\n")[2].partition("\n## ")[0]
    found = [notify.service_of(address) for address in re.findall(r"\| `(\w+://[^`]+)` \|", section)]
    assert found == ["Power Automate / Workflows (for MSTeams)", "Slack", "E-Mail", "JSON"]


def test_a_failing_streak_is_told_once_and_its_end(calm: Office, sensor: Sensor, webhook: Webhook) -> None:
    """The first failure is told with its reason and its run, the next ones not, and the recovery once."""
    fail(calm)
    assert sensor.tick() == "1 alert sent"
    [message] = webhook.take()
    run_id = calm.value("select run_id from sync_runs where status = 'failed'")
    assert message.startswith("hunter_pipeline (development): a sync failed\n")
    assert "(PartnerCenterAuthError)" in message
    assert message.endswith(f"\n{UI}/runs/{run_id}")
    fail(calm)
    assert [sensor.tick(), sensor.tick()] == ["0 alerts sent"] * 2
    calm.sync()
    assert sensor.tick() == "0 alerts sent", "one that has just failed may fail again"
    age(calm, 11)
    assert sensor.tick() == "1 alert sent"
    assert webhook.take() == ["hunter_pipeline (development): recovered\nSyncs succeed again."]
    assert sensor.tick() == "0 alerts sent"
    fail(calm)
    calm.sync()
    assert sensor.tick() == "1 alert sent", "a new episode, although a success has followed"
    assert "a sync failed" in webhook.take()[0]


def test_no_success_for_three_intervals(
    calm: Office, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once, with the last run, and again after a success; with the flag off nobody waits for one."""
    run_id = calm.value("select run_id from sync_runs")
    age(calm, 29)
    assert sensor.tick() == "0 alerts sent"
    age(calm, 2)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    [message] = webhook.take()
    assert re.search(r"no sync succeeds\nThe last sync that succeeded ended 20\d\d-.* At most 30 minutes", message)
    assert message.endswith(f"{UI}/runs/{run_id}")
    calm.sync()
    assert sensor.tick() == "1 alert sent"
    assert "A sync has succeeded again." in webhook.take()[0]
    age(calm, 31)
    assert sensor.tick() == "1 alert sent"
    webhook.take()
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
    assert sensor.tick() == "0 alerts sent"


def test_what_has_never_succeeded_is_told_too(office: Office, sensor: Sensor, webhook: Webhook) -> None:
    """A system that has not synced once is waited for as long as one that has."""
    assert sensor.tick() == "0 alerts sent"
    assert sensor.tick(later=timedelta(minutes=31)) == "1 alert sent"
    assert "No sync has succeeded yet." in webhook.take()[0]


def test_an_expiring_sign_in(
    calm: Office, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """It is told 14 days before, once, as `hunter auth status` says it."""
    end_sign_in(calm, monkeypatch)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    [message] = webhook.take()
    assert "The sign-in ends in about 9 days unless" in message
    assert "Run: hunter auth login" in message
    assert f"{UI}/runs/" in message
    monkeypatch.delenv("HUNTER_PARTNER_CENTER_TOKEN_CACHE")
    assert sensor.tick() == "1 alert sent"
    assert webhook.take() == ["hunter_pipeline (development): recovered\nThe sign-in is good again."]
    end_sign_in(calm, monkeypatch)
    assert sensor.tick() == "1 alert sent"


def test_each_referral_about_to_expire_is_told_of_once(calm: Office, sensor: Sensor, webhook: Webhook) -> None:
    """New ones are told together after six hours; one with another date counts as new."""
    expire(calm, 50, 3)
    with calm.warehouse.connection() as connection:
        assert len(alerts.expiring_marks(connection)) == checks.expiring_referrals(connection)[0] == 3
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    [message] = webhook.take()
    assert "3 unanswered referrals expire within 72 hours, the first one 20" in message
    expire(calm, 60, 2)
    assert sensor.tick() == "0 alerts sent"
    age(calm, -7 * 60)
    assert sensor.tick(later=timedelta(hours=7)) == "1 alert sent"
    assert "5 unanswered referrals expire" in (message := webhook.take()[0])
    assert "Not told of before: 2." in message
    calm.execute("update partner_center_referrals set status = 'Active'")
    assert sensor.tick(later=timedelta(hours=7)) == "0 alerts sent"
    calm.execute("update partner_center_referrals set status = 'New', expires_at = now() + interval '2 days'")
    age(calm, -7 * 60)
    assert sensor.tick(later=timedelta(hours=14)) == "1 alert sent"
    assert f"{calm.value('select count(*) from partner_center_referrals')} unanswered" in webhook.take()[0]


def test_a_growing_quarantine(calm: Office, sensor: Sensor, webhook: Webhook) -> None:
    """The first payload is told with its run, a flood again, and a new one after a quiet day."""
    quarantine(calm, 1)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert webhook.take() == [
        "hunter_pipeline (development): the quarantine grows\n"
        f"Payloads that are no referrals, set aside within 24 hours: 1 (no_id).\n{UI}/runs/a-run"
    ]
    quarantine(calm, 8)
    assert sensor.tick() == "0 alerts sent"
    quarantine(calm, 1)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert "24 hours: 10 (no_id)" in webhook.take()[0]
    calm.execute("update quarantined_referrals set quarantined_at = now() - interval '25 hours'")
    assert sensor.tick() == "0 alerts sent"
    quarantine(calm, 1)
    assert sensor.tick() == "1 alert sent"


def test_a_database_out_of_reach(
    calm: Office, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once, and that it is back; what was open before stays open."""
    fail(calm)
    sensor.tick()
    webhook.take()
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://hunter:geheim@127.0.0.1:1/hunter")
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert "the database is out of reach" in webhook.take()[0]
    monkeypatch.setenv("HUNTER_DATABASE_URL", calm.url)
    assert sensor.tick() == "1 alert sent"
    assert webhook.take() == ["hunter_pipeline (development): recovered\nPostgreSQL answers again."]


@pytest.fixture
def second(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """Another target beside the first."""
    second = Webhook()
    second.up()
    monkeypatch.setenv("HUNTER_ALERT_URLS", f"{webhook.address}, {second.address}")
    yield second
    second.down()


@pytest.mark.parametrize("how", ["gone", "refusing"])
def test_a_target_that_was_down_gets_its_alert_later(
    calm: Office, sensor: Sensor, webhook: Webhook, second: Webhook, how: str
) -> None:
    """The other target is told at once; the tick says who was not, and a later one tells them, in order."""
    if how == "gone":
        webhook.down()
    webhook.status = 500
    fail(calm)
    assert sensor.tick() == "1 alert sent, 1 waits; not taken by target 1 (JSON)"
    assert len(second.take()) == 1
    quarantine(calm, 1)
    assert sensor.tick() == "1 alert sent, 2 wait", "not tried again within the same minute"
    if how == "gone":
        webhook.up()
    webhook.status = 200
    assert sensor.tick(later=timedelta(minutes=2)) == "2 alerts sent"
    assert ["a sync failed" in webhook.got[0]["title"], "quarantine" in webhook.got[1]["title"]] == [True, True]
    assert sensor.tick(later=timedelta(minutes=3)) == "0 alerts sent"
    assert len(second.take()) == 1


def test_after_a_day_a_message_is_given_up_aloud(
    calm: Office, sensor: Sensor, webhook: Webhook, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is tried ever more seldom for a day; then tick and log say that it was given up."""
    webhook.status = 500
    fail(calm)
    age(calm, -40 * 60)
    said = [sensor.tick(later=timedelta(hours=hours)) for hours in (0, 1, 23)]
    assert said == ["0 alerts sent, 1 waits; not taken by target 1 (JSON)"] * 3
    assert "alert_given_up" not in capfd.readouterr().err
    last = sensor.tick(later=timedelta(hours=25))
    assert last == "0 alerts sent, 1 given up after a day; not taken by target 1 (JSON)"
    assert "alert_given_up" in capfd.readouterr().err


def test_a_target_that_is_no_longer_named_is_forgotten(
    calm: Office, sensor: Sensor, webhook: Webhook, second: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for it waits no more."""
    webhook.status = 500
    fail(calm)
    sensor.tick()
    monkeypatch.setenv("HUNTER_ALERT_URLS", second.address)
    assert sensor.tick(later=timedelta(minutes=2)) == "0 alerts sent"


def test_a_cursor_that_cannot_be_read_is_a_new_one(calm: Office, sensor: Sensor, webhook: Webhook) -> None:
    """What an older version left there, or a hand, keeps nobody from being told."""
    fail(calm)
    for cursor in ("", "x", "[]", '{"since": 3, "told": 7}'):
        sensor.cursor = cursor
        assert sensor.tick() == "1 alert sent"


@pytest.fixture
def trouble(calm: Office, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets everything go wrong at once; one of the two targets is down."""
    monkeypatch.setenv("HUNTER_ALERT_URLS", f"json://ada:geheim@127.0.0.1:1/geheim, {webhook.address}")

    def begin() -> None:
        end_sign_in(calm, monkeypatch)
        age(calm, 31)
        for kind in ("malformed", "junk_items"):
            calm.sandbox.fail(Fault(where="list", kind=kind, times=1))
            calm.sync()
        fail(calm)
        calm.execute("update partner_center_referrals set status = 'New', expires_at = now() + interval '2 days'")
        quarantine(calm, 1)

    return begin


def test_nobody_is_named_and_no_address_of_a_target_gets_out(
    trouble: Callable[[], None],
    shared: Office,
    sensor: Sensor,
    webhook: Webhook,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Messages, tick, cursor and logs of every level hold no person, no token and no secret of a target."""
    secrets = secrets_of(shared.sandbox, load_settings())
    with caplog.at_level(logging.DEBUG):
        trouble()
        texts = [sensor.tick(), str(sensor.cursor), caplog.text]
    messages = webhook.take()
    assert len(messages) >= 4
    assert texts[0] == f"{len(messages)} alerts sent, {len(messages)} wait; not taken by target 1 (JSON)"
    assert "urllib3.connectionpool" in texts[2], "the log of the requests to Partner Center is there"
    assert told("\n".join(messages + texts), secrets) == []
    assert [text for text in texts if "geheim" in text or "YWRhOmdlaGVpbQ" in text] == []
    assert all(re.search(rf"{UI}/runs/\S+$", message) for message in messages)
