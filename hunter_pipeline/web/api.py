"""
The JSON endpoints under /api: syncs, referrals and leads.

The routes block on the database or on Dagster, so they are plain functions, which FastAPI runs in threads.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from hunter_pipeline.referrals.payloads import canonical_id
from hunter_pipeline.warehouse import listing
from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline.web import exports, models, sync_status, workbook
from hunter_pipeline.web.errors import not_found
from hunter_pipeline.web.pages import localizer_for

REFERRALS = "/api/v1/partner-center/referrals"
LEADS = "/api/v1/leads"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_PAGE = 1_000_000
MAX_PAGE_SIZE = 200
# PostgreSQL's text cannot contain NUL.
NO_NUL = r"^[^\x00]*$"

ReferralSort = Literal[
    "source_updated_at", "source_created_at", "expires_at", "deal_value",
    "company_name", "name", "country", "referral_type", "status",
]  # fmt: skip
LeadSort = Literal[
    "score", "canonical_name", "domain", "country", "referral_type", "status", "deal_value", "expires_at", "updated_at",
    "source_created_at", "referral_name", "contact_name",
]  # fmt: skip
Order = Literal["asc", "desc"]
ExportFormat = Literal["csv", "xlsx"]

_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}, XLSX: {}}, "description": "A file."}}

router = APIRouter()


def _empty_to_none(value: object) -> object:
    """Return None for empty text: forms send a field that was not filled in as ''."""
    return None if value == "" else value


FilterValue = Annotated[
    Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] | None, BeforeValidator(_empty_to_none), Query()
]
SearchText = Annotated[
    Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] | None,
    BeforeValidator(_empty_to_none),
    Query(description="words that must all occur, in any case: in company, referral, contacts, country and so on"),
]
Time = Annotated[AwareDatetime | None, BeforeValidator(_empty_to_none), Query()]
MinValue = Annotated[
    Annotated[int, Field(ge=0, le=10**15)] | None,
    BeforeValidator(_empty_to_none),
    Query(description="the least deal value in HUNTER_CURRENCY"),
]
RecordId = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_NUL)]
ReferralId = Annotated[RecordId, AfterValidator(canonical_id)]


def read_filters(  # noqa: PLR0917 - one parameter a filter
    referral_type: FilterValue = None,
    status: FilterValue = None,
    q: SearchText = None,
    country: FilterValue = None,
    expires_after: Time = None,
    expires_before: Time = None,
    min_value: MinValue = None,
    created_after: Time = None,
    contact_requested: Annotated[bool | None, BeforeValidator(_empty_to_none), Query()] = None,
) -> listing.Filters:
    """Return the filters of a list or an export; an empty or missing parameter filters nothing."""
    return listing.Filters(
        referral_type,
        status,
        q,
        country,
        expires_after,
        expires_before,
        min_value,
        created_after,
        contact_requested,
    )


def read_referral_order(sort: ReferralSort = "source_updated_at", order: Order = "desc") -> dict[str, Any]:
    """Return the order of a list of referrals, as `listing` takes it."""
    return {"sort": sort, "descending": order == "desc"}


def read_lead_order(sort: LeadSort = "score", order: Order = "desc") -> dict[str, Any]:
    """Return the order of a list of leads, as `listing` takes it."""
    return {"sort": sort, "descending": order == "desc"}


Filters = Annotated[listing.Filters, Depends(read_filters)]
ReferralOrder = Annotated[dict[str, Any], Depends(read_referral_order)]
LeadOrder = Annotated[dict[str, Any], Depends(read_lead_order)]
PageNumber = Annotated[int, Query(ge=1, le=MAX_PAGE, description="counted from 1")]
PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)]


@router.post(f"{REFERRALS}/sync", tags=["sync"], responses={400: {"model": models.Error}})
@router.post("/api/referrals/sync", tags=["sync"], responses={400: {"model": models.Error}})
def start_sync(
    request: Request,
    body: Annotated[models.SyncRequest | None, Body()] = None,
    full: Annotated[bool, Query(description="read everything, and mark referrals that are missing upstream")] = False,
) -> models.SyncStarted:
    """Start a sync in Dagster; if one is queued or running already, return that one."""
    state = request.app.state
    task = sync_status.start_sync(state.settings, state.dagster, full=full or bool(body and body.full))
    message = "The sync is queued." if task.enqueued else f"A sync is already {task.status}."
    return models.SyncStarted(task_id=task.task_id, status=task.status, enqueued=task.enqueued, message=message)


@router.get(f"{REFERRALS}/sync/{{task_id}}", tags=["sync"], responses={404: {"model": models.Error}})
@router.get("/api/referrals/sync/{task_id}", tags=["sync"], responses={404: {"model": models.Error}})
def get_sync(request: Request, task_id: RecordId) -> models.SyncStatus:
    """Return the state of a sync, whether the API, the command line or Dagster started it."""
    progress = request.app.state.dagster.sync_progress(task_id)
    if progress is None:
        raise not_found("sync")
    return models.SyncStatus(task_id=task_id, status=progress.status, summary=progress.summary)


@router.get(REFERRALS, tags=["referrals"], response_model=models.ReferralPage)
def list_referrals(
    request: Request, filters: Filters, order: ReferralOrder, page: PageNumber = 1, page_size: PageSize = 50
) -> dict[str, Any]:
    """Return a page of referrals, the newest first; rows without a value in the sorted column come last."""
    with _warehouse(request).connection() as connection:
        found = listing.page(connection, filters, page=page, page_size=page_size, **order)
    return {"items": found.items, "total": found.total, "page": page, "page_size": page_size}


@router.get(f"{REFERRALS}/export", tags=["referrals"], response_class=Response, responses=_FILE)
def export_referrals(
    request: Request,
    filters: Filters,
    order: ReferralOrder,
    format: ExportFormat = "csv",  # noqa: A002 - the contract's name
) -> Response:
    """Return all referrals that match the filters as a file."""
    rows = _stream(request, lambda connection: listing.stream(connection, filters, **order))
    if format == "xlsx":
        return _workbook_response(request, rows, workbook.REFERRALS, "referrals")
    return _csv_response(request, rows, exports.REFERRAL_COLUMNS, "referrals")


@router.get(
    f"{REFERRALS}/{{referral_id}}",
    tags=["referrals"],
    response_model=models.ReferralDetail,
    response_model_exclude_unset=True,
    responses={404: {"model": models.Error}},
)
def get_referral(request: Request, referral_id: ReferralId, include_raw: bool = False) -> dict[str, Any]:
    """Return a referral with its contacts, its company and its status history."""
    with _warehouse(request).connection() as connection:
        detail = listing.detail(connection, referral_id)
        if detail is None:
            raise not_found("referral")
        raw = {"payload": listing.payload(connection, referral_id)} if include_raw else {}
        return {**detail, "history": listing.history(connection, referral_id), **raw}


@router.get(LEADS, tags=["leads"], response_model=models.LeadPage)
def list_leads(
    request: Request,
    filters: Filters,
    order: LeadOrder,
    page: PageNumber | None = None,
    page_size: PageSize | None = None,
) -> dict[str, Any]:
    """Return leads, the most urgent first; all of them if neither `page` nor `page_size` is given."""
    number = page or 1
    size = page_size or (50 if page else None)
    with _warehouse(request).connection() as connection:
        found = listing.leads_page(connection, filters, page=number, page_size=size, **order)
    return {"items": found.items, "total": found.total, "page": number, "page_size": size or found.total}


@router.get(f"{LEADS}/export", tags=["leads"], response_class=Response, responses=_FILE)
def export_leads(
    request: Request,
    filters: Filters,
    order: LeadOrder,
    format: ExportFormat = "csv",  # noqa: A002 - the contract's name
) -> Response:
    """Return all leads that match the filters as a file."""
    rows = _stream(request, lambda connection: listing.leads_stream(connection, filters, **order))
    if format == "xlsx":
        return _workbook_response(request, rows, workbook.LEADS, "leads_ready")
    return _csv_response(request, rows, exports.LEAD_COLUMNS, "leads_ready")


def _warehouse(request: Request) -> Warehouse:
    return request.app.state.warehouse


def _stream(request: Request, read: Callable[[Connection], Iterator[listing.Row]]) -> Iterator[listing.Row]:
    """
    Yield rows from a connection that stays open while they are read.

    The first row is read at once, so that a database error becomes an error response instead of a broken file.
    """

    def rows() -> Iterator[listing.Row]:
        with _warehouse(request).connection() as connection:
            yield from read(connection)

    remaining = rows()
    first = next(remaining, None)
    return chain(() if first is None else (first,), remaining)


def _csv_response(request: Request, rows: Iterator[listing.Row], columns: Sequence[str], name: str) -> Response:
    chunks = exports.csv_chunks(rows, columns)
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=_file_headers(request, name, "csv"))


def _workbook_response(
    request: Request, rows: Iterator[listing.Row], columns: Sequence[workbook.Column], name: str
) -> Response:
    """Return a workbook in the reader's language and time zone."""
    t, currency = localizer_for(request), request.app.state.settings.currency
    content = workbook.to_xlsx(rows, columns, sheet=name, currency=currency, t=t)
    return Response(content, media_type=XLSX, headers=_file_headers(request, name, "xlsx"))


def _file_headers(request: Request, name: str, form: ExportFormat) -> dict[str, str]:
    """Return the header with the name of the file, which has the reader's date."""
    file_name = exports.file_name(name, form, datetime.now(localizer_for(request).zone).date())
    return {"Content-Disposition": f'attachment; filename="{file_name}"'}
