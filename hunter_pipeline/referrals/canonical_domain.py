"""Reduce hosts, URLs and e-mail addresses to the registrable domain of the company behind them."""

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Literal, NamedTuple

from hunter_pipeline.referrals.addresses import Host, ascii_host, find_hosts
from hunter_pipeline.referrals.domain_lists import domain_lists, is_consumer_name, public_suffixes

Reason = Literal[
    "consumer", "disposable", "own", "ip_address", "reserved", "public_suffix", "invalid", "placeholder", "platform"
]

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


def canonical_domain(text: str, *, own: Collection[str] = ()) -> str | None:
    """
    Return the registrable domain of an e-mail address, URL or host name.

    The result is ASCII, lower case and at most 253 characters: 'Sue@Mail.Fabrikam.co.uk ' -> 'fabrikam.co.uk'.
    Of several addresses, the first that names a customer counts. Returns None if the text names no customer: an IP
    address, a public suffix, a single or invalid label, a consumer, disposable, reserved, placeholder or own domain, a
    page on a platform; `refusal_reason` says which.

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
    Return the canonical domain of a text, or the reason why the first host in it has none.

    Arguments as for `resolve_all`.
    """
    results = resolve_all(text, own=own, bare_needs_known_tld=bare_needs_known_tld)
    return next((result for result in results if result.domain), results[0])


def resolve_all(text: str, *, own: Collection[str] = (), bare_needs_known_tld: bool = False) -> list[DomainResult]:
    """
    Return the canonical domain of each address, URL or host in a text, or the reason why it has none.

    The result has at least one member. bare_needs_known_tld is for fields that may hold codes of other systems: a text
    without scheme and `@` counts as a host only if the Public Suffix List has its suffix ('ACME.NORTH' is not a host
    then).
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] -- payloads hold anything
        return [DomainResult(None, "invalid")]
    return [resolve_host(host, own=own, bare_needs_known_tld=bare_needs_known_tld) for host in find_hosts(text)] or [
        DomainResult(None, "invalid")
    ]


@lru_cache(maxsize=4096)
def resolved_hosts(text: str, own: tuple[str, ...]) -> tuple[tuple[Host, DomainResult], ...]:
    """
    Return each host of a field that may hold codes of other systems, with its result.

    The cache is for the addresses of a referral, which are read for its domain and for its contacts.
    """
    return tuple((host, resolve_host(host, own=own, bare_needs_known_tld=True)) for host in find_hosts(text))


def resolve_host(host: Host, *, own: Collection[str] = (), bare_needs_known_tld: bool = False) -> DomainResult:
    """Return the canonical domain of one host of a text, or the reason why it has none; arguments as `resolve_all`."""
    domain, reason, is_known_tld = _classify(host.text, is_page=host.has_path)
    if domain is None:
        return DomainResult(None, reason)
    if bare_needs_known_tld and host.is_bare and not is_known_tld:
        return DomainResult(None, "invalid")
    if own and domain in _own_domains(frozenset((own,) if isinstance(own, str) else own)):
        reason = "own"
    elif host.local and _is_placeholder_pair(host.local.casefold(), domain):
        reason = "placeholder"
    return DomainResult(None if reason else domain, reason, is_known_tld)


def registrable_domain(text: str) -> str | None:
    """Return the registrable domain of the first host in a text that has one, even if it is not a customer's."""
    domains = (_classify(host.text, is_page=False).domain for host in find_hosts(text))
    return next((domain for domain in domains if domain), None)


def is_tenant_host(domain: str) -> bool:
    """Return whether a canonical domain is the technical name of a Microsoft tenant: contoso.onmicrosoft.com."""
    return domain.partition(".")[2] in domain_lists().tenant_hosts


def is_distributor(domain: str) -> bool:
    """Return whether a canonical domain is that of a known distributor or licence reseller."""
    lists = domain_lists()
    return domain in lists.distributors or domain.partition(".")[0] in lists.distributor_names


