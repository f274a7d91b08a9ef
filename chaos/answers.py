"""
Kill the sender of an answer before, during and after its PATCH, start another one, and count how often it was applied.

Each round gives one answer and starts `hunter referrals send`, which the sandbox keeps waiting at one moment until it
is killed with SIGKILL. Then a second `hunter referrals send` has to find out whether the answer was applied. The
sandbox's log shows how often it was.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hunter_pipeline import cli
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.local import dagster_instance
from hunter_pipeline.sandbox import Fault
from hunter_pipeline_tests.pipeline.answering import add_referral, give
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until
from hunter_pipeline_tests.warehouse.installation import Installation

SEND = [sys.executable, "-c", "from hunter_pipeline.cli import main; main()", "referrals", "send"]
# Seconds for which the sandbox delays a request: longer than it takes to kill the sender.
HOLD_SECONDS = 3.0


@dataclass(frozen=True)
class Moment:
    """When the sender is killed: while the sandbox holds a request to `where`, after the faults before it."""

    name: str
    where: str
    faults: tuple[Fault, ...]


MOMENTS = (
    Moment(
        "before the PATCH is received",
        "patch",
        (Fault(where="patch", kind="drop", delay=HOLD_SECONDS, times=1),),
    ),
    Moment(
        "during the PATCH, which is applied",
        "patch",
        (Fault(where="patch", kind="late", delay=HOLD_SECONDS, times=1),),
    ),
    Moment(
        "after the PATCH, before the referral is read back",
        "get",
        (Fault(where="get", kind="slow", delay=HOLD_SECONDS, times=1),),
    ),
    Moment(
        "after a PATCH that was applied and whose answer was lost",
        "get",
        (
            Fault(where="patch", kind="good", breaks="head", times=1),
            Fault(where="get", kind="slow", delay=HOLD_SECONDS, times=1),
        ),
    ),
    Moment(
        "after a PATCH that was refused with 503",
        "get",
        (Fault(where="patch", kind="503", times=1), Fault(where="get", kind="slow", delay=HOLD_SECONDS, times=1)),
    ),
)


@dataclass(frozen=True)
class AnswerResult:
    """One killed sender; `wrong` is empty if the answer was applied once and is confirmed."""

    moment: str
    remembers: bool
    patches: int
    applied: int
    state: str
    wrong: list[str]


def run(installation: Installation, remembers: tuple[bool, ...] = (True, False)) -> Iterator[AnswerResult]:
    """Kill a sender at each moment, with a Partner Center that recognizes request ids and with one that does not."""
    os.environ["HUNTER_WRITE_BACK"] = "on"
    dagster_instance.prepare(load_settings())
    options = installation.sandbox.options
    for each in remembers:
        for moment in MOMENTS:
            installation.reset()
            installation.sandbox.options = replace(options, remembers_request_ids=each)
            yield _kill_sender(installation, moment, remembers=each)


def _kill_sender(installation: Installation, moment: Moment, *, remembers: bool) -> AnswerResult:
    referral_id = add_referral(installation)
    row = give(installation, referral_id, "accept", value="12000")
    installation.sandbox.requests.clear()
    installation.sandbox.fail(*moment.faults)
    sender = _start()
    wait_until(lambda: sender.poll() is not None or _is_held(installation, moment))
    assert sender.poll() is None, "the sender ended before it was killed"
    os.killpg(sender.pid, signal.SIGKILL)
    sender.wait(DEADLINE_SECONDS)
    installation.sandbox.clear_faults()
    cli.run(["referrals", "send"])
    state = installation.value("select state from referral_updates where id = %s", row["id"])
    applied = len(installation.sandbox.updates.applied)
    upstream = installation.sandbox.world.referrals[referral_id]
    wrong = [] if applied == 1 else [f"applied {applied} times"]
    wrong += [] if state == "confirmed" else [f"its state is {state}"]
    wrong += [] if upstream["status"] == "Active" else [f"the referral is {upstream['status']}"]
    sent = sum(request.method == "PATCH" for request in installation.sandbox.requests)
    return AnswerResult(moment.name, remembers, sent, applied, state, wrong)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(SEND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _is_held(installation: Installation, moment: Moment) -> bool:
    """Return whether the sandbox holds the request at which the sender is to be killed."""
    method = "PATCH" if moment.where == "patch" else "GET"
    requests = [item for item in installation.sandbox.requests if "/engagements/referrals/" in item.path]
    return bool(requests) and requests[-1].method == method and requests[-1].status is None
