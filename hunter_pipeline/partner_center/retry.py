"""
How often, how long and how patiently a request is tried: the contract's table in numbers.

The policy is urllib3's `Retry` (counting, Retry-After in both its forms), driven by `http.Http`
instead of by urllib3 itself, because urllib3 does not try again when a body is cut off.
"""

import random
from dataclasses import dataclass

from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util.retry import Retry


class _Backoff(Retry):
    """urllib3 would not wait at all before the second try; this waits, with jitter in proportion."""

    def get_backoff_time(self) -> float:
        wait = self.backoff_factor * 2 ** (len(self.history) - 1)
        return min(self.backoff_max, wait * random.uniform(1.0, 1.5))  # noqa: S311 - spreads load, guards nothing # nosec B311


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    Numbers of one request, seconds throughout.

    tries:           requests in all, the first one included.
    total:           all tries, waits and bodies together; a wait that would end later is not begun.
    backoff:         the first wait without Retry-After; doubles, plus up to half of it at random.
    retry_after_cap: the longest wait that a Retry-After can ask for.
    """

    tries: int = 5
    connect: float = 10.0
    read: float = 30.0
    total: float = 300.0
    backoff: float = 1.0
    backoff_cap: float = 30.0
    retry_after_cap: float = 60.0

    def start(self, tried: int = 0) -> Retry:
        """A fresh count; `tried` is how many tries were made before it."""
        left = max(self.tries - 1 - tried, 0)
        return _Backoff(total=left, allowed_methods=None, backoff_factor=self.backoff, backoff_max=self.backoff_cap)

    def wait(self, count: Retry, retry_after: float | None) -> float:
        """Seconds until the next try: what was asked for, capped, else backoff."""
        return min(retry_after, self.retry_after_cap) if retry_after else count.get_backoff_time()


PATIENT = RetryPolicy()
"""A page, a sign-in: worst case without Retry-After 23 s of waits, with it 4 minutes."""

PROBE = RetryPolicy(tries=2, connect=5.0, read=10.0, total=20.0, retry_after_cap=5.0)
"""A sensor's question, which the next tick asks again."""


def following(count: Retry, method: str) -> Retry | None:
    """The count after one more failed try; None when there are no more tries."""
    try:
        return count.increment(method)
    except MaxRetryError:
        return None


def asked_wait(value: str | None) -> float | None:
    """
    Seconds that a `Retry-After` header asks for.

    Shape: '120' or 'Wed, 21 Oct 2026 07:28:00 GMT'; at most six hours.
    None:  absent, zero, negative, past or unreadable: the caller backs off by itself.
    """
    if value is None:
        return None
    try:
        return Retry().parse_retry_after(value) or None
    except (HTTPError, ValueError, OverflowError, TypeError, IndexError):
        return None
