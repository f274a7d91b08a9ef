"""Test the state of the targets in the sensor's cursor."""

import json
from datetime import UTC, datetime

import pytest

from hunter_pipeline.alerts.notifier import target_id
from hunter_pipeline.warehouse import alerts
from hunter_pipeline_tests.alerts.conftest import Sensor, Webhook, age, expire, fail, quarantine
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("cursor", ["", "x", "[]", '{"since": 3, "told": 7}', '{"since": 3}'])
def test_unreadable_cursor_is_replaced(calm: Installation, sensor: Sensor, webhook: Webhook, cursor: str) -> None:
    """Current problems are alerted nevertheless."""
    fail(calm)
    sensor.cursor = cursor
    assert sensor.tick() == "1 alert sent"


def test_cursor_of_the_first_version_is_read(
    calm: Installation, sensor: Sensor, webhook: Webhook, second: Webhook
) -> None:
    """A target gets no alert twice, and gets the undelivered one."""
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
