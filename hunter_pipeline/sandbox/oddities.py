"""
Shapes that real payloads have and documentation does not promise.

Belongs here: turning a regular payload into an old or odd one. Does not belong here: odd contacts
(contacts.py) or broken answers (faults.py).
"""
# ruff: noqa: PLR2004 - cycles are arbitrary primes; a name would say no more than the number

import random
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from hunter_pipeline.sandbox import stamps

# Prime cycles, so that the oddities meet each other and the contacts' hundred turns in every mixture.
_OLD_SHAPE_EVERY = 61
_OLD_SHAPE_LACKS = (
    "name", "lastModifiedVia", "lastRunId", "acceptedDateTime", "closedDateTime", "referralSource", "favorite",
    "campaignId", "salesStage", "quality", "isSpam", "direction", "mpnId", "referralProgram", "dealSensitivity",
    "createdVia", "tags", "callToAction", "registrationStatus", "trackingInfo", "registrations", "inviteContext",
)  # fmt: skip

Referral: TypeAlias = dict[str, Any]


def apply(payload: Referral, number: int, chance: random.Random) -> None:
    """Make the payload old or odd, where its number says so."""
    if number % 41 == 7:
        payload["organizationName"] = "Fourth Coffee &amp; Partners"
    if number % 43 == 9:
        payload["tags"] = ["priority", "campaign"]
    if number % 47 == 11:
        payload["details"]["dealValue"] = round(chance.uniform(0.01, 999_999.99), 4)
    if number % 53 == 13 and payload["type"] == "Shared":
        payload["inviteContext"] = None
    if number % 59 == 17:
        payload["customerProfile"]["address"] = None
    if (
        number % _OLD_SHAPE_EVERY == 19
        and payload.get("qualification") == "Direct"
        and payload["direction"] == "Incoming"
    ):
        old_shape(payload)


def old_shape(payload: Referral) -> None:
    """As the documentation's samples of 2018 print it: fewer fields, and `ids` as an object."""
    for key in _OLD_SHAPE_LACKS:
        payload.pop(key, None)
    payload["customerProfile"]["ids"] = {}
    payload["consent"] = {"consentToContact": True}


def urgent(payload: Referral, place: int, epoch: datetime, chance: random.Random) -> None:
    """Give one in a few unanswered referrals an expiry in hours, or a customer who waits for a call."""
    if place % 3 == 0:
        expires = epoch + timedelta(hours=(2, 9, 20, 47, 71)[place // 3 % 5], seconds=chance.randrange(3600))
        created = expires - timedelta(days=14)
        _born(payload, created)
        payload["expirationDateTime"] = stamps.text(expires, digits=0)
    elif place % 3 == 1:
        _born(payload, epoch - timedelta(hours=chance.uniform(0.2, 71)))
        payload["details"]["customerRequestedContact"] = True


def _born(payload: Referral, created: datetime) -> None:
    payload["createdDateTime"] = payload["updatedDateTime"] = stamps.text(created, digits=7, tick=3)
    payload["expirationDateTime"] = stamps.text(created + timedelta(days=14), digits=0)
