"""Serve Partner Center's referrals API: the list, one referral and its update, and errors."""

import json
import uuid
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hunter_pipeline.sandbox.oauth import InvalidTokenError
from hunter_pipeline.sandbox.odata import ApiError, ListQuery, PageReader, invalid_option, next_link, parse_query
from hunter_pipeline.sandbox.updates import update_referral

if TYPE_CHECKING:
    from hunter_pipeline.sandbox.faults import Fault
    from hunter_pipeline.sandbox.sandbox import Sandbox

PATH = "/v1.0/engagements/referrals"
UNAUTHORIZED = 401
_JSON = "application/json; charset=utf-8"


class ReferralEndpoints:
    """The endpoints of one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._pages = PageReader(sandbox.world)

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = PATH + "/{referral_id}"
        return [Route(PATH, self._list), Route(one, self._get), Route(one, self._update, methods=["PATCH"])]

    async def _list(self, request: Request) -> Response:
        self._authorize(request)
        query = parse_query(request.query_params, self._sandbox.options)
        self._refuse_filter(query)
        with self._sandbox.world.lock:
            referrals, following = self._pages.read(query)
            page: dict[str, Any] = {
                "@odata.context": f"http://{self._host}/v1.0/$metadata#Referrals",
                "@odata.count": len(referrals),
                "value": referrals,
            }
            link = self._next_link(request, query, following)
            if link is not None:
                page["@odata.nextLink"] = link
            return _json_response(page)

    async def _get(self, request: Request) -> Response:
        self._authorize(request)
        referral_id = request.path_params["referral_id"]
        referrals = self._sandbox.world.referrals
        with self._sandbox.world.lock:
            self._edit_meanwhile(request, referral_id.lower())
            payload = referrals.get(referral_id) or referrals.get(referral_id.lower())
            if payload is None:
                raise ApiError(404, "itemNotFound", "The referral does not exist.", "id")
            if isinstance(payload, dict):
                payload = {"@odata.context": f"https://{self._host}{PATH}/$metadata#Referrals/$entity"} | payload
            return _json_response(payload)

    async def _update(self, request: Request) -> Response:
        self._authorize(request)
        body = await request.body()
        referral_id = request.path_params["referral_id"].lower()
        with self._sandbox.world.lock:
            self._edit_meanwhile(request, referral_id)
            payload = update_referral(self._sandbox, referral_id, body, request.headers)
            if "return=representation" in request.headers.get("prefer", "").replace(" ", ""):
                return _json_response(payload)
        return Response(status_code=204)

    def _edit_meanwhile(self, request: Request, referral_id: str) -> None:
        """Change the referral as the fault "edit" describes, as if a colleague had edited it."""
        fault: Fault | None = request.scope.get("sandbox.fault")
        if fault is not None and fault.kind == "edit" and referral_id in self._sandbox.world.referrals:
            self._sandbox.world.update(referral_id, **json.loads(fault.body or "{}"))

    @property
    def _host(self) -> str:
        """Return host and port for the API's links."""
        return self._sandbox.options.next_link_host or self._sandbox.url.removeprefix("https://")

    def _authorize(self, request: Request) -> None:
        """Raise ApiError for a request without a valid token or without client-request-id."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            self._sandbox.oauth.check_access_token(token.strip() if scheme.lower() == "bearer" else "")
        except InvalidTokenError as error:
            if error.reason == "mfa":
                message = "Multi-factor authentication is required for app+user calls."
                raise ApiError(401, "900421", message) from error
            raise ApiError(401, "unauthenticated", "The caller is not authenticated.") from error
        if not request.headers.get("client-request-id", "").strip():
            raise ApiError(400, "invalidRequest", "The header is required.", "client-request-id")

    def _refuse_filter(self, query: ListQuery) -> None:
        """Raise ApiError for a filter that the options forbid, as some tenants refuse documented ones."""
        options, filter_ = self._sandbox.options, query.filter or ""
        is_refused = options.refuse_all_filters or (options.refuse_updated_filter and "updatedDateTime" in filter_)
        if filter_ and is_refused:
            raise invalid_option("$filter", "The query specified in the URI is not valid.")

    def _next_link(self, request: Request, query: ListQuery, following: ListQuery | None) -> str | None:
        """Return the link to the next page, None after the last one; or the wrong one of a fault."""
        fault: Fault | None = request.scope.get("sandbox.fault")
        if fault is not None and fault.kind == "repeat_next":
            return next_link(self._host, query)
        if fault is not None and fault.kind == "foreign_next":
            return fault.body or next_link("referrals.example.net", following or query)
        if fault is not None and fault.kind == "bad_next":
            return fault.body or "not a link"
        with_skip = self._sandbox.options.skip_links
        return None if following is None else next_link(self._host, following, with_skip=with_skip)


def error_response(_request: Request, error: ApiError) -> Response:
    """Return an error in the documented form: nested, the inner error being the more precise one."""
    message = str(error)
    innermost = {"code": error.code, "message": "", "requestId": str(uuid.uuid4())}
    inner = {"code": error.inner_code, "message": message, "innerError": innermost}
    body = {"error": {"code": error.code, "message": message, "target": error.target, "innerError": inner}}
    headers = {"www-authenticate": 'Bearer error="invalid_token"'} if error.status == UNAUTHORIZED else None
    return Response(json.dumps(body), error.status, headers, _JSON)


def unknown_path(request: Request, _error: Exception) -> Response:
    """Return the response to a path or method that does not exist."""
    message = "The resource could not be found."
    return error_response(request, ApiError(404, "itemNotFound", message, request.url.path))


def _json_response(content: Any) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), media_type=_JSON)
