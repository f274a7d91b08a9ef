"""Test the delivery of alerts to the configured targets."""

import json
import re
from pathlib import Path

import pytest

from hunter_pipeline.alerts.notifier import service_name, target_id
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.defs.alerts import NO_TARGET
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline_tests.alerts.conftest import Sensor, Webhook, age, fail, quarantine
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow


def test_tick_is_skipped_when_no_target_is_configured(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tick does not open the database."""
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert sensor.tick() == NO_TARGET
    assert sensor.cursor is None


@pytest.mark.parametrize("value", ["nonsense", "json://127.0.0.1:1/a, nothing://sue:geheim@host"])
def test_alert_urls_are_refused_when_apprise_does_not_know_one(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable and the position of the URL without quoting it."""
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


@pytest.mark.parametrize("how", ["down", "refusing"])
def test_alert_is_sent_again_until_the_target_accepts_it(
    calm: Installation, sensor: Sensor, webhook: Webhook, second: Webhook, how: str
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


def test_recovery_is_sent_again_until_the_target_accepts_it(
    calm: Installation, sensor: Sensor, webhook: Webhook
) -> None:
    """A target that was alerted of a problem gets its recovery, even if it is down at that moment."""
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


def test_problem_is_not_alerted_when_it_ends_while_the_target_is_down(
    calm: Installation, sensor: Sensor, webhook: Webhook
) -> None:
    """The target gets current problems only."""
    webhook.status = 500
    fail(calm)
    assert sensor.tick().startswith("0 alerts sent; not accepted")
    calm.sync()
    age(calm, 11)
    webhook.status = 200
    assert sensor.tick() == "0 alerts sent"
    assert webhook.take() == []


def test_removed_target_is_not_notified(
    calm: Installation, sensor: Sensor, webhook: Webhook, second: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the tick nor the cursor mentions it any more."""
    webhook.status = 500
    fail(calm)
    sensor.tick()
    monkeypatch.setenv("HUNTER_ALERT_URLS", second.address)
    assert sensor.tick() == "0 alerts sent"
    assert list(json.loads(sensor.cursor or "")["targets"]) == [target_id(second.address)]


def test_added_target_is_notified_of_current_problems(
    calm: Installation, sensor: Sensor, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
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
