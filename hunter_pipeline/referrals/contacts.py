"""The people at the customer: each person once, and the one whom a seller should call."""

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from hunter_pipeline.referrals.addresses import canonical_address, decode
from hunter_pipeline.referrals.canonical_domain import resolve
from hunter_pipeline.referrals.referral import Contact

# How good a contact is: an address at the customer's domain, another valid address, a telephone number, a name.
AT_DOMAIN, OTHER_ADDRESS, PHONE_ONLY, NAME_ONLY = 3, 2, 1, 0

# A field can hold several addresses, display names and angle brackets.
_ADDRESS = re.compile(r"[^\s<>\"(),;:@]+@[^\s<>\"(),;:@]+")
_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_UNATTENDED = re.compile(
    r"(?:no|not|do[-_.]?not|don[-_.]?t)[-_.]?(?:reply|respond)(?:[-_.+].*)?|(?:mailer[-_.]?daemon|postmaster|bounces?)",
    re.IGNORECASE,
)
_MIN_PHONE_DIGITS = 5
# Refused as a customer's domain, but a person reads mail there.
_REACHABLE = frozenset({None, "consumer", "disposable", "platform"})


class PersonToCall(NamedTuple):
    """The contact that a lead shows; `rank` is one of the constants above."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    title: str | None = None
    rank: int = NAME_ONLY


def distinct_people(contacts: Iterable[Contact]) -> list[Contact]:
    """Return each person once, in order of appearance, with the fields of all entries of that person."""
    people: list[Contact] = []
    for contact in contacts:
        index = next((index for index, known in enumerate(people) if _is_same_person(known, contact)), None)
        if index is None:
            people.append(contact)
            continue
        known = people[index]
        people[index] = Contact(
            known.name or contact.name,
            known.email or contact.email,
            known.phone or contact.phone,
            known.title or contact.title,
        )
    return people


def person_to_call(contacts: Iterable[Contact], domain: str | None, own: Collection[str] = ()) -> PersonToCall:
    """
    Return the contact to call: at the customer's domain with a valid address, best with a telephone number as well.

    Then come other valid addresses, then telephone numbers, then names; among equals the first. The partner's own and
    Microsoft's people are nobody to call, and neither is an address that nobody reads, such as `noreply@contoso.com`.

    Args:
        contacts: the people in `customerProfile.team`.
        domain: the customer's canonical domain, None where there is none.
        own: the partner's own domains.
    """
    best = PersonToCall()
    best_key = (-1, False)
    for contact in contacts:
        person = _person(contact, domain, own)
        if person and (key := (person.rank, person.phone is not None)) > best_key:
            best, best_key = person, key
    return best


def _person(contact: Contact, domain: str | None, own: Collection[str]) -> PersonToCall | None:
    """Return what can be used of a contact, None for the partner's own and Microsoft's people."""
    email, rank = None, NAME_ONLY
    for text in _ADDRESS.findall(decode(contact.email or "")):
        address = text.strip(".'")
        result = resolve(address, own=own)
        if result.reason == "own":
            return None
        local = address.rpartition("@")[0]
        if result.reason not in _REACHABLE or not _LOCAL_PART.fullmatch(local) or _UNATTENDED.fullmatch(local):
            continue
        address_rank = AT_DOMAIN if domain is not None and result.domain == domain else OTHER_ADDRESS
        if address_rank > rank:
            email, rank = address, address_rank
    phone = contact.phone if sum(map(str.isdigit, contact.phone or "")) >= _MIN_PHONE_DIGITS else None
    if rank == NAME_ONLY and phone:
        rank = PHONE_ONLY
    if not (email or phone or contact.name):
        return None
    return PersonToCall(contact.name, email, phone, contact.title, rank)


def _is_same_person(one: Contact, other: Contact) -> bool:
    if one.email and other.email:
        return _address_key(one.email) == _address_key(other.email)
    if one.name and other.name and _folded(one.name) == _folded(other.name):
        return not (one.phone and other.phone) or _digits(one.phone) == _digits(other.phone)
    return False


def _address_key(email: str) -> str:
    return canonical_address(email) or email.casefold()


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))
