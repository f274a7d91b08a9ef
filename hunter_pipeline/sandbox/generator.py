"""
Generate referrals: referral number n of a seed is always the same, with dates relative to an epoch.

A referral is drawn from a random generator of its own, so a larger world begins with the referrals of a smaller one.
"""
# ruff: noqa: PLR2004 - shares and intervals are arbitrary; a name would say no more than the number

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from hunter_pipeline.sandbox import customers
from hunter_pipeline.sandbox.customers import Customer, phrases
from hunter_pipeline.sandbox.options import ORGANIZATION_ID, ORGANIZATION_NAME
from hunter_pipeline.sandbox.timestamps import TIME_TO_ANSWER, format_utc, generate_dates

API_URL = "https://api.partner.microsoft.com/v1.0/engagements/referrals"
OTHER_PARTNER_ID = "5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b"
COMPANIES_PER_REFERRAL = 0.58
# One referral of eleven shares the engagement of the one before.
SHARED_ENGAGEMENT_INTERVAL = 11
HOURS_TO_EXPIRY = (2, 9, 20, 47, 71)

_ORGANIZATION_NAMES = {"msft": "Microsoft", ORGANIZATION_ID: "Fourth Coffee", OTHER_PARTNER_ID: "Adventure Works"}

Referral: TypeAlias = dict[str, Any]

# (how many in a hundred, type, qualification, organization of the inviter or None)
_KINDS = (
    (30, "Shared", "SalesQualified", "msft"), (8, "Shared", "SalesQualified", ORGANIZATION_ID),
    (3, "Shared", "None", OTHER_PARTNER_ID), (2, "Shared", "MarketingQualified", None),
    (17, "Independent", "Direct", "msft"), (12, "Independent", "Direct", None),
    (9, "Independent", "SalesQualified", "msft"), (6, "Independent", "MarketingQualified", "msft"),
    (7, "Independent", "SalesQualified", ORGANIZATION_ID), (3, "Independent", "None", OTHER_PARTNER_ID),
    (1, "Independent", "Direct", OTHER_PARTNER_ID), (1, "Independent", "None", None),
    (1, "Independent", "MarketingQualified", OTHER_PARTNER_ID),
)  # fmt: skip
# (how many in a hundred, status, substatus)
_STATUSES = (
    (11, "New", "Pending"), (6, "New", "Received"), (39, "Active", "Accepted"), (13, "Closed", "Won"),
    (13, "Closed", "Lost"), (7, "Closed", "Declined"), (7, "Closed", "Expired"), (1, "None", None),
    (1, "Active", "Error"), (1, "Closed", "Error"), (1, "New", "Error"),
)  # fmt: skip
# What the samples in Microsoft's documentation of 2018 lack.
_NOT_IN_2018 = (
    "name", "lastModifiedVia", "lastRunId", "acceptedDateTime", "closedDateTime", "referralSource", "favorite",
    "campaignId", "salesStage", "quality", "isSpam", "direction", "mpnId", "referralProgram", "dealSensitivity",
    "createdVia", "tags", "callToAction", "registrationStatus", "trackingInfo", "registrations", "inviteContext",
)  # fmt: skip


class Population(NamedTuple):
    """Referrals by id, and the tenant GUID of each domain (in ASCII) that has a Microsoft 365 tenant."""

    referrals: dict[str, Referral]
    tenants: dict[str, str]


@dataclass(frozen=True)
class Blueprint:
    """What a referral is made from: `key` gives its id and eTag, `rng` what the other fields do not decide."""

    key: str
    customer: Customer
    engagement_id: str
    deal_name: str
    rng: random.Random


