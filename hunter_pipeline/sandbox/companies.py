"""
Fictional firms and the people in them.

Belongs here: company number k of a seed, always the same, however many there are. Does not belong
here: referrals (generator.py) and the words themselves (countries.py).
"""

import random
from dataclasses import dataclass
from functools import lru_cache

from hunter_pipeline.sandbox.countries import COUNTRIES, Country

# Every so many firms has a name in its own script as domain (IDN), where its country offers one.
IDN_EVERY = 6
COUNTRY_SUFFIX_LENGTH = 2


@dataclass(frozen=True)
class Person:
    """A contact at a firm; `mailbox` is the part before the @."""

    first: str
    last: str
    mailbox: str
    phone: str


@dataclass(frozen=True)
class Company:
    """A firm; `domain` is registrable, in Unicode form, or ASCII where it has no other letters."""

    number: int
    name: str
    domain: str
    country: Country
    city: str
    postal_code: str
    people: tuple[Person, ...]


def _pair(word: str) -> tuple[str, str]:
    written, _, latin = word.partition("/")
    return written, (latin or written).lower()


@lru_cache(maxsize=8)
def _schedule(seed: int) -> tuple[tuple[Country, int], ...]:
    """Countries in a shuffled round, each as often as its weight, with its turn within the round."""
    turns = [(country, turn) for country in COUNTRIES for turn in range(country.weight)]
    random.Random(f"{seed}/countries").shuffle(turns)
    return tuple(turns)


@lru_cache(maxsize=4096)
def company(seed: int, number: int) -> Company:
    """Firm `number` of this seed."""
    schedule = _schedule(seed)
    country, turn = schedule[number % len(schedule)]
    rank = number // len(schedule) * country.weight + turn
    chance = random.Random(f"{seed}/company/{number}")
    name, domain = _name_and_domain(country, rank, chance)
    city, postal_code = chance.choice(country.cities)
    return Company(number, name, domain, country, city, postal_code, _people(country, chance))


def _name_and_domain(country: Country, rank: int, chance: random.Random) -> tuple[str, str]:
    stems, trades = country.stems.split(), country.trades
    round_number, place = divmod(rank, len(stems) * len(trades))
    stem, stem_latin = _pair(stems[place % len(stems)])
    # The offset keeps the first firms of a country out of one and the same trade.
    trade, trade_latin = trades[(place // len(stems) + place % len(stems)) % len(trades)]
    name = f"{stem} {trade} {chance.choice(country.legal)}"
    if country.idn and rank % IDN_EVERY == 0 and rank // IDN_EVERY < len(country.idn):
        label, suffix = country.idn[rank // IDN_EVERY]
        return name, f"{label}.{suffix}"
    tail = "" if round_number == 0 else str(round_number + 1)
    joint = chance.choice(("", "-"))
    suffix = country.suffixes[place % len(country.suffixes)]
    # The country's code keeps apart two countries that share a stem and ".com".
    shared = "" if "." in suffix or len(suffix) == COUNTRY_SUFFIX_LENGTH else f"-{country.code.lower()}"
    return name, f"{stem_latin}{joint}{trade_latin}{tail}{shared}.{suffix}"


def _people(country: Country, chance: random.Random) -> tuple[Person, ...]:
    chosen = chance.sample(country.people, k=min(len(country.people), chance.choice((1, 1, 1, 2, 2, 3))))
    return tuple(
        Person(first, last, mailbox, f"+{country.calling_code} 555 01{chance.randrange(100):02d}")
        for first, last, mailbox in chosen
    )
