"""
The routes under /api: syncs, referrals and leads.

Each opens one connection, asks `warehouse` or Dagster, and returns a model. They block, so the server calls them
in threads.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BeforeValidator, StringConstraints

from hunter_pipeline.warehouse import listing
from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline.web import errors, exports, models
from hunter_pipeline.web.dagster_client import Launch, Launches

REFERRALS = "/api/v1/partner-center/referrals"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_PAGE = 1_000_000
MAX_PAGE_SIZE = 200

ReferralSort = Literal[
    "source_updated_at", "source_created_at", "expires_at", "deal_value",
    "company_name", "name", "country", "referral_type", "status",
]  # fmt: skip
LeadSort = Literal[
    "score", "canonical_name", "domain", "country", "referral_type", "status", "deal_value", "expires_at", "updated_at"
]
Order = Literal["asc", "desc"]
Format = Literal["csv", "xlsx"]

router = APIRouter()


STORABLE = r"^[^\x00]*$"
"""PostgreSQL's text holds every character but NUL."""


def _given(value: object) -> object:
    """A form sends what was not filled in as empty text."""
    return None if value == "" else value


Word = Annotated[
    Annotated[str, StringConstraints(max_length=100, pattern=STORABLE)] | None, BeforeValidator(_given), Query()
]
Words = Annotated[
    Annotated[str, StringConstraints(max_length=200, pattern=STORABLE)] | None,
    BeforeValidator(_given),
    Query(description="words that must all occur, in any case: in company, deal, domain, ids, city or contacts"),
]
Identity = Annotated[str, Path(min_length=1, max_length=200, pattern=STORABLE)]


def filters(referral_type: Word = None, status: Word = None, q: Words = None) -> listing.Filters:
    """Which rows a list or an export shows; what is empty or left out is no filter."""
    return listing.Filters(referral_type, status, q)


Filters = Annotated[listing.Filters, Depends(filters)]
Page = Annotated[int, Query(ge=1, le=MAX_PAGE, description="counted from 1")]
PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)]


def start_sync(request: Request, *, full: bool = False) -> Launch:
    """Launch a sync, or find the one that is under way. Raises: Refusal, DagsterUnavailable, DatabaseError."""
    if not request.app.state.settings.partner_center_enabled:
        raise errors.flag_disabled()
    launches: Launches = request.app.state.launches
    return launches.launch(full=full)


@router.post(f"{REFERRALS}/sync", tags=["sync"], responses={400: {"model": models.Error}})
@router.post("/api/referrals/sync", tags=["sync"], responses={400: {"model": models.Error}})
def sync(
    request: Request,
    body: Annotated[models.SyncRequest | None, Body()] = None,
    full: Annotated[bool, Query(description="read everything, and mark what is gone upstream")] = False,
) -> models.SyncStarted:
    """Start a sync in Dagster; one that is queued or running already is answered instead of a second one."""
    launch = start_sync(request, full=full or bool(body and body.full))
    message = "The sync is queued." if launch.enqueued else f"A sync is {launch.status} already."
    return models.SyncStarted(task_id=launch.task_id, status=launch.status, enqueued=launch.enqueued, message=message)


@router.get(f"{REFERRALS}/sync/{{task_id}}", tags=["sync"], responses={404: {"model": models.Error}})
@router.get("/api/referrals/sync/{task_id}", tags=["sync"], responses={404: {"model": models.Error}})
def sync_status(request: Request, task_id: Identity) -> models.SyncStatus:
    """How a sync stands, whoever started it: the API, the command line or Dagster."""
    launches: Launches = request.app.state.launches
    followed = launches.follow(task_id)
    if followed is None:
        raise errors.not_found("sync")
    return models.SyncStatus(task_id=task_id, status=followed.status, summary=followed.summary)  # pyright: ignore[reportArgumentType]


