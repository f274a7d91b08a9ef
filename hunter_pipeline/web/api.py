"""
The JSON endpoints under /api: syncs, referrals, leads, and answers to referrals.

The routes block on the database or on Dagster, so they are plain functions, which FastAPI runs in threads.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from hunter_pipeline.pipeline import answers
from hunter_pipeline.referrals.payloads import canonical_id
from hunter_pipeline.warehouse import leads_ready, list_queries, listing, referral_updates
from hunter_pipeline.warehouse.connection import Connection, Row
from hunter_pipeline.web import exports, models, sync_status
from hunter_pipeline.web.errors import not_found
from hunter_pipeline.web.pages import localizer_for

REFERRALS = "/api/v1/partner-center/referrals"
UPDATES = f"{REFERRALS}/{{referral_id}}/updates"
LEADS = "/api/v1/leads"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Exports that run at the same time, each with a database connection of its own; the others wait.
EXPORTS_AT_ONCE = 16
MAX_PAGE = 1_000_000
MAX_PAGE_SIZE = 200

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

# The columns of each export: as CSV, and as a workbook.
_EXPORTED = {
    "referrals": (exports.REFERRAL_COLUMNS, exports.REFERRAL_WIDTHS),
    "leads_ready": (exports.LEAD_COLUMNS, exports.LEAD_WIDTHS),
}
_Responses = dict[int | str, dict[str, Any]]
_FILE: _Responses = {200: {"content": {"text/csv": {}, XLSX: {}}, "description": "A file."}}
_NOT_FOUND: _Responses = {404: {"model": models.Error}}
_ANSWER: dict[str, Any] = {
    "response_model": models.ReferralUpdate,
    "responses": {status: {"model": models.Error} for status in (400, 404, 409)},
    "tags": ["answers"],
}

router = APIRouter()


def _empty_to_none(value: object) -> object:
    """Return None for empty text: forms send a field that was not filled in as ''."""
    return None if value == "" else value


FilterValue = Annotated[
    Annotated[str, StringConstraints(max_length=100, pattern=models.NO_NUL)] | None,
    BeforeValidator(_empty_to_none),
    Query(),
]
SearchText = Annotated[
    Annotated[str, StringConstraints(max_length=200, pattern=models.NO_NUL)] | None,
    BeforeValidator(_empty_to_none),
    Query(description="words that must all occur, in any case: in company, referral, contacts, country and so on"),
]
Time = Annotated[AwareDatetime | None, BeforeValidator(_empty_to_none), Query()]
MinValue = Annotated[
    Annotated[int, Field(ge=0, le=10**15)] | None,
    BeforeValidator(_empty_to_none),
    Query(description="the least deal value in HUNTER_CURRENCY"),
]
RecordId = Annotated[str, Path(min_length=1, max_length=200, pattern=models.NO_NUL)]
ReferralId = Annotated[RecordId, AfterValidator(canonical_id)]
UpdateNumber = Annotated[int, Path(ge=1, le=models.MAX_NUMBER, description="number of the answer")]


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
) -> list_queries.Filters:
    """Return the filters of a list or an export; an empty or missing parameter filters nothing."""
    dates = {"expires_after": expires_after, "expires_before": expires_before, "created_after": created_after}
    return list_queries.Filters(
        referral_type, status, q, country, min_value=min_value, contact_requested=contact_requested, **dates
    )


def read_referral_order(sort: ReferralSort = "source_updated_at", order: Order = "desc") -> dict[str, Any]:
    """Return the order of a list of referrals, as `listing` takes it."""
    return {"sort": sort, "descending": order == "desc"}


def read_lead_order(sort: LeadSort = "score", order: Order = "desc") -> dict[str, Any]:
    """Return the order of a list of leads, as `leads_ready` takes it."""
    return {"sort": sort, "descending": order == "desc"}


Filters = Annotated[list_queries.Filters, Depends(read_filters)]
ReferralOrder = Annotated[dict[str, Any], Depends(read_referral_order)]
LeadOrder = Annotated[dict[str, Any], Depends(read_lead_order)]


async def wait_for_export_slot(request: Request) -> AsyncIterator[None]:
    """Wait until fewer than EXPORTS_AT_ONCE exports run, and count as one until the file has been sent."""
    async with request.app.state.export_slots:
        yield


_EXPORT: dict[str, Any] = {
    "response_class": Response,
    "responses": _FILE,
    "dependencies": [Depends(wait_for_export_slot)],
}
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


@router.get(f"{REFERRALS}/sync/{{task_id}}", tags=["sync"], responses=_NOT_FOUND)
@router.get("/api/referrals/sync/{task_id}", tags=["sync"], responses=_NOT_FOUND)
def get_sync(request: Request, task_id: RecordId) -> models.SyncStatus:
    """Return the state of a sync, whether the API, the command line or Dagster started it."""
    progress = request.app.state.dagster.sync_progress(task_id)
    if progress is None:
        raise not_found("sync")
    return models.SyncStatus(task_id=task_id, status=progress.status, summary=progress.summary)


@router.get(REFERRALS, tags=["referrals"], response_model=models.Page[models.Referral])
def list_referrals(
    request: Request, filters: Filters, order: ReferralOrder, page: PageNumber = 1, page_size: PageSize = 50
) -> dict[str, Any]:
    """Return a page of referrals, the newest first; rows without a value in the sorted column come last."""
    with _connection(request) as connection:
        found = listing.page(connection, filters, page=page, page_size=page_size, **order)
    return {"items": found.items, "total": found.total, "page": page, "page_size": page_size}


@router.get(f"{REFERRALS}/export", tags=["referrals"], **_EXPORT)
def export_referrals(
    request: Request,
    filters: Filters,
    order: ReferralOrder,
    format: ExportFormat = "csv",  # noqa: A002 - the contract's name
) -> Response:
    """Return all referrals that match the filters as a file."""
    rows = _stream(request, lambda connection: listing.stream(connection, filters, **order))
    return _file(request, format, "referrals", rows)


@router.get(
    f"{REFERRALS}/{{referral_id}}",
    tags=["referrals"],
    response_model=models.ReferralDetail,
    response_model_exclude_unset=True,
    responses=_NOT_FOUND,
)
def get_referral(request: Request, referral_id: ReferralId, include_raw: bool = False) -> dict[str, Any]:
    """Return a referral with its contacts, its company and its status history."""
    with _connection(request) as connection:
        detail = listing.detail(connection, referral_id)
        if detail is None:
            raise not_found("referral")
        raw = {"payload": listing.payload(connection, referral_id)} if include_raw else {}
        return {**detail, "history": listing.history(connection, referral_id), **raw}


@router.get(LEADS, tags=["leads"], response_model=models.Page[models.Lead])
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
    with _connection(request) as connection:
        found = leads_ready.page(connection, filters, page=number, page_size=size, **order)
    return {"items": found.items, "total": found.total, "page": number, "page_size": size or found.total}


@router.get(f"{LEADS}/export", tags=["leads"], **_EXPORT)
def export_leads(
    request: Request,
    filters: Filters,
    order: LeadOrder,
    format: ExportFormat = "csv",  # noqa: A002 - the contract's name
) -> Response:
    """Return all leads that match the filters as a file."""
    rows = _stream(request, lambda connection: leads_ready.stream(connection, filters, **order))
    return _file(request, format, "leads_ready", rows)


@router.post(UPDATES, status_code=202, **_ANSWER)
def give_update(request: Request, referral_id: ReferralId, body: models.UpdateRequest) -> Row:
    """Give an answer to a referral; it is sent ten seconds later and can be taken back until then."""
    fields = body.model_dump(exclude={"action", "requested_by"})
    with _connection(request) as connection:
        return answers.request_update(
            connection, request.app.state.settings, referral_id, body.action, fields, requested_by=body.requested_by
        )


@router.get(UPDATES, response_model=models.ReferralUpdates, responses=_NOT_FOUND, tags=["answers"])
def list_updates(request: Request, referral_id: ReferralId) -> dict[str, Any]:
    """Return the answers to a referral, the newest first."""
    with _connection(request) as connection:
        if not referral_updates.is_referral(connection, referral_id):
            raise not_found("referral")
        rows = referral_updates.newest(connection, referral_id)
    return {"items": rows, "total": len(rows)}


@router.delete(UPDATES + "/{number}", **_ANSWER)
def cancel_update(request: Request, referral_id: ReferralId, number: UpdateNumber) -> Row:
    """Take back an answer that is not sent yet, or drop one in conflict."""
    with _connection(request) as connection:
        return answers.cancel_update(connection, number, referral_id)


@router.post(UPDATES + "/{number}/retry", status_code=202, **_ANSWER)
def retry_update(request: Request, referral_id: ReferralId, number: UpdateNumber) -> Row:
    """Send an answer again that is failed, rejected or in conflict."""
    with _connection(request) as connection:
        return answers.retry_update(connection, request.app.state.settings, number, referral_id)


def _connection(request: Request) -> AbstractContextManager[Connection]:
    return request.app.state.warehouse.connection()


def _stream(request: Request, read: Callable[[Connection], Iterator[Row]]) -> Iterator[Row]:
    """
    Yield rows from a connection that stays open while they are read.

    The first row is read at once, so that a database error becomes an error response instead of a broken file.
    """

    def rows() -> Iterator[Row]:
        with _connection(request) as connection:
            yield from read(connection)

    remaining = rows()
    first = next(remaining, None)
    return chain(() if first is None else (first,), remaining)


def _file(request: Request, form: ExportFormat, name: str, rows: Iterator[Row]) -> Response:
    """Return rows as a file, whose name has the reader's date; a workbook is in the reader's language and time zone."""
    csv_columns, sheet_columns = _EXPORTED[name]
    t = localizer_for(request)
    file_name = exports.file_name(name, form, datetime.now(t.zone).date())
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    if form == "csv":
        chunks = exports.csv_chunks(rows, csv_columns)
        return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=headers)
    content = exports.to_xlsx(rows, sheet_columns, sheet=name, currency=request.app.state.settings.currency, t=t)
    return Response(content, media_type=XLSX, headers=headers)
