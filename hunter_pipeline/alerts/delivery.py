"""
The outbox is emptied: each message to its target, in order; what does not arrive stays for a later look.

One target that is out of reach keeps no message from the others.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hunter_pipeline.alerts.memory import Memory, Message
from hunter_pipeline.config import notify
from hunter_pipeline.config.logs import log

SECONDS = 30.0
"""For one look: a tick of Dagster's sensors may take a minute."""


@dataclass(slots=True)
class Report:
    """How many messages arrived, wait and were given up, and the targets that did not take theirs."""

    sent: int = 0
    waiting: int = 0
    given_up: int = 0
    troubled: list[str] = field(default_factory=list[str])

    def in_words(self) -> str:
        """Shape: '2 alerts sent, 1 waits; not taken by target 2 (Slack)'."""
        parts = [f"{self.sent} alert{'' if self.sent == 1 else 's'} sent"]
        if self.waiting:
            parts.append(f"{self.waiting} wait{'s' if self.waiting == 1 else ''}")
        if self.given_up:
            parts.append(f"{self.given_up} given up after a day")
        whose = f"; not taken by {', '.join(self.troubled)}" if self.troubled else ""
        return ", ".join(parts) + whose


def name_of(address: str) -> str:
    """What stands for an address where it may be read: eight characters of its hash."""
    return hashlib.sha256(address.encode()).hexdigest()[:8]


def deliver(memory: Memory, addresses: Sequence[str], now: datetime) -> Report:
    """
    Send what is due; what did not arrive stays in the outbox, for at most a day.

    A message whose target is no longer named is dropped. At least once: who is killed between sending and
    remembering sends again.
    """
    targets = {name_of(address): (number, address) for number, address in enumerate(addresses, 1)}
    report = Report()
    blocked: set[str] = set()
    left: list[Message] = []
    until = time.monotonic() + SECONDS
    for message in memory.outbox:
        if message.target not in targets:
            continue
        number, address = targets[message.target]
        may_try = message.target not in blocked and message.is_due(now) and time.monotonic() < until
        if may_try and notify.send(address, title=message.title, body=message.body, mood=message.mood):
            report.sent += 1
            continue
        blocked.add(message.target)  # what comes behind it waits as well: the order is kept
        if may_try:
            message.failed(now)
            report.troubled.append(f"target {number} ({notify.service_of(address)})")
        if message.is_hopeless(now):
            report.given_up += 1
            log.error("alert_given_up", kind=message.kind, target=number, tries=message.tries)
        else:
            left.append(message)
    memory.outbox = left
    report.waiting = len(left)
    return report
