"""List the people of a customer, the best one to call first."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from hunter_pipeline.referrals.addresses import Host
from hunter_pipeline.referrals.canonical_domain import is_distributor, resolve, resolved_hosts
from hunter_pipeline.referrals.fields import MAX_TEXT, Fields
from hunter_pipeline.referrals.referral import Contact

# Reasons for which a domain is refused that also mean that no mail can be sent there.
_UNREACHABLE = frozenset({"invalid", "ip_address", "reserved", "public_suffix", "placeholder"})
_AUTOMATIC = re.compile(
    r"(?:no|do|dont|donot|not|nao|non|ne|keine?|nicht|yanit|cevap)[._-]?(?:not)?[._-]?"
    r"(?:reply|replay|respond|responder|rispondere|repondre|antwort(?:en)?|vermeyin|lamayin|lamayiniz)(?:[._+-].*|[0-9]*)"
    r"|mailer-daemon|postmaster|bounces?|auto-?reply|notifications?|unsubscribe"
)
_LOCAL_PART = re.compile(r"[\w.!#$%&'*+/=?^`~-]+$")
_PLAIN = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[A-Za-z]")
_NOT_A_DIGIT = re.compile(r"[^0-9]+")
# First and last name: a first name alone may be that of two people.
_FULL_NAME = 2


# How good a contact is: an address at the customer's domain, another address, a telephone number, neither.
AT_DOMAIN, OTHER_ADDRESS, PHONE_ONLY, NAME_ONLY = 3, 2, 1, 0


class _Address(NamedTuple):
    """An address that mail can be sent to and its canonical domain, None for consumer mail and the like."""

    text: str
    domain: str | None


@dataclass(slots=True)
class _Person:
    """A member of the team: `email` is a valid address, `other_text` the content of the field otherwise."""

    name: str | None
    email: _Address | None
    other_text: str | None
    phone: str | None
    title: str | None

    def merge(self, other: "_Person", domain: str | None) -> None:
        """Fill what is missing from another entry of the same person; an address at the domain is preferred."""
        if self.email is None or (other.email and self.email.domain != domain == other.email.domain):
            self.email = other.email or self.email
        self.name = self.name or other.name
        self.phone = self.phone or other.phone
        self.title = self.title or other.title
        self.other_text = self.other_text or other.other_text


def contacts(team: Iterable[Fields], domain: str | None, own: Collection[str] = ()) -> tuple[Contact, ...]:
    """
    Return the people of the customer's team, the best one to call first.

    People at the customer's domain come first, then others of whom there is an address, then those with a telephone
    number only, then distributors; among equals who has a number as well, then the order of the team. One person who
    is listed twice is returned once. The partner's own and Microsoft's people are left out, and so is a member without
    any readable field. An address that mail cannot or should not be sent to (noreply) is `email_text`, not `email`.

    Args:
        team: the members of `customerProfile.team`.
        domain: the customer's canonical domain, None if it has none.
        own: the partner's own domains.
    """
    people: list[_Person] = []
    for person in _people(team, domain, own):
        known = next((known for known in people if _is_same(known, person)), None)
        if known is None:
            people.append(person)
        else:
            known.merge(person, domain)
    if len(people) > 1:
        people.sort(key=lambda person: _rank(person, domain))
    return tuple(
        Contact(
            person.name,
            person.email and person.email.text,
            person.phone,
            person.title,
            None if person.email else person.other_text,
        )
        for person in people
    )


def contact_rank(contact: Contact, domain: str | None) -> int:
    """Return how to reach a person: AT_DOMAIN, OTHER_ADDRESS, PHONE_ONLY or NAME_ONLY."""
    if contact.email is None:
        return PHONE_ONLY if contact.phone else NAME_ONLY
    is_at_domain = domain is not None and resolve(contact.email).domain == domain
    return AT_DOMAIN if is_at_domain else OTHER_ADDRESS


def _people(team: Iterable[Fields], domain: str | None, own: Collection[str]) -> Iterator[_Person]:
    """Yield the members of the team that have any readable field and are not the partner's or Microsoft's."""
    for member in team:
        first, last = member.decoded_text("firstName"), member.decoded_text("lastName")
        name = " ".join(part for part in (first, last) if part)[:MAX_TEXT] or None
        text = member.address("email")
        email, is_own = _address(text, domain, own) if text else (None, False)
        phone, title = member.identifier("phoneNumber"), member.decoded_text("title")
        if not is_own and (name or text or phone or title):
            yield _Person(name, email, text if email is None else None, phone, title)


def _address(text: str, domain: str | None, own: Collection[str]) -> tuple[_Address | None, bool]:
    """
    Return the address of a field to write to, and whether all its addresses are the partner's own or Microsoft's.

    Of several, the one at the customer's domain is chosen, then one at another company, then the first.
    """
    found: list[_Address] = []
    own_addresses = 0
    for host, result in resolved_hosts(text, tuple(own)):
        if host.local is None:
            continue
        if result.reason == "own":
            own_addresses += 1
        elif result.reason not in _UNREACHABLE and (written := _written(text, host)):
            found.append(_Address(written, result.domain))
    best = min(found, key=lambda address: (address.domain != domain, address.domain is None), default=None)
    return best, best is None and own_addresses > 0


def _written(text: str, host: Host) -> str | None:
    """Return an address as written, without text around it; None for one whose mail is not read (noreply@)."""
    local = _LOCAL_PART.search(unicodedata.normalize("NFKC", host.local or ""))
    if local is None or _AUTOMATIC.fullmatch(local[0].casefold()):
        return None
    if _PLAIN.fullmatch(text):
        return text
    return f"{local[0]}@{unicodedata.normalize('NFKC', host.text).lower().rstrip('.')}"


def _is_same(one: _Person, other: _Person) -> bool:
    """Return whether two entries are one person: the same full name, or an address that has only one name."""
    name, other_name = _folded(one.name), _folded(other.name)
    if name and name == other_name and len(name) >= _FULL_NAME:
        return True
    if one.email is None or other.email is None:
        return name == other_name and bool(name) and _digits(one.phone) == _digits(other.phone)
    return one.email.text.casefold() == other.email.text.casefold() and (
        not name or not other_name or name == other_name
    )


def _folded(name: str | None) -> tuple[str, ...]:
    """Return the words of a name, sorted and without case: 'Smith, Sue' and 'Sue Smith' are equal."""
    return tuple(sorted(re.findall(r"\w+", name.casefold()))) if name else ()


def _digits(phone: str | None) -> str:
    return _NOT_A_DIGIT.sub("", phone or "")


def _rank(person: _Person, domain: str | None) -> tuple[bool, ...]:
    at = person.email.domain if person.email else None
    return (
        at is None or at != domain,
        at is not None and is_distributor(at),
        person.email is None,
        person.phone is None,
    )
