"""
Whom a referral names, and in how many ways that can be written down.

Belongs here: `customerProfile.team`, `customerProfile.ids` and the partner's own people. Does not
belong here: which of the addresses counts; that is for the reader of the API to decide.
"""
# ruff: noqa: PLR2004 - cycles are arbitrary; a name would say no more than the number

import random
from collections.abc import Callable
from typing import Any, TypeAlias

from hunter_pipeline.sandbox.companies import Company, Person
from hunter_pipeline.sandbox.vocabulary import CONSUMER, DISPOSABLE, SUBDOMAINS

# One referral in a hundred has each of these turns; the rest have plain contacts at the firm. The odd ones come
# in the first half, so that a world of fifty has them all.
CYCLE = 100

Member: TypeAlias = dict[str, Any]


def ascii_domain(domain: str) -> str:
    """The A-label form of a domain."""
    if domain.isascii():
        return domain
    import idna  # noqa: PLC0415 - its tables are slow to load, and most domains do not need them

    return idna.encode(domain, uts46=True).decode()


def member(person: Person, email: str | None) -> Member:
    """A contact in the shape of the API."""
    return {
        "firstName": person.first,
        "lastName": person.last,
        "phoneNumber": person.phone,
        "email": email,
        "title": None,
        "contactPreference": {"locale": None, "disableNotifications": True},
    }


def colleague(chance: random.Random) -> Member:
    """One of the partner's or Microsoft's own people, never a customer's."""
    person = Person("John", "Doe", "john.doe", f"+1 555 01{chance.randrange(100):02d}")
    return member(person, f"john.doe@{chance.choice(('fourthcoffee.com', 'microsoft.com'))}")


def is_plain(number: int) -> bool:
    """Whether referral `number` names nothing but addresses at its firm."""
    return number % CYCLE not in _TURNS


def team_and_ids(firm: Company, number: int, chance: random.Random) -> dict[str, Any]:
    """`team` and `ids` of the customer, odd in some turns of a hundred; a key may be left out."""
    duns = {"profileType": "Duns", "id": f"{chance.randrange(10**9):09d}"}
    parts: dict[str, Any] = {
        "team": [member(person, mailbox_at(firm, person, firm.domain, number)) for person in firm.people],
        "ids": chance.choice(([], [duns], [duns, {"profileType": "External", "id": ""}])),
    }
    turn = _TURNS.get(number % CYCLE)
    if turn is not None:
        parts |= turn(firm, chance)
    return {key: value for key, value in parts.items() if value is not Ellipsis}


def mailbox_at(firm: Company, person: Person, domain: str, number: int) -> str:
    """An address at the firm; a domain in its own script is written as A-labels every other time."""
    written = ascii_domain(domain) if number % 2 else domain
    return f"{person.mailbox}@{written.upper() if number % 37 == 3 and firm.domain.isascii() else written}"


def _external(text: Callable[[Company], str], *, team: Any) -> Callable[[Company, random.Random], dict[str, Any]]:
    def turn(firm: Company, _chance: random.Random) -> dict[str, Any]:
        return {"team": team, "ids": [{"profileType": "External", "id": text(firm)}]}

    return turn


def _addressed(*templates: str) -> Callable[[Company, random.Random], dict[str, Any]]:
    """Contacts whose addresses are made from templates with {box}, {domain}, {sub}, {free}, {junk}."""

    def turn(firm: Company, chance: random.Random) -> dict[str, Any]:
        words = {
            "domain": firm.domain,
            "sub": chance.choice(SUBDOMAINS),
            "free": chance.choice(CONSUMER),
            "junk": chance.choice(DISPOSABLE),
        }
        people = [firm.people[position % len(firm.people)] for position in range(len(templates))]
        return {
            "team": [
                member(person, text.format(box=person.mailbox, **words))
                for person, text in zip(people, templates, strict=True)
            ]
        }

    return turn


def _team(value: Any, ids: Any = ...) -> Callable[[Company, random.Random], dict[str, Any]]:
    def turn(_firm: Company, _chance: random.Random) -> dict[str, Any]:
        return {"team": value} | ({} if ids is ... else {"ids": ids})

    return turn


def _no_addresses(firm: Company, _chance: random.Random) -> dict[str, Any]:
    person = firm.people[0]
    absent = member(person, None)
    del absent["email"]
    return {"team": [member(person, None), member(person, ""), absent], "ids": []}


_TURNS: dict[int, Callable[[Company, random.Random], dict[str, Any]]] = {
    1: _addressed("{box}@{free}"),
    3: _external(lambda firm: f"https://www.{firm.domain}/contact?lang=en#top", team=None),
    5: _addressed("{box}@{sub}.{domain}"),
    8: _team(None, ids={}),
    11: _addressed("{box}@{free}", "{box}@{domain}"),
    13: _external(lambda firm: f"WWW.{firm.domain}", team=[]),
    15: _addressed("{box}@{sub}.{domain}", "{box}.2@{domain}"),
    17: _addressed("{box}@{junk}"),
    19: _external(lambda firm: f"info@{firm.domain}", team=...),
    21: _addressed(" {box}@{domain} "),
    24: _team([], ids=None),
    26: _addressed("{box}@{free}"),
    28: _external(lambda _firm: "n/a", team=None),
    30: _no_addresses,
    33: _addressed("{box}@{domain}", "{box}@fourthcoffee.com"),
    35: _external(lambda _firm: "", team=[]),
    38: _addressed("{box}@microsoft.com", "{box}@{domain}", "{box}.2@{domain}"),
    41: _addressed("{box}@{free}"),
    44: _addressed("not an address", "{box}@{domain}"),
    46: _addressed("{box}@{domain}.", "x@[192.168.1.1]"),
    48: _team(..., ids=...),
    49: _addressed("{box}@{free}"),
}
