"""Give and send answers to the referrals of an installation, for tests."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.pipeline.answers import request_update
from hunter_pipeline.pipeline.send_updates import Sender
from hunter_pipeline_tests.warehouse.installation import IMPATIENT, Installation

PERSON = "Ada Brook"
# The fields that a new referral needs to be accepted, if it lacks them.
DEAL: dict[str, Any] = {"name": "Windows 365", "value": "12000", "currency": "EUR", "close_date": "2027-03-31"}


def add_referral(installation: Installation, **changes: Any) -> str:
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
    referral_id = installation.sandbox.world.add(payload | changes)
    installation.sync()
    return referral_id


def give(installation: Installation, referral_id: str, action: Any, **fields: Any) -> dict[str, Any]:
    """Give an answer that is due at once."""
    with installation.warehouse.connection() as connection:
        row = request_update(connection, load_settings(), referral_id, action, fields, requested_by=PERSON)
    installation.execute("update referral_updates set send_after = clock_timestamp() where id = %s", row["id"])
    return row


def send(installation: Installation) -> list[dict[str, Any]]:
    """Send the due answers with short waits between tries."""
    with installation.client() as client:
        sender = Sender(installation.warehouse, load_settings(), client, str(uuid.uuid4()), IMPATIENT)
        return sender.send_due()


def patches(installation: Installation) -> list[Any]:
    """Return the update requests that Partner Center received."""
    return [request for request in installation.sandbox.requests if request.method == "PATCH"]


def stored(installation: Installation, referral_id: str) -> dict[str, Any]:
    """Return the referral's row in partner_center_referrals."""
    [row] = installation.rows("select * from partner_center_referrals where referral_id = %s", referral_id)
    return row
