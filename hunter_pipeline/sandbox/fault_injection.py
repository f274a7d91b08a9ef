"""Send the response to a request to which a fault applies."""

import asyncio
import json
import uuid
from typing import Any

from starlette.responses import Response

from hunter_pipeline.sandbox import entra
from hunter_pipeline.sandbox.control_api import REDIRECT_TARGET
from hunter_pipeline.sandbox.faults import BODY_KINDS, Fault
from hunter_pipeline.sandbox.http_server import (
    App,
    Message,
    Receive,
    Scope,
    Send,
    abort_connection,
    abort_within_body,
    abort_within_head,
    close_connection,
)
from hunter_pipeline.sandbox.updates import ETAG_INNER_CODE

_JSON = "application/json; charset=utf-8"
_ERROR_CODES = {
    400: "invalidRequest",
    401: "unauthenticated",
    403: "accessDenied",
    404: "itemNotFound",
    409: "resourceModified",
    412: "preconditionFailed",
    422: "semanticError",
    423: "resourceLocked",
    429: "tooManyRequests",
    503: "serviceNotAvailable",
    509: "activityLimitReached",
}
_GATEWAY_PAGE = (
    "<!doctype html><html><head><title>Gateway</title></head><body><h1>Our services are busy</h1></body></html>"
)
_INVALID_ITEMS: list[Any] = [None, 7, "text", [], {}, {"id": None}]


async def respond_with_fault(fault: Fault, app: App, scope: Scope, receive: Receive, send: Send) -> None:
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
    if fault.kind.startswith("AADSTS"):
        body = fault.body or json.dumps(entra.error_body(int(fault.kind.removeprefix("AADSTS"))))
        return Response(body, fault.status or 400, headers, _JSON)
    if fault.kind.isdigit():
        body = json.dumps(_error_body(fault)) if fault.body is None else fault.body
        return Response(body, int(fault.kind), headers, _JSON)
    if fault.kind == "html":
        return Response(fault.body or _GATEWAY_PAGE, fault.status or 200, headers | {"content-type": "text/html"})
    if fault.kind == "empty":
        return Response(b"", fault.status or 200, headers, _JSON)
    if fault.kind == "redirect":
        # The same server under another name of its host, so that a client that follows is seen.
        port = scope["server"][1]
        location = fault.body or f"https://127.0.0.1:{port}{REDIRECT_TARGET}"
        return Response(b"", fault.status or 302, headers | {"location": location}, _JSON)
    return None


def _error_body(fault: Fault) -> dict[str, Any]:
    status = int(fault.kind)
    code = fault.code or _ERROR_CODES.get(status, "generalException")
    if fault.where in {"token", "devicecode", "authorize", "openid"}:
        return {"error": fault.code or "temporarily_unavailable", "error_description": f"AADSTS90033: {code}"}
    # 412 as it is reported even for an entity tag that was just read
    target, inner_code = ("ETag", ETAG_INNER_CODE) if code == "preconditionFailed" else (None, code)
    inner = {"code": inner_code, "message": "Injected by the sandbox.", "date": None, "requestId": str(uuid.uuid4())}
    message = f"The sandbox answers {status}."
    return {"error": {"code": code, "message": message, "target": target, "innerError": inner}}


async def _response_of(app: App, scope: Scope, receive: Receive) -> Response:
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
