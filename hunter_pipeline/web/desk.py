"""
The lead desk: the page at `/`, its fragments, and a page for each referral.

What belongs here: which data each address shows. What does not: how it looks (`templates/`), who may see it
(`gate.py`), and the API for programs (`api.py`). A fragment is a piece of a page that htmx asks for again.
"""

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from hunter_pipeline.errors import HunterError
from hunter_pipeline.warehouse import listing
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline.web import charts, pages, syncing
from hunter_pipeline.web.access import local_path
from hunter_pipeline.web.errors import flag_disabled
from hunter_pipeline.web.syncing import Sync
from hunter_pipeline.web.view import LEADS, PAGE_SIZE, Shown, View
from hunter_pipeline.web.words import Words

PARTNER_CENTER = "https://partner.microsoft.com/dashboard/referrals/v2/leads"
"""The Referrals workspace, as Microsoft's documentation links it; it documents no address of a single referral."""
COLUMNS = (
    *(("name", ""), ("company_name", "wide-only"), ("referral_type", "wide-only"), ("status", "")),
    *(("country", "wide-only"), ("deal_value", "wide-only number"), ("expires_at", "date")),
    ("source_updated_at", "wide-only date"),
)
LARGE_PAYLOAD = 50_000
"""Characters from which the raw payload is loaded only when somebody looks at it."""
FOLLOWED = "followed_sync"
FOLLOWED_SECONDS = 3600
_UNSEEN = "0" * 16


