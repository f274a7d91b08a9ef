"""Test the notifications of sellers: each event once, grouped, in their language, without personal data."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import time_machine

from hunter_pipeline.config.notify_targets import notify_target
from hunter_pipeline.defs.alerts import lead_notifications_sensor
from hunter_pipeline_tests.alerts.conftest import GIVEN, Webhook
from hunter_pipeline_tests.pipeline.answering import add_referral, give, send
from hunter_pipeline_tests.warehouse.installation import Installation

pytestmark = pytest.mark.slow

DESK = "https://crm.example/hunter"
Tick = Callable[..., str]


@pytest.fixture
def tick(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Tick:
    """Return a function that evaluates the sensor, after a first tick on a system without leads."""
    monkeypatch.setenv("HUNTER_PUBLIC_URL", DESK)
    installation.sandbox.world.referrals.clear()
    cursor: str | None = None

    def evaluate(*, at: datetime | None = None) -> str:
        nonlocal cursor
        moved = time_machine.travel(at or datetime.now(UTC), tick=True)
        given = {"warehouse": GIVEN["warehouse"]}
        with (
            moved,
            dg.DagsterInstance.ephemeral() as instance,
            dg.build_sensor_context(instance, cursor, resources=given) as context,
        ):
            data = lead_notifications_sensor.evaluate_tick(context)
        cursor = data.cursor
        return data.skip_message or ""

    return evaluate


@pytest.fixture
def target(webhook: Webhook, monkeypatch: pytest.MonkeyPatch, tick: Tick) -> Webhook:
    """Start a target without a digest that has had its first tick."""
    monkeypatch.setenv("HUNTER_NOTIFY_URLS", webhook.address)
    assert tick() == "0 messages sent"
    return webhook


def new_lead(installation: Installation, company: str = "Fabrikam", **changes: Any) -> str:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    person = {
        "firstName": "Sue",
        "lastName": "Fairweather",
        "email": "sue@fabrikam.com",
        "phoneNumber": "+1 425 555 0123",
    }
    profile = {"name": company, "address": {"country": "DE"}, "team": [person]}
    return add_referral(installation, createdDateTime=now, customerProfile=profile, **changes)


def expires_in(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def test_new_lead_is_notified_once_without_personal_data(
    installation: Installation, target: Webhook, tick: Tick
) -> None:
    new_lead(installation)
    assert tick() == "1 message sent"
    [message] = target.take()
    assert message == f"Leads: 1 to look at\nNew (1):\n- Fabrikam (DE), 5,000 EUR\n{DESK}"
    assert tick() == "0 messages sent"


def test_many_leads_are_sent_in_one_message(installation: Installation, target: Webhook, tick: Tick) -> None:
    for number in range(12):
        new_lead(installation, f"Company {number}")
    details = {"dealValue": 9, "currency": "EUR", "customerRequestedContact": True}
    new_lead(installation, "Caller", details=details)
    assert tick() == "1 message sent"
    [message] = target.take()
    assert message.startswith(
        "Leads: 13 to look at\nThe customer asked to be called (1):\n- Caller (DE), 9 EUR\nNew (12):"
    )
    assert "- and 2 more" in message


def test_expiring_lead_is_notified_at_72_24_and_4_hours(
    installation: Installation, target: Webhook, tick: Tick
) -> None:
    referral_id = new_lead(installation)
    tick()
    target.take()
    for hours, phrase in ((70, "within 72 hours"), (20, "within 24 hours"), (3, "within 4 hours")):
        installation.sandbox.world.update(referral_id, expirationDateTime=expires_in(hours))
        installation.sync()
        assert (tick(), tick()) == ("1 message sent", "0 messages sent")
        [message] = target.take()
        assert phrase in message
        assert message.count("Fabrikam") == 1


def test_change_is_notified_when_microsoft_made_it(
    installation: Installation, target: Webhook, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")
    ours, theirs = new_lead(installation, "Ours"), new_lead(installation, "Theirs")
    tick()
    target.take()
    give(installation, ours, "decline")
    send(installation)
    installation.sandbox.world.update(theirs, status="Closed", substatus="Expired")
    installation.sync()
    assert tick() == "1 message sent"
    assert target.take() == [
        f"Leads: 1 to look at\nChanged in Partner Center (1):\n- Theirs (DE), 5,000 EUR, Closed / Expired\n{DESK}"
    ]


def test_other_changes_are_notified_once_each(installation: Installation, target: Webhook, tick: Tick) -> None:
    """The message names what changed; a change of nothing that a seller sees is not notified."""
    referral_id = new_lead(installation)
    tick()
    target.take()
    profile = {"name": "Fabrikam", "address": {"country": "DE"}, "team": [{"email": "ann@fabrikam.com"}]}
    for changes, phrase in (
        (
            {"details": {"dealValue": 9000, "currency": "EUR"}, "name": "Copilot"},
            "9,000 EUR, name changed, value changed",
        ),
        ({"customerProfile": profile}, "9,000 EUR, customer or contact changed"),
        ({"expirationDateTime": "2031-01-31T00:00:00Z"}, "9,000 EUR, expires 2031-01-31 00:00 UTC"),
    ):
        installation.sandbox.world.update(referral_id, **changes)
        installation.sync()
        installation.sandbox.world.update(referral_id, eTag='"other"')
        installation.sync()
        assert (tick(), tick()) == ("1 message sent", "0 messages sent")
        [message] = target.take()
        assert message == f"Leads: 1 to look at\nChanged in Partner Center (1):\n- Fabrikam (DE), {phrase}\n{DESK}"


def test_target_is_notified_later_when_it_was_down(installation: Installation, target: Webhook, tick: Tick) -> None:
    new_lead(installation)
    target.status = 500
    assert "not accepted by target 1 (JSON)" in tick()
    target.status = 200
    assert tick() == "1 message sent"
    assert len(target.take()) == 1


def test_digest_is_sent_once_a_day_in_turkish(
    installation: Installation, webhook: Webhook, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """08:00 in Istanbul is 05:00 UTC."""
    monkeypatch.setenv("HUNTER_NOTIFY_URLS", f"{webhook.address}?digest=08:00&tz=Europe/Istanbul&lang=tr")
    morning = datetime.now(UTC).replace(hour=5, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert tick(at=morning - timedelta(hours=2)) == "0 messages sent"
    installation.execute("update partner_center_referrals set created_at = now()")
    new_lead(installation, "Girişim")
    installation.execute("update partner_center_referrals set created_at = %s", morning)
    assert tick(at=morning - timedelta(minutes=1)) == "0 messages sent"
    assert tick(at=morning + timedelta(minutes=1)) == "1 message sent"
    assert webhook.take() == [f"Fırsatlar: 1 kayıt\nYeni (1):\n- Girişim (DE), 5,000 EUR\n{DESK}"]
    new_lead(installation, "Second")
    assert tick(at=morning + timedelta(hours=3)) == "0 messages sent"


def test_nothing_is_sent_without_a_target(tick: Tick) -> None:
    assert tick() == "no_target: HUNTER_NOTIFY_URLS is empty"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("json://host/path", ("json://host/path", "en", None, "UTC")),
        ("json://host/path?lang=tr&+X=1", ("json://host/path?+X=1", "tr", None, "UTC")),
        ("json://host/?digest=08:30&tz=Europe/Istanbul", ("json://host/", "en", (8, 30), "Europe/Istanbul")),
        ("json://host/?digest=24:00", None),
        ("json://host/?lang=de", None),
        ("json://host/?tz=Nowhere/Land", None),
    ],
)
def test_target_is_an_apprise_url_with_our_own_parameters(url: str, expected: Any) -> None:
    found = notify_target(url)
    assert (found and (found.address, found.language, found.digest, found.zone.key)) == expected
