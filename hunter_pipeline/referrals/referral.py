"""The shape of a referral once it has been read: its known values and the typed row."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

STATUSES = ("None", "New", "Active", "Closed")
SUBSTATUSES = ("Pending", "Received", "Accepted", "Won", "Lost", "Declined", "Expired", "Error")
"""Microsoft documents all but `Error`, which turns up in real payloads."""
TYPES = ("Shared", "Independent")
QUALIFICATIONS = ("None", "Direct", "MarketingQualified", "SalesQualified")
DIRECTIONS = ("Incoming", "Outgoing")

CO_SELL = "co-sell"
MARKETPLACE = "marketplace"
SOLUTION_PROVIDER = "solution-provider"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at the customer, from `customerProfile.team`: personal data, never logged."""

    name: str | None
    email: str | None
    phone: str | None
    title: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizedReferral:
    """
    One referral, typed: the columns of `normalized_referrals`, field for column.

    Datetimes are aware and UTC, money is Decimal, ids are text; None is "not given, or not readable",
    and `field_errors` says which of the two: it maps the payload's path to what was expected and found
    (never the value itself), e.g. {"details.dealValue": "expected a number, found a boolean"}.
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
    contacts: tuple[Contact, ...] = ()
    source_created_at: datetime | None = None
    source_updated_at: datetime | None = None
    expires_at: datetime | None = None
    accepted_at: datetime | None = None
    closed_at: datetime | None = None
    expected_close_at: datetime | None = None
    field_errors: dict[str, str] = field(default_factory=dict[str, str])


Payload = dict[str, Any]
"""A referral as Partner Center sent it: JSON, any shape below the first level."""
