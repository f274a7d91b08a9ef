"""Give answers to the referrals of an office and send them, for tests."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.pipeline.answers import request_update
from hunter_pipeline.pipeline.send_updates import Sender
from hunter_pipeline_tests.warehouse.office import IMPATIENT, Office

PERSON = "Ada Brook"
# What a new referral needs to be accepted, where it has none.
DEAL: dict[str, Any] = {"name": "Windows 365", "value": "12000", "currency": "EUR", "close_date": "2027-03-31"}


def add_referral(office: Office, **changes: Any) -> str:
    """Add a New referral of a week ago to Partner Center, sync it, and return its id."""
    now = datetime.now(UTC)
    created = (now - timedelta(days=7)).isoformat().replace("+00:00", "Z")
    payload: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "engagementId": str(uuid.uuid4()),
        "name": "Windows 365",
        "createdDateTime": created,
        "updatedDateTime": now.isoformat().replace("+00:00", "Z"),
        "expirationDateTime": None,
        "status": "New",
        "substatus": "Pending",
        "statusReason": None,
        "type": "Independent",
        "qualification": "Direct",
        "direction": "Incoming",
        "eTag": '"0000-first"',
        "customerProfile": {"name": "Fabrikam", "address": {"country": "DE"}, "team": []},
        "details": {"dealValue": 5000, "currency": "EUR", "closingDateTime": "2027-01-31T00:00:00Z", "notes": "first"},
    }
    referral_id = office.sandbox.world.add(payload | changes)
    office.sync()
    return referral_id


def give(office: Office, referral_id: str, action: Any, **fields: Any) -> dict[str, Any]:
    """Give an answer that is due at once."""
    with office.warehouse.connection() as connection:
        row = request_update(connection, load_settings(), referral_id, action, fields, requested_by=PERSON)
    office.execute("update referral_updates set send_after = clock_timestamp() where id = %s", row["id"])
    return row


def send(office: Office) -> list[dict[str, Any]]:
    """Send what is due, without waiting long between tries."""
    with office.client() as client:
        sender = Sender(office.warehouse, load_settings(), client, str(uuid.uuid4()), IMPATIENT)
        return sender.send_due()


def patches(office: Office) -> list[Any]:
    """Return the updates that Partner Center was asked for."""
    return [request for request in office.sandbox.requests if request.method == "PATCH"]


def stored(office: Office, referral_id: str) -> dict[str, Any]:
    """Return the referral as the sales team sees it."""
    [row] = office.rows("select * from partner_center_referrals where referral_id = %s", referral_id)
    return row
