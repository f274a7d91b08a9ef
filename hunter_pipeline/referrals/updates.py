"""
Define answers to referrals: allowed transitions and states, JSON Patch operations and conflicts.

An answer is a list of JSON Patch operations such as {"op": "replace", "path": "/status", "value": "Active"}.
"""

import copy
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple, cast, get_args

from hunter_pipeline.referrals.referral import Payload
from hunter_pipeline.referrals.timestamps import sortable_utc

Action = Literal["accept", "decline", "won", "lost", "update"]
State = Literal["pending", "sending", "confirmed", "conflict", "rejected", "failed", "canceled", "dry_run"]
Operation = dict[str, Any]
ACTIONS: tuple[Action, ...] = get_args(Action)

# How long an answer can be taken back before it is sent.
UNDO_SECONDS = 10
# A deal that is marked as won sooner after its creation can make the deal registration be rejected [Microsoft].
EARLY_WON = timedelta(hours=72)

# Status of a referral -> the statuses that may follow.
STATUS_TRANSITIONS: Mapping[str, frozenset[str]] = {
    "New": frozenset({"Active", "Closed"}),
    "Active": frozenset({"Closed"}),
    "Closed": frozenset(),
}
# State of an answer -> the states that may follow. After an end, a person may send it again (`pending`), and drop one
# in conflict (`canceled`).
STATE_TRANSITIONS: Mapping[State, frozenset[State]] = {
    "pending": frozenset({"sending", "canceled"}),
    "sending": frozenset({"sending", "confirmed", "conflict", "rejected", "failed", "dry_run"}),
    "conflict": frozenset({"pending", "canceled"}),
    "rejected": frozenset({"pending"}),
    "failed": frozenset({"pending"}),
    "confirmed": frozenset(),
    "canceled": frozenset(),
    "dry_run": frozenset(),
}
# An answer in one of these states will still change the referral.
UNDER_WAY: tuple[State, ...] = ("pending", "sending")

_DEAL_FIELDS = ("name", "value", "currency", "close_date", "notes", "crm_id")
# The fields that an action takes, in the order of a form.
ACTION_FIELDS: Mapping[Action, tuple[str, ...]] = {
    **dict.fromkeys(("accept", "won", "update"), _DEAL_FIELDS),
    **dict.fromkeys(("decline", "lost"), ("reason",)),
}


class Conflict(NamedTuple):
    """A field that another person has changed: its value when the answer was given, ours, and upstream's."""

    path: str
    base: object
    ours: object
    theirs: object


def is_allowed(status: object, new_status: str) -> bool:
    """Return whether a referral of this status may get the new one."""
    return isinstance(status, str) and new_status in STATUS_TRANSITIONS.get(status, frozenset())


def states_before(state: State) -> list[State]:
    """Return the states from which an answer may get to this one."""
    return [before for before, following in STATE_TRANSITIONS.items() if state in following]


def value_at(payload: object, path: str) -> object:
    """Return the value at a JSON pointer; None if there is none: ({"details": {"notes": "x"}}, "/details/notes")."""
    for name in path.strip("/").split("/"):
        payload = cast("Payload", payload).get(name) if isinstance(payload, dict) else None
    return payload


def base_values(payload: Payload, operations: Sequence[Operation]) -> dict[str, object]:
    """Return the values that the operations replace, by path."""
    return {operation["path"]: value_at(payload, operation["path"]) for operation in operations}


def apply_operations(payload: Payload, operations: Sequence[Operation]) -> Payload:
    """Return the referral as it is after the operations; the payload itself is not changed."""
    changed = copy.deepcopy(payload)
    for operation in operations:
        *parents, name = operation["path"].strip("/").split("/")
        target = changed
        for parent in parents:
            if not isinstance(target.get(parent), dict):
                target[parent] = {}
            target = target[parent]
        target[name] = operation["value"]
    return changed


def is_shown(operations: Sequence[Operation], payload: Payload) -> bool:
    """Return whether a referral has every value of an answer."""
    return all(is_same(operation["value"], value_at(payload, operation["path"])) for operation in operations)


def conflicts(base: Mapping[str, object], operations: Sequence[Operation], payload: Payload) -> list[Conflict]:
    """Return the fields of an answer that now have neither the value of the base version nor that of the answer."""
    found = [
        Conflict(path, base.get(path), operation["value"], value_at(payload, path))
        for operation in operations
        for path in (operation["path"],)
    ]
    return [item for item in found if not (is_same(item.theirs, item.base) or is_same(item.theirs, item.ours))]


def is_same(first: object, second: object) -> bool:
    """
    Return whether two JSON values mean the same.

    Equal are 10000 and "10000.0", a moment in two spellings, and the empty text and null.
    """
    if first == second or (first in (None, "") and second in (None, "")):
        return True
    left, right = to_number(first), to_number(second)
    if left is not None and right is not None:
        return left == right
    moment = sortable_utc(first)
    return moment is not None and moment == sortable_utc(second)


def to_number(value: object) -> Decimal | None:
    """Return the number that a JSON value is or spells, None for any other value."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return None
