"""
Define the faults that can be set on a sandbox, and the queue from which requests take them.

Kinds that replace the response: a status such as "429", "html", "empty", "redirect", "AADSTS<number>".
Kinds that spoil it: "malformed", "cut", "no_value", "value_not_list", "not_an_object", "junk_items", "duplicate",
"repeat_next", "foreign_next", "bad_next". Others: "drop" sends none, "slow" delays the request and "late" the response.
"good" leaves it as it is, which makes sense with `breaks`: an update is applied then, and its answer is lost. With
"edit" a colleague changes the referral of a "get" or "patch" first, as the JSON object in `body` says.
"""

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

ENDPOINTS = frozenset({"token", "devicecode", "authorize", "list", "page", "get", "patch", "openid", "any"})
LINK_KINDS = frozenset({"repeat_next", "foreign_next", "bad_next"})
BODY_KINDS = frozenset({"malformed", "cut", "no_value", "value_not_list", "not_an_object", "junk_items", "duplicate"})
OTHER_KINDS = frozenset({"html", "empty", "redirect", "drop", "slow", "late", "good", "edit"})
BREAKS = frozenset({"head", "body", "after"})
STATUSES = range(200, 600)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    A fault of one kind at one endpoint, such as `Fault(where="list", kind="429", times=1, retry_after="3")`.

    Attributes:
        where: one of ENDPOINTS. "page" is a page of the list: `page`, or without it every page but the first.
        kind: see the module's description.
        page: number of the page of the list, from 1; None is every page.
        times: how many requests it applies to; None is all of them.
        retry_after: value of the header `Retry-After`.
        delay: seconds before the response.
        status, code, body: replace the status, error code and body that the kind implies.
        breaks: where the connection ends: within the "head", within the "body" or "after" the response.

    Raises:
        ValueError: for an endpoint, kind or break that does not exist, because such a fault would never apply.
    """

    where: str
    kind: str
    page: int | None = None
    times: int | None = None
    retry_after: str | None = None
    delay: float = 0.0
    status: int | None = None
    code: str | None = None
    body: str | None = None
    breaks: str | None = None

    def __post_init__(self) -> None:
        if self.where not in ENDPOINTS:
            raise ValueError(f"where={self.where!r}: one of {', '.join(sorted(ENDPOINTS))}")
        is_status = self.kind.isdigit() and int(self.kind) in STATUSES
        if not (is_status or self.kind.startswith("AADSTS") or self.kind in LINK_KINDS | BODY_KINDS | OTHER_KINDS):
            raise ValueError(f"kind={self.kind!r} is not known")
        if self.breaks not in {None, *BREAKS}:
            raise ValueError(f"breaks={self.breaks!r}: one of {', '.join(sorted(BREAKS))}")

    @property
    def delay_seconds(self) -> float:
        """Return the delay of request or response in seconds; "slow" and "late" without a `delay` wait one second."""
        return self.delay or (1.0 if self.kind in {"slow", "late"} else 0.0)

    def matches(self, endpoint: str, page: int | None) -> bool:
        """Return whether the fault applies to a request to this endpoint, for this page of the list."""
        if self.where == "page":
            return endpoint == "list" and (page == self.page if self.page is not None else (page or 1) > 1)
        return self.where in {endpoint, "any"} and self.page in {None, page}

    def as_dict(self) -> dict[str, Any]:
        """Return the fault in the form in which it is posted to /sandbox/faults."""
        return asdict(self)


class FaultQueue:
    """The faults that are set, oldest first; safe to use from any thread."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Append faults."""
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[Fault]:
        """Return the faults that still apply to a request; `times` is the remaining number."""
        with self._lock:
            return list(self._faults)

    def take(self, endpoint: str, page: int | None) -> Fault | None:
        """Return the first fault that applies to a request, and count it down. Return None if no fault applies."""
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.matches(endpoint, page):
                    if fault.times is not None:
                        left = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                        self._faults[position : position + 1] = left
                    return fault
        return None
