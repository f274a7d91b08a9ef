"""Convert payloads to typed referrals; an unreadable field is None and recorded in `field_errors`."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

from hunter_pipeline.referrals.addresses import decode_entities
from hunter_pipeline.referrals.company_name import clean_company_name
from hunter_pipeline.referrals.contacts import contact_rank, contacts
from hunter_pipeline.referrals.customer_domain import customer_domain
from hunter_pipeline.referrals.fields import Fields
from hunter_pipeline.referrals.referral import (
    DIRECTIONS,
    QUALIFICATIONS,
    STATUSES,
    SUBSTATUSES,
    TYPES,
    Contact,
    NormalizedReferral,
    Payload,
    referral_type,
)

_MAX_TEAM = 50
_MAX_SOLUTIONS = 50
_MAX_NOTES = 10_000
# The lists of `details.requirements` that name what the customer asks for.
_REQUIREMENTS = ("solutions", "products", "services")
_NOT_WORDS = re.compile(r"[\W_]+")
_MIN_COMPANY_NAME = 3
# Names that people enter in a mandatory field.
_NO_COMPANY = frozenset(
    {"test", "test company", "company", "none", "null", "unknown", "not available", "not applicable", "private"}
    | {"individual", "personal", "self", "self employed", "freelance", "asdf", "xxx", "demo", "sample", "yok", "deneme"}
)


def _spellings(values: tuple[str, ...]) -> dict[str, str]:
    return {value.casefold(): value for value in values}


_STATUSES = _spellings(STATUSES)
_SUBSTATUSES = _spellings(SUBSTATUSES)
_TYPES = _spellings(TYPES)
_QUALIFICATIONS = _spellings(QUALIFICATIONS)
_DIRECTIONS = _spellings(DIRECTIONS)


def normalize_batch(
    rows: Iterable[tuple[str, str, Payload, bool]], *, own: Collection[str] = ()
) -> list[NormalizedReferral]:
    """
    Return the typed referrals of rows of `raw_referrals`, in their order; no payload raises.

    Args:
        rows: (referral_id, content_hash, payload, repaired), the payload as it was read from jsonb.
        own: the partner's own domains, never a customer's.
    """
    return [
        normalize_payload(referral_id, content_hash, payload, repaired=repaired, own=own)
        for referral_id, content_hash, payload, repaired in rows
    ]


def normalize_payload(
    referral_id: str, content_hash: str, payload: Payload, *, repaired: bool = False, own: Collection[str] = ()
) -> NormalizedReferral:
    """
    Return the typed referral of one payload.

    Args:
        referral_id: the id of the row in `raw_referrals`.
        content_hash: the version's hash.
        payload: the JSON object; no shape of it raises.
        repaired: whether the stored payload differs from the received one (see `RawVersion`).
        own: the partner's own domains, never a customer's.
    """
    errors: dict[str, str] = {}
    if repaired:
        errors["payload"] = "expected storable text and numbers, found some that were replaced"
    fields = Fields(payload, errors)
    profile = fields.section("customerProfile")
    address = profile.section("address")
    details = fields.section("details")
    inviter = fields.section("inviteContext").section("invitedBy").identifier("organizationId")
    type_, qualification = fields.choice("type", _TYPES), fields.choice("qualification", _QUALIFICATIONS)
    type_name, type_reason = referral_type(type_, qualification, inviter)
    team = list(profile.sections("team", _MAX_TEAM))
    country = address.country("country")
    company_name = clean_company_name(profile.decoded_text("name"), country)
    domain = customer_domain(team, profile, fields, own, company_name or "")
    people = contacts(team, domain.domain, own)
    person = people[0] if people else Contact(None, None, None, None)
    return NormalizedReferral(
        referral_id=referral_id,
        content_hash=content_hash,
        engagement_id=fields.identifier("engagementId"),
        name=fields.decoded_text("name"),
        organization_id=fields.identifier("organizationId"),
        organization_name=fields.decoded_text("organizationName"),
        external_reference_id=fields.identifier("externalReferenceId"),
        referral_type=type_name,
        referral_type_reason=type_reason,
        type=type_,
        qualification=qualification,
        direction=fields.choice("direction", _DIRECTIONS),
        status=fields.choice("status", _STATUSES),
        substatus=fields.choice("substatus", _SUBSTATUSES),
        status_reason=fields.text("statusReason"),
        sales_stage=fields.identifier("salesStage"),
        invited_by_organization_id=inviter,
        company_name=company_name,
        company_size=profile.text("size", 100),
        country=country,
        city=address.text("city"),
        domain=domain.domain,
        domain_source=domain.source,
        domain_candidates=domain.candidates,
        domain_reason=domain.reason,
        deal_value=details.number("dealValue"),
        currency=details.currency("currency"),
        customer_requested_contact=details.boolean("customerRequestedContact"),
        solutions=tuple(dict.fromkeys(_solutions(details.section("requirements")))),
        notes=_decoded(details.text("notes", _MAX_NOTES)),
        is_spam=fields.boolean("isSpam"),
        consent_to_contact=fields.section("consent").boolean("consentToContact"),
        etag=fields.text("eTag"),
        company_key=company_key(company_name, country),
        contacts=people,
        contact_name=person.name,
        contact_email=person.email,
        contact_phone=person.phone,
        contact_title=person.title,
        contact_rank=contact_rank(person, domain.domain),
        source_created_at=fields.date_time("createdDateTime"),
        source_updated_at=fields.date_time("updatedDateTime"),
        expires_at=fields.date_time("expirationDateTime"),
        accepted_at=fields.date_time("acceptedDateTime"),
        closed_at=fields.date_time("closedDateTime"),
        expected_close_at=details.date_time("closingDateTime"),
        field_errors=errors,
    )


def company_key(name: str | None, country: str | None) -> str | None:
    """
    Return the key under which referrals of one company are found: ('Contoso  Ltd.', 'GB') -> 'contoso ltd|GB'.

    Names that differ only in case, punctuation and white space are equal. None without a country, and for names that
    are too short or too common to identify a company.
    """
    folded = " ".join(_NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", name or "").casefold()).split())
    if country is None or len(folded) < _MIN_COMPANY_NAME or folded in _NO_COMPANY:
        return None
    return f"{folded}|{country}"


def _decoded(text: str | None) -> str | None:
    return decode_entities(text).strip() or None if text else None


def _solutions(requirements: Fields) -> Iterator[str]:
    """Yield the names of the solutions, products and services that the customer asks for."""
    for kind in _REQUIREMENTS:
        for item in requirements.sections(kind, _MAX_SOLUTIONS):
            if name := item.decoded_text("name"):
                yield name
