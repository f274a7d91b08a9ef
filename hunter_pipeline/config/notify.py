"""
Telling people outside: one message to one of Apprise's services, and silence about its address.

What belongs here: the edge to Apprise. What does not: what is worth a message, and when (`alerts/`). An address
holds a secret, and Apprise, requests and urllib3 quote addresses in their logs: they are kept quiet here.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import apprise

Mood = Literal["failure", "warning", "success"]

_TALKATIVE = ("apprise", "urllib3", "requests", "slixmpp", "paho")
_NOTHING = logging.CRITICAL + 1


def service_of(address: str) -> str | None:
    """The service that an address names: 'JSON' for 'json://host/path'; None where it is no address of Apprise's."""
    with _quiet():
        target = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    return str(target.service_name) if target else None


def send(address: str, *, title: str, body: str, mood: Mood) -> bool:
    """
    Send one message; False where the service is out of reach or does not take it.

    Waits for some seconds at most: Apprise's own limits are 4 s to connect and 4 s to be answered. Never raises.
    """
    with _quiet():
        target = apprise.Apprise.instantiate(address, suppress_exceptions=True)
        if not target:
            return False
        sender = apprise.Apprise()
        sender.add(target)
        return bool(sender.notify(title=title, body=body, notify_type=apprise.NotifyType(mood)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Nobody who quotes addresses writes a line inside the block, whatever level the root logger has."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(_NOTHING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
