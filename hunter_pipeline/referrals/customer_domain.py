"""Choose the domain of the customer among the addresses, ids and websites of a referral."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from hunter_pipeline.referrals.canonical_domain import DomainResult, resolve
from hunter_pipeline.referrals.fields import Fields

# Field in place of the address of a team member whose referral names an erased person: the host of the address.
ADDRESS_HOST = "erasedAddressHost"

_MAX_IDS = 50
# Most External ids are codes of other systems; for these reasons they are no candidates at all.
_NOT_A_HOST = frozenset({"invalid", "ip_address"})


class CustomerDomain(NamedTuple):
    """
    The customer's domain and where it comes from.

    source: `team_email`, `external_id` or `website`; None without a domain.
    candidates: the distinct domains of that source, the chosen one first.
    reason: why the first candidate was refused, or `no_candidates`; None with a domain.
    """

    domain: str | None = None
    source: str | None = None
    candidates: tuple[str, ...] = ()
    reason: str | None = None


def customer_domain(
    team: Iterable[Fields], profile: Fields, referral: Fields, own: Collection[str] = ()
) -> CustomerDomain:
    """
    Return the customer's domain: of the first source that has any, the most frequent, then the first.

    The sources are the addresses of the customer's team, the External ids and the website fields. The partner's and
    Microsoft's people (`team`, `inviteContext`) never count.

    Args:
        team: the members of the customer's team.
        profile: the fields of `customerProfile`.
        referral: the fields of the whole payload.
        own: the partner's own domains, never a customer's.
    """
    refused: list[DomainResult] = []
    for source, results in (
        ("team_email", [resolve(text, own=own, bare_needs_known_tld=True) for text in _addresses(team)]),
        ("external_id", _external_ids(profile, own)),
        ("website", _websites(profile, referral, own)),
    ):
        domains = [result.domain for result in results if result.domain]
        if domains:
            ranked = tuple(domain for domain, _ in Counter(domains).most_common())
            return CustomerDomain(ranked[0], source, ranked)
        refused += results
    return CustomerDomain(reason=refused[0].reason if refused else "no_candidates")


def _addresses(team: Iterable[Fields]) -> Iterator[str]:
    """Yield the addresses of the customer's team; where they were erased, others with the same host."""
    for member in team:
        if address := member.address("email"):
            yield address
        elif host := member.text(ADDRESS_HOST):
            yield f"erased@{host}"


def _external_ids(profile: Fields, own: Collection[str]) -> list[DomainResult]:
    """Return the results of the ids of type External that are a host, a URL or an address."""
    ids = [
        entry.full_text("id")
        for entry in profile.sections("ids", _MAX_IDS)
        if (entry.text("profileType") or "").casefold() == "external"
    ]
    results = [resolve(text, own=own, bare_needs_known_tld=True) for text in ids if text]
    return [result for result in results if result.reason not in _NOT_A_HOST]


def _websites(profile: Fields, referral: Fields, own: Collection[str]) -> list[DomainResult]:
    """Return the results of the website fields; the API documents none, older exports have one at either place."""
    texts = [fields.full_text("website") for fields in (profile, referral)]
    results = [resolve(text, own=own) for text in texts if text]
    return next(([result] for result in results if result.domain), results)
