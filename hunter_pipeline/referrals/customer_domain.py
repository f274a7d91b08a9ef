"""Choose the domain of the customer among the addresses, ids and websites of a referral."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from hunter_pipeline.referrals.canonical_domain import (
    DomainResult,
    is_distributor,
    is_tenant_host,
    resolve_all,
    resolved_hosts,
)
from hunter_pipeline.referrals.company_name import resemblance
from hunter_pipeline.referrals.domain_lists import domain_lists
from hunter_pipeline.referrals.fields import Fields

# Field in place of the address of a team member whose referral names an erased person: the host of the address.
ADDRESS_HOST = "erasedAddressHost"

_MAX_IDS = 50
# Most External ids are codes of other systems; for these reasons they are no candidates at all.
_NOT_A_HOST = frozenset({"invalid", "ip_address"})
# `CUST-77`, `10234`, `2025`: a number with at most a few letters before it.
_NUMBERED = re.compile(r"[a-z]{0,8}[-_]?[0-9]+")
# Suffixes that people capitalize although they write a host.
_GENERIC_SUFFIXES = frozenset({"com", "net", "org"})


class CustomerDomain(NamedTuple):
    """
    The customer's domain and its source.

    source: `team_email`, `external_id` or `website`; None without a domain.
    candidates: the distinct domains of that source, the chosen one first.
    reason: why the first candidate was refused, or `no_candidates`; None with a domain.
    """

    domain: str | None = None
    source: str | None = None
    candidates: tuple[str, ...] = ()
    reason: str | None = None


def customer_domain(
    team: Iterable[Fields], profile: Fields, referral: Fields, own: Collection[str] = (), company: str = ""
) -> CustomerDomain:
    """
    Return the customer's domain, from the first source that has any.

    The sources are the addresses of the customer's team, the External ids and the website fields. The partner's and
    Microsoft's people (`team`, `inviteContext`) never count. A source that has nothing but distributors counts only
    if the others have no domain. See `_ranked` for the choice among several domains.

    Args:
        team: the members of the customer's team.
        profile: the fields of `customerProfile`.
        referral: the fields of the whole payload.
        own: the partner's own domains, never a customer's.
        company: the customer's name; empty if it is not known.
    """
    found: list[CustomerDomain] = []
    refused: list[DomainResult] = []
    for source, results in (
        ("team_email", [result for text in _addresses(team) for result in _resolve(text, company, own)]),
        ("external_id", _external_ids(profile, company, own)),
        ("website", _websites(profile, referral, own)),
    ):
        domains = [result.domain for result in results if result.domain]
        if domains:
            ranked = _ranked(domains, company)
            found.append(CustomerDomain(ranked[0], source, ranked))
            if not _is_agent(ranked[0], company):
                return found[-1]
        refused += results
    if found:
        return found[0]
    return CustomerDomain(reason=refused[0].reason if refused else "no_candidates")


def _ranked(domains: list[str], company: str) -> tuple[str, ...]:
    """
    Return the distinct domains, the most likely one first.

    Distributors come last, and before them the technical names of tenants; then counts how much a domain resembles the
    company's name, then how often it occurs, then the order.
    """
    counts = Counter(domains)
    if len(counts) == 1:
        return (domains[0],)
    return tuple(
        sorted(
            counts,  # in the order of the first occurrence, which sorting keeps among equals
            key=lambda domain: (
                2 * _is_agent(domain, company) + is_tenant_host(domain),
                -resemblance(domain, company),
                -counts[domain],
            ),
        )
    )


def _is_agent(domain: str, company: str) -> bool:
    """Return whether a domain is a distributor's and the customer is not that distributor."""
    return is_distributor(domain) and not resemblance(domain, company)


def _addresses(team: Iterable[Fields]) -> Iterator[str]:
    """Yield the addresses of the customer's team; if they were erased, replacements with the same host."""
    for member in team:
        if address := member.address("email"):
            yield address
        elif host := member.text(ADDRESS_HOST):
            yield f"erased@{host}"


def _resolve(text: str, company: str, own: Collection[str]) -> Iterator[DomainResult]:
    """Yield the result of each host of a text in which a bare host may be a code of another system."""
    for host, result in resolved_hosts(text, tuple(own)):
        if host.is_bare and result.domain and _is_code(host.text, result.domain, company):
            yield DomainResult(None, "invalid")
        else:
            yield result


def _is_code(text: str, domain: str, company: str) -> bool:
    """
    Return whether a text in the form of a host is a code, a version, a file name or a column heading.

    Examples: 'CUST-77.TR', 'v2.0.app', 'list.zip', 'Customer.ID', 'FABRIKAM.LTD'. A host that begins with `www.`, has a
    suffix of two labels or resembles the company's name is none.
    """
    lists = domain_lists()
    label, _, suffix = domain.partition(".")
    if "." in suffix or text.casefold().startswith("www."):
        return False
    written_suffix = text.rstrip(".").rpartition(".")[2]
    is_shouted = text.isupper()
    if suffix in lists.file_suffixes or (label in lists.header_words and suffix in lists.header_suffixes):
        return True
    if is_shouted and suffix in lists.legal_form_suffixes:
        return True
    if resemblance(domain, company):
        return False
    has_odd_case = not written_suffix.islower() and not is_shouted and suffix not in _GENERIC_SUFFIXES
    return has_odd_case or _NUMBERED.fullmatch(label) is not None


def _external_ids(profile: Fields, company: str, own: Collection[str]) -> list[DomainResult]:
    """Return the results of the ids of type External that are a host, a URL or an address."""
    ids = [
        entry.full_text("id")
        for entry in profile.ids("ids", _MAX_IDS)
        if (entry.text("profileType") or "").casefold() == "external"
    ]
    results = [result for text in ids if text for result in _resolve(text, company, own)]
    return [result for result in results if result.reason not in _NOT_A_HOST]


def _websites(profile: Fields, referral: Fields, own: Collection[str]) -> list[DomainResult]:
    """Return the results of the website fields; the API documents none, older exports have one at either place."""
    texts = [fields.full_text("website") for fields in (profile, referral)]
    fields = [resolve_all(text, own=own) for text in texts if text]
    with_domain = (results for results in fields if any(result.domain for result in results))
    return next(with_domain, [result for results in fields for result in results])
