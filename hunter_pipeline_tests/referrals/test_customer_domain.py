"""Which of the domains in a referral is the customer's."""

from itertools import count
from typing import Any

import pytest

from hunter_pipeline.referrals.normalize import normalize
from hunter_pipeline.referrals.referral import NormalizedReferral


def row(payload: dict[str, Any], **options: Any) -> NormalizedReferral:
    """Return one payload, normalized."""
    return normalize("a", "hash", payload, **options)


def profile(**fields: Any) -> dict[str, Any]:
    """Return a payload that has nothing but a customer profile."""
    return {"customerProfile": fields}


def team(*emails: str) -> list[dict[str, str]]:
    """Return members of the customer's team with these addresses."""
    return [{"email": email} for email in emails]


def external(*ids: object) -> list[dict[str, object]]:
    """Return customer ids: a Duns number, then External ones."""
    return [{"profileType": "Duns", "id": "duns.com"}, *({"profileType": "External", "id": text} for text in ids)]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (profile(team=team("a@contoso.com", "b@x.fabrikam.com", "c@fabrikam.com")), ("fabrikam.com", "team_email")),
        (profile(team=team("a@contoso.com", "b@fabrikam.com")), ("contoso.com", "team_email")),
        (profile(team=team("a@gmail.com", "b@fabrikam.com")), ("fabrikam.com", "team_email")),
        (profile(team=team("a@contoso.com"), ids=external("https://fabrikam.com")), ("contoso.com", "team_email")),
        (profile(team=team("a@gmail.com"), ids=external("https://fabrikam.com/x")), ("fabrikam.com", "external_id")),
        (profile(team=None, ids=external("CRM-1", "fabrikam.com")), ("fabrikam.com", "external_id")),
        (profile(ids=external("sue@fabrikam.com")), ("fabrikam.com", "external_id")),
        (profile(ids=external("ACME.NORTH", "12.345", "")), (None, None)),
        (profile(ids=external("7"), website="www.fabrikam.com"), ("fabrikam.com", "website")),
        ({"website": "fabrikam.com", **profile(website="n/a")}, ("fabrikam.com", "website")),
        ({"team": team("j@adatum.com"), "inviteContext": {"invitedBy": {"email": "j@adatum.com"}}}, (None, None)),
    ],
    ids=count(),
)
def test_customer_domain_comes_from_the_best_source(
    payload: dict[str, Any], expected: tuple[str | None, str | None]
) -> None:
    """The team comes before External ids and websites; the partner's own people never count."""
    found = row(payload)
    assert (found.domain, found.domain_source) == expected
    assert (found.domain_reason is None) == (found.domain is not None)


def test_candidates_are_distinct_and_ranked_by_frequency() -> None:
    found = row(profile(team=team("a@one.com", "b@two.com", "c@gmail.com", "d@two.com", "e@three.com")))
    assert found.domain_candidates == ("two.com", "one.com", "three.com")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "no_candidates"),
        (profile(team=[], ids=external("ACME.CRM01")), "no_candidates"),
        (profile(team=team("a@gmail.com", "b@mailinator.com")), "consumer"),
        (profile(team=team("n/a")), "invalid"),
        (profile(team=team("sue@fourthcoffee.com")), "own"),
        (profile(ids=external("https://github.io")), "public_suffix"),
        (profile(website="host.local"), "reserved"),
        (profile(team=team("x" * 500 + "@contoso.com")), "no_candidates"),
    ],
    ids=count(),
)
def test_reason_is_that_of_the_first_refused_candidate(payload: dict[str, Any], reason: str) -> None:
    found = row(payload, own=["fourthcoffee.com"])
    assert (found.domain, found.domain_reason, found.domain_candidates) == (None, reason, ())
