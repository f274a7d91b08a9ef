"""Signing in and out: the key becomes a cookie that a script cannot read and another site cannot send."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hunter_pipeline.config.logs import log
from hunter_pipeline.web.access import COOKIE, SESSION_SECONDS, Access, local_path, signed_in
from hunter_pipeline.web.pages import sign_in_page

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address says so
    """The form; who needs none is sent on."""
    access: Access = request.app.state.access
    target = local_path(next)
    if not access.needs_key or signed_in(request):
        return RedirectResponse(target, 303)
    return sign_in_page(request, target, None)


@router.post("/sign-in")
def sign_in(
    request: Request,
    key: Annotated[str, Form(max_length=1_000)] = "",
    next: Annotated[str, Form(max_length=2_000)] = "/",  # noqa: A002 - the form says so
) -> Response:
    """Take the key; a wrong one is counted against the client's address."""
    access: Access = request.app.state.access
    target = local_path(next)
    if not access.needs_key:
        return RedirectResponse(target, 303)
    address = request.client.host if request.client else ""
    if seconds := access.guesses.wait_seconds(address):
        limited = sign_in_page(request, target, "limited")
        limited.headers["Retry-After"] = str(seconds)
        return limited
    if not access.is_key(key.encode("utf-8", "replace")):
        access.guesses.failed(address)
        log.warning("sign_in_refused")
        return sign_in_page(request, target, "wrong")
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        COOKIE,
        access.new_session(),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/sign-out")
def sign_out() -> Response:
    """Forget the cookie."""
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer
