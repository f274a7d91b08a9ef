"""
The canonical domain: one company, one name, whatever was written.

Decisions only; how a host is found in a text is in `hosts`, which hosts mean nothing in `domain_lists`.
"""

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Literal, NamedTuple

import idna

from hunter_pipeline.referrals import domain_lists
from hunter_pipeline.referrals.hosts import host_in

Reason = Literal["consumer", "disposable", "own", "ip_address", "reserved", "public_suffix", "invalid"]

_LONGEST_HOST = 253
# UTS 46 can shorten a text (it drops soft hyphens and the like), so the raw bound is wider.
_LONGEST_RAW_HOST = 4 * _LONGEST_HOST
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PLAIN_TLD = re.compile(r"[a-z]{2,63}")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_PORT = re.compile(r":[0-9]{0,5}$")
_MAIL_ROUTING = re.compile(r"(?:^|(?<=\.))mail\.onmicrosoft\.com$")
_MOST_IPV4_PARTS = 4


class DomainResult(NamedTuple):
    """
    A canonical domain, or why there is none: exactly one of the first two is None.

    known_tld: whether the Public Suffix List knows the domain's ending; new endings appear all the time.
    """

    domain: str | None
    reason: Reason | None
    known_tld: bool = False


class _Reading(NamedTuple):
    """What a host says by itself; `host` is its ASCII form, for the lists."""

    result: DomainResult
    host: str


def canonical_domain(text: str, *, own: Collection[str] = ()) -> str | None:
    """
    Reduce an e-mail address, URL or host to the domain that its owner registered.

    Shape:  'Sue@Mail.Fabrikam.co.uk ' -> 'fabrikam.co.uk'; ASCII, lower case, at most 253 characters.
    own:    the partner's own domains, in any form; microsoft.com is always one.
    None:   no customer can be read off: an IP address, a bare suffix, a single label, a forbidden label,
            a consumer, disposable, reserved or own domain; `why_not` names the reason.
    Raises: nothing.
    Source: Public Suffix List (pinned by the publicsuffixlist package); IDNA 2008 after UTS 46 mapping.
    """
    return resolve(text, own=own).domain


def why_not(text: str, *, own: Collection[str] = ()) -> Reason | None:
    """Why `canonical_domain` gives None; None where it gives a domain."""
    return resolve(text, own=own).reason


def resolve(text: str, *, own: Collection[str] = (), bare_needs_known_tld: bool = False) -> DomainResult:
    """
    `canonical_domain` and `why_not` in one.

    bare_needs_known_tld: for fields that may hold anything: a text without scheme and `@` counts as a host
                          only under an ending that the Public Suffix List knows ('ACME.NORTH' does not).
    Raises: nothing; what is not text at all is `invalid`.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] -- payloads hold anything
        return _refused("invalid").result
    found = host_in(text)
    result, host = _read(found.text)
    if result.domain is None:
        return result
    if bare_needs_known_tld and found.bare and not result.known_tld:
        return DomainResult(None, "invalid")
    reason = _listed(result.domain, host, own)
    return DomainResult(None, reason, result.known_tld) if reason else result


def _refused(reason: Reason) -> _Reading:
    return _Reading(DomainResult(None, reason), "")


def _listed(domain: str, host: str, own: Collection[str]) -> Reason | None:
    """Name the list that a well-formed domain stands on. What is disposable is often listed as consumer too."""
    if domain in domain_lists.ALWAYS_OWN or (own and domain in _own_domains(_frozen(own))):
        return "own"
    disposable = domain_lists.disposable_hosts()
    if domain in disposable or any(parent in disposable for parent in _parents(host, domain)):
        return "disposable"
    if domain in domain_lists.consumer_domains() or domain.partition(".")[0] in domain_lists.CONSUMER_NAMES:
        return "consumer"
    return None


def _parents(host: str, domain: str) -> list[str]:
    """List the host and every name between it and its registrable domain."""
    below = host.split(".")[: host.count(".") - domain.count(".")]
    return [".".join([*below[start:], domain]) for start in range(len(below))]


def _frozen(own: Collection[str]) -> frozenset[str]:
    return frozenset((own,) if isinstance(own, str) else own)


@lru_cache(maxsize=64)
def _own_domains(own: frozenset[str]) -> frozenset[str]:
    """Reduce the partner's own domains as every other; what is no domain is left out."""
    found = (_read(host_in(text).text).result.domain for text in own)
    return frozenset(domain for domain in found if domain)


