"""
The outermost layer: every request is recorded here, and here things go wrong.

Belongs here: which place a request is for, request ids, striking with a fault. Does not belong here:
what a fault looks like (faults.py) or how a connection is broken (wire.py).
"""

import asyncio
import json
import re
import uuid
from typing import Any
from urllib.parse import parse_qsl

from hunter_pipeline.sandbox.faults import Answer, Fault, replacement, spoilt
from hunter_pipeline.sandbox.paging import page_of
from hunter_pipeline.sandbox.partner_center import PATH
from hunter_pipeline.sandbox.refusals import error_body
from hunter_pipeline.sandbox.site import RecordedRequest, Site
from hunter_pipeline.sandbox.wire import TRANSPORT, App, Message, Receive, Send, abort, cut_head

_SIGN_IN = re.compile(r"/oauth2/v2\.0/(token|devicecode|authorize)$")


def place_of(path: str, query: dict[str, str]) -> tuple[str | None, int | None]:
    """Where a fault may strike this request, and the page of a list; None for the control endpoints."""
    if path.rstrip("/") == PATH:
        return "list", page_of(query)
    if path.startswith(PATH + "/"):
        return "get", None
    if path.endswith("/.well-known/openid-configuration"):
        return "openid", None
    sign_in = _SIGN_IN.search(path)
    return (sign_in[1], None) if sign_in else (None, None)


class Gate:
    """An ASGI application around the real one."""

    def __init__(self, app: App, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Record the request, strike it if its turn has come, else let it pass."""
        request = _recorded(scope)
        if not request.path.startswith("/sandbox/") or request.path == "/sandbox/elsewhere":
            self._site.record(request)
        place, page = place_of(request.path, request.query)
        fault = None if place is None else self._site.faults.take(place, page)
        headers = _ids(request)
        scope["sandbox.form"] = request.form

        async def recording_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                request.form = scope["sandbox.form"]
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        if fault is None:
            await self._app(scope, receive, recording_send)
        else:
            request.fault = fault.kind
            await self._strike(fault, scope, receive, recording_send)

    async def _strike(self, fault: Fault, scope: Message, receive: Receive, send: Send) -> None:
        await asyncio.sleep(fault.wait)
        if fault.kind == "drop":
            await abort(scope, receive, reset=True)
            return
        scope["sandbox.fault"] = fault
        answer = _sign_in_refusal(fault) or replacement(fault, self._site.url)
        if answer is None:
            answer = spoilt(fault, await self._answer(scope, receive))
        breaks = fault.breaks or ("body" if fault.kind == "cut" else None)
        if breaks == "head":
            await cut_head(scope, receive, answer.status)
        elif breaks == "body":
            await _cut(answer, scope, receive, send)
        else:
            await _send(answer, send, answer.body)
        if breaks == "after":
            scope[TRANSPORT].close()

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        """What the real application would have said."""
        messages: list[Any] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, collect)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in messages[0]["headers"])
        return Answer(messages[0]["status"], headers, body)


def _recorded(scope: Message) -> RecordedRequest:
    raw_query = scope["query_string"].decode("latin-1")
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return RecordedRequest(
        scope["method"], scope["path"], dict(parse_qsl(raw_query, keep_blank_values=True)), raw_query, headers
    )


def _ids(request: RecordedRequest) -> list[tuple[bytes, bytes]]:
    """The API names every answer, and repeats the caller's own id for it."""
    if not request.path.startswith("/v1.0"):
        return []
    headers = [(b"request-id", str(uuid.uuid4()).encode())]
    if "client-request-id" in request.headers:
        headers.append((b"client-request-id", request.headers["client-request-id"].encode("latin-1")))
    return headers


def _sign_in_refusal(fault: Fault) -> Answer | None:
    if not fault.kind.startswith("AADSTS"):
        return None
    body = fault.body or json.dumps(error_body(int(fault.kind.removeprefix("AADSTS"))))
    return Answer(fault.status or 400, (("content-type", "application/json; charset=utf-8"),), body.encode())


async def _send(answer: Answer, send: Send, body: bytes, *, more: bool = False) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers if name != "content-length"
    ]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _cut(answer: Answer, scope: Message, receive: Receive, send: Send) -> None:
    await _send(answer, send, answer.body[: len(answer.body) // 2], more=True)
    # The half that was promised and written has to leave the machine before the line goes dead.
    await asyncio.sleep(0.02)
    await abort(scope, receive, reset=False)
