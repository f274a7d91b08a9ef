"""
Referral number i of a seed, always the same, relative to an epoch.

Belongs here: what a referral is at birth: its kind, its status, its frame. Does not belong here: the
customer and the deal (deal.py), dates (dates.py), odd shapes (oddities.py), later changes (world.py).
"""
# ruff: noqa: PLR2004 - shares are arbitrary; a name would say no more than the number

import random
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from hunter_pipeline.sandbox import contacts, oddities, stamps
from hunter_pipeline.sandbox.companies import company
from hunter_pipeline.sandbox.dates import ANSWER_WITHIN, dates
from hunter_pipeline.sandbox.deal import Birth, customer, details, guid
from hunter_pipeline.sandbox.options import ORGANIZATION_ID, ORGANIZATION_NAME
from hunter_pipeline.sandbox.vocabulary import DEALS

COMPANIES_PER_REFERRAL = 0.58
SHARED_ENGAGEMENT_EVERY = 11
API = "https://api.partner.microsoft.com/v1.0/engagements/referrals"
PARTNER = "5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b"

Referral: TypeAlias = dict[str, Any]

# (how many in a hundred, type, qualification, inviting organisation or None for no invitation)
_KINDS: tuple[tuple[int, str | None, str | None, str | None], ...] = (
    (30, "Shared", "SalesQualified", "msft"),
    (8, "Shared", "SalesQualified", ORGANIZATION_ID),
    (3, "Shared", "None", PARTNER),
    (2, "Shared", "MarketingQualified", None),
    (17, "Independent", "Direct", "msft"),
    (12, "Independent", "Direct", None),
    (9, "Independent", "SalesQualified", "msft"),
    (6, "Independent", "MarketingQualified", "msft"),
    (7, "Independent", "SalesQualified", ORGANIZATION_ID),
    (3, "Independent", "None", PARTNER),
    (1, "Independent", "Direct", PARTNER),
    (1, "Independent", "None", None),
    (1, "Independent", "MarketingQualified", PARTNER),
)
_STATUSES: tuple[tuple[int, str, str | None], ...] = (
    (11, "New", "Pending"), (6, "New", "Received"), (39, "Active", "Accepted"), (13, "Closed", "Won"),
    (13, "Closed", "Lost"), (7, "Closed", "Declined"), (7, "Closed", "Expired"), (1, "None", None),
    (1, "Active", "Error"), (1, "Closed", "Error"), (1, "New", "Error"),
)  # fmt: skip


def company_number(number: int, chance: random.Random) -> int:
    """A new firm for 58 referrals of a hundred, one that is known for the rest."""
    newest = int(number * COMPANIES_PER_REFERRAL)
    is_first = number == 0 or newest != int((number - 1) * COMPANIES_PER_REFERRAL)
    return newest if is_first else chance.randrange(newest + 1)


@lru_cache(maxsize=8)
def _deck(seed: int, name: str) -> tuple[tuple[Any, ...], ...]:
    """A hundred kinds (or statuses) in shuffled order: exact shares, and variety in a small world."""
    table: tuple[tuple[Any, ...], ...] = _KINDS if name == "kinds" else _STATUSES
    cards = [card[1:] for card in table for _ in range(card[0])]
    random.Random(f"{seed}/{name}").shuffle(cards)
    return tuple(cards)


def birth(seed: int, number: int, series: str = "in") -> Birth:
    """The make-up of referral `number`; every eleventh shares the engagement of the one before."""
    root = number - 1 if number % SHARED_ENGAGEMENT_EVERY == SHARED_ENGAGEMENT_EVERY - 1 else number
    # Outgoing referrals are the partner's copies: they share firm and engagement with an incoming one.
    shared = random.Random(f"{seed}/in/{root}/root")
    firm = company(seed, company_number(root, shared))
    deals = firm.country.deals + DEALS
    engagement = guid(f"{seed}/engagement/{root}")
    return Birth(
        seed, series, number, random.Random(f"{seed}/{series}/{number}"), firm, engagement, shared.choice(deals)
    )


def referral(seed: int, number: int, epoch: datetime, series: str = "in") -> Referral:
    """Referral `number` as it was at the epoch; series "out" are Outgoing ones."""
    made = birth(seed, number, series)
    payload = _frame(made, epoch)
    oddities.apply(payload, number, made.chance)
    return payload


