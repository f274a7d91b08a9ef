"""Whose domain a referral is: the customer's, from the best source that has one."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from hunter_pipeline.referrals.canonical_domain import DomainResult, resolve
from hunter_pipeline.referrals.fields import Fields

MAX_IDS = 50

TEAM_EMAIL = "team_email"
EXTERNAL_ID = "external_id"
WEBSITE = "website"
NO_CANDIDATES = "no_candidates"

# What makes an External id no host, URL or address at all: most are numbers or codes of another system.
_NO_HOST = frozenset({"invalid", "ip_address"})


class CustomerDomain(NamedTuple):
    """
    A referral's domain; `domain` and `source` are None together, and `reason` is None where they are not.

    source:     `team_email`, `external_id` or `website`.
    candidates: the distinct domains of that source, the chosen one first.
    reason:     why the first candidate was refused, or `no_candidates`.
    """

    domain: str | None = None
    source: str | None = None
    candidates: tuple[str, ...] = ()
    reason: str | None = None


def customer_domain(
    addresses: Iterable[str], profile: Fields, referral: Fields, own: Collection[str] = ()
) -> CustomerDomain:
    """
    Choose the customer's domain: the most frequent of the first source that has any, the first among equals.

    Sources: `addresses`, those of the customer's team, else External ids, else a website field. The partner's
             and Microsoft's people (`team`, `inviteContext`) never count.
    Raises:  nothing.
    """
    emails = [resolve(address, own=own, bare_needs_known_tld=True) for address in addresses]
    sources = {TEAM_EMAIL: emails, EXTERNAL_ID: _external(profile, own), WEBSITE: _websites(profile, referral, own)}
    for source, results in sources.items():
        found = Counter(result.domain for result in results if result.domain)
        if found:
            ranked = tuple(domain for domain, _ in found.most_common())
            return CustomerDomain(ranked[0], source, ranked)
    refused = [result.reason for results in sources.values() for result in results]
    return CustomerDomain(reason=refused[0] if refused else NO_CANDIDATES)


def _external(profile: Fields, own: Collection[str]) -> list[DomainResult]:
    """Read the ids of type External; one that is neither host, URL nor address is no candidate."""
    ids = [
        entry.text("id", at_most=None)
        for entry in profile.sections("ids", at_most=MAX_IDS)
        if (entry.text("profileType") or "").casefold() == "external"
    ]
    results = [resolve(text, own=own, bare_needs_known_tld=True) for text in ids if text]
    return [result for result in results if result.reason not in _NO_HOST]


def _websites(profile: Fields, referral: Fields, own: Collection[str]) -> list[DomainResult]:
    """Read the customer's website; the API documents none, older exports have one at either place."""
    texts = [fields.text("website", at_most=None) for fields in (profile, referral)]
    results = [resolve(text, own=own) for text in texts if text]
    return next(([result] for result in results if result.domain), results)
