"""
A payload becomes a typed row; what cannot be read is None and recorded, and never stops the others.

Here stands which field goes where; how a value is read is in `fields`, whose domain it is in `customer_domain`.
"""

from collections.abc import Collection, Iterable, Iterator

from hunter_pipeline.referrals.customer_domain import customer_domain
from hunter_pipeline.referrals.erasure import HOST_KEPT
from hunter_pipeline.referrals.fields import MAX_TEXT, Fields
from hunter_pipeline.referrals.referral import (
    DIRECTIONS,
    QUALIFICATIONS,
    STATUSES,
    SUBSTATUSES,
    TYPES,
    Contact,
    NormalizedReferral,
    Payload,
)
from hunter_pipeline.referrals.referral_types import referral_type

MAX_CONTACTS = 50


def _spellings(values: tuple[str, ...]) -> dict[str, str]:
    return {value.casefold(): value for value in values}


_STATUS = _spellings(STATUSES)
_SUBSTATUS = _spellings(SUBSTATUSES)
_TYPE = _spellings(TYPES)
_QUALIFICATION = _spellings(QUALIFICATIONS)
_DIRECTION = _spellings(DIRECTIONS)


def normalize_batch(
    rows: Iterable[tuple[str, str, Payload, bool]], *, own: Collection[str] = ()
) -> list[NormalizedReferral]:
    """
    Normalize rows of `raw_referrals`.

    rows:   (referral_id, content_hash, payload, repaired), the payload as it was read back from jsonb.
    own:    the partner's own domains, never a customer's.
    Raises: nothing, whatever the payloads hold.
    """
    return [
        normalize(referral_id, content_hash, payload, repaired=repaired, own=own)
        for referral_id, content_hash, payload, repaired in rows
    ]


def normalize(
    referral_id: str, content_hash: str, payload: Payload, *, repaired: bool = False, own: Collection[str] = ()
) -> NormalizedReferral:
    """
    Normalize one payload; see `NormalizedReferral` for the shape.

    repaired: whether the stored payload differs from what arrived (NUL, surrogates, endless numbers).
    Raises:   nothing, whatever the payload holds.
    """
    errors: dict[str, str] = {}
    if repaired:
        errors["payload"] = "expected storable text and numbers, found some that were replaced"
    fields = Fields(payload, errors)
    profile = fields.section("customerProfile")
    address = profile.section("address")
    details = fields.section("details")
    inviter = fields.section("inviteContext").section("invitedBy").identifier("organizationId")
    type_, qualification = fields.choice("type", _TYPE), fields.choice("qualification", _QUALIFICATION)
    kind = referral_type(type_, qualification, inviter)
    contacts = tuple(_contacts(profile))
    domain = customer_domain(_addresses(profile), profile, fields, own)
    return NormalizedReferral(
        referral_id=referral_id,
        content_hash=content_hash,
        engagement_id=fields.identifier("engagementId"),
        name=fields.title("name"),
        organization_id=fields.identifier("organizationId"),
        organization_name=fields.title("organizationName"),
        external_reference_id=fields.identifier("externalReferenceId"),
        referral_type=kind.name,
        referral_type_reason=kind.reason,
        type=type_,
        qualification=qualification,
        direction=fields.choice("direction", _DIRECTION),
        status=fields.choice("status", _STATUS),
        substatus=fields.choice("substatus", _SUBSTATUS),
        status_reason=fields.text("statusReason"),
        sales_stage=fields.identifier("salesStage"),
        invited_by_organization_id=inviter,
        company_name=profile.title("name"),
        company_size=profile.text("size", at_most=100),
        country=address.code("country", 2),
        city=address.text("city"),
        domain=domain.domain,
        domain_source=domain.source,
        domain_candidates=domain.candidates,
        domain_reason=domain.reason,
        deal_value=details.number("dealValue"),
        currency=details.code("currency", 3),
        customer_requested_contact=details.boolean("customerRequestedContact"),
        contacts=contacts,
        source_created_at=fields.moment("createdDateTime"),
        source_updated_at=fields.moment("updatedDateTime"),
        expires_at=fields.moment("expirationDateTime"),
        accepted_at=fields.moment("acceptedDateTime"),
        closed_at=fields.moment("closedDateTime"),
        expected_close_at=details.moment("closingDateTime"),
        field_errors=errors,
    )


def _contacts(profile: Fields) -> Iterator[Contact]:
    """Read the customer's people; a member without any of the four is nobody."""
    for member in profile.sections("team", at_most=MAX_CONTACTS):
        first, last = member.title("firstName"), member.title("lastName")
        name = " ".join(part for part in (first, last) if part)[:MAX_TEXT] or None
        contact = Contact(name, member.address("email"), member.identifier("phoneNumber"), member.title("title"))
        if contact != Contact(None, None, None, None):
            yield contact


def _addresses(profile: Fields) -> Iterator[str]:
    """The addresses of the customer's people; of who was erased, the host is left, which is the company's."""
    for member in profile.sections("team", at_most=MAX_CONTACTS):
        if address := member.address("email"):
            yield address
        elif host := member.text(HOST_KEPT):
            yield f"{HOST_KEPT}@{host}"
