"""Generate fictional companies and their people, and the customer profile of a referral."""
# ruff: noqa: PLR2004 - the intervals are arbitrary; a name would say no more than the number

import random
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

# One company in six of a country has a domain in the country's own script (IDN), while the vocabulary has any left.
IDN_INTERVAL = 6
COUNTRY_CODE_LENGTH = 2
# The unusual contacts come round every hundred referrals. They are all among the first fifty, so that a small world
# has them too.
CONTACTS_INTERVAL = 100
# Marks a field that a payload does not have.
ABSENT = object()

Member: TypeAlias = dict[str, Any]
Contacts: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Country:
    """A country and the words of which its companies are made; `vocabulary.toml` describes the fields."""

    code: str
    weight: int
    calling_code: str
    currency: str
    suffixes: list[str]
    cities: list[list[str]]
    legal_forms: list[str]
    stems: list[str]
    trades: list[str]
    people: list[list[str]]
    deals: Sequence[str] = ()
    idn_domains: Sequence[str] = ()


@dataclass(frozen=True)
class Person:
    """A person; `mailbox` is the part of the e-mail address before the @."""

    first_name: str
    last_name: str
    mailbox: str
    phone: str


@dataclass(frozen=True)
class Customer:
    """A company that is a customer; its domain is in Unicode form and has no subdomain."""

    name: str
    domain: str
    country: Country
    city: str
    postal_code: str
    people: tuple[Person, ...]


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, Any]:
    with Path(__file__).with_name("vocabulary.toml").open("rb") as file:
        return tomllib.load(file)


@lru_cache
def phrases(name: str) -> tuple[str | None, ...]:
    """Return a list of phrases of the vocabulary, such as `deals` or `sizes`."""
    return tuple(None if phrase == "null" else phrase for phrase in _vocabulary()["phrases"][name])


@lru_cache(maxsize=8)
def _country_rotation(seed: int) -> list[tuple[Country, int]]:
    """Return every country as often as its weight, in shuffled order, each with its number within the rotation."""
    rotation: list[tuple[Country, int]] = []
    for code, fields in _vocabulary()["countries"].items():
        shared = _vocabulary()["languages"].get(fields.get("language"), {})
        own = {name: value for name, value in fields.items() if name != "language"}
        country = Country(code, **(shared | own))
        rotation += [(country, turn) for turn in range(country.weight)]
    random.Random(f"{seed}/countries").shuffle(rotation)
    return rotation


@lru_cache(maxsize=4096)
def generate_customer(seed: int, number: int) -> Customer:
    """Return a customer; it depends on the seed and the number only."""
    rotation = _country_rotation(seed)
    country, turn = rotation[number % len(rotation)]
    rank = number // len(rotation) * country.weight + turn
    rng = random.Random(f"{seed}/company/{number}")
    name, domain = _name_and_domain(country, rank, rng)
    city, postal_code = rng.choice(country.cities)
    return Customer(name, domain, country, city, postal_code, _people(country, rng))


