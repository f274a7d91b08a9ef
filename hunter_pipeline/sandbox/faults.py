"""
Define the faults that can be set on a sandbox, and send the response to a request to which one applies.

Kinds that replace the response: a status such as "429", "html", "empty", "redirect", "AADSTS<number>".
Kinds that spoil it: "malformed", "cut", "no_value", "value_not_list", "not_an_object", "junk_items", "duplicate",
"repeat_next", "foreign_next", "bad_next". Others: "drop" sends none, "slow" delays the request and "late" the response.
"good" leaves it as it is, which makes sense with `breaks`: an update is applied then, and its answer is lost. With
"edit" a colleague changes the referral of a "get" or "patch" first, as the JSON object in `body` says.
"""

import asyncio
import json
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hunter_pipeline.sandbox import entra
from hunter_pipeline.sandbox.http_server import (
    abort_connection,
    abort_within_body,
    abort_within_head,
    close_connection,
)
from hunter_pipeline.sandbox.updates import ETAG_INNER_CODE

SIGN_IN_ENDPOINTS = frozenset({"token", "devicecode", "authorize", "openid"})
ENDPOINTS = SIGN_IN_ENDPOINTS | {"list", "page", "get", "patch", "any"}
BODY_KINDS = frozenset({"malformed", "cut", "no_value", "value_not_list", "not_an_object", "junk_items", "duplicate"})
OTHER_KINDS = frozenset({
    "html", "empty", "redirect", "drop", "slow", "late", "good", "edit", "repeat_next", "foreign_next", "bad_next",
})  # fmt: skip
BREAKS = frozenset({"head", "body", "after"})
STATUSES = range(200, 600)
# Where the fault "redirect" leads. Requests to it are recorded, so that a client that follows with its token is seen.
REDIRECT_TARGET = "/sandbox/elsewhere"
_JSON = "application/json; charset=utf-8"
_ERROR_CODES = {
    400: "invalidRequest", 401: "unauthenticated", 403: "accessDenied", 404: "itemNotFound", 409: "resourceModified",
    412: "preconditionFailed", 422: "semanticError", 423: "resourceLocked", 429: "tooManyRequests",
    503: "serviceNotAvailable", 509: "activityLimitReached",
}  # fmt: skip
_GATEWAY_PAGE = (
    "<!doctype html><html><head><title>Gateway</title></head><body><h1>Our services are busy</h1></body></html>"
)
_INVALID_ITEMS: list[Any] = [None, 7, "text", [], {}, {"id": None}]


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
        if not (is_status or self.kind.startswith("AADSTS") or self.kind in BODY_KINDS | OTHER_KINDS):
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


async def respond_with_fault(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the response that the fault describes, or break the connection."""
    if fault.kind != "late":
        await asyncio.sleep(fault.delay_seconds)
    if fault.kind == "drop":
        await abort_connection(scope, receive, reset=True)
        return
    # Read by the endpoint of the list, which makes a wrong link itself.
    scope["sandbox.fault"] = fault
    response = _replacement(fault, scope) or _spoiled(fault, await _response_of(app, scope, receive))
    if fault.kind == "late":
        await asyncio.sleep(fault.delay_seconds)
    breaks = fault.breaks or ("body" if fault.kind == "cut" else None)
    if breaks == "head":
        await abort_within_head(scope, receive, response.status_code)
    elif breaks == "body":
        half = response.body[: len(response.body) // 2]
        start = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await abort_within_body(scope, receive)
    else:
        await response(scope, receive, send)
        if breaks == "after":
            close_connection(scope)


def _replacement(fault: Fault, scope: Scope) -> Response | None:
    """Return the response that replaces the endpoint's; None if the fault does not replace it."""
    headers = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
    status, body = 200, b""
    if fault.kind.startswith("AADSTS"):
        status, body = 400, json.dumps(entra.error_body(int(fault.kind.removeprefix("AADSTS"))))
    elif fault.kind.isdigit():
        status, body = int(fault.kind), json.dumps(_error_body(fault))
    elif fault.kind == "html":
        headers["content-type"] = "text/html"
        body = _GATEWAY_PAGE
    elif fault.kind == "redirect":
        # The same server under another name of its host, so that a client that follows is seen.
        headers["location"] = fault.body or f"https://127.0.0.1:{scope['server'][1]}{REDIRECT_TARGET}"
        return Response(b"", fault.status or 302, headers, _JSON)
    elif fault.kind != "empty":
        return None
    return Response(body if fault.body is None else fault.body, fault.status or status, headers, _JSON)


def _error_body(fault: Fault) -> dict[str, Any]:
    status = int(fault.kind)
    code = fault.code or _ERROR_CODES.get(status, "generalException")
    if fault.where in SIGN_IN_ENDPOINTS:
        return {"error": fault.code or "temporarily_unavailable", "error_description": f"AADSTS90033: {code}"}
    # 412 as it is reported even for an entity tag that was just read
    target, inner_code = ("ETag", ETAG_INNER_CODE) if code == "preconditionFailed" else (None, code)
    inner = {"code": inner_code, "message": "Injected by the sandbox.", "date": None, "requestId": str(uuid.uuid4())}
    message = f"The sandbox answers {status}."
    return {"error": {"code": code, "message": message, "target": target, "innerError": inner}}


async def _response_of(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """Return the response of the application, which is not sent."""
    messages: list[Message] = []

    async def collect(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, collect)
    body = b"".join(message.get("body", b"") for message in messages[1:])
    response = Response(body, messages[0]["status"])
    response.raw_headers = messages[0]["headers"]
    return response


def _spoiled(fault: Fault, response: Response) -> Response:
    """Return the response as the fault changes it."""
    body = bytes(response.body)
    if fault.kind in BODY_KINDS and fault.body is not None:
        body = fault.body.encode()
    elif fault.kind == "malformed":
        body = body[: max(1, len(body) * 2 // 3)]
    elif fault.kind in BODY_KINDS - {"cut"}:
        body = _spoiled_page(fault.kind, body)
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(body, fault.status or response.status_code, headers)


def _spoiled_page(kind: str, body: bytes) -> bytes:
    page = json.loads(body)
    if kind == "not_an_object":
        page = [page]
    elif kind == "no_value":
        page.pop("value", None)
    elif kind == "value_not_list":
        page["value"] = {"items": page.get("value")}
    elif kind == "junk_items":
        page.setdefault("value", []).extend(_INVALID_ITEMS)
    elif kind == "duplicate":
        page["value"] = page.get("value", []) + page.get("value", [])[:3]
    return json.dumps(page, ensure_ascii=False).encode()
