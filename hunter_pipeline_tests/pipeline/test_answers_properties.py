"""Test random sequences of answers, edits, faults and crashes: no answer is lost, doubled or overwrites an edit."""

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import UpdateRefused
from hunter_pipeline.pipeline.send_updates import Sender
from hunter_pipeline.referrals.updates import is_same
from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline_tests.pipeline.answering import add_referral, give, send
from hunter_pipeline_tests.warehouse.installation import IMPATIENT, Installation

pytestmark = pytest.mark.slow

SANDBOX = SandboxOptions(referrals=1)

FAULTS = st.sampled_from(
    [
        Fault(where="patch", kind="drop", times=1),
        Fault(where="patch", kind="good", breaks="head", times=1),
        Fault(where="patch", kind="good", status=502, times=2),
        Fault(where="patch", kind="503", times=6),
        Fault(where="patch", kind="412", times=1),
        Fault(where="patch", kind="423", times=1),
        Fault(where="get", kind="drop", times=6),
        Fault(where="get", kind="edit", times=1, body='{"details": {"notes": "edited while it was read"}}'),
        Fault(where="patch", kind="edit", times=1, body='{"name": "edited while it was sent"}'),
    ]
)
ANSWERS = st.sampled_from(
    [
        ("accept", {"value": "12000"}),
        ("accept", {}),
        ("decline", {"reason": "No capacity"}),
        ("won", {}),
        ("lost", {"reason": "Price"}),
        ("update", {"value": "13000"}),
        ("update", {"notes": "ours", "name": "our name"}),
    ]
)
STEPS = st.one_of(
    st.tuples(st.just("answer"), ANSWERS),
    st.tuples(st.just("edit"), st.sampled_from(["dealValue", "notes"])),
    st.tuples(st.just("fault"), FAULTS),
    st.tuples(st.just("send"), st.none()),
    st.tuples(st.just("sync"), st.none()),
    st.tuples(st.just("crash"), st.tuples(st.integers(1, 4), st.booleans())),
)


class Killed(BaseException):
    """An exception that ends a sender like SIGKILL: no code of the program handles it."""


def crash(installation: Installation, request_number: int, *, after: bool) -> None:
    """Send the due answers and die before or after a request; later senders find the process dead."""
    with installation.client() as client:
        session: requests.Session = client.http._session
        original, count = session.request, 0

        def request(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == request_number and not after:
                raise Killed
            response = original(*arguments, **options)
            if count == request_number:
                response.close()
                raise Killed
            return response

        session.request = request  # type: ignore[method-assign]
        try:
            Sender(installation.warehouse, load_settings(), client, str(uuid.uuid4()), IMPATIENT).send_due()
        except Killed:
            installation.execute("update referral_updates set claimed_by = 'elsewhere/1/0', claimed_at = 'epoch'")


def act(installation: Installation, referral_id: str, number: int, step: tuple[str, Any]) -> None:
    kind, detail = step
    if kind == "answer":
        try:
            give(installation, referral_id, detail[0], **detail[1])
        except UpdateRefused as error:
            assert error.code in {"transition_refused", "unchanged"}
    elif kind == "edit":
        value = 100_000 + number if detail == "dealValue" else f"edit {number}"
        installation.sandbox.world.update(referral_id, details={detail: value})
    elif kind == "fault":
        installation.sandbox.fail(detail)
    elif kind == "send":
        send(installation)
    elif kind == "sync":
        installation.sync()
    else:
        crash(installation, detail[0], after=detail[1])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12), remembers=st.booleans())
def test_every_answer_is_applied_once_or_visibly_unresolved(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, Any]], remembers: bool
) -> None:
    """The sandbox's log of applied updates is the reference."""
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")
    installation.reset()
    installation.sandbox.options = replace(installation.sandbox.options, remembers_request_ids=remembers)
    referral_id = add_referral(installation)
    for number, step in enumerate(steps):
        act(installation, referral_id, number, step)
    installation.sandbox.clear_faults()
    send(installation)
    rows = {row["request_id"]: row for row in installation.rows("select * from referral_updates")}
    applied = installation.sandbox.updates.applied
    for request_id, row in rows.items():
        times = sum(entry.request_id == request_id for entry in applied)
        assert times <= 1, row
        assert row["state"] in {"confirmed", "conflict", "rejected", "failed"}
        assert times == 1 or row["state"] != "confirmed" or _was_made_by_others(row, applied), row
        assert row["error"] or row["state"] == "confirmed"
    for entry in applied:
        base = rows[str(entry.request_id)]["base_values"]
        values = {operation["path"]: operation["value"] for operation in entry.operations}
        for path, before in entry.replaced.items():
            assert is_same(before, base[path]) or is_same(before, values[path]), (path, before)
    installation.sync()
    [stored] = installation.rows(
        "select status, deal_value from partner_center_referrals where referral_id = %s", referral_id
    )
    upstream = json.loads(json.dumps(installation.sandbox.world.referrals[referral_id]))
    assert (stored["status"], is_same(stored["deal_value"], upstream["details"]["dealValue"])) == (
        upstream["status"],
        True,
    )


def _was_made_by_others(row: dict[str, Any], applied: list[Any]) -> bool:
    """Return whether earlier updates have already set every value of this answer."""
    made = {operation["path"]: operation["value"] for entry in applied for operation in entry.operations}
    return all(is_same(made.get(operation["path"]), operation["value"]) for operation in row["operations"])
