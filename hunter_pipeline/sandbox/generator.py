"""
Generate referrals: referral number n of a seed is always the same, with dates relative to an epoch.

A referral is drawn from a random generator of its own, so a larger world begins with the referrals of a smaller one.
"""
# ruff: noqa: PLR2004 - shares and intervals are arbitrary; a name would say no more than the number

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from hunter_pipeline.sandbox import customers, referral_parts, timestamps
from hunter_pipeline.sandbox.customers import Customer, phrases
from hunter_pipeline.sandbox.options import ORGANIZATION_ID, ORGANIZATION_NAME
from hunter_pipeline.sandbox.referral_parts import TIME_TO_ANSWER, etag, guid

API_URL = "https://api.partner.microsoft.com/v1.0/engagements/referrals"
OTHER_PARTNER_ID = "5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b"
COMPANIES_PER_REFERRAL = 0.58
# One referral of eleven shares the engagement of the one before.
SHARED_ENGAGEMENT_INTERVAL = 11
HOURS_TO_EXPIRY = (2, 9, 20, 47, 71)

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


@dataclass(frozen=True)
class Population:
    """Referrals by id, and the tenant GUID of each domain (in ASCII) that has a Microsoft 365 tenant."""

    referrals: dict[str, Referral]
    tenants: dict[str, str]


@dataclass(frozen=True)
class Blueprint:
    """What a referral is made from; `rng` gives everything that the other fields do not decide."""

    seed: int
    direction: str
    number: int
    customer: Customer
    engagement_id: str
    deal_name: str
    rng: random.Random

    @property
    def key(self) -> str:
        """Return the text from which the referral's id and eTag are derived."""
        return _key(self.seed, self.direction, self.number)


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
        if customers.has_plain_contacts(number):
            domains[customers.ascii_domain(_blueprint(seed, number).customer.domain)] = None
    for number in range(outgoing):
        payload = generate_referral(seed, number, epoch, "Outgoing")
        referrals[payload["id"]] = payload
    return Population(referrals, _tenants(seed, list(domains), tenant_count))


def generate_referral(seed: int, number: int, epoch: datetime, direction: str = "Incoming") -> Referral:
    """Return a referral as it is at the epoch."""
    blueprint = _blueprint(seed, number, direction)
    payload = _payload(blueprint, epoch)
    _make_unusual(payload, number, blueprint.rng)
    return payload


def generate_arrival(seed: int, number: int, now: str) -> Referral:
    """Return an Incoming referral that is created at the time `now`."""
    moment = datetime.fromisoformat(now[:26] + "+00:00")
    return _payload(_blueprint(seed, number), moment) | {
        "status": "New",
        "substatus": "Pending",
        "statusReason": None,
        "expirationDateTime": timestamps.format_utc(moment + TIME_TO_ANSWER, digits=0),
        "createdDateTime": now,
        "updatedDateTime": now,
        "acceptedDateTime": None,
        "closedDateTime": None,
    }


@lru_cache(maxsize=1)
def property_names() -> frozenset[str]:
    """Return the names of all properties that a referral can have."""
    return frozenset(generate_referral(0, 0, datetime(2025, 1, 1, tzinfo=UTC)))


def _key(seed: int, direction: str, number: int) -> str:
    return f"{seed}/{'in' if direction == 'Incoming' else 'out'}/{number}"


def _tenants(seed: int, domains: list[str], count: int) -> dict[str, str]:
    """Return evenly spread domains with a tenant each. Only domains that a contact's address shows can be looked up."""
    count = min(count, len(domains))
    chosen = [domains[position * len(domains) // count] for position in range(count)]
    return {domain: guid(f"{seed}/tenant/{domain}") for domain in chosen}


def _blueprint(seed: int, number: int, direction: str = "Incoming") -> Blueprint:
    is_copy = number % SHARED_ENGAGEMENT_INTERVAL == SHARED_ENGAGEMENT_INTERVAL - 1
    first = number - 1 if is_copy else number
    # An Outgoing referral is the partner's copy of an Incoming one: it has the same company and engagement.
    shared = random.Random(_key(seed, "Incoming", first) + "/root")
    customer = customers.generate_customer(seed, _customer_number(first, shared))
    deal_name = shared.choice([*customer.country.deals, *phrases("deals")]) or ""
    rng = random.Random(_key(seed, direction, number))
    return Blueprint(seed, direction, number, customer, guid(f"{seed}/engagement/{first}"), deal_name, rng)


def _customer_number(number: int, rng: random.Random) -> int:
    """Return the number of a new customer for 58 of a hundred referrals, of an earlier one for the others."""
    newest = int(number * COMPANIES_PER_REFERRAL)
    is_new = number == 0 or newest != int((number - 1) * COMPANIES_PER_REFERRAL)
    return newest if is_new else rng.randrange(newest + 1)


@lru_cache(maxsize=8)
def _shuffled(seed: int, name: str, shares: tuple[tuple[Any, ...], ...]) -> list[Any]:
    """Return each row as often as its percentage, shuffled so that few referrals have many different ones."""
    rows = [row[1:] for row in shares for _ in range(row[0])]
    random.Random(f"{seed}/{name}").shuffle(rows)
    return rows


def _payload(blueprint: Blueprint, epoch: datetime) -> Referral:
    number, customer, rng = blueprint.number, blueprint.customer, blueprint.rng
    kind, qualification, inviter = _shuffled(blueprint.seed, "kinds", _KINDS)[number % 100]
    status, substatus = _shuffled(blueprint.seed, "statuses", _STATUSES)[(number * 7 + number // 100) % 100]
    referral_id = guid(f"{blueprint.key}/id")
    deal_name = blueprint.deal_name
    return {
        "id": referral_id,
        "engagementId": blueprint.engagement_id,
        "name": deal_name if rng.random() < 0.6 else f"{customer.name.replace('&', '&amp;')} - {deal_name}",
        "organizationId": ORGANIZATION_ID,
        "organizationName": ORGANIZATION_NAME,
        "lastModifiedVia": rng.choice((None, None, "PartnerCenter", "API")),
        "lastRunId": None,
        "externalReferenceId": rng.choice((None, "", "", f"CRM-{number:06d}")),
        **referral_parts.dates(status, substatus, epoch, rng),
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
        "direction": blueprint.direction,
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
        "details": referral_parts.details(customer, status, epoch, rng),
        "team": [customers.partner_colleague(rng)],
        "inviteContext": referral_parts.invite_context(inviter, rng),
        "links": _links(referral_id, blueprint.engagement_id),
        "trackingInfo": dict.fromkeys((
            "microsoftMsxId", "microsoftUSFedOpportunityId", "microsoftUSFedLeadId", "migratedPSCDealId",
            "migratedPSCPartnerDealId",
        )),
        "registrations": [],
    }  # fmt: skip


def _links(referral_id: str, engagement_id: str) -> dict[str, Any]:
    related = f"{API_URL}?$filter=engagementId eq '{engagement_id}'"
    return {
        "relatedReferrals": {"uri": related, "method": "GET"},
        "self": {"uri": f"{API_URL}/{referral_id}", "method": "GET"},
    }


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
    text = timestamps.format_utc(created, digits=7, seventh_digit=3)
    payload["createdDateTime"] = payload["updatedDateTime"] = text
    payload["expirationDateTime"] = timestamps.format_utc(created + TIME_TO_ANSWER, digits=0)