@router.get(REFERRALS, tags=["referrals"], response_model=models.ReferralPage)
def referrals(
    request: Request,
    chosen: Filters,
    *,
    page: Page = 1,
    page_size: PageSize = 50,
    sort: ReferralSort = "source_updated_at",
    order: Order = "desc",
) -> dict[str, Any]:
    """Referrals, the newest first; nothing comes first for what has no value."""
    with _warehouse(request).connection() as connection:
        found = listing.page(connection, chosen, sort=sort, descending=order == "desc", page=page, page_size=page_size)
    return {"items": found.items, "total": found.total, "page": page, "page_size": page_size}


_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}, XLSX: {}}, "description": "A file."}}


@router.get(f"{REFERRALS}/export", tags=["referrals"], response_class=Response, responses=_FILE)
def referrals_export(
    request: Request,
    chosen: Filters,
    *,
    format: Format = "csv",  # noqa: A002 - the contract's name
    sort: ReferralSort = "source_updated_at",
    order: Order = "desc",
) -> Response:
    """All referrals that pass the filters, as a file."""
    rows = _streamed(
        request, lambda connection: listing.stream(connection, chosen, sort=sort, descending=order == "desc")
    )
    return _file(rows, format, "referrals", exports.REFERRAL_COLUMNS)


@router.get(
    f"{REFERRALS}/{{referral_id}}",
    tags=["referrals"],
    response_model=models.ReferralDetail,
    response_model_exclude_unset=True,
    responses={404: {"model": models.Error}},
)
def referral(request: Request, referral_id: Identity, include_raw: bool = False) -> dict[str, Any]:
    """One referral with its contacts, its company and the history of its status."""
    with _warehouse(request).connection() as connection:
        found = listing.detail(connection, referral_id)
        if found is None:
            raise errors.not_found("referral")
        more = {"payload": listing.payload(connection, referral_id)} if include_raw else {}
        return {**found, "history": listing.history(connection, referral_id), **more}


@router.get("/api/v1/leads", tags=["leads"], response_model=models.LeadPage)
def leads(
    request: Request,
    chosen: Filters,
    *,
    page: Page | None = None,
    page_size: PageSize | None = None,
    sort: LeadSort = "score",
    order: Order = "desc",
) -> dict[str, Any]:
    """Leads, the most urgent first; all of them where neither page nor page_size is given."""
    number = page or 1
    size = page_size or (50 if page else None)
    with _warehouse(request).connection() as connection:
        found = listing.leads_page(
            connection, chosen, sort=sort, descending=order == "desc", page=number, page_size=size
        )
    return {"items": found.items, "total": found.total, "page": number, "page_size": size or found.total}


@router.get("/api/v1/leads/export", tags=["leads"], response_class=Response, responses=_FILE)
def leads_export(
    request: Request,
    chosen: Filters,
    *,
    format: Format = "csv",  # noqa: A002 - the contract's name
    sort: LeadSort = "score",
    order: Order = "desc",
) -> Response:
    """All leads that pass the filters, as a file."""
    rows = _streamed(
        request, lambda connection: listing.leads_stream(connection, chosen, sort=sort, descending=order == "desc")
    )
    return _file(rows, format, "leads_ready", exports.COLUMNS)


def _warehouse(request: Request) -> Warehouse:
    return request.app.state.warehouse


def _streamed(request: Request, rows: Callable[[Connection], Iterator[listing.Row]]) -> Iterator[listing.Row]:
    """Rows on a connection that lives while they are read; the first is read now: an error is still an answer."""

    def read() -> Iterator[listing.Row]:
        with _warehouse(request).connection() as connection:
            yield from rows(connection)

    found = read()
    first = next(found, None)
    return chain(() if first is None else (first,), found)


def _file(rows: Iterator[listing.Row], form: Format, name: str, columns: Sequence[str]) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    if form == "csv":
        return StreamingResponse(
            exports.csv_parts(rows, columns), media_type="text/csv; charset=utf-8", headers=headers
        )
    return Response(exports.xlsx(rows, columns, sheet=name), media_type=XLSX, headers=headers)