class _PageRoute(APIRoute):
    """Words an error as a page, where the API would answer in JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except HunterError as error:
                return pages.error_page(request, error)

        return answer


class Toast(NamedTuple):
    """A message: `kind` is 'ok', 'bad' (it stays until it is dismissed) or 'info'."""

    kind: str
    text: str


router = APIRouter(route_class=_PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


def current_view(request: Request) -> View:
    """The filters, the order and the pages of the address."""
    return View.of(request.query_params)


Looked = Annotated[View, Depends(current_view)]


@router.get("/")
def desk(request: Request, view: Looked) -> Response:
    """The whole page."""
    words, task = pages.words_for(request), request.cookies.get(FOLLOWED)
    with request.app.state.warehouse.connection() as connection:
        sync = _look(request, connection, task)
        context = {**_lists(connection, view), "charts": _charts(connection, words)}
        known = listing.known_values(connection)
    message = _ended(sync, words) if task is not None else None
    state = request.app.state.settings.dagster_url
    response = pages.render(
        request, "desk.html", **context, **_status(sync), message=message, known=known, dagster_url=state
    )
    if task is not None and not sync.is_under_way:
        response.delete_cookie(FOLLOWED)
    return response


@router.get("/desk/results")
def results(request: Request, view: Looked) -> Response:
    """The lists after a filter, an order or a page was chosen; the address that desk.js gave the form is put right."""
    by_form = request.headers.get("hx-trigger") == "filters"
    with request.app.state.warehouse.connection() as connection:
        context = _lists(connection, view)
    headers = {"HX-Replace-Url": f"/{context['view'].url()}"} if by_form else None
    return pages.render(request, "results.html", headers=headers, announced=by_form, **context)


@router.get("/desk/charts")
def figures(request: Request) -> Response:
    """The charts, after a sync."""
    with request.app.state.warehouse.connection() as connection:
        drawn = _charts(connection, pages.words_for(request))
    return pages.render(request, "charts.html", charts=drawn)


@router.get("/desk/status")
def status(request: Request, task: str = "", latest: str = "", phase: str = "", seen: str = "") -> Response:
    """
    The status region, asked for every second or every fifteen; 204 where nothing has changed.

    task: the run that the page follows. latest, phase, seen: the newest ended run, the state and the digest of the
    region that the page shows; a run that has ended since refreshes the lists, and the followed one says so.
    """
    words = pages.words_for(request)
    with request.app.state.warehouse.connection() as connection:
        sync = _look(request, connection, task or None)
    is_end = bool(task) and phase in syncing.UNDER_WAY and not sync.is_under_way
    toast = _ended(sync, words) if is_end else None
    response = _region(request, sync, toast=toast, seen=seen)
    if is_end or sync.latest != latest:
        response.headers["HX-Trigger"] = "desk-refresh"
    if is_end:
        response.delete_cookie(FOLLOWED)
    return response


@router.post("/desk/sync")
def sync_now(request: Request) -> Response:
    """Start a sync, or follow the one that is under way; without htmx the page is shown again."""
    words, state = pages.words_for(request), request.app.state
    task, trouble, toast = None, None, Toast("info", words("toast.queued"))
    try:
        if not state.settings.partner_center_enabled:
            raise flag_disabled()
        launch = state.launches.launch()
        task = launch.task_id
        toast = toast if launch.enqueued else Toast("info", words("toast.joined"))
    except HunterError as error:
        trouble = error
    with state.warehouse.connection() as connection:
        sync = _look(request, connection, task)
    if trouble is not None:
        sync = sync if sync.phase == "off" else syncing.unable(trouble, sync)
        toast = Toast("bad", words("toast.failed", reason=f"{sync.reason(words)} {sync.hint(words)}"))
    if "hx-request" not in request.headers:
        response: Response = RedirectResponse("/", 303)
    else:
        response = _region(request, sync, toast=toast)
    if task is not None:
        pages.remember(request, response, FOLLOWED, task, seconds=FOLLOWED_SECONDS)
    return response


@router.get("/referrals/{referral_id}")
def referral(request: Request, referral_id: str) -> Response:
    """One referral: in the dialog for htmx, else as a page."""
    with request.app.state.warehouse.connection() as connection:
        found = listing.detail(connection, referral_id)
        if found is None:
            return pages.not_found_page(request)
        steps = listing.history(connection, referral_id)
        payload = _pretty(listing.payload(connection, referral_id))
    in_dialog = "hx-request" in request.headers
    context = {"referral": found, "history": steps, "in_dialog": in_dialog, "partner_center_url": PARTNER_CENTER}
    is_large = len(payload) > LARGE_PAYLOAD
    template = "dialog.html" if in_dialog else "referral.html"
    return pages.render(request, template, payload=payload, payload_is_large=is_large, **context)


@router.get("/referrals/{referral_id}/payload")
def payload(request: Request, referral_id: str) -> Response:
    """What Partner Center sent, when it is too large for the page itself; htmx takes it for HTML, so it is escaped."""
    with request.app.state.warehouse.connection() as connection:
        found = _pretty(listing.payload(connection, referral_id))
    if not found:
        return pages.not_found_page(request)
    if "hx-request" in request.headers:
        return pages.render(request, "payload.html", payload=found)
    return PlainTextResponse(found)


@router.post("/desk/theme")
def theme(request: Request, theme: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:  # noqa: A002 - the field's name
    """Light or dark, for a browser without scripts."""
    response = RedirectResponse(local_path(next), 303)
    if theme in ("light", "dark"):
        pages.remember(request, response, "theme", theme)
    return response


def _look(request: Request, connection: Connection, task: str | None) -> Sync:
    return syncing.look(request.app.state.settings, request.app.state.launches, connection, task)


def _lists(connection: Connection, view: View) -> dict[str, Any]:
    """The leads and the referrals of a view; a page behind the last one is the last one."""

    def shown(read: Callable[..., listing.Page], page: int, size: int, **order: Any) -> Shown:
        found = read(connection, view.filters, page=page, page_size=size, **order)
        last = Shown((), found.total, 1, size).pages
        if page > last:
            return shown(read, last, size, **order)
        return Shown(found.items, found.total, page, size)

    referrals = shown(listing.page, view.page, PAGE_SIZE, sort=view.sort, descending=view.descending)
    leads = shown(listing.leads_page, view.leads, LEADS)
    view = View(view.filters, view.sort, view.descending, referrals.page, leads.page)
    return {"view": view, "referrals": referrals, "leads": leads, "columns": COLUMNS}


def _charts(connection: Connection, words: Words) -> list[charts.Chart]:
    return [
        charts.funnel(listing.funnel(connection), words),
        charts.expiring(listing.expiring(connection, charts.DAYS), words),
        charts.syncs(listing.syncs(connection, charts.SYNCS), words),
    ]


def _ended(sync: Sync, words: Words) -> Toast | None:
    """How the run that the page followed has ended; None while it has not."""
    if sync.phase == "success" and sync.run is not None:
        return Toast("ok", words("toast.finished", new=sync.run["new"], updated=sync.run["updated"]))
    if sync.phase in ("failed", "skipped", "off"):
        return Toast("bad", words("toast.failed", reason=sync.reason(words)))
    return Toast("bad", words("sync.canceled")) if sync.phase == "canceled" else None


def _status(sync: Sync, seen: str = _UNSEEN) -> dict[str, Any]:
    """What the region's template takes. A run that has ended and is on record needs no more asking of Dagster."""
    followed = sync.task if sync.is_under_way or sync.run is None else None
    query = {"task": followed or "", "latest": sync.latest, "phase": sync.phase, "seen": seen}
    return {"sync": sync, "sync_query": urlencode(query)}


def _region(request: Request, sync: Sync, *, toast: Toast | None, seen: str = "") -> Response:
    drawn = pages.text(request, "status.html", **_status(sync))
    digest = hashlib.sha256(drawn.encode()).hexdigest()[:16]
    if digest == seen and toast is None:
        return Response(status_code=204)
    return pages.render(request, "status.html", **_status(sync, digest), toast=toast)


def _pretty(payload: dict[str, Any] | None) -> str:
    return "" if payload is None else json.dumps(payload, indent=2, ensure_ascii=False, default=str)
