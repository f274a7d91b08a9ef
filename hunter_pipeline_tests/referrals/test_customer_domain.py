"""Test the choice of the customer's domain among those in a referral."""

from itertools import count
from typing import Any

import pytest

from hunter_pipeline.referrals.normalize import normalize_payload
from hunter_pipeline.referrals.referral import NormalizedReferral


def row(payload: dict[str, Any], **options: Any) -> NormalizedReferral:
    """Return one payload, normalized."""
    return normalize_payload("a", "hash", payload, **options)


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


@pytest.mark.parametrize(
    ("emails", "domain"),
    [
        (["ana@ingrammicro.com", "b@contoso.com"], "contoso.com"),
        (["ana@unknown-agent.com", "b@margietravel.es"], "margietravel.es"),
        (["x@margie.onmicrosoft.com", "b@contoso.com"], "contoso.com"),
        (["ana@tdsynnex.com", "x@margie.onmicrosoft.com"], "margie.onmicrosoft.com"),
        (["a@one.com", "b@two.com", "c@two.com", "d@margietravel.es"], "margietravel.es"),
        (["a@one.com", "b@two.com", "c@two.com"], "two.com"),
        (["a@margietravel.com", "b@margietravel.es", "c@margietravel.es"], "margietravel.es"),
        (["a@gmail.com; b@one.com, c@two.com", "d@two.com"], "two.com"),
        (["ana@ingrammicro.com"], "ingrammicro.com"),
    ],
    ids=count(),
)
def test_choice_among_several_domains(emails: list[str], domain: str) -> None:
    """Distributors and technical names last, then the one that resembles the name, then the most frequent."""
    found = row(profile(name="MARGIE TRAVEL S.L.", team=team(*emails)))
    assert (found.domain, found.domain_source) == (domain, "team_email")


def test_distributor_is_the_customer_only_where_nothing_else_is_known_or_it_has_the_name() -> None:
    ids = external("https://www.margietravel.es/")
    found = row(profile(name="Margie Travel", team=team("ana@ingrammicro.com"), ids=ids))
    assert (found.domain, found.domain_source) == ("margietravel.es", "external_id")
    found = row(profile(name="Ingram Micro Inc.", team=team("ana@ingrammicro.com", "b@margietravel.es"), ids=ids))
    assert (found.domain, found.domain_source) == ("ingrammicro.com", "team_email")


@pytest.mark.parametrize(
    "code",
    [
        *("CUST-77.TR", "INV.2025.NO", "Customer.ID", "v2.0.app", "DE.10234.AG", "ACC-334.CO", "1.2.3.4", "10234.12"),
        *("SAP:100234.DE", "crm://contact/334", "0061x00000ABCdE", "9b1c0b0e-1111-2222-3333-444455556666", "K1234.DE"),
        *(
            "Account.Name",
            "Kunden.Nr",
            "Fatura.No",
            "list.zip",
            "FABRIKAM.LTD",
            "Vendor.IT",
            "rel-3.io",
            "CRM/77.1",
        ),
        *("https://x.crm4.dynamics.com/main.aspx?id=1", "https://contoso.lightning.force.com/lightning/r/006/view"),
    ],
)
def test_code_of_another_system_is_no_domain(code: str) -> None:
    assert row(profile(ids=external(code), name="Margie Travel")).domain is None


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("contoso.com", "contoso.com"),
        ("CONTOSO.COM.TR", "contoso.com.tr"),
        ("Contoso.Com", "contoso.com"),
        ("contoso.no", "contoso.no"),
        ("contoso.id", "contoso.id"),
        ("www.a101.de", "a101.de"),
        ("route66-77.com.tr", "route66-77.com.tr"),
        ("contoso.de/shop", "contoso.de"),
        ("https://10234.ag/", "10234.ag"),
        ("studio54.de", "studio54.de"),
    ],
)
def test_host_of_an_external_id_is_the_customers_domain(text: str, domain: str) -> None:
    """A number in a host is none of a code where the company is called so."""
    assert row(profile(ids=external(text), name="Studio 54 GmbH")).domain == domain


@pytest.mark.parametrize(
    "ids",
    [
        {"External": "https://www.contoso.com/x"},
        {"Duns": "123456789", "External": ["CRM-7", "contoso.com"]},
        {"external": "sue@contoso.com"},
    ],
)
def test_ids_as_an_object_are_read_like_the_list(ids: dict[str, Any]) -> None:
    found = row(profile(ids=ids))
    assert (found.domain, found.domain_source, found.field_errors) == ("contoso.com", "external_id", {})


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