def _name_and_domain(country: Country, rank: int, rng: random.Random) -> tuple[str, str]:
    """Return name and domain of the company with this rank in its country; no two companies share a domain."""
    stems, trades = country.stems, country.trades
    repetition, position = divmod(rank, len(stems) * len(trades))
    stem, stem_label = _written_and_label(stems[position % len(stems)])
    # The offset gives the first companies of a country different trades.
    trade, trade_label = _written_and_label(trades[(position // len(stems) + position % len(stems)) % len(trades)])
    name = f"{stem} {trade} {rng.choice(country.legal_forms)}"
    if rank % IDN_INTERVAL == 0 and rank // IDN_INTERVAL < len(country.idn_domains):
        return name, country.idn_domains[rank // IDN_INTERVAL]
    number = "" if repetition == 0 else str(repetition + 1)
    hyphen = rng.choice(("", "-"))
    suffix = country.suffixes[position % len(country.suffixes)]
    # Two countries may share a stem, so a domain under a suffix that belongs to no country contains the country's code.
    code = "" if "." in suffix or len(suffix) == COUNTRY_CODE_LENGTH else f"-{country.code.lower()}"
    return name, f"{stem_label}{hyphen}{trade_label}{number}{code}.{suffix}"


def _written_and_label(word: str) -> tuple[str, str]:
    """Return a word as it is written, and as part of a domain: `Mühlbronner/Muehlbronner` -> `muehlbronner`."""
    written, _, latin = word.partition("/")
    return written, (latin or written).lower()


def _people(country: Country, rng: random.Random) -> tuple[Person, ...]:
    chosen = rng.sample(country.people, k=min(len(country.people), rng.choice((1, 1, 1, 2, 2, 3))))
    return tuple(
        Person(first_name, last_name, mailbox, f"+{country.calling_code} 555 01{rng.randrange(100):02d}")
        for first_name, last_name, mailbox in chosen
    )


def ascii_domain(domain: str) -> str:
    """Return the A-label form of a domain."""
    if domain.isascii():
        return domain
    import idna  # noqa: PLC0415 - its tables are slow to load, and most domains do not need them

    return idna.encode(domain, uts46=True).decode()


def customer_profile(customer: Customer, number: int, rng: random.Random) -> dict[str, Any]:
    """Return `customerProfile` of a referral with this number."""
    # People write the same customer in capitals at times.
    name = customer.name.upper() if number % 23 == 5 else customer.name
    return {
        "name": name.replace("&", "&amp;") if number % 3 else name,
        "size": rng.choice(phrases("sizes")),
        "isMatchingComplete": False,
        "address": {
            "addressLine1": f"Example Street {rng.randrange(1, 200)}",
            "addressLine2": None,
            "city": customer.city,
            "state": None,
            "postalCode": customer.postal_code,
            "country": customer.country.code,
            "region": None,
        },
        **_contacts(customer, number, rng),
    }


def partner_colleague(rng: random.Random) -> Member:
    """Return one of the partner's or Microsoft's own people, who are never contacts of a customer."""
    person = Person("John", "Doe", "john.doe", f"+1 555 01{rng.randrange(100):02d}")
    return _member(person, f"john.doe@{rng.choice(('fourthcoffee.com', 'microsoft.com'))}")


def has_plain_contacts(number: int) -> bool:
    """Return whether the referral with this number names contacts at the company's domain and no others."""
    return number % CONTACTS_INTERVAL not in _UNUSUAL_CONTACTS


def _contacts(customer: Customer, number: int, rng: random.Random) -> Contacts:
    """Return `team` and `ids` of the customer, or one of them, or none."""
    duns = {"profileType": "Duns", "id": f"{rng.randrange(10**9):09d}"}
    team = [_member(person, _email(customer, person, number)) for person in customer.people]
    ids = rng.choice(([], [duns], [duns, {"profileType": "External", "id": ""}]))
    unusual = _UNUSUAL_CONTACTS.get(number % CONTACTS_INTERVAL, lambda _customer, _rng: {})
    contacts = {"team": team, "ids": ids} | unusual(customer, rng)
    return {name: value for name, value in contacts.items() if value is not ABSENT}


def _email(customer: Customer, person: Person, number: int) -> str:
    """Return an address at the company: an IDN in either form, another domain sometimes in upper case."""
    domain = ascii_domain(customer.domain) if number % 2 else customer.domain
    return f"{person.mailbox}@{domain.upper() if number % 37 == 3 and customer.domain.isascii() else domain}"


def _member(person: Person, email: str | None) -> Member:
    return {
        "firstName": person.first_name,
        "lastName": person.last_name,
        "phoneNumber": person.phone,
        "email": email,
        "title": None,
        "contactPreference": {"locale": None, "disableNotifications": True},
    }


def _with_emails(*templates: str) -> Callable[[Customer, random.Random], Contacts]:
    """Return contacts whose addresses are made from templates."""

    def contacts(customer: Customer, rng: random.Random) -> Contacts:
        words = {
            "domain": customer.domain,
            "subdomain": rng.choice(phrases("subdomains")),
            "consumer": rng.choice(phrases("consumer_domains")),
            "disposable": rng.choice(phrases("disposable_domains")),
        }
        people = [customer.people[position % len(customer.people)] for position in range(len(templates))]
        return {
            "team": [
                _member(person, template.format(mailbox=person.mailbox, **words))
                for person, template in zip(people, templates, strict=True)
            ]
        }

    return contacts


def _with_external_id(template: str, *, team: Any) -> Callable[[Customer, random.Random], Contacts]:
    """Return the given team, and an id of type External that is made from a template."""
    return lambda customer, _rng: {
        "team": team,
        "ids": [{"profileType": "External", "id": template.format(domain=customer.domain)}],
    }


def _without_emails(customer: Customer, _rng: random.Random) -> Contacts:
    person = customer.people[0]
    without_field = _member(person, None)
    del without_field["email"]
    return {"team": [_member(person, None), _member(person, ""), without_field], "ids": []}


# By the number of the referral within each hundred.
_UNUSUAL_CONTACTS: dict[int, Callable[[Customer, random.Random], Contacts]] = {
    1: _with_emails("{mailbox}@{consumer}"),
    3: _with_external_id("https://www.{domain}/contact?lang=en#top", team=None),
    5: _with_emails("{mailbox}@{subdomain}.{domain}"),
    8: lambda _company, _rng: {"team": None, "ids": {}},
    11: _with_emails("{mailbox}@{consumer}", "{mailbox}@{domain}"),
    13: _with_external_id("WWW.{domain}", team=[]),
    15: _with_emails("{mailbox}@{subdomain}.{domain}", "{mailbox}.2@{domain}"),
    17: _with_emails("{mailbox}@{disposable}"),
    19: _with_external_id("info@{domain}", team=ABSENT),
    21: _with_emails(" {mailbox}@{domain} "),
    24: lambda _company, _rng: {"team": [], "ids": None},
    26: _with_emails("{mailbox}@{consumer}"),
    28: _with_external_id("n/a", team=None),
    30: _without_emails,
    33: _with_emails("{mailbox}@{domain}", "{mailbox}@fourthcoffee.com"),
    35: _with_external_id("", team=[]),
    38: _with_emails("{mailbox}@microsoft.com", "{mailbox}@{domain}", "{mailbox}.2@{domain}"),
    41: _with_emails("{mailbox}@{consumer}"),
    44: _with_emails("not an address", "{mailbox}@{domain}"),
    46: _with_emails("{mailbox}@{domain}.", "x@[192.168.1.1]"),
    48: lambda _company, _rng: {"team": ABSENT},
    49: _with_emails("{mailbox}@{consumer}"),
}
