"""Serve the lead desk at `/`, its lists and charts as fragments for htmx, and the page of a referral."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from hunter_pipeline.warehouse import lead_metrics, leads_ready, listing
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline.warehouse.list_queries import RowPage
from hunter_pipeline.web import charts, desk_answers, pages, security, sync_status
from hunter_pipeline.web.desk_view import EXPIRES_WITHIN, LEAST_VALUES, VISITS_COOKIE, DeskView, Order, visits
from hunter_pipeline.web.localization import Localizer

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
# Columns by which the leads can be sorted, in the order of a row.
LEAD_COLUMNS = (
    *("score", "canonical_name", "referral_name", "country", "contact_name"),
    *("deal_value", "expires_at", "source_created_at", "referral_type", "status"),
)
REFERRALS_PER_PAGE = 25
LEADS_PER_PAGE = 20
# Leads that a printed page shows; the further ones are in the page for printing only.
PRINTED_LEADS = 50
# A raw payload of more characters is loaded when the reader opens it.
LARGE_PAYLOAD = 50_000
# The largest number of countries in the table of metrics.
METRIC_COUNTRIES = 10

router = APIRouter(route_class=pages.PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list; `first` and `last` number its rows within `total`; `further` are rows beyond the page."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    page: int
    size: int
    further: Sequence[Mapping[str, Any]] = ()

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
        context = {**_read_lists(request, connection, view), "charts": charts.read_charts(connection, t)}
        known = listing.known_values(connection)
    context |= {"message": status.toast(t) if task_id is not None else None, **sync_status.template_context(status)}
    settings = request.app.state.settings
    choices = _choices(view, known, t, settings.currency)
    response = pages.render(request, "desk.html", **choices, dagster_url=settings.dagster_url, **context)
    visit_days = ".".join(day.isoformat() for day in visits(request, view.zone))
    pages.set_preference(request, response, VISITS_COOKIE, visit_days)
    if task_id is not None and not status.is_unfinished:
        response.delete_cookie(sync_status.FOLLOWED_COOKIE, path=security.cookie_path(request))
    return response


@router.get("/desk/results")
def results_fragment(request: Request, view: View) -> Response:
    """Return both lists; after a filter was changed, the browser's address is normalized as well."""
    is_filter_change = request.headers.get("hx-trigger") == "filters"
    with request.app.state.warehouse.connection() as connection:
        context = _read_lists(request, connection, view)
    address = f"{security.root_path(request)}/{context['view'].query()}"
    headers = {"HX-Replace-Url": address} if is_filter_change else None
    return pages.render(request, "results.html", headers=headers, is_announced=is_filter_change, **context)


@router.get("/desk/charts")
def charts_fragment(request: Request) -> Response:
    """Return the charts, which htmx requests after each sync."""
    with request.app.state.warehouse.connection() as connection:
        layout = charts.read_charts(connection, pages.localizer_for(request))
    return pages.render(request, "charts.html", charts=layout)


@router.get("/desk/metrics")
def metrics_page(request: Request) -> Response:
    """Return response time, expired referrals and win rates: a part of the desk for htmx, else a page."""
    with request.app.state.warehouse.connection() as connection:
        metrics = lead_metrics.read(connection)
    types = [row for row in metrics if row["dimension"] == "referral_type"]
    countries = [row for row in metrics if row["dimension"] == "country" and row["value"]]
    return pages.render(
        request,
        "metrics.html" if "hx-request" in request.headers else "metrics_page.html",
        metrics=metrics[0],
        rows=types + countries[:METRIC_COUNTRIES],
        currency=request.app.state.settings.currency,
    )


