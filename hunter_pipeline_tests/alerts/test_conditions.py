"""Test each condition: when targets are alerted and alerted again, and the content of the alert."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from hunter_pipeline.alerts.conditions import MAX_SKIPPED
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.sandbox import Fault
from hunter_pipeline.warehouse import alerts, disk_space
from hunter_pipeline.warehouse.connection import fetch_value
from hunter_pipeline_tests.alerts.conftest import UI, Sensor, Webhook, age, end_sign_in, expire, fail, quarantine
from hunter_pipeline_tests.test_privacy import find_words, secrets_of
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow


def test_failing_syncs_and_their_recovery_are_alerted_once(
    calm: Installation, sensor: Sensor, webhook: Webhook
) -> None:
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
    calm: Installation, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
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
    installation: Installation, sensor: Sensor, webhook: Webhook
) -> None:
    """The time counts from the first tick."""
    assert sensor.tick() == "0 alerts sent"
    assert sensor.tick(later=timedelta(minutes=31)) == "1 alert sent"
    assert "No sync has succeeded yet." in webhook.take()[0]


def test_sign_in_that_ends_soon_is_alerted_once(
    calm: Installation, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
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


def test_each_expiring_referral_is_alerted_once(
    calm: Installation, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New ones are alerted together after six hours, with a link to the desk; another date makes one new again."""
    monkeypatch.setenv("HUNTER_PUBLIC_URL", "https://crm.example/hunter/")
    expire(calm, 50, 3)
    with calm.warehouse.connection() as connection:
        assert len(alerts.expiring_marks(connection)) == fetch_value(connection, "count_expiring_referrals") == 3
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    [message] = webhook.take()
    assert "3 unanswered referrals expire within 72 hours, the first on 20" in message
    assert "https://crm.example/hunter/?expires=72h" in message
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


def test_quarantine_is_alerted_at_each_power_of_ten(calm: Installation, sensor: Sensor, webhook: Webhook) -> None:
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
    calm: Installation, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its recovery is alerted, and earlier problems are not alerted again."""
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
def trouble(calm: Installation, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that causes every kind of problem; one of the two targets is down."""
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
    shared: Installation,
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
    assert find_words("\n".join(messages + texts), secrets) == []
    assert [text for text in texts if "geheim" in text or "YWRhOmdlaGVpbQ" in text] == []
    assert all(re.search(rf"{UI}/runs/\S+$", message) for message in messages)


def test_repeatedly_skipped_syncs_are_alerted(calm: Installation, sensor: Sensor, webhook: Webhook) -> None:
    """A lease that is never released would otherwise stay unnoticed, because each run succeeds."""
    skip = (
        "insert into sync_runs (run_id, status, mode, reason, started_at, finished_at) "
        "select 'skipped-' || n, 'skipped', 'incremental', 'sync_in_progress', clock_timestamp(), clock_timestamp() "
        "from generate_series(%s::int, %s::int) as n"
    )
    calm.execute(skip, 1, MAX_SKIPPED - 1)
    assert sensor.tick() == "0 alerts sent"
    calm.execute(skip, MAX_SKIPPED, MAX_SKIPPED)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert f"every sync is skipped\n{MAX_SKIPPED} syncs in a row were skipped since 20" in webhook.take()[0]
    calm.sync()
    assert sensor.tick() == "1 alert sent"
    assert "Syncs run again." in webhook.take()[0]


def test_scarce_disk_space_is_alerted(
    calm: Installation, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space, "LOW_BYTES", 10**18)
    assert [sensor.tick(), sensor.tick()] == ["1 alert sent", "0 alerts sent"]
    assert re.search(r"disk space runs out\nThe disk of HUNTER_HOME has [\d.]+ GB free", webhook.take()[0])
    monkeypatch.setattr(disk_space, "LOW_BYTES", 1)
    assert sensor.tick() == "1 alert sent"
