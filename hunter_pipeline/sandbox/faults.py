"""
What can go wrong on demand.

Belongs here: the description of a fault, the book that hands each one out the right number of
times, and what a faulty answer looks like. Does not belong here: touching a connection (wire.py).

Kinds that replace the answer: a status ("429", "503", ...), "html", "empty", "redirect", "AADSTS<n>".
Kinds that spoil a good answer: "malformed", "cut", "no_value", "value_not_list", "not_an_object",
"junk_items", "repeat_next", "foreign_next", "bad_next", "duplicate". And "drop" (no answer), "slow".
Any of them, and "good" (an answer without a fault), can break off: see `Fault.breaks`.
"""

import json
import threading
import uuid
from dataclasses import asdict, dataclass, replace
from typing import Any

PLACES = frozenset({"token", "devicecode", "authorize", "list", "page", "get", "openid", "any"})
LINK_KINDS = frozenset({"repeat_next", "foreign_next", "bad_next"})
BODY_KINDS = frozenset({"malformed", "cut", "no_value", "value_not_list", "not_an_object", "junk_items", "duplicate"})
STATUSES = range(200, 600)
OTHER_KINDS = frozenset({"html", "empty", "redirect", "drop", "slow", "good"})
BREAKS = frozenset({"head", "body", "after"})

_CODES = {
    400: "invalidRequest",
    401: "unauthenticated",
    403: "accessDenied",
    404: "itemNotFound",
    429: "tooManyRequests",
    503: "serviceNotAvailable",
    509: "activityLimitReached",
}
_GATEWAY_PAGE = (
    "<!doctype html><html><head><title>Gateway</title></head><body><h1>Our services are busy</h1></body></html>"
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    One thing that goes wrong, where and how often.

    Shape:  `Fault(where="list", kind="429", page=2, times=1, retry_after="3")`.
    Units:  `delay` in seconds, waited before anything else.
    None:   `page` is every page ("page" without a number: every page but the first); `times` is for
            ever; `status`, `code` and `body` keep what the kind implies; `breaks` sends the whole answer,
            else the connection ends within its "head", within its "body" or "after" it.
    Raises: ValueError for a place, a kind or a break that does not exist.
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
        """A misspelt fault would never fire and make a test pass for nothing."""
        if self.where not in PLACES:
            raise ValueError(f"where={self.where!r}: one of {', '.join(sorted(PLACES))}")
        is_status = self.kind.isdigit() and int(self.kind) in STATUSES
        if not (is_status or self.kind.startswith("AADSTS") or self.kind in LINK_KINDS | BODY_KINDS | OTHER_KINDS):
            raise ValueError(f"kind={self.kind!r} is not known")
        if self.breaks not in {None, *BREAKS}:
            raise ValueError(f"breaks={self.breaks!r}: one of {', '.join(sorted(BREAKS))}")

    @property
    def wait(self) -> float:
        """Seconds to wait first; "slow" without a delay waits one."""
        return self.delay or (1.0 if self.kind == "slow" else 0.0)

    def matches(self, where: str, page: int | None) -> bool:
        """Whether it strikes a request for this place (and page of a list)."""
        if self.where == "page":
            return where == "list" and (page == self.page if self.page is not None else (page or 1) > 1)
        return self.where in {where, "any"} and self.page in {None, page}

    def as_dict(self) -> dict[str, Any]:
        """The same, for the control endpoint."""
        return asdict(self)


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class FaultBook:
    """Hands out each fault as often as it may strike; safe to use from any thread."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Put one more in the book; earlier ones strike first."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[Fault]:
        """What is still to strike."""
        with self._lock:
            return list(self._faults)

    def take(self, where: str, page: int | None) -> Fault | None:
        """The fault that strikes this request, counted down; None lets it pass."""
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.matches(where, page):
                    self._count_down(position, fault)
                    return fault
        return None

    def _count_down(self, position: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times <= 1:
            del self._faults[position]
        else:
            self._faults[position] = replace(fault, times=fault.times - 1)


def replacement(fault: Fault, own_url: str) -> Answer | None:
    """The answer that stands in for the real one; None when the real one is only spoilt."""
    headers = [("content-type", "application/json; charset=utf-8")]
    if fault.retry_after is not None:
        headers.append(("retry-after", fault.retry_after))
    if fault.kind.isdigit():
        return _status_answer(fault, headers)
    if fault.kind == "html":
        headers[0] = ("content-type", "text/html")
        return Answer(fault.status or 200, tuple(headers), (fault.body or _GATEWAY_PAGE).encode())
    if fault.kind == "empty":
        return Answer(fault.status or 200, tuple(headers), b"")
    if fault.kind == "redirect":
        # Another host name of this very server: a client that follows it with its token is seen to do so.
        headers.append(("location", fault.body or own_url.replace("localhost", "127.0.0.1") + "/sandbox/elsewhere"))
        return Answer(fault.status or 302, tuple(headers), b"")
    return None


def spoilt(fault: Fault, answer: Answer) -> Answer:
    """The real answer, made wrong as the fault says."""
    status = fault.status or answer.status
    if fault.body is not None and fault.kind in BODY_KINDS:
        return Answer(status, answer.headers, fault.body.encode())
    if fault.kind == "malformed":
        return Answer(status, answer.headers, answer.body[: max(1, len(answer.body) * 2 // 3)])
    if fault.kind in BODY_KINDS - {"cut"}:
        return Answer(status, answer.headers, _bend(fault.kind, answer.body))
    return Answer(status, answer.headers, answer.body)


def _status_answer(fault: Fault, headers: list[tuple[str, str]]) -> Answer:
    status = int(fault.kind)
    code = fault.code or _CODES.get(status, "generalException")
    if fault.where in {"token", "devicecode", "authorize", "openid"}:
        error: Any = {"error": fault.code or "temporarily_unavailable", "error_description": f"AADSTS90033: {code}"}
    else:
        inner = {"code": code, "message": "Injected by the sandbox.", "date": None, "requestId": str(uuid.uuid4())}
        error = {
            "error": {"code": code, "message": f"The sandbox answers {status}.", "target": None, "innerError": inner}
        }
    body = fault.body if fault.body is not None else json.dumps(error)
    return Answer(status, tuple(headers), body.encode())


def _bend(kind: str, body: bytes) -> bytes:
    try:
        page = json.loads(body)
    except ValueError:
        return body
    if kind == "not_an_object":
        page = [page]
    elif kind == "no_value":
        page.pop("value", None)
    elif kind == "value_not_list":
        page["value"] = {"items": page.get("value")}
    elif kind == "junk_items":
        page.setdefault("value", []).extend([None, 7, "text", [], {}, {"id": None}])
    elif kind == "duplicate":
        page["value"] = page.get("value", []) + page.get("value", [])[:3]
    return json.dumps(page, ensure_ascii=False).encode()