def generate_population(seed: int, incoming: int, outgoing: int, tenant_count: int, epoch: datetime) -> Population:
    """Return all referrals as they are at the epoch, and the tenants of their companies."""
    referrals: dict[str, Referral] = {}
    domains: dict[str, None] = {}
    unanswered = 0
    for number in range(incoming):
        payload = generate_referral(seed, number, epoch)
        if payload["status"] == "New":
            _make_urgent(payload, unanswered, epoch, random.Random(f"{seed}/urgent/{number}"))
            unanswered += 1
        referrals[payload["id"]] = payload
        # Only domains that a contact's address shows can be looked up.
        if customers.has_plain_contacts(number):
            domains[customers.ascii_domain(_blueprint(seed, number).customer.domain)] = None
    for number in range(outgoing):
        payload = generate_referral(seed, number, epoch, "Outgoing")
        referrals[payload["id"]] = payload
    count = min(tenant_count, len(domains))
    with_tenant = [list(domains)[position * len(domains) // count] for position in range(count)]
    return Population(referrals, {domain: guid(f"{seed}/tenant/{domain}") for domain in with_tenant})


def generate_referral(seed: int, number: int, epoch: datetime, direction: str = "Incoming") -> Referral:
    """Return a referral as it is at the epoch."""
    blueprint = _blueprint(seed, number, direction)
    payload = _payload(blueprint, seed, number, epoch) | {"direction": direction}
    _make_unusual(payload, number, blueprint.rng)
    return payload


def generate_arrival(seed: int, number: int, now: str) -> Referral:
    """Return an Incoming referral that is created at the time `now`."""
    moment = datetime.fromisoformat(now[:26] + "+00:00")
    return _payload(_blueprint(seed, number), seed, number, moment) | {
        "status": "New",
        "substatus": "Pending",
        "statusReason": None,
        "expirationDateTime": format_utc(moment + TIME_TO_ANSWER),
        "createdDateTime": now,
        "updatedDateTime": now,
        "acceptedDateTime": None,
        "closedDateTime": None,
    }


@lru_cache(maxsize=1)
def property_names() -> frozenset[str]:
    """Return the names of all properties that a referral can have."""
    return frozenset(generate_referral(0, 0, datetime(2025, 1, 1, tzinfo=UTC)))


def guid(key: str) -> str:
    """Return the GUID that belongs to a key."""
    return str(uuid.UUID(int=random.Random(key).getrandbits(128), version=4))


def etag(key: str) -> str:
    """Return an entity tag in Partner Center's form, which includes double quotes."""
    bits = random.Random(key).getrandbits(64)
    return f'"{bits >> 32:08x}-0000-0800-0000-{bits & 0xFFFFFFFF:08x}0000"'


def _blueprint(seed: int, number: int, direction: str = "Incoming") -> Blueprint:
    is_copy = number % SHARED_ENGAGEMENT_INTERVAL == SHARED_ENGAGEMENT_INTERVAL - 1
    first = number - 1 if is_copy else number
    # An Outgoing referral is the partner's copy of an Incoming one: it has the same company and engagement.
    shared = random.Random(f"{seed}/in/{first}/root")
    # A new customer for 58 of a hundred referrals, an earlier one for the others.
    newest = int(first * COMPANIES_PER_REFERRAL)
    is_new = first == 0 or newest != int((first - 1) * COMPANIES_PER_REFERRAL)
    customer = customers.generate_customer(seed, newest if is_new else shared.randrange(newest + 1))
    deal_name = shared.choice([*customer.country.deals, *phrases("deals")]) or ""
    key = f"{seed}/{'in' if direction == 'Incoming' else 'out'}/{number}"
    return Blueprint(key, customer, guid(f"{seed}/engagement/{first}"), deal_name, random.Random(key))


@lru_cache(maxsize=8)
def _shuffled(seed: int, name: str, shares: tuple[tuple[Any, ...], ...]) -> list[Any]:
    """Return each row as often as its percentage, shuffled so that few referrals have many different ones."""
    rows = [row[1:] for row in shares for _ in range(row[0])]
    random.Random(f"{seed}/{name}").shuffle(rows)
    return rows


def _payload(blueprint: Blueprint, seed: int, number: int, epoch: datetime) -> Referral:
    customer, deal_name, rng = blueprint.customer, blueprint.deal_name, blueprint.rng
    kind, qualification, inviter = _shuffled(seed, "kinds", _KINDS)[number % 100]
    status, substatus = _shuffled(seed, "statuses", _STATUSES)[(number * 7 + number // 100) % 100]
    referral_id = guid(f"{blueprint.key}/id")
    related = f"{API_URL}?$filter=engagementId eq '{blueprint.engagement_id}'"
    return {
        "id": referral_id,
        "engagementId": blueprint.engagement_id,
        "name": deal_name if rng.random() < 0.6 else f"{customer.name.replace('&', '&amp;')} - {deal_name}",
        "organizationId": ORGANIZATION_ID,
        "organizationName": ORGANIZATION_NAME,
        "lastModifiedVia": rng.choice((None, None, "PartnerCenter", "API")),
        "lastRunId": None,
        "externalReferenceId": rng.choice((None, "", "", f"CRM-{number:06d}")),
        **generate_dates(status, substatus, epoch, rng),
        "status": status,
        "substatus": substatus,
        "statusReason": "Customer engagement was a success!" if substatus == "Won" else None,
        "qualification": qualification,
        "type": kind,
        "referralSource": None,
        "eTag": etag(f"{blueprint.key}/etag"),
        "favorite": False,
        "campaignId": None,
        "salesStage": str(rng.choice((0, 20, 40, 60, 80, 100))),
        "quality": "Unknown",
        "isSpam": False,
        "direction": "Incoming",
        "mpnId": "1234567",
        "referralProgram": None,
        "dealSensitivity": "None",
        "createdVia": None,
        "tags": [],
        "callToAction": None,
        "registrationStatus": "None",
        "target": [{"type": "SolutionProfile", "id": f"SOL-{rng.randrange(10_000, 99_999)}-EBB"}],
        "customerProfile": customers.customer_profile(customer, number, rng),
        "consent": {
            "consentToToShareInfoWithOthers": True,
            "consentToContact": True,
            "consentToShareReferralWithMicrosoftSellers": rng.random() < 0.7,
        },
        "details": _details(customer, status, epoch, rng),
        "team": [customers.partner_colleague(rng)],
        "inviteContext": _invite_context(inviter, rng),
        "links": {
            "relatedReferrals": {"uri": related, "method": "GET"},
            "self": {"uri": f"{API_URL}/{referral_id}", "method": "GET"},
        },
        "trackingInfo": dict.fromkeys((
            "microsoftMsxId", "microsoftUSFedOpportunityId", "microsoftUSFedLeadId", "migratedPSCDealId",
            "migratedPSCPartnerDealId",
        )),
        "registrations": [],
    }  # fmt: skip


def _details(customer: Customer, status: str, epoch: datetime, rng: random.Random) -> dict[str, Any]:
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
        "closingDateTime": format_utc(closing),
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


def _invite_context(inviter: str | None, rng: random.Random) -> dict[str, Any]:
    """Return `inviteContext` for the organization that invited the partner, or for none."""
    organization_id = rng.choice(("msft", "msft", "msft", "MSFT")) if inviter == "msft" else inviter
    invited_by = {"organizationId": organization_id, "organizationName": _ORGANIZATION_NAMES.get(inviter or "")}
    if inviter is None and rng.random() < 0.5:
        invited_by = None
    return {"notes": None, "assistanceRequestCode": "Unknown", "invitedMpnId": "1234567", "invitedBy": invited_by}


def _make_unusual(payload: Referral, number: int, rng: random.Random) -> None:
    """
    Set values that occur in practice and are not documented.

    The intervals are primes, so that these values meet each other and the unusual contacts in every combination.
    """
    if number % 41 == 7:
        payload["organizationName"] = "Fourth Coffee &amp; Partners"
    if number % 43 == 9:
        payload["tags"] = ["priority", "campaign"]
    if number % 47 == 11:
        payload["details"]["dealValue"] = round(rng.uniform(0.01, 999_999.99), 4)
    if number % 53 == 13 and payload["type"] == "Shared":
        payload["inviteContext"] = None
    if number % 59 == 17:
        payload["customerProfile"]["address"] = None
    if number % 61 == 19 and payload["qualification"] == "Direct" and payload["direction"] == "Incoming":
        for name in _NOT_IN_2018:
            payload.pop(name, None)
        payload["customerProfile"]["ids"] = {}
        payload["consent"] = {"consentToContact": True}


def _make_urgent(payload: Referral, position: int, epoch: datetime, rng: random.Random) -> None:
    """Make one of three unanswered referrals expire within hours, and the customer of another one ask for a call."""
    if position % 3 == 0:
        hours = HOURS_TO_EXPIRY[position // 3 % len(HOURS_TO_EXPIRY)]
        created = epoch + timedelta(hours=hours, seconds=rng.randrange(3600)) - TIME_TO_ANSWER
    elif position % 3 == 1:
        created = epoch - timedelta(hours=rng.uniform(0.2, 71))
        payload["details"]["customerRequestedContact"] = True
    else:
        return
    payload["createdDateTime"] = payload["updatedDateTime"] = format_utc(created, digits=7, seventh_digit=3)
    payload["expirationDateTime"] = format_utc(created + TIME_TO_ANSWER)
