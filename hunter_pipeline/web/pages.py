"""
Pages in HTML: the templates, what each of them may use, and in which language and colours the reader wants them.

What belongs here: what every page needs. What does not: what one page shows (`desk.py`).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from hunter_pipeline.errors import DatabaseError, HunterError
from hunter_pipeline.referrals.referral import CO_SELL, MARKETPLACE, SOLUTION_PROVIDER, STATUSES
from hunter_pipeline.web.access import signed_in
from hunter_pipeline.web.charts import is_soon
from hunter_pipeline.web.words import NAMES, Words, language_of, words_of

STATIC = Path(__file__).parent / "static"
HTMX = "htmx-2.0.11.min.js"
"""From npm's package htmx.org, its licence beside it; a test holds the file to its checksum."""
YEAR = 365 * 86_400
_HTMX_CONFIG = json.dumps({
    "allowEval": False,  # the content security policy forbids it anyway
    "includeIndicatorStyles": False,
    "historyCacheSize": 0,  # no customer's data in the browser's storage
    "refreshOnHistoryMiss": True,
    "selfRequestsOnly": True,
})  # fmt: skip


def words_for(request: Request) -> Words:
    """The reader's words: by the address, else by the cookie, else by the browser."""
    wishes = request.query_params.get("lang"), request.cookies.get("lang")
    return words_of(language_of(*wishes, accept=request.headers.get("accept-language")))


def text(request: Request, template: str, **context: Any) -> str:
    """A template filled in."""
    words = words_for(request)
    theme = request.cookies.get("theme")
    shared = {
        "w": words,
        "now": datetime.now(UTC),
        "theme": theme if theme in ("light", "dark") else None,
        "here": _here(request),
        "languages": [(code, name, _in_language(request, code)) for code, name in NAMES.items()],
        "may_sign_out": signed_in(request),
        "message": None,
        "toast": None,
    }
    return _template(template).render({**shared, **context})


def render(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """A page. A language that the address asks for is remembered."""
    response = HTMLResponse(text(request, template, **context), status, headers=dict(headers or {}))
    response.headers["Vary"] = "Accept-Language, Cookie"
    if request.query_params.get("lang") in NAMES:
        remember(request, response, "lang", request.query_params["lang"])
    return response


def remember(request: Request, response: Response, name: str, value: str, *, seconds: int = YEAR) -> None:
    """Let the browser keep a choice; scripts may read it, and other sites do not get it."""
    response.set_cookie(name, value, max_age=seconds, samesite="lax", secure=request.url.scheme == "https")


def sign_in_page(request: Request, target: str, problem: str | None) -> HTMLResponse:
    """
    The page that asks for the key.

    target:  the path to go to afterwards.
    problem: None, 'wrong' (the key was) or 'limited' (too many were).
    """
    status = {None: 200, "wrong": 401, "limited": 429}[problem]
    return render(request, "sign_in.html", status=status, problem=problem, next=target)


def error_page(request: Request, error: HunterError) -> HTMLResponse:
    """What a reader sees when a page could not be made: 503 without the database, else 500."""
    words = words_for(request)
    kind, status = ("database", 503) if isinstance(error, DatabaseError) else ("other", 500)
    texts = {"title": words(f"error.{kind}"), "hint": words(f"error.{kind}_hint"), "detail": None, "again": True}
    return render(request, "error.html", status=status, **texts)


def not_found_page(request: Request) -> HTMLResponse:
    """What a reader sees of a referral that is not there."""
    words = words_for(request)
    texts = {"title": words("detail.not_found"), "hint": words("detail.not_found_hint"), "detail": None}
    return render(request, "error.html", status=404, again=False, **texts)


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _in_language(request: Request, code: str) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*kept, ('lang', code)])}"


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
    environment.filters["reason"] = lambda reason, words: words.named("reasons", reason)
    environment.filters["soon"] = is_soon
    environment.globals |= {
        "htmx_config": _HTMX_CONFIG,
        "htmx_file": HTMX,
        "version": _version(),
        "known_types": (CO_SELL, MARKETPLACE, SOLUTION_PROVIDER),
        "known_statuses": STATUSES,
    }
    return environment


def _template(name: str) -> Template:
    return _environment().get_template(name)


def _version() -> str:
    """A few letters that change with the style or the script, so that no browser keeps an old one."""
    digest = hashlib.sha256()
    for name in ("desk.css", "desk.js", "theme.js"):
        digest.update((STATIC / name).read_bytes())
    return digest.hexdigest()[:8]