@router.get("/referrals/{referral_id}")
def referral_page(request: Request, referral_id: str) -> Response:
    """Return a referral: the content of the dialog for htmx, else a page."""
    with request.app.state.warehouse.connection() as connection:
        referral = listing.detail(connection, referral_id)
        if referral is None:
            return pages.not_found_page(request)
        history = listing.history(connection, referral_id)
        payload = _format_payload(listing.payload(connection, referral_id))
        lead = leads_ready.lead(connection, referral["lead_key"])
        others = leads_ready.referrals_of(connection, referral["lead_key"])
        related = leads_ready.related(connection, referral["lead_key"])
        # not validated: the id of a stored referral is valid
        query = desk_answers.AnswersQuery.model_construct(place="detail", referral=[referral_id])
        given = desk_answers.read_context(request, connection, query)
    in_dialog = "hx-request" in request.headers
    return pages.render(
        request,
        "dialog.html" if in_dialog else "referral.html",
        referral=referral,
        history=history,
        lead=lead,
        reasons=list(zip(lead["score_reasons"], lead["score_points"], strict=True)) if lead else [],
        others=others,
        related=related,
        lead_contact=lead is not None and _is_missing(lead, referral["contacts"]),
        payload=payload,
        payload_is_large=len(payload) > LARGE_PAYLOAD,
        in_dialog=in_dialog,
        is_reload=request.headers.get("hx-trigger") == "answers",  # then the focus stays where it is
        **given,
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


def _is_missing(lead: Mapping[str, Any], contacts: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the person to call is none of these: another referral of the lead names them."""
    person = (lead["contact_email"], lead["contact_phone"])
    return person != (None, None) and person not in [(each["email"], each["phone"]) for each in contacts]


def _choices(view: DeskView, known: dict[str, list[str]], t: Localizer, currency: str) -> dict[str, Any]:
    """Return what the filters can be set to, as pairs of value and text."""
    yesterday = datetime.now(view.zone).date() - timedelta(days=1)
    since = t.calendar_date(view.last_visit)
    new = t("filters.show_new") if view.last_visit == yesterday else t("filters.show_new_since", day=since)
    expires = {value: t(f"filters.within_{value}") for value in EXPIRES_WITHIN}
    if (day := view.values.get("expires")) and day not in expires:
        expires[day] = t.calendar_date(date.fromisoformat(day))
    least = {*LEAST_VALUES, int(view.values.get("value", LEAST_VALUES[0]))}
    countries = [(code, t.country(code)) for code in known["country"]]
    return {
        "quick": [
            *(("", t("filters.show_all")), ("today", t("filters.show_today"))),
            *(("new", new), ("asked", t("filters.show_asked"))),
        ],
        "choices": {
            "referral_type": [(value, t.label("referral_type", value)) for value in known["referral_type"]],
            "status": [(value, t.label("status", value)) for value in known["status"]],
            "country": sorted(countries, key=lambda country: t.sort_key(country[1])),
            "expires": list(expires.items()),
            "value": [
                (str(value), t("filters.from_value", amount=t.money(Decimal(value), currency)))
                for value in sorted(least)
            ],
        },
    }


def _read_lists(request: Request, connection: Connection, view: DeskView) -> dict[str, Any]:
    """Return the leads and the referrals of a view; a page number after the last page is the last page."""

    def read(query: Callable[..., RowPage], order: Order, page: int, size: int, **options: Any) -> ListPage:
        sort, descending = order
        found = query(connection, filters, page=page, page_size=size, sort=sort, descending=descending, **options)
        last_page = ListPage((), found.total, 1, size).pages
        if page > last_page:
            return read(query, order, last_page, size, **options)
        return ListPage(found.items[:size], found.total, page, size, found.items[size:])

    filters = view.filters
    referrals = read(listing.page, view.order, view.page, REFERRALS_PER_PAGE)
    further = PRINTED_LEADS - LEADS_PER_PAGE
    leads = read(leads_ready.page, view.lead_order, view.leads, LEADS_PER_PAGE, further=further)
    shown = [row["referral_id"] for row in referrals.rows] + [row["primary_referral_id"] for row in leads.rows]
    return {
        **desk_answers.read_list_context(request, connection, shown),
        "view": replace(view, page=referrals.page, leads=leads.page),
        "referrals": referrals,
        "leads": leads,
        "columns": COLUMNS,
        "lead_columns": LEAD_COLUMNS,
    }


def _format_payload(payload: dict[str, Any] | None) -> str:
    return "" if payload is None else json.dumps(payload, indent=2, ensure_ascii=False, default=str)
