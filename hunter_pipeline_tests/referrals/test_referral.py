"""Test the three types of referral: every row of Microsoft's table."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunter_pipeline.referrals.referral import ReferralType, referral_type

ORG = "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d"

TABLE = [
    *[
        ("Shared", qualification, inviter, "co-sell", None)
        for qualification in (None, "None", "Direct", "SalesQualified", "nonsense")
        for inviter in (None, "msft", ORG)
    ],
    ("Independent", "Direct", "msft", "marketplace", None),
    ("Independent", "Direct", None, "marketplace", None),
    ("Independent", "Direct", "", "marketplace", None),
    ("Independent", "SalesQualified", "msft", "solution-provider", None),
    ("Independent", "MarketingQualified", "msft", "solution-provider", None),
    ("Independent", "SalesQualified", ORG, "co-sell", None),
    ("Independent", "None", ORG, "co-sell", None),
    ("Independent", "Direct", ORG, None, "direct_by_other_organization"),
    ("Independent", "MarketingQualified", ORG, None, "marketing_qualified_by_other_organization"),
    ("Independent", "MarketingQualified", None, None, "marketing_qualified_by_nobody"),
    ("Independent", "SalesQualified", None, None, "sales_qualified_by_nobody"),
    ("Independent", "None", None, None, "unqualified_by_nobody"),
    ("Independent", "None", "msft", None, "unqualified_by_microsoft"),
    ("Independent", None, ORG, None, "missing_qualification"),
    ("Independent", " ", "msft", None, "missing_qualification"),
    ("Independent", "Lukewarm", "msft", None, "unknown_qualification"),
    (None, "Direct", "msft", None, "missing_type"),
    ("", "Direct", "msft", None, "missing_type"),
    ("Dependent", "Direct", "msft", None, "unknown_type"),
]


@pytest.mark.parametrize(("type_", "qualification", "inviter", "name", "reason"), TABLE)
def test_referral_type_follows_microsofts_table(
    type_: str | None, qualification: str | None, inviter: str | None, name: str | None, reason: str | None
) -> None:
    assert referral_type(type_, qualification, inviter) == ReferralType(name, reason)


@pytest.mark.parametrize(("type_", "qualification", "inviter", "name", "reason"), TABLE)
def test_referral_type_ignores_case(
    type_: str | None, qualification: str | None, inviter: str | None, name: str | None, reason: str | None
) -> None:
    for change in (str.upper, str.lower, str.swapcase):
        changed = [value if value is None else change(value) for value in (type_, qualification, inviter)]
        assert referral_type(*changed) == ReferralType(name, reason)


@given(*itertools.repeat(st.none() | st.text(max_size=20), 3))
def test_referral_type_has_a_name_or_a_reason_for_any_text(
    type_: str | None, qualification: str | None, inviter: str | None
) -> None:
    found = referral_type(type_, qualification, inviter)
    assert (found.name is None) != (found.reason is None)
