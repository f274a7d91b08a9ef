"""
Serve the lead desk at `/`, its lists and charts as fragments for htmx, and the page of a referral.

The address holds the filters, the order and the page numbers; invalid values fall back to the default.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from hunter_pipeline.warehouse import listing
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline.web import charts, pages, security, sync_status

# Microsoft's documentation links this workspace; it documents no address of a single referral.
PARTNER_CENTER_URL = "https://partner.microsoft.com/dashboard/referrals/v2/leads"
# Columns of the referrals table and their CSS classes.
COLUMNS = {
    "name": "",
    "company_name": "wide-only",
    "referral_type": "wide-only",
    "status": "",
    "country": "wide-only",
    "deal_value": "wide-only number",
    "expires_at": "date",
    "source_updated_at": "wide-only date",
}
DEFAULT_SORT = "source_updated_at"
# Columns that the first click on their header sorts in descending order.
DESCENDING_FIRST = ("deal_value", "source_updated_at", "source_created_at")
REFERRALS_PER_PAGE = 25
LEADS_PER_PAGE = 5
MAX_SEARCH_CHARACTERS = 200
MAX_PAGE = 100_000
# A raw payload of more characters is loaded when the reader opens it.
LARGE_PAYLOAD = 50_000
_PAGE_NUMBER = re.compile(r"[0-9]{1,9}")

router = APIRouter(route_class=pages.PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class DeskView:
    """The query of `/?status=New&sort=company_name&dir=asc&page=2&leads=3`; a missing parameter is the default."""

    filters: listing.Filters = field(default_factory=listing.Filters)
    sort: str = DEFAULT_SORT
    descending: bool = True
    page: int = 1
    leads: int = 1

    @classmethod
    def from_request(cls, request: Request) -> "DeskView":
        """Read the view from the address."""
        query = request.query_params
        filters = listing.Filters(*(_clean_text(query.get(name)) for name in ("referral_type", "status", "q")))
        sort = query.get("sort", "")
        sort = sort if sort in listing.SORTS else DEFAULT_SORT
        descending = query.get("dir", "desc" if sort in DESCENDING_FIRST else "asc") == "desc"
        return cls(filters, sort, descending, _page_number(query.get("page")), _page_number(query.get("leads")))

    @property
    def is_filtered(self) -> bool:
        """Return whether any filter is set."""
        return self.filters != listing.Filters()

    @property
    def has_default_order(self) -> bool:
        """Return whether the newest referrals come first."""
        return self.sort == DEFAULT_SORT and self.descending

    @property
    def active_filters(self) -> dict[str, str]:
        """Return the filters that are set, by the names of their parameters: {'status': 'New'}."""
        filters = self.filters
        values = {"q": filters.q, "referral_type": filters.referral_type, "status": filters.status}
        return {name: value for name, value in values.items() if value is not None}

    def query(self, **page_numbers: int) -> str:
        """Return the query of this view with other page numbers: '?status=New&page=2', or '' for the default view."""
        order = {} if self.has_default_order else {"sort": self.sort, "dir": "desc" if self.descending else "asc"}
        numbers = {"page": self.page, "leads": self.leads, **page_numbers}
        query = {**self.active_filters, **order, **{name: number for name, number in numbers.items() if number > 1}}
        return f"?{urlencode(query)}" if query else ""

    def sort_query(self, column: str) -> str:
        """Return the query after a click on a column's header: sorted by it, or in reverse if it already is."""
        descending = not self.descending if column == self.sort else column in DESCENDING_FIRST
        return replace(self, sort=column, descending=descending, page=1).query()


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list; `first` and `last` number its rows within `total`."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """Return the number of pages, at least 1."""
        return max(1, ceil(self.total / self.size))

    @property
    def first(self) -> int:
        """Return the number of the first row, counted from 1."""
        return (self.page - 1) * self.size + 1

    @property
    def last(self) -> int:
        """Return the number of the last row."""
        return self.first + len(self.rows) - 1


View = Annotated[DeskView, Depends(DeskView.from_request)]


@router.get("/")
def desk_page(request: Request, view: View) -> Response:
    """Return the whole page."""
    t, task_id = pages.localizer_for(request), request.cookies.get(sync_status.FOLLOWED_COOKIE)
    with request.app.state.warehouse.connection() as connection:
        status = sync_status.read_status(request, connection, task_id)
        context = {**_read_lists(connection, view), "charts": charts.read_charts(connection, t)}
        known = listing.known_values(connection)
    context |= {"message": status.toast(t) if task_id is not None else None, **sync_status.template_context(status)}
    dagster_url = request.app.state.settings.dagster_url
    response = pages.render(request, "desk.html", known=known, dagster_url=dagster_url, **context)
    if task_id is not None and not status.is_unfinished:
        response.delete_cookie(sync_status.FOLLOWED_COOKIE, path=security.cookie_path(request))
    return response


@router.get("/desk/results")
def results_fragment(request: Request, view: View) -> Response:
    """Return both lists; after a filter was changed, the browser's address is normalized as well."""
    is_filter_change = request.headers.get("hx-trigger") == "filters"
    with request.app.state.warehouse.connection() as connection:
        context = _read_lists(connection, view)
    address = f"{security.root_path(request)}/{context['view'].query()}"
    headers = {"HX-Replace-Url": address} if is_filter_change else None
    return pages.render(request, "results.html", headers=headers, is_announced=is_filter_change, **context)


