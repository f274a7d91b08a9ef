"""Payloads into typed rows: Microsoft's samples, wrong types at every field, and anything at all."""

import dataclasses
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from hunter_pipeline.referrals.normalize import normalize, normalize_batch
from hunter_pipeline.referrals.payloads import RawVersion, version_of
from hunter_pipeline.referrals.referral import Contact, NormalizedReferral
from hunter_pipeline_tests.domain.strategies import referrals

SAMPLES = Path(__file__).parents[1] / "data" / "partner_center"


def samples(name: str) -> list[dict[str, Any]]:
    """The referrals of one of Microsoft's printed samples."""
    content = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return content.get("value", [content])


def row(payload: dict[str, Any], **options: Any) -> NormalizedReferral:
    """One payload, normalized."""
    return normalize("a", "hash", payload, **options)


def profile(**fields: Any) -> dict[str, Any]:
    """A payload that has a customer profile only."""
    return {"customerProfile": fields}


def team(*emails: str) -> list[dict[str, str]]:
    """Members of the customer's team by their addresses."""
    return [{"email": email} for email in emails]


def external(*ids: object) -> list[dict[str, object]]:
    """Customer ids: a Duns number, then External ones."""
    return [{"profileType": "Duns", "id": "duns.com"}, *({"profileType": "External", "id": text} for text in ids)]


def test_the_observed_shape_is_read_in_full() -> None:
    """Every column that a real payload fills."""
    [payload] = samples("observed_shape.json")
    assert row(payload, own=["fourthcoffee.com"]) == NormalizedReferral(
        referral_id="a",
        content_hash="hash",
        engagement_id="0b6d0b6c-6a0e-4f0e-8a44-9b8d6f1e2c33",
        name="Discover Sensitive Data Workshop",
        organization_id="1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d",
        organization_name="Fourth Coffee Consulting",
        referral_type="co-sell",
        type="Shared",
        qualification="SalesQualified",
        direction="Incoming",
        status="Active",
        substatus="Accepted",
        sales_stage="100",
        invited_by_organization_id="1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d",
        company_name="WOODGROVE OIL & GAS S.A.",
        country="AR",
        city="Vicente López",
        domain="woodgrovebank.com",
        domain_source="team_email",
        domain_candidates=("woodgrovebank.com",),
        deal_value=Decimal(10000),
        currency="USD",
        contacts=(Contact("SUE SMITH", "sue.smith@mail.woodgrovebank.com", "+15555550100", None),),
        source_created_at=datetime(2022, 2, 24, 21, 4, 6, 37201, tzinfo=UTC),
        source_updated_at=datetime(2022, 2, 24, 21, 12, 46, 174321, tzinfo=UTC),
        accepted_at=datetime(2022, 2, 24, 21, 4, 6, 36802, tzinfo=UTC),
        expected_close_at=datetime(2022, 3, 4, 3, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("documented_list_page.json", [("marketplace", "fabrikam.com"), ("solution-provider", "contoso.com")]),
        ("documented_single_referral.json", [("solution-provider", "contoso.com")]),
        ("documented_updated_referral.json", [("solution-provider", "contoso.com")]),
        ("documented_created_shared.json", [("co-sell", "contoso.com")]),
    ],
)
def test_microsofts_samples_are_read_without_errors(name: str, expected: list[tuple[str, str]]) -> None:
    """Older payloads lack fields and have `ids` as an object; neither is an error."""
    rows = [row(payload) for payload in samples(name)]
    assert [(found.referral_type, found.domain) for found in rows] == expected
    assert all(found.field_errors == {} and found.company_size and found.source_updated_at for found in rows)


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
def test_the_customers_domain_comes_from_the_best_source(
    payload: dict[str, Any], expected: tuple[str | None, str | None]
) -> None:
    """Team before External id before website; the most frequent, then the first; never the partner's people."""
    found = row(payload)
    assert (found.domain, found.domain_source) == expected
    assert (found.domain_reason is None) == (found.domain is not None)


def test_candidates_are_kept_in_their_rank() -> None:
    """Distinct domains of the chosen source, the chosen one first."""
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
def test_no_domain_has_a_reason(payload: dict[str, Any], reason: str) -> None:
    """The reason of the first refused candidate, or that there was none."""
    found = row(payload, own=["fourthcoffee.com"])
    assert (found.domain, found.domain_reason, found.domain_candidates) == (None, reason, ())


WRONG = {
    "name": ([1], "expected text, found a list"),
    "organizationName": (True, "expected text, found a boolean"),
    "engagementId": ({}, "expected text, found an object"),
    "status": (3, "expected text, found a number"),
    "createdDateTime": ("yesterday", "expected a date-time, found other text"),
    "closedDateTime": (20220101, "expected a date-time, found a number"),
    "customerProfile.team": ("Sue", "expected a list, found other text"),
    "customerProfile.ids": (7, "expected a list, found a number"),
    "customerProfile.address.country": ("Türkiye", "expected a code of two letters, found other text"),
    "details.currency": ("€", "expected a code of three letters, found other text"),
    "details.dealValue": (True, "expected a number, found a boolean"),
    "details.customerRequestedContact": (1, "expected a boolean, found a number"),
    "inviteContext": ("msft", "expected an object, found other text"),
}