def _is_placeholder_pair(local: str, domain: str) -> bool:
    """Return whether an address is a repeated placeholder: test@test.com, but not hp@hp.com."""
    label, _, suffix = domain.partition(".")
    lists = domain_lists()
    return (
        local == label
        and suffix in lists.placeholder_suffixes
        and (label in lists.placeholder_pairs or label in lists.placeholder_names or label.isdecimal())
    )


@lru_cache(maxsize=64)
def _own_domains(own: frozenset[str]) -> frozenset[str]:
    """
    Return the registrable domains of the partner, and its names at Microsoft's shared hosts.

    `*.` in front is allowed; a text that has no domain is ignored.
    """
    hosts = (host for text in own for host in find_hosts(text.strip().removeprefix("*.")))
    domains = {domain for host in hosts if (domain := _classify(host.text, is_page=False).domain)}
    names = {domain.partition(".")[0] for domain in domains}
    return frozenset(domains | {f"{name}.{host}" for name in names for host in domain_lists().tenant_hosts})


@lru_cache(maxsize=16384)
def _classify(host: str, *, is_page: bool) -> _Classified:
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
    return found._replace(reason=_listed(name, found.domain, is_page)) if found.domain else found


def _registrable(host: str) -> _Classified:
    """Return the public suffix of an ASCII host and the label before it, without regard to the lists."""
    labels = host.split(".")
    suffix = public_suffixes().publicsuffix(host)
    if suffix is None:
        # The suffix may be newer than the pinned list: a doubtful domain is better than a lost lead.
        if len(labels) == 1 or not _PLAIN_TLD.fullmatch(labels[-1]):
            return _Classified(None, "invalid")
        return _Classified(".".join(labels[-2:]))
    domain = ".".join(labels[-(suffix.count(".") + 2) :])
    # www.wordpress.com is the shared host's own site, not one of its customers.
    if host == suffix or ("." in suffix and domain == f"www.{suffix}"):
        return _Classified(None, "public_suffix")
    return _Classified(None, "invalid") if "_" in domain else _Classified(domain, is_known_tld=True)


def _listed(host: str, domain: str, is_page: bool) -> Reason | None:
    """Return the reason of the list that has the domain; most disposable hosts are also listed as consumer mail."""
    lists = domain_lists()
    label, _, suffix = domain.partition(".")
    if label in lists.always_own_names:
        return "own"
    if label in lists.placeholder_names and suffix in lists.placeholder_suffixes:
        return "placeholder"
    subdomains = host.removesuffix(domain).split(".")[:-1]
    if is_consumer_name(label, suffix) or _has_misspelt_com(subdomains, label):
        return "consumer"
    names = [".".join([*subdomains[start:], domain]) for start in range(len(subdomains) + 1)]
    if not lists.disposable_hosts.isdisjoint(names):
        return "disposable"
    if _is_platform(names, label, is_page):
        return "platform"
    # A suffix may be listed as well: each provider of registered mail in Turkey has a name below kep.tr.
    return None if lists.consumer_domains.isdisjoint([*names, suffix]) else "consumer"


def _is_platform(names: list[str], label: str, is_page: bool) -> bool:
    """
    Return whether a host has the pages and records of other companies, or is a provider's machine.

    A platform's own domain is that of the company behind it: sue@etsy.com is a customer, etsy.com/shop/x is not.

    Args:
        names: the host, then its parents down to the registrable domain.
        label: the first label of the latter.
        is_page: whether a path follows the host.
    """
    lists = domain_lists()
    if not lists.infrastructure_hosts.isdisjoint(names):
        return True
    is_listed = label in lists.platform_names or not lists.platforms.isdisjoint(names)
    return is_listed and (is_page or names[0].removeprefix("www.") != names[-1])


def _has_misspelt_com(subdomains: list[str], label: str) -> bool:
    """Return whether a host is a consumer provider's with a typing error in the middle: yahoo.con.tr."""
    return label in domain_lists().misspelt_com and bool(subdomains) and is_consumer_name(subdomains[-1], "com")


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
