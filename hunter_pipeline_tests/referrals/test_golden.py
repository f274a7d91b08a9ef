"""Test domains, contacts and names of hand-written referrals, against a person's expectations."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hunter_pipeline.referrals.normalize import normalize_payload
from hunter_pipeline.referrals.referral import NormalizedReferral

_CASES = Path(__file__).parents[1] / "data" / "golden" / "domains.jsonl"
# Of the cases on which sensible people agree.
MIN_ACCURACY = MIN_PRECISION = MIN_RECALL = 0.96


class Case(NamedTuple):
    """A referral, what is expected of it and what it became."""

    number: int
    expected: dict[str, Any]
    is_debatable: bool
    found: NormalizedReferral


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    rows = [json.loads(line) for line in _CASES.read_text(encoding="utf-8").splitlines()]
    return [
        Case(
            row["case"],
            row["expected"],
            row["debatable"],
            normalize_payload(row["payload"]["id"], "hash", row["payload"], own=row["own_domains"].split(",")),
        )
        for row in rows
    ]


def test_domains_are_those_that_a_person_expects(cases: list[Case]) -> None:
    """Precision: of the domains found, how many are right. Recall: of the domains there are, how many are found."""
    clear = [case for case in cases if not case.is_debatable]
    right = [case for case in clear if case.found.domain == case.expected["domain"]]
    right_domains = sum(case.found.domain is not None for case in right)
    found = sum(case.found.domain is not None for case in clear)
    expected = sum(case.expected["domain"] is not None for case in clear)
    wrong = {case.number: (case.found.domain, case.expected["domain"]) for case in clear if case not in right}
    assert len(clear) > 150
    assert len(right) / len(clear) >= MIN_ACCURACY, wrong
    assert right_domains / found >= MIN_PRECISION, wrong
    assert right_domains / expected >= MIN_RECALL, wrong


def test_first_contact_is_the_person_to_call(cases: list[Case]) -> None:
    asked = [case for case in cases if "contact_email" in case.expected]
    wrong = [
        case.number
        for case in asked
        if not case.found.contacts or case.found.contacts[0].email != case.expected["contact_email"]
    ]
    assert (len(asked) >= 15, wrong) == (True, [])


def test_company_names_and_types_are_those_that_a_person_expects(cases: list[Case]) -> None:
    wrong = {
        case.number: (case.found.company_name, case.found.referral_type)
        for case in cases
        if (case.found.company_name, case.found.referral_type)
        != (case.expected["company_name"], case.expected["referral_type"])
    }
    assert wrong == {}
