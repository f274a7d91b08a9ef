"""Wait for conditions of other processes or threads."""

import time
from collections.abc import Callable
from typing import TypeVar

# Long enough for a slow and busy machine; it only ends tests that hang.
DEADLINE_SECONDS = 300

T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, explain: Callable[[], object] | None = None, pause: float = 0.05) -> T:
    """
    Return the condition's value as soon as it is true.

    explain: called after a time-out; its value, such as a log, is part of the error.
    pause:   seconds between two checks; more if a check takes another process's time.
    Raises:  AssertionError after DEADLINE_SECONDS.
    """
    until = time.monotonic() + DEADLINE_SECONDS
    while True:
        if found := condition():
            return found
        if time.monotonic() > until:
            raise AssertionError(f"not within {DEADLINE_SECONDS} seconds; {explain() if explain else condition}")
        time.sleep(pause)
