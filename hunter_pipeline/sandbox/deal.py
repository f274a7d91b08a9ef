"""
The customer and the deal of a referral.

Belongs here: `customerProfile` and `details`. Does not belong here: contacts (contacts.py), dates and
status (dates.py, generator.py).
"""
# ruff: noqa: PLR2004 - shares are arbitrary; a name would say no more than the number

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hunter_pipeline.sandbox import contacts, stamps
from hunter_pipeline.sandbox.companies import Company
from hunter_pipeline.sandbox.vocabulary import INDUSTRIES, NOTES, PRODUCTS, SERVICES, SIZES, SOLUTIONS

_IOT = ("customerLicenseAgreementNumber", "deviceCategory", "siliconType")
_IOT_FLAGS = ("azureCertifiedDevice", "attachServices")


@dataclass(frozen=True)
class Birth:
    """What a referral is made from: chance, place in the sequence, firm and kind."""

    seed: int
    series: str
    number: int
    chance: random.Random
    company: Company
    engagement_id: str
    deal: str

    @property
    def key(self) -> str:
        """Distinguishes this referral's chance from every other's."""
        return f"{self.seed}/{self.series}/{self.number}"


def guid(key: str) -> str:
    """A version 4 GUID that belongs to this key."""
    return str(uuid.UUID(int=random.Random(key).getrandbits(128), version=4))


def customer(made: Birth) -> dict[str, Any]:
    """`customerProfile`, with contacts."""
    firm = made.company
    # A deal seen twice may spell its customer in capitals, as people do.
    name = firm.name.upper() if made.number % 23 == 5 else firm.name
    return {
        "name": name.replace("&", "&amp;") if made.number % 3 else name,
        "size": made.chance.choice(SIZES),
        "isMatchingComplete": False,
        "address": {
            "addressLine1": f"Example Street {made.chance.randrange(1, 200)}",
            "addressLine2": None,
            "city": firm.city,
            "state": None,
            "postalCode": firm.postal_code,
            "country": firm.country.code,
            "region": None,
        },
        **contacts.team_and_ids(firm, made.number, made.chance),
    }


def details(made: Birth, status: str, epoch: datetime) -> dict[str, Any]:
    """`details`: value, notes, wishes; an open deal closes in the future."""
    chance, person = made.chance, made.company.people[0]
    whole = chance.randrange(1, 400) * 500
    value = chance.choice((None, whole, whole, whole, round(whole + chance.randrange(1, 100) / 100, 2), 0))
    note = chance.choice(NOTES)
    if note is not None:
        mail = f"{person.mailbox}@{made.company.domain}"
        note = note.format(first=person.first, last=person.last, phone=person.phone, mail=mail)
    closing = epoch + timedelta(days=chance.randrange(5, 180)) if status in {"New", "Active"} else epoch
    return {
        "notes": note,
        "dealValue": value,
        "currency": None if value is None and chance.random() < 0.5 else made.company.country.currency,
        "closingDateTime": stamps.text(closing, digits=0),
        "customerRequestedContact": chance.choice((None, None, None, False, True)),
        "customerAction": None,
        "incentiveLevel": None,
        "requirements": _requirements(chance),
    }


def _requirements(chance: random.Random) -> dict[str, Any]:
    solution = {"id": guid(f"solution/{chance.randrange(40)}"), "name": chance.choice(SOLUTIONS), "type": "Name"}
    empty = ("price", "quantity", "currency", "publisherName", "solutionType", "closingDateTime")
    return {
        "industries": [{"id": chance.choice(INDUSTRIES)}] if chance.random() < 0.5 else [],
        "products": [{"id": chance.choice(PRODUCTS)}],
        "services": [{"id": chance.choice(SERVICES)}],
        "solutions": [solution | dict.fromkeys(empty)],
        "salesPlays": [],
        "additionalRequirements": {"iot": dict.fromkeys(_IOT) | dict.fromkeys(_IOT_FLAGS, False)},
    }