@router.get("/desk/charts")
def charts_fragment(request: Request) -> Response:
    """Return the charts, which htmx requests after each sync."""
    with request.app.state.warehouse.connection() as connection:
        layout = charts.read_charts(connection, pages.localizer_for(request))
    return pages.render(request, "charts.html", charts=layout)


@router.get("/referrals/{referral_id}")
def referral_page(request: Request, referral_id: str) -> Response:
    """Return a referral: the content of the dialog for htmx, else a page."""
    with request.app.state.warehouse.connection() as connection:
        referral = listing.detail(connection, referral_id)
        if referral is None:
            return pages.not_found_page(request)
        history = listing.history(connection, referral_id)
        payload = _format_payload(listing.payload(connection, referral_id))
    in_dialog = "hx-request" in request.headers
    return pages.render(
        request,
        "dialog.html" if in_dialog else "referral.html",
        referral=referral,
        history=history,
        payload=payload,
        payload_is_large=len(payload) > LARGE_PAYLOAD,
        in_dialog=in_dialog,
        partner_center_url=PARTNER_CENTER_URL,
    )


@router.get("/referrals/{referral_id}/payload")
def payload_page(request: Request, referral_id: str) -> Response:
    """Return a referral's raw payload; escaped for htmx, which inserts it as HTML."""
    with request.app.state.warehouse.connection() as connection:
        payload = _format_payload(listing.payload(connection, referral_id))
    if not payload:
        return pages.not_found_page(request)
    if "hx-request" in request.headers:
        return pages.render(request, "payload.html", payload=payload)
    return PlainTextResponse(payload)


def _read_lists(connection: Connection, view: DeskView) -> dict[str, Any]:
    """Return the leads and the referrals of a view; a page number after the last page is the last page."""

    def read(query: Callable[..., listing.Page], page: int, size: int, **order: Any) -> ListPage:
        found = query(connection, view.filters, page=page, page_size=size, **order)
        last_page = ListPage((), found.total, 1, size).pages
        return (
            read(query, last_page, size, **order)
            if page > last_page
            else ListPage(found.items, found.total, page, size)
        )

    referrals = read(listing.page, view.page, REFERRALS_PER_PAGE, sort=view.sort, descending=view.descending)
    leads = read(listing.leads_page, view.leads, LEADS_PER_PAGE)
    return {
        "view": replace(view, page=referrals.page, leads=leads.page),
        "referrals": referrals,
        "leads": leads,
        "columns": COLUMNS,
    }


def _format_payload(payload: dict[str, Any] | None) -> str:
    return "" if payload is None else json.dumps(payload, indent=2, ensure_ascii=False, default=str)


def _clean_text(value: str | None) -> str | None:
    """Return a filter's text without surrounding blanks and NUL, which PostgreSQL cannot store; None if empty."""
    return (value or "").replace("\x00", "").strip()[:MAX_SEARCH_CHARACTERS] or None


def _page_number(value: str | None) -> int:
    return min(max(int(value), 1), MAX_PAGE) if value and _PAGE_NUMBER.fullmatch(value) else 1
