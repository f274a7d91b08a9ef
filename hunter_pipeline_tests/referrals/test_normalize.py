"""Test payloads as typed rows: Microsoft's samples, wrong types in every field, and arbitrary JSON."""

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

from hunter_pipeline.referrals.normalize import normalize_batch, normalize_payload
from hunter_pipeline.referrals.payloads import RawVersion, version_of
from hunter_pipeline.referrals.referral import Contact, NormalizedReferral
from hunter_pipeline_tests.referrals.strategies import referrals

SAMPLES = Path(__file__).parents[1] / "data" / "partner_center"


def samples(name: str) -> list[dict[str, Any]]:
    """Return the referrals of one of Microsoft's samples."""
    content = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return content.get("value", [content])


def row(payload: dict[str, Any], **options: Any) -> NormalizedReferral:
    """Return one payload, normalized."""
    return normalize_payload("a", "hash", payload, **options)


def test_observed_payload_fills_every_column() -> None:
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
        company_name="Woodgrove Oil & Gas S.A.",
        country="AR",
        city="Vicente López",
        domain="woodgrovebank.com",
        domain_source="team_email",
        domain_candidates=("woodgrovebank.com",),
        deal_value=Decimal(10000),
        currency="USD",
        solutions=("M365 E5 Compliance | Non-specific",),
        is_spam=False,
        consent_to_contact=True,
        etag='"69007a1e-0000-0800-0000-6217f4ce0000"',
        company_key="woodgrove oil gas s a|AR",
        contacts=(Contact("SUE SMITH", "sue.smith@mail.woodgrovebank.com", "+15555550100", None),),
        contact_name="SUE SMITH",
        contact_email="sue.smith@mail.woodgrovebank.com",
        contact_phone="+15555550100",
        contact_rank=3,
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
def test_microsoft_samples_are_read_without_errors(name: str, expected: list[tuple[str, str]]) -> None:
    """Older payloads lack fields and have `ids` as an object; neither is an error."""
    rows = [row(payload) for payload in samples(name)]
    assert [(found.referral_type, found.domain) for found in rows] == expected
    assert all(found.field_errors == {} and found.company_size and found.source_updated_at for found in rows)


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
def test_wrong_type_is_recorded_and_the_rest_is_read(path: str) -> None:
    """The error names the path and the kinds of value, and the column is None."""
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
def test_number_is_read_from_numbers_and_text(value: object, number: Decimal | None) -> None:
    """Money is Decimal, rounded to six decimal places; an empty text is a missing value."""
    found = row({"details": {"dealValue": value}})
    assert (found.deal_value, found.field_errors) == (number, {})


@pytest.mark.parametrize(
    "value",
    [float("inf"), float("nan"), Decimal("sNaN"), 1e15, 10**400, "1,000", "٣", "NaN", [], "9" * 40],
    ids=count(),
)
def test_amount_that_cannot_be_stored_is_recorded(value: object) -> None:
    found = row({"details": {"dealValue": value}})
    assert found.deal_value is None
    assert found.field_errors["details.dealValue"].startswith("expected a number")


def test_harmless_deviations_are_understood() -> None:
    """HTML entities, white space, case, booleans as text and ids as numbers."""
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


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("TUR", "TR"),
        ("gbr", "GB"),
        ("UK", "GB"),
        ("EL", "GR"),
        ("USA", "US"),
        ("DE", "DE"),
        ("XK", "XK"),
        ("XYZ", None),
    ],
)
def test_country_of_three_letters_or_an_alias_is_translated(written: str, code: str | None) -> None:
    found = row({"customerProfile": {"address": {"country": written}}})
    expected = {} if code else {"customerProfile.address.country": "expected a code of two letters, found other text"}
    assert (found.country, found.field_errors) == (code, expected)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01"])
def test_default_date_of_dotnet_is_no_date(text: str) -> None:
    found = row({"expirationDateTime": text, "acceptedDateTime": text, "details": {"closingDateTime": text}})
    assert (found.expires_at, found.accepted_at, found.expected_close_at, found.field_errors) == (None, None, None, {})


def test_long_texts_and_teams_are_cut_and_recorded() -> None:
    """A text of megabytes would not fit into an index."""
    crowd = [{"firstName": str(number)} for number in range(60)]
    found = row({"name": "x" * 2_000_000, "status": "y" * 200, "customerProfile": {"team": crowd}})
    assert (len(found.name or ""), len(found.status or ""), len(found.contacts)) == (500, 100, 50)
    assert found.field_errors == {
        "name": "cut to 500 characters",
        "status": "cut to 100 characters",
        "customerProfile.team": "cut to 50 members",
    }


def test_repaired_payload_is_recorded() -> None:
    assert "payload" in row({}, repaired=True).field_errors


def test_batch_keeps_its_order_and_continues_after_a_bad_referral() -> None:
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


# Every message that an error may be: none has a part of the payload in it.
ERROR_MESSAGE = re.compile(
    r"cut to \d+ (characters|members)"
    r"|expected (text|an object|a list|a number|a boolean|a date-time|a code of (two|three) letters"
    r"|an address of at most 320 characters|a number below 1e15|storable text and numbers)"
    r", found (other text|a number|no finite number|a boolean|a list|an object|a greater one|some that were replaced)"
)


def assert_valid(found: NormalizedReferral) -> None:
    """Assert what holds for every row."""
    for field in dataclasses.fields(found):
        value = getattr(found, field.name)
        assert not isinstance(value, str) or 0 < len(value) <= 500
        assert not isinstance(value, datetime) or value.tzinfo is UTC
        assert not isinstance(value, Decimal) or (value.is_finite() and abs(value) < 10**15)
    assert (found.domain is None) != (found.domain_reason is None)
    assert (found.domain is None) == (found.domain_source is None)
    assert (found.referral_type is None) != (found.referral_type_reason is None)
    assert all(ERROR_MESSAGE.fullmatch(message) for message in found.field_errors.values())


@given(referrals)
def test_any_object_becomes_a_valid_row(payload: dict[str, Any]) -> None:
    """Nothing raises, columns keep their bounds, and no error repeats a value."""
    assert_valid(row(payload))


@given(referrals)
def test_any_stored_payload_becomes_a_valid_row(payload: dict[str, Any]) -> None:
    """What jsonb returns has plain ints and floats."""
    version = version_of(payload | {"id": "a"})
    assert isinstance(version, RawVersion)
    stored = json.loads(version.payload_json)
    assert_valid(row(stored, repaired=version.repaired))
