"""Test answers as pure functions: transitions, operations, and the comparison of versions."""

from decimal import Decimal
from typing import Any

import pytest

from hunter_pipeline.partner_center.updates import STATUSES, operations_of
from hunter_pipeline.referrals import updates
from hunter_pipeline.referrals.updates import Conflict

STATES = ("pending", "sending", "confirmed", "conflict", "rejected", "failed", "canceled", "dry_run")
PAYLOAD: dict[str, Any] = {
    "name": "Windows 365",
    "status": "New",
    "substatus": "Pending",
    "details": {"dealValue": Decimal("5000.50"), "currency": "EUR", "closingDateTime": "2027-01-31T00:00:00Z"},
}


@pytest.mark.parametrize("status", ["New", "Active", "Closed", "None", "Error", None, 7])
@pytest.mark.parametrize("new", ["New", "Active", "Closed"])
def test_status_transitions_are_those_of_partner_center(status: object, new: str) -> None:
    allowed = {("New", "Active"), ("New", "Closed"), ("Active", "Closed")}
    assert updates.is_allowed(status, new) == ((status, new) in allowed)


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_states_follow_the_table(before: Any, after: Any) -> None:
    """A person can take back what waits, retry what failed and drop a conflict; only a sender ends what it sends."""
    ends = {"confirmed", "conflict", "rejected", "failed", "dry_run"}
    allowed = (
        (before == "pending" and after in {"sending", "canceled"})
        or (before == "sending" and after in ends | {"sending"})
        or (before in {"conflict", "rejected", "failed"} and after == "pending")
        or (before == "conflict" and after == "canceled")
    )
    assert (after in updates.STATE_TRANSITIONS[before]) == allowed
    assert (before in updates.states_before(after)) == allowed


@pytest.mark.parametrize(
    ("action", "fields", "expected"),
    [
        ("won", {}, [("replace", "/status", "Closed"), ("replace", "/substatus", "Won")]),
        (
            "decline",
            {"reason": "No capacity"},
            [
                ("replace", "/status", "Closed"),
                ("replace", "/substatus", "Declined"),
                ("add", "/statusReason", "No capacity"),
            ],
        ),
        ("update", {"value": "10000"}, [("replace", "/details/dealValue", "10000")]),
        (
            "update",
            {"notes": "x", "crm_id": "7"},
            [("add", "/details/notes", "x"), ("add", "/externalReferenceId", "7")],
        ),
        (
            "accept",
            {"close_date": "2027-03-31T00:00:00Z"},
            [
                ("replace", "/status", "Active"),
                ("replace", "/substatus", "Accepted"),
                ("replace", "/name", "Windows 365"),
                ("replace", "/details/dealValue", "5000.50"),
                ("replace", "/details/closingDateTime", "2027-03-31T00:00:00Z"),
            ],
        ),
    ],
)
def test_operations_are_a_json_patch(action: Any, fields: dict[str, str], expected: list[tuple[str, str, str]]) -> None:
    """A member that the referral has is replaced, one that it lacks is added."""
    found = operations_of(action, fields, PAYLOAD)
    assert [(item["op"], item["path"], item["value"]) for item in found] == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("10000", 10000, True),
        ("10000.0", Decimal(10000), True),
        (0.1, Decimal("0.1"), True),
        ("2027-03-31T00:00:00Z", "2027-03-31T00:00:00.0000000Z", True),
        ("2027-03-31T02:00:00+02:00", "2027-03-31T00:00:00Z", True),
        (None, "", True),
        (None, 0, False),
        (True, 1.5, False),
        ("Won", "won", False),
        ("2027-03-31T00:00:00Z", "2027-04-01T00:00:00Z", False),
    ],
)
def test_values_are_compared_by_what_they_mean(first: object, second: object, expected: bool) -> None:
    assert updates.is_same(first, second) == expected
    assert updates.is_same(second, first) == expected


def test_conflict_is_a_field_that_has_neither_the_old_nor_our_value() -> None:
    operations = operations_of("update", {"value": "12000", "notes": "ours"}, PAYLOAD)
    base = updates.base_values(PAYLOAD, operations)
    ours = updates.apply_operations(PAYLOAD, operations)
    theirs = updates.apply_operations(PAYLOAD, [{"op": "replace", "path": "/details/dealValue", "value": 9000}])
    elsewhere = updates.apply_operations(PAYLOAD, [{"op": "replace", "path": "/name", "value": "Other"}])
    assert updates.conflicts(base, operations, PAYLOAD) == []
    assert updates.conflicts(base, operations, elsewhere) == []
    assert updates.conflicts(base, operations, ours) == []
    assert updates.conflicts(base, operations, theirs) == [
        Conflict("/details/dealValue", Decimal("5000.50"), "12000", 9000)
    ]
    assert updates.is_shown(operations, ours)
    assert not updates.is_shown(operations, theirs)


def test_applying_operations_leaves_the_payload_alone() -> None:
    bare: dict[str, Any] = {"status": "New", "details": None}
    changed = updates.apply_operations(bare, operations_of("update", {"value": "1"}, bare))
    assert (changed["details"], bare["details"]) == ({"dealValue": "1"}, None)


def test_every_status_of_an_action_is_reachable() -> None:
    reachable = set().union(*updates.STATUS_TRANSITIONS.values())
    assert {status for status, _ in STATUSES.values()} <= reachable
