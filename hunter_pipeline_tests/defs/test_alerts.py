"""The alerts sensor, with a real webhook as the target."""

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

from hunter_pipeline.alerts.notifier import service_name, target_id
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
def shared(server: Server) -> Iterator[Office]:
    """An office with enough people whose data could leak."""
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
def sensor(instance: dg.DagsterInstance) -> Sensor:
    return Sensor(instance)


@pytest.fixture
def calm(office: Office, sensor: Sensor, webhook: Webhook) -> Office:
    """Return an office after a successful sync and a first tick, with nothing to alert."""
    for key in list(office.sandbox.world.incoming()):
        office.sandbox.world.update(key, expirationDateTime="2099-01-01T00:00:00Z")
    office.sync(page_size=200)
    assert sensor.tick() == "0 alerts sent"
    assert webhook.take() == []
    return office


def age(office: Office, minutes: int) -> None:
    """Move every sync into the past."""
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
    """Make more referrals unanswered and about to expire."""
    office.execute(
        "update partner_center_referrals set status = 'New', missing_since = null, expires_at = now() + %s "
        "where referral_id in (select referral_id from partner_center_referrals "
        "where expires_at > now() + interval '3 days' order by referral_id limit %s)",
        *(timedelta(hours=hours), count),
    )


def end_sign_in(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the sign-in 80 days old."""
    cache = load_settings().token_cache
    old = json.loads(cache.read_text())
    for entry in old["RefreshToken"].values():
        entry["last_modification_time"] = str(int((datetime.now(UTC) - timedelta(days=80)).timestamp()))
    aged = office.folder / ".aged_token_cache"
    aged.write_text(json.dumps(old))
    aged.chmod(0o600)
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_TOKEN_CACHE", str(aged))


def test_tick_is_skipped_when_no_target_is_configured(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tick does not open the database."""
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert sensor.tick() == NO_TARGET
    assert sensor.cursor is None


@pytest.mark.parametrize("value", ["nonsense", "json://127.0.0.1:1/a, nothing://sue:geheim@host"])
def test_alert_urls_are_refused_when_apprise_does_not_know_one(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable and the position of the URL, and quotes no URL."""
    monkeypatch.setenv("HUNTER_ALERT_URLS", value)
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    number = len(value.split(","))
    assert raised.value.message == (
        "HUNTER_ALERT_URLS holds an invalid value; "
        f"it may hold a comma list of Apprise URLs, and number {number} is not one."
    )


def test_apprise_knows_the_urls_of_the_guide() -> None:
    """Each example in docs/operations.md is a URL of the service that it stands for."""
    guide = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    section = guide.partition("## Alerts\n")[2].partition("\n## ")[0]
    found = [service_name(address) for address in re.findall(r"\| `(\w+://[^`]+)` \|", section)]
    assert found == ["Power Automate / Workflows (for MSTeams)", "Slack", "E-Mail", "JSON"]


def test_failing_syncs_are_alerted_once_and_so_is_their_end(calm: Office, sensor: Sensor, webhook: Webhook) -> None:
    """The alert names the reason and the run; after the recovery a new failure is alerted again."""
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
    assert sensor.tick() == "0 alerts sent", "a recent failure may be followed by another one"
    age(calm, 11)
    assert sensor.tick() == "1 alert sent"
    assert webhook.take() == ["hunter_pipeline (development): recovered\nSyncs succeed again."]
    assert sensor.tick() == "0 alerts sent"
    fail(calm)
    calm.sync()
    assert sensor.tick() == "1 alert sent", "a new failure, although a success has followed"
    assert "a sync failed" in webhook.take()[0]


def test_missing_success_is_alerted_after_three_intervals(
    calm: Office, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is alerted once, with the last run, and again after a success; not while the feature flag is off."""
    run_id = calm.value("select run_id from sync_runs")
    age(calm, 29)
    assert sensor.tick() == "0 alerts sent"
    age(calm, 2)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    [message] = webhook.take()
    assert re.search(r"no sync succeeds\nThe last successful sync ended 20\d\d-.* every 30 minutes", message)
    assert message.endswith(f"{UI}/runs/{run_id}")
    calm.sync()
    assert sensor.tick() == "1 alert sent"
    assert "A sync has succeeded again." in webhook.take()[0]
    age(calm, 31)
    assert sensor.tick() == "1 alert sent"
    webhook.take()
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
    assert sensor.tick() == "0 alerts sent"


def test_missing_success_is_alerted_when_no_sync_ever_succeeded(
    office: Office, sensor: Sensor, webhook: Webhook
) -> None:
    """The time counts from the first tick."""
    assert sensor.tick() == "0 alerts sent"
    assert sensor.tick(later=timedelta(minutes=31)) == "1 alert sent"
    assert "No sync has succeeded yet." in webhook.take()[0]


def test_sign_in_that_ends_soon_is_alerted_once(
    calm: Office, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alert has the words of `hunter auth status`."""
    end_sign_in(calm, monkeypatch)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    [message] = webhook.take()
    assert "The sign-in ends in about 9 days unless" in message
    assert "Run: hunter auth login" in message
    assert f"{UI}/runs/" in message
    monkeypatch.delenv("HUNTER_PARTNER_CENTER_TOKEN_CACHE")
    assert sensor.tick() == "1 alert sent"
    assert webhook.take() == ["hunter_pipeline (development): recovered\nThe sign-in is valid again."]
    end_sign_in(calm, monkeypatch)
    assert sensor.tick() == "1 alert sent"


def test_each_expiring_referral_is_alerted_once(calm: Office, sensor: Sensor, webhook: Webhook) -> None:
    """New ones are alerted together after six hours; one with another date counts as new."""
    expire(calm, 50, 3)
    with calm.warehouse.connection() as connection:
        assert len(alerts.expiring_marks(connection)) == checks.expiring_referrals(connection)[0] == 3
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    [message] = webhook.take()
    assert "3 unanswered referrals expire within 72 hours, the first on 20" in message
    expire(calm, 60, 2)
    assert sensor.tick() == "0 alerts sent"
    age(calm, -7 * 60)
    assert sensor.tick(later=timedelta(hours=7)) == "1 alert sent"
    assert "5 unanswered referrals expire" in (message := webhook.take()[0])
    assert "New since the last alert: 2." in message
    calm.execute("update partner_center_referrals set status = 'Active'")
    assert sensor.tick(later=timedelta(hours=7)) == "0 alerts sent"
    calm.execute("update partner_center_referrals set status = 'New', expires_at = now() + interval '2 days'")
    age(calm, -7 * 60)
    assert sensor.tick(later=timedelta(hours=14)) == "1 alert sent"
    [message] = webhook.take()
    assert f"{calm.value('select count(*) from partner_center_referrals')} unanswered" in message
    assert "New since" not in message


def test_quarantine_is_alerted_at_each_power_of_ten(calm: Office, sensor: Sensor, webhook: Webhook) -> None:
    """The first payload is alerted with its run, the tenth again, and the first one after a quiet day again."""
    quarantine(calm, 1)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert webhook.take() == [
        "hunter_pipeline (development): payloads were quarantined\n"
        f"Payloads quarantined within 24 hours: 1 (no_id).\n{UI}/runs/a-run"
    ]
    quarantine(calm, 8)
    assert sensor.tick() == "0 alerts sent"
    quarantine(calm, 1)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert "24 hours: 10 (no_id)" in webhook.take()[0]
    calm.execute(
        "update quarantined_referrals set quarantined_at = now() - interval '25 hours' "
        "where id = (select min(id) from quarantined_referrals)"
    )
    assert sensor.tick() == "0 alerts sent"
    quarantine(calm, 1)
    assert sensor.tick() == "0 alerts sent", "the number of payloads varies around ten"
    calm.execute("update quarantined_referrals set quarantined_at = now() - interval '25 hours'")
    assert sensor.tick() == "0 alerts sent"
    quarantine(calm, 1)
    assert sensor.tick() == "1 alert sent"


def test_unreachable_database_is_alerted_once(
    calm: Office, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its recovery is alerted, and what was wrong before is not alerted again."""
    fail(calm)
    sensor.tick()
    webhook.take()
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://hunter:geheim@127.0.0.1:1/hunter")
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert "the database is unreachable" in webhook.take()[0]
    monkeypatch.setenv("HUNTER_DATABASE_URL", calm.url)
    assert sensor.tick() == "1 alert sent"
    assert webhook.take() == ["hunter_pipeline (development): recovered\nPostgreSQL responds again."]


@pytest.fixture
def second(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """Run a second target beside the first."""
    second = Webhook()
    second.up()
    monkeypatch.setenv("HUNTER_ALERT_URLS", f"{webhook.address}, {second.address}")
    yield second
    second.down()


@pytest.mark.parametrize("how", ["down", "refusing"])
def test_alert_is_sent_again_until_the_target_accepts_it(
    calm: Office, sensor: Sensor, webhook: Webhook, second: Webhook, how: str
) -> None:
    """The other target gets its alerts at once; the tick names the target that did not accept them."""
    if how == "down":
        webhook.down()
    webhook.status = 500
    fail(calm)
    refused = "not accepted by target 1 (JSON), the next tick tries again"
    assert sensor.tick() == f"1 alert sent; {refused}"
    assert len(second.take()) == 1
    quarantine(calm, 1)
    assert [sensor.tick(), sensor.tick()] == [f"1 alert sent; {refused}", f"0 alerts sent; {refused}"]
    if how == "down":
        webhook.up()
    webhook.status = 200
    assert sensor.tick() == "2 alerts sent"
    assert ["a sync failed" in (messages := webhook.take())[0], "quarantined" in messages[1]] == [True, True]
    assert sensor.tick() == "0 alerts sent"
    assert len(second.take()) == 1


def test_recovery_is_sent_again_until_the_target_accepts_it(calm: Office, sensor: Sensor, webhook: Webhook) -> None:
    """A target that knows of the trouble learns of its end, even if it is down at that moment."""
    fail(calm)
    assert sensor.tick() == "1 alert sent"
    webhook.take()
    calm.sync()
    age(calm, 11)
    webhook.status = 500
    assert sensor.tick().startswith("0 alerts sent; not accepted")
    webhook.status = 200
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert webhook.take() == ["hunter_pipeline (development): recovered\nSyncs succeed again."]


def test_trouble_that_ends_while_the_target_is_down_is_not_alerted(
    calm: Office, sensor: Sensor, webhook: Webhook
) -> None:
    """The target gets what is wrong now, and nothing of the past."""
    webhook.status = 500
    fail(calm)
    assert sensor.tick().startswith("0 alerts sent; not accepted")
    calm.sync()
    age(calm, 11)
    webhook.status = 200
    assert sensor.tick() == "0 alerts sent"
    assert webhook.take() == []


def test_removed_target_is_not_notified(
    calm: Office, sensor: Sensor, webhook: Webhook, second: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the tick nor the cursor mentions it any more."""
    webhook.status = 500
    fail(calm)
    sensor.tick()
    monkeypatch.setenv("HUNTER_ALERT_URLS", second.address)
    assert sensor.tick() == "0 alerts sent"
    assert list(json.loads(sensor.cursor or "")["targets"]) == [target_id(second.address)]


def test_added_target_is_notified_of_what_is_wrong(
    calm: Office, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first target gets nothing twice."""
    fail(calm)
    assert sensor.tick() == "1 alert sent"
    added = Webhook()
    added.up()
    monkeypatch.setenv("HUNTER_ALERT_URLS", f"{webhook.address}, {added.address}")
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert (len(webhook.take()), len(added.take())) == (1, 1)
    added.down()


@pytest.mark.parametrize("cursor", ["", "x", "[]", '{"since": 3, "told": 7}', '{"since": 3}'])
def test_unreadable_cursor_is_replaced(calm: Office, sensor: Sensor, webhook: Webhook, cursor: str) -> None:
    """What is wrong is alerted nevertheless."""
    fail(calm)
    sensor.cursor = cursor
    assert sensor.tick() == "1 alert sent"


def test_cursor_of_the_first_version_is_read(calm: Office, sensor: Sensor, webhook: Webhook, second: Webhook) -> None:
    """A target gets no alert again, and gets the one that was waiting for it."""
    fail(calm)
    quarantine(calm, 10)
    expire(calm, 50, 3)
    with calm.warehouse.connection() as connection:
        marks = list(alerts.expiring_marks(connection))
    now = datetime.now(UTC).isoformat()
    waiting = {"target": target_id(second.address), "kind": "quarantine", "title": "t", "body": "b", "mood": "warning"}
    sensor.cursor = json.dumps(
        {
            "since": now,
            "told": {"sync_failed": 1, "quarantine": 2},
            "marks": {"expiring": marks},
            "told_at": {"expiring": now},
            "outbox": [{**waiting, "since": now, "tries": 3, "not_before": now}],
        }
    )
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert webhook.take() == []
    assert "24 hours: 10 (no_id)" in second.take()[0]
    calm.sync()
    age(calm, 11)
    assert sensor.tick() == "2 alerts sent", "both learn that syncs succeed again"


@pytest.fixture
def trouble(calm: Office, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that causes every kind of trouble; one of the two targets is down."""
    monkeypatch.setenv("HUNTER_ALERT_URLS", f"json://ada:geheim@127.0.0.1:1/geheim, {webhook.address}")

    def cause() -> None:
        end_sign_in(calm, monkeypatch)
        age(calm, 31)
        for kind in ("malformed", "junk_items"):
            calm.sandbox.fail(Fault(where="list", kind=kind, times=1))
            calm.sync()
        fail(calm)
        calm.execute("update partner_center_referrals set status = 'New', expires_at = now() + interval '2 days'")
        quarantine(calm, 1)

    return cause


def test_alerts_contain_no_personal_data_and_no_secret(
    trouble: Callable[[], None],
    shared: Office,
    sensor: Sensor,
    webhook: Webhook,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Messages, tick, cursor and logs of every level contain no person, no token and no address of a target."""
    secrets = secrets_of(shared.sandbox, load_settings())
    with caplog.at_level(logging.DEBUG):
        trouble()
        texts = [sensor.tick(), str(sensor.cursor), caplog.text]
    messages = webhook.take()
    assert len(messages) >= 4
    assert texts[0] == f"{len(messages)} alerts sent; not accepted by target 1 (JSON), the next tick tries again"
    assert "urllib3.connectionpool" in texts[2], "the log of the requests to Partner Center is there"
    assert told("\n".join(messages + texts), secrets) == []
    assert [text for text in texts if "geheim" in text or "YWRhOmdlaGVpbQ" in text] == []
    assert all(re.search(rf"{UI}/runs/\S+$", message) for message in messages)