def arrival(seed: int, number: int, now: str) -> Referral:
    """Referral `number` as a new one that arrives at this moment."""
    made = birth(seed, number)
    moment = datetime.fromisoformat(now[:26] + "+00:00")
    payload = _frame(made, moment)
    expires = stamps.text(moment + ANSWER_WITHIN, digits=0)
    dates = {"createdDateTime": now, "updatedDateTime": now, "acceptedDateTime": None, "closedDateTime": None}
    payload |= {"status": "New", "substatus": "Pending", "statusReason": None, "expirationDateTime": expires} | dates
    return payload


def etag(key: str) -> str:
    """An entity tag in Partner Center's form, double quotes included."""
    bits = random.Random(key).getrandbits(64)
    return f'"{bits >> 32:08x}-0000-0800-0000-{bits & 0xFFFFFFFF:08x}0000"'


def _frame(made: Birth, epoch: datetime) -> Referral:
    kind, qualification, inviter = _deck(made.seed, "kinds")[made.number % 100]
    status, substatus = _deck(made.seed, "statuses")[(made.number * 7 + made.number // 100) % 100]
    referral_id = guid(f"{made.key}/id")
    chance = made.chance
    return {
        "id": referral_id,
        "engagementId": made.engagement_id,
        "name": made.deal if chance.random() < 0.6 else f"{made.company.name.replace('&', '&amp;')} - {made.deal}",
        "organizationId": ORGANIZATION_ID,
        "organizationName": ORGANIZATION_NAME,
        "lastModifiedVia": chance.choice((None, None, "PartnerCenter", "API")),
        "lastRunId": None,
        "externalReferenceId": chance.choice((None, "", "", f"CRM-{made.number:06d}")),
        **dates(status, substatus, chance, epoch),
        "status": status,
        "substatus": substatus,
        "statusReason": "Customer engagement was a success!" if substatus == "Won" else None,
        "qualification": qualification,
        "type": kind,
        "referralSource": None,
        "eTag": etag(f"{made.key}/etag"),
        "favorite": False,
        "campaignId": None,
        "salesStage": str(chance.choice((0, 20, 40, 60, 80, 100))),
        "quality": "Unknown",
        "isSpam": False,
        "direction": "Incoming" if made.series == "in" else "Outgoing",
        "mpnId": "1234567",
        "referralProgram": None,
        "dealSensitivity": "None",
        "createdVia": None,
        "tags": [],
        "callToAction": None,
        "registrationStatus": "None",
        "target": [{"type": "SolutionProfile", "id": f"SOL-{chance.randrange(10_000, 99_999)}-EBB"}],
        "customerProfile": customer(made),
        "consent": {
            "consentToToShareInfoWithOthers": True,
            "consentToContact": True,
            "consentToShareReferralWithMicrosoftSellers": chance.random() < 0.7,
        },
        "details": details(made, status, epoch),
        "team": [contacts.colleague(chance)],
        "inviteContext": _invitation(inviter, chance),
        "links": _links(referral_id, made.engagement_id),
        "trackingInfo": {"microsoftMsxId": None, "microsoftUSFedOpportunityId": None, "microsoftUSFedLeadId": None,
                         "migratedPSCDealId": None, "migratedPSCPartnerDealId": None},
        "registrations": [],
    }  # fmt: skip


def _invitation(inviter: str | None, chance: random.Random) -> dict[str, Any]:
    invited_by: dict[str, Any] | None = {"organizationId": inviter, "organizationName": None}
    if inviter == "msft":
        invited_by = {
            "organizationId": chance.choice(("msft", "msft", "msft", "MSFT")),
            "organizationName": "Microsoft",
        }
    elif inviter is not None:
        invited_by = {
            "organizationId": inviter,
            "organizationName": "Fourth Coffee" if inviter == ORGANIZATION_ID else "Adventure Works",
        }
    elif chance.random() < 0.5:
        invited_by = None
    return {"notes": None, "assistanceRequestCode": "Unknown", "invitedMpnId": "1234567", "invitedBy": invited_by}


def _links(referral_id: str, engagement_id: str) -> dict[str, Any]:
    related = f"{API}?$filter=engagementId eq '{engagement_id}'"
    return {
        "relatedReferrals": {"uri": related, "method": "GET"},
        "self": {"uri": f"{API}/{referral_id}", "method": "GET"},
    }
