"""
The referrals API, as Partner Center answers it.

Belongs here: the list, one referral, who may see them, errors. Does not belong here: paging and
filters (paging.py, odata.py), faults other than a wrong nextLink (gate.py).
"""

import json
import uuid
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hunter_pipeline.sandbox.faults import Fault
from hunter_pipeline.sandbox.odata import RefusedError
from hunter_pipeline.sandbox.paging import Query, next_link, query_of
from hunter_pipeline.sandbox.site import Site
from hunter_pipeline.sandbox.tokens import TokenError

UNAUTHORIZED = 401
PATH = "/v1.0/engagements/referrals"
PROPERTIES = frozenset({
    "id", "engagementId", "name", "organizationId", "organizationName", "lastModifiedVia", "lastRunId",
    "externalReferenceId", "createdDateTime", "updatedDateTime", "expirationDateTime", "status", "substatus",
    "statusReason", "qualification", "type", "referralSource", "eTag", "favorite", "campaignId", "salesStage",
    "quality", "isSpam", "direction", "mpnId", "referralProgram", "dealSensitivity", "createdVia", "tags",
    "acceptedDateTime", "closedDateTime", "callToAction", "registrationStatus", "target", "customerProfile",
    "consent", "details", "team", "inviteContext", "links", "trackingInfo", "registrations",
})  # fmt: skip


class AnswerError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.target = target


def router(site: Site) -> APIRouter:
    """The routes of the API."""
    routes = APIRouter()

    @routes.get(PATH)
    async def referrals(request: Request) -> Response:
        return answered(lambda: _list(site, request))

    @routes.get(PATH + "/{referral_id}")
    async def referral(referral_id: str, request: Request) -> Response:
        return answered(lambda: _one(site, request, referral_id))

    return routes


def answered(work: Any) -> Response:
    """The answer of a piece of work, or its error in the documented form."""
    try:
        return Response(work(), media_type="application/json; charset=utf-8")
    except RefusedError as error:
        return error_answer(AnswerError(400, "invalidRequest", str(error), error.target))
    except AnswerError as error:
        return error_answer(error)


def error_answer(error: AnswerError) -> Response:
    """Errors are nested: the inner one is the more precise."""
    inner = {
        "code": error.code,
        "message": str(error),
        "innerError": {"code": error.code, "message": "", "requestId": str(uuid.uuid4())},
    }
    body = {"error": {"code": error.code, "message": str(error), "target": error.target, "innerError": inner}}
    headers = {"www-authenticate": 'Bearer error="invalid_token"'} if error.status == UNAUTHORIZED else None
    return Response(json.dumps(body), error.status, headers, media_type="application/json; charset=utf-8")


def _admit(site: Site, request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        site.tokens.check_access(token.strip() if scheme.lower() == "bearer" else "")
    except TokenError as error:
        if error.reason == "mfa":
            raise AnswerError(401, "900421", "Multi-factor authentication is required for app+user calls.") from error
        raise AnswerError(401, "unauthenticated", "The caller is not authenticated.") from error
    if not request.headers.get("client-request-id", "").strip():
        raise AnswerError(400, "invalidRequest", "The header is required.", "client-request-id")


def _list(site: Site, request: Request) -> str:
    _admit(site, request)
    query = query_of(dict(request.query_params), site.options.page_size_limit)
    _refuse_filters(site, query)
    with site.world.lock:
        rows, following = site.catalogue.page(query, PROPERTIES)
        page: dict[str, Any] = {
            "@odata.context": f"http://{site.host}/v1.0/$metadata#Referrals",
            "@odata.count": len(rows),
            "value": rows,
        }
        link = _link(site, request, query, following)
        if link is not None:
            page["@odata.nextLink"] = link
        return json.dumps(page, ensure_ascii=False)


def _refuse_filters(site: Site, query: Query) -> None:
    """Some tenants are said to refuse what the documentation lists; the client has to fall back."""
    refused = site.options.refuse_all_filters or (
        site.options.refuse_updated_filter and "updatedDateTime" in (query.filter or "")
    )
    if query.filter and refused:
        raise RefusedError("$filter", "The query specified in the URI is not valid.")


def _link(site: Site, request: Request, query: Query, following: Query | None) -> str | None:
    fault: Fault | None = request.scope.get("sandbox.fault")
    if fault is not None and fault.kind == "repeat_next":
        return next_link(site.host, query)
    if fault is not None and fault.kind == "foreign_next":
        return fault.body or next_link("referrals.example.net", following or query)
    if fault is not None and fault.kind == "bad_next":
        return fault.body or "not a link"
    return None if following is None else next_link(site.host, following)


def _one(site: Site, request: Request, referral_id: str) -> str:
    _admit(site, request)
    with site.world.lock:
        payload = site.world.referrals.get(referral_id) or site.world.referrals.get(referral_id.lower())
        if payload is None:
            raise AnswerError(404, "itemNotFound", "The referral does not exist.", "id")
        entity = payload
        if isinstance(payload, dict):
            entity = {"@odata.context": f"https://{site.host}{PATH}/$metadata#Referrals/$entity"} | payload
        return json.dumps(entity, ensure_ascii=False)
