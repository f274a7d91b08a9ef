"""Define the typed referral: its known values, its three types and the row of `normalized_referrals`."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

STATUSES = ("None", "New", "Active", "Closed")
# Microsoft documents all but `Error`, which real payloads have.
SUBSTATUSES = ("Pending", "Received", "Accepted", "Won", "Lost", "Declined", "Expired", "Error")
TYPES = ("Shared", "Independent")
QUALIFICATIONS = ("None", "Direct", "MarketingQualified", "SalesQualified")
DIRECTIONS = ("Incoming", "Outgoing")

CO_SELL = "co-sell"
MARKETPLACE = "marketplace"
SOLUTION_PROVIDER = "solution-provider"

_MICROSOFT = "msft"

# A referral as Partner Center sent it: JSON of any shape below the first level.
Payload = dict[str, Any]


class ReferralType(NamedTuple):
    """One of the three types of referral, or the reason why it is none of them: exactly one is None."""

    name: str | None
    reason: str | None


# By (qualification, inviter) of an Independent referral; a Shared referral is always a co-sell.
_INDEPENDENT = {
    ("direct", "microsoft"): ReferralType(MARKETPLACE, None),
    ("direct", "missing"): ReferralType(MARKETPLACE, None),
    ("direct", "other"): ReferralType(None, "direct_by_other_organization"),
    ("salesqualified", "microsoft"): ReferralType(SOLUTION_PROVIDER, None),
    ("salesqualified", "missing"): ReferralType(None, "sales_qualified_by_nobody"),
    ("salesqualified", "other"): ReferralType(CO_SELL, None),
    ("marketingqualified", "microsoft"): ReferralType(SOLUTION_PROVIDER, None),
    ("marketingqualified", "missing"): ReferralType(None, "marketing_qualified_by_nobody"),
    ("marketingqualified", "other"): ReferralType(None, "marketing_qualified_by_other_organization"),
    ("none", "microsoft"): ReferralType(None, "unqualified_by_microsoft"),
    ("none", "missing"): ReferralType(None, "unqualified_by_nobody"),
    ("none", "other"): ReferralType(CO_SELL, None),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """
    A person at the customer, from `customerProfile.team`; personal data, never logged.

    email: a valid address. email_text: the content of the field if it is not one, to be shown as text only.
    """

    name: str | None
    email: str | None
    phone: str | None
    title: str | None
    email_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizedReferral:
    """
    One typed referral: a row of `normalized_referrals`, field for column.

    Datetimes are aware and UTC, money is Decimal, ids are text. None means that the payload has no value or one
    that cannot be read; `field_errors` has an entry for the latter. It maps a path in the payload to what was expected
    and found, never to the value: {"details.dealValue": "expected a number, found a boolean"}.
    """

    referral_id: str
    content_hash: str
    engagement_id: str | None = None
    name: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    external_reference_id: str | None = None
    referral_type: str | None = None
    referral_type_reason: str | None = None
    type: str | None = None
    qualification: str | None = None
    direction: str | None = None
    status: str | None = None
    substatus: str | None = None
    status_reason: str | None = None
    sales_stage: str | None = None
    invited_by_organization_id: str | None = None
    company_name: str | None = None
    company_size: str | None = None
    country: str | None = None
    city: str | None = None
    domain: str | None = None
    domain_source: str | None = None
    domain_candidates: tuple[str, ...] = ()
    domain_reason: str | None = None
    deal_value: Decimal | None = None
    currency: str | None = None
    customer_requested_contact: bool | None = None
    solutions: tuple[str, ...] = ()
    notes: str | None = None
    is_spam: bool | None = None
    consent_to_contact: bool | None = None
    etag: str | None = None
    company_key: str | None = None
    contacts: tuple[Contact, ...] = ()
    contact_name: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    contact_title: str | None = None
    contact_rank: int = 0
    source_created_at: datetime | None = None
    source_updated_at: datetime | None = None
    expires_at: datetime | None = None
    accepted_at: datetime | None = None
    closed_at: datetime | None = None
    expected_close_at: datetime | None = None
    field_errors: dict[str, str] = field(default_factory=dict[str, str])


def referral_type(type_: str | None, qualification: str | None, invited_by: str | None) -> ReferralType:
    """
    Return the type of a referral, comparing without regard to case: ('Shared', None, None) -> 'co-sell'.

    None is a missing value; it differs from the qualification `None`, which says that a referral is unqualified.

    Args:
        type_: the payload's `type`.
        qualification: the payload's `qualification`.
        invited_by: `inviteContext.invitedBy.organizationId`; an empty text counts as missing.

    Source: Microsoft's documentation of the referrals API, which tells leads and co-sell opportunities apart so.
    """
    kind, qualified = _folded(type_), _folded(qualification)
    if kind == "shared":
        return ReferralType(CO_SELL, None)
    if kind != "independent":
        return ReferralType(None, "unknown_type" if kind else "missing_type")
    if not qualified:
        return ReferralType(None, "missing_qualification")
    return _INDEPENDENT.get((qualified, _inviter(invited_by)), ReferralType(None, "unknown_qualification"))


def _inviter(invited_by: str | None) -> str:
    folded = _folded(invited_by)
    if not folded:
        return "missing"
    return "microsoft" if folded == _MICROSOFT else "other"


def _folded(text: str | None) -> str:
    return (text or "").strip().casefold()