@lru_cache(maxsize=16384)
def _read(host: str) -> _Reading:
    """Reduce a host as it was written, perhaps with a port, without regard to the lists."""
    if host.startswith("[") or host.count(":") > 1:
        return _refused("ip_address" if _is_ipv6(host) else "invalid")
    labels = _ascii_labels(_PORT.sub("", host))
    if labels is None:
        return _refused("invalid")
    if len(labels) > 1 and _NUMBER.fullmatch(labels[-1]):
        return _refused("ip_address" if _is_ipv4(labels) else "invalid")
    name = ".".join(labels)
    if labels[-1] in domain_lists.RESERVED_TLDS or ".".join(labels[-2:]) in domain_lists.RESERVED_DOMAINS:
        return _refused("reserved")
    return _registrable(_without_mail_routing(name))


def _registrable(host: str) -> _Reading:
    """Keep the public suffix and the one label before it."""
    suffix = domain_lists.public_suffixes().publicsuffix(host)
    labels = host.split(".")
    if suffix is None:
        # Newer than the pinned list, perhaps: losing a lead is worse than keeping a doubtful domain.
        if len(labels) == 1 or not _PLAIN_TLD.fullmatch(labels[-1]):
            return _refused("invalid")
        return _Reading(DomainResult(".".join(labels[-2:]), None), host)
    domain = ".".join(labels[-(suffix.count(".") + 2) :])
    # www.wordpress.com is the shared host's own site, not a customer of its.
    if host == suffix or ("." in suffix and domain == f"www.{suffix}"):
        return _refused("public_suffix")
    return _Reading(DomainResult(domain, None, known_tld=True), host)


def _without_mail_routing(host: str) -> str:
    """Exchange's hybrid set-up routes contoso.onmicrosoft.com by contoso.mail.onmicrosoft.com."""
    return _MAIL_ROUTING.sub("onmicrosoft.com", host)


def _ascii_labels(host: str) -> list[str] | None:
    """Map a host to lower-case A-labels (UTS 46, non-transitional); None where a label is forbidden."""
    if not host or len(host) > _LONGEST_RAW_HOST:
        return None
    try:
        mapped = host.lower() if host.isascii() else idna.uts46_remap(host, std3_rules=True)
        labels = [_ascii_label(label) for label in mapped.removesuffix(".").split(".")]
    except UnicodeError:
        return None
    return labels if len(".".join(labels)) <= _LONGEST_HOST else None


def _ascii_label(label: str) -> str:
    """Check one mapped label; raise UnicodeError where DNS or IDNA forbids it."""
    if label.isascii() and not label.startswith("xn--"):
        # Not by idna: it refuses hyphens in places three and four, where old registrations have them.
        if not _LABEL.fullmatch(label):
            raise UnicodeError
        return label
    return idna.alabel(label).decode("ascii")


def _is_ipv6(host: str) -> bool:
    """Tell an address, with or without brackets, port, zone or the `IPv6:` of mail, from other text."""
    address = host[1:].partition("]")[0] if host.startswith("[") else host
    if address[:5].lower() == "ipv6:":
        address = address[5:]
    try:
        ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_ipv4(labels: list[str]) -> bool:
    """Read 127.0.0.1, 0x7f.1 and 0177.0.0.1 as browsers do: the last part fills the remaining bytes."""
    if len(labels) > _MOST_IPV4_PARTS:
        return False
    try:
        *first, last = [_ipv4_part(label) for label in labels]
    except ValueError:
        return False
    return all(part < 256 for part in first) and last < 256 ** (5 - len(labels))  # noqa: PLR2004 -- a byte


def _ipv4_part(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if len(label) > 1 and label.startswith("0") else 10)