@pytest.mark.parametrize("path", WRONG)
def test_a_wrong_type_is_recorded_and_the_rest_is_read(path: str) -> None:
    """The error names the place and the kinds, and the column is None."""
    value, message = WRONG[path]
    payload: dict[str, Any] = {"id": "a", "name": "Deal", "direction": "Incoming"}
    *sections, last = path.split(".")
    place = payload
    for section in sections:
        place = place.setdefault(section, {})
    place[last] = value
    found = row(payload)
    assert found.field_errors == {path: message}
    assert found.direction == "Incoming"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (10000, Decimal(10000)),
        (10.25, Decimal("10.25")),
        (Decimal("0.1"), Decimal("0.1")),
        (" 12.50 ", Decimal("12.50")),
        (0.1 + 0.2, Decimal("0.3")),
        (-5, Decimal(-5)),
        ("1e3", Decimal(1000)),
        (Decimal("0E+99999"), Decimal(0)),
        ("", None),
        (None, None),
    ],
    ids=count(),
)
def test_numbers_are_read_from_numbers_and_text(value: object, number: Decimal | None) -> None:
    """Money is Decimal, rounded beyond six places; empty is not given."""
    found = row({"details": {"dealValue": value}})
    assert (found.deal_value, found.field_errors) == (number, {})


@pytest.mark.parametrize(
    "value",
    [float("inf"), float("nan"), Decimal("sNaN"), 1e15, 10**400, "1,000", "٣", "NaN", [], "9" * 40],
    ids=count(),
)
def test_what_is_no_amount_is_an_error(value: object) -> None:
    """Infinite, absurd and unreadable amounts are recorded, not stored."""
    found = row({"details": {"dealValue": value}})
    assert found.deal_value is None
    assert found.field_errors["details.dealValue"].startswith("expected a number")


def test_small_mercies() -> None:
    """Entities, blanks, case, text booleans and ids as numbers are understood."""
    found = row(
        {
            "name": "  R&amp;D &#0; ",
            "externalReferenceId": 4711,
            "salesStage": " ",
            "status": "ACTIVE",
            "substatus": "Paused",
            "customerProfile": {
                "address": {"country": "tr"},
                "team": [{"firstName": "Ayşe", "lastName": None}, {}, None],
            },
            "details": {"currency": "try", "customerRequestedContact": "True"},
        }
    )
    assert (found.name, found.external_reference_id, found.sales_stage) == ("R&D \ufffd", "4711", None)
    assert (found.status, found.substatus, found.country, found.currency) == ("Active", "Paused", "TR", "TRY")
    assert found.customer_requested_contact is True
    assert found.contacts == (Contact("Ayşe", None, None, None),)
    assert found.field_errors == {"externalReferenceId": "expected text, found a number"}


def test_long_values_are_cut_and_that_is_recorded() -> None:
    """A text of megabytes does not reach an index, and a crowd is not a team."""
    crowd = [{"firstName": str(number)} for number in range(60)]
    found = row({"name": "x" * 2_000_000, "status": "y" * 200, "customerProfile": {"team": crowd}})
    assert (len(found.name or ""), len(found.status or ""), len(found.contacts)) == (500, 100, 50)
    assert found.field_errors == {
        "name": "cut to 500 characters",
        "status": "cut to 100 characters",
        "customerProfile.team": "cut to 50 members",
    }


def test_a_repaired_payload_says_so() -> None:
    """A row that was read from a mended payload is marked."""
    assert "payload" in row({}, repaired=True).field_errors


def test_a_batch_keeps_its_order_and_goes_on_after_nonsense() -> None:
    """One bad referral never stops the others."""
    batch = [
        ("a", "1", {"name": "A"}, False),
        ("b", "2", {"customerProfile": [[]]}, True),
        ("c", "3", {"name": "C"}, False),
    ]
    found = normalize_batch(batch, own={"fourthcoffee.com"})
    assert [(item.referral_id, item.content_hash, item.name) for item in found] == [
        ("a", "1", "A"),
        ("b", "2", None),
        ("c", "3", "C"),
    ]
    assert set(found[1].field_errors) == {"payload", "customerProfile"}


# Every word that an error may consist of: whatever the payload holds, nothing of it is among them.
SAYABLE = re.compile(
    r"cut to \d+ (characters|members)"
    r"|expected (text|an object|a list|a number|a boolean|a date-time|a code of (two|three) letters"
    r"|an address of at most 320 characters|a number below 1e15|storable text and numbers)"
    r", found (other text|a number|no finite number|a boolean|a list|an object|a greater one|some that were replaced)"
)


def assert_sound(found: NormalizedReferral) -> None:
    """What every row promises, whatever it was read from."""
    for field in dataclasses.fields(found):
        value = getattr(found, field.name)
        assert not isinstance(value, str) or 0 < len(value) <= 500
        assert not isinstance(value, datetime) or value.tzinfo is UTC
        assert not isinstance(value, Decimal) or (value.is_finite() and abs(value) < 10**15)
    assert (found.domain is None) != (found.domain_reason is None)
    assert (found.domain is None) == (found.domain_source is None)
    assert (found.referral_type is None) != (found.referral_type_reason is None)
    assert all(SAYABLE.fullmatch(message) for message in found.field_errors.values())


@given(referrals)
def test_any_object_becomes_a_sound_row(payload: dict[str, Any]) -> None:
    """Nothing raises, columns keep their bounds, and no error repeats what it found."""
    assert_sound(row(payload))


@given(referrals)
def test_what_was_stored_becomes_a_sound_row(payload: dict[str, Any]) -> None:
    """The same after the way through jsonb, which gives back plain ints and floats."""
    version = version_of(payload | {"id": "a"})
    assert isinstance(version, RawVersion)
    stored = json.loads(version.payload_json)
    assert_sound(row(stored, repaired=version.repaired))
