"""Generate the parts of a referral: ids, dates, details and invitation."""
# ruff: noqa: PLR2004 - shares and ages are arbitrary; a name would say no more than the number

import random
import uuid
from datetime import datetime, timedelta
from typing import Any

from hunter_pipeline.sandbox import timestamps
from hunter_pipeline.sandbox.customers import Customer, phrases
from hunter_pipeline.sandbox.options import ORGANIZATION_ID

HISTORY_DAYS = 400
# An Incoming referral that is not answered expires after this time.
TIME_TO_ANSWER = timedelta(days=14)


def guid(key: str) -> str:
    """Return the GUID that belongs to a key."""
    return str(uuid.UUID(int=random.Random(key).getrandbits(128), version=4))


def etag(key: str) -> str:
    """Return an entity tag in Partner Center's form, which includes double quotes."""
    bits = random.Random(key).getrandbits(64)
    return f'"{bits >> 32:08x}-0000-0800-0000-{bits & 0xFFFFFFFF:08x}0000"'


def dates(status: str, substatus: str | None, epoch: datetime, rng: random.Random) -> dict[str, str | None]:
    """Return dates that agree with the status; an unanswered referral is younger than two weeks."""
    is_new = status == "New"
    age_days = 13.9 * rng.random() if is_new else 15 + (HISTORY_DAYS - 16) * rng.random()
    created = epoch - timedelta(days=age_days) - timedelta(seconds=1)
    accepted = created + TIME_TO_ANSWER * rng.random() if substatus in {"Accepted", "Won", "Lost"} else None
    closed = None
    if status == "Closed":
        is_expired = substatus == "Expired"
        closed = created + (TIME_TO_ANSWER if is_expired else (epoch - created) * rng.uniform(0.3, 0.95))
        closed = max(closed, accepted or closed)
    last = closed or accepted or created
    updated = last + (epoch - last) * rng.random() ** 2 * 0.9 if rng.random() < 0.7 else last
    digits, seventh_digit = rng.choice((7, 7, 7, 7, 6, 6, 0)), rng.randrange(10)

    def text(moment: datetime | None) -> str | None:
        return None if moment is None else timestamps.format_utc(moment, digits=digits, seventh_digit=seventh_digit)

    expires = is_new or substatus in {"Expired", "Pending"}
    return {
        "createdDateTime": text(created),
        "updatedDateTime": text(updated),
        "expirationDateTime": timestamps.format_utc(created + TIME_TO_ANSWER, digits=0) if expires else None,
        "acceptedDateTime": text(accepted),
        "closedDateTime": text(closed),
    }


def details(customer: Customer, status: str, epoch: datetime, rng: random.Random) -> dict[str, Any]:
    """Return `details`: value, notes, what the customer asks for. An open deal closes in the future."""
    whole = rng.randrange(1, 400) * 500
    value = rng.choice((None, whole, whole, whole, round(whole + rng.randrange(1, 100) / 100, 2), 0))
    note = rng.choice(phrases("notes"))
    if note is not None:
        person = customer.people[0]
        email = f"{person.mailbox}@{customer.domain}"
        note = note.format(first=person.first_name, last=person.last_name, phone=person.phone, mail=email)
    closing = epoch + timedelta(days=rng.randrange(5, 180)) if status in {"New", "Active"} else epoch
    return {
        "notes": note,
        "dealValue": value,
        "currency": None if value is None and rng.random() < 0.5 else customer.country.currency,
        "closingDateTime": timestamps.format_utc(closing, digits=0),
        "customerRequestedContact": rng.choice((None, None, None, False, True)),
        "customerAction": None,
        "incentiveLevel": None,
        "requirements": _requirements(rng),
    }


def _requirements(rng: random.Random) -> dict[str, Any]:
    solution = {
        "id": guid(f"solution/{rng.randrange(40)}"),
        "name": rng.choice(phrases("solutions")),
        "type": "Name",
        **dict.fromkeys(("price", "quantity", "currency", "publisherName", "solutionType", "closingDateTime")),
    }
    iot = dict.fromkeys(("customerLicenseAgreementNumber", "deviceCategory", "siliconType"))
    return {
        "industries": [{"id": rng.choice(phrases("industries"))}] if rng.random() < 0.5 else [],
        "products": [{"id": rng.choice(phrases("products"))}],
        "services": [{"id": rng.choice(phrases("services"))}],
        "solutions": [solution],
        "salesPlays": [],
        "additionalRequirements": {"iot": iot | {"azureCertifiedDevice": False, "attachServices": False}},
    }


def invite_context(inviter: str | None, rng: random.Random) -> dict[str, Any]:
    """Return `inviteContext` for the organization that invited the partner, or for none."""
    invited_by: dict[str, Any] | None = {"organizationId": inviter, "organizationName": None}
    if inviter == "msft":
        organization_id = rng.choice(("msft", "msft", "msft", "MSFT"))
        invited_by = {"organizationId": organization_id, "organizationName": "Microsoft"}
    elif inviter is not None:
        invited_by["organizationName"] = "Fourth Coffee" if inviter == ORGANIZATION_ID else "Adventure Works"
    elif rng.random() < 0.5:
        invited_by = None
    return {"notes": None, "assistanceRequestCode": "Unknown", "invitedMpnId": "1234567", "invitedBy": invited_by}
