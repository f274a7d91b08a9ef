"""
Render HTML pages in the reader's language and theme.

Also serves the pages beside the lead desk: sign-in, errors and the choice of a theme.
"""

import hashlib
import json
import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import DatabaseError, HunterError
from hunter_pipeline.referrals.referral import CO_SELL, MARKETPLACE, SOLUTION_PROVIDER, STATUSES
from hunter_pipeline.referrals.updates import UNDO_SECONDS
from hunter_pipeline.web.charts import expires_soon
from hunter_pipeline.web.localization import (
    LANGUAGE_NAMES,
    Localizer,
    choose_language,
    localizer,
    readable_domain,
    time_zone,
)
from hunter_pipeline.web.security import (
    SESSION_SECONDS,
    AccessControl,
    cookie_path,
    is_signed_in,
    local_path,
    origin_of,
    root_path,
    session_cookie,
    session_cookie_name,
    session_cookie_options,
)

STATIC = Path(__file__).parent / "static"
# From npm's package htmx.org, with its licence beside it; a test checks the file's checksum.
HTMX = "htmx-2.0.11.min.js"
PREFERENCE_SECONDS = 365 * 86_400
# The cookie in which theme.js stores the name of the browser's time zone.
ZONE_COOKIE = "zone"
THEMES = ("light", "dark")
_HTMX_CONFIG = json.dumps({
    "allowEval": False,  # the content security policy forbids it anyway
    "includeIndicatorStyles": False,
    "historyCacheSize": 0,  # no customer data in the browser's storage
    "refreshOnHistoryMiss": True,
    "selfRequestsOnly": True,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..|422", "swap": True},  # a refused form is shown again with the reason
        {"code": "[45]..", "swap": False, "error": True},
    ],
})  # fmt: skip

router = APIRouter(include_in_schema=False)


class PageRoute(APIRoute):
    """A route whose errors are HTML pages instead of JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler with the errors rendered."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except HunterError as error:
                kind, status = ("database", 503) if isinstance(error, DatabaseError) else ("other", 500)
                t = localizer_for(request)
                title, hint = t(f"error.{kind}"), t(f"error.{kind}_hint")
                return render(request, "error.html", status=status, title=title, hint=hint, can_retry=True)

        return handle


def localizer_for(request: Request) -> Localizer:
    """Return the localizer of the reader's time zone and language: from the address, else the cookie or the browser."""
    preferences = request.query_params.get("lang"), request.cookies.get("lang")
    language = choose_language(*preferences, accept=request.headers.get("accept-language"))
    return localizer(language, time_zone(request.cookies.get(ZONE_COOKIE)))


def render_text(request: Request, template: str, **context: Any) -> str:
    """Return a rendered template."""
    theme = request.cookies.get("theme")
    query = request.url.query
    t = localizer_for(request)
    shared = {
        "t": t,
        "zone_name": str(t.zone),
        "now": datetime.now(UTC),
        "base": root_path(request),
        "theme": theme if theme in THEMES else None,
        "here": request.url.path + (f"?{query}" if query else ""),
        "languages": [(code, name, _url_in_language(request, code)) for code, name in LANGUAGE_NAMES.items()],
        "can_sign_out": is_signed_in(request),
        "answers_on": request.app.state.settings.write_back != "off",
        "message": None,
        "toast": None,
    }
    return _environment().get_template(template).render({**shared, **context})


def render(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """Return a page, and a cookie for the language if the address names one."""
    response = HTMLResponse(render_text(request, template, **context), status, headers=dict(headers or {}))
    response.headers["Vary"] = "Accept-Language, Cookie"
    if request.query_params.get("lang") in LANGUAGE_NAMES:
        set_preference(request, response, "lang", request.query_params["lang"])
    return response


def set_preference(
    request: Request, response: Response, name: str, value: str, *, seconds: int = PREFERENCE_SECONDS
) -> None:
    """Store a choice in a cookie that scripts can read and other sites' requests do not carry."""
    is_secure, path = request.url.scheme == "https", cookie_path(request)
    response.set_cookie(name, value, max_age=seconds, path=path, samesite="lax", secure=is_secure)


def not_found_page(request: Request, what: str = "detail") -> HTMLResponse:
    """Return the page for an unknown referral, or with `what="error"` for an unknown address."""
    t = localizer_for(request)
    title, hint = t(f"{what}.not_found"), t(f"{what}.not_found_hint")
    return render(request, "error.html", status=404, title=title, hint=hint, can_retry=False)


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the parameter's name in the address
    """Return the sign-in form; a reader who needs no sign-in is redirected."""
    target = local_path(next, root_path(request))
    if not request.app.state.access.needs_key or is_signed_in(request):
        return RedirectResponse(target, 303)
    return render(request, "sign_in.html", problem=None, next=target)


@router.post("/sign-in")
def sign_in(
    request: Request,
    key: Annotated[str, Form(max_length=1_000)] = "",
    next: Annotated[str, Form(max_length=2_000)] = "/",  # noqa: A002 - the field's name in the form
) -> Response:
    """Exchange the API key for a session cookie that scripts cannot read; wrong keys count as guesses."""
    access: AccessControl = request.app.state.access
    target = local_path(next, root_path(request))
    if not access.needs_key:
        return RedirectResponse(target, 303)
    if not access.is_key(key.encode("utf-8", "replace")):
        log.warning("sign_in_refused")
        if seconds := access.guesses.count_wrong_key(request.client.host if request.client else ""):
            headers = {"Retry-After": str(seconds)}
            return render(request, "sign_in.html", status=429, headers=headers, problem="limited", next=target)
        return render(request, "sign_in.html", status=401, problem="wrong", next=target)
    response, session = RedirectResponse(target, 303), access.new_session(origin_of(request))
    response.set_cookie(session_cookie_name(request), session, SESSION_SECONDS, **session_cookie_options(request))
    return response


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session, so that a copy of its cookie is invalid too, and delete the cookie."""
    if is_signed_in(request) and (cookie := session_cookie(request)):
        request.app.state.access.end_session(cookie)
    response = RedirectResponse(f"{root_path(request)}/sign-in", 303)
    response.delete_cookie(session_cookie_name(request), **session_cookie_options(request))
    return response


@router.post("/desk/theme")
def set_theme(request: Request, theme: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:  # noqa: A002 - as above
    """Store the theme for a browser without scripts."""
    response = RedirectResponse(local_path(next, root_path(request)), 303)
    if theme in THEMES:
        set_preference(request, response, "theme", theme)
    return response


def _url_in_language(request: Request, code: str) -> str:
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*parameters, ('lang', code)])}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["score_reason"] = lambda reason, t: t.label("reasons", reason)
    environment.filters["expires_soon"] = expires_soon
    environment.filters["readable"] = readable_domain
    environment.filters["phone_link"] = lambda number: re.sub(r"[^\d+]", "", number)
    environment.globals |= {
        "htmx_config": _HTMX_CONFIG,
        "htmx_file": HTMX,
        "assets_version": _assets_version(),
        "known_types": (CO_SELL, MARKETPLACE, SOLUTION_PROVIDER),
        "known_statuses": STATUSES,
        "undo_seconds": UNDO_SECONDS,
    }
    return environment


def _assets_version() -> str:
    """Return a digest of the style and the scripts, so that no browser uses an outdated copy."""
    digest = hashlib.sha256()
    for name in ("desk.css", "desk.js", "theme.js"):
        digest.update((STATIC / name).read_bytes())
    return digest.hexdigest()[:8]
