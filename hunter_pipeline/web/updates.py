"""The JSON endpoints for answers to referrals."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hunter_pipeline.pipeline import answers
from hunter_pipeline.warehouse import referral_updates
from hunter_pipeline.warehouse.connection import Row
from hunter_pipeline.web import models
from hunter_pipeline.web.api import NO_NUL, REFERRALS, ReferralId
from hunter_pipeline.web.errors import not_found

UPDATES = f"{REFERRALS}/{{referral_id}}/updates"
# PostgreSQL's bigint.
MAX_NUMBER = 2**63 - 1
_ERRORS: dict[int | str, dict[str, Any]] = {status: {"model": models.Error} for status in (400, 404, 409)}

UpdateNumber = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="number of the answer")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000, pattern=NO_NUL)]

router = APIRouter(tags=["answers"])


class UpdateRequest(BaseModel):
    """An answer to a referral; values that are not given stay, or come from the referral where `accept` needs them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"action": "accept", "value": 12000}]})

    action: Literal["accept", "decline", "won", "lost", "update"]
    name: Text | None = Field(None, description="name of the deal")
    value: Decimal | None = Field(None, ge=0, description="value of the deal", examples=[12000])
    currency: Text | None = Field(None, description="ISO 4217", examples=["EUR"])
    close_date: date | datetime | None = Field(None, description="expected close", examples=["2027-03-31"])
    notes: Text | None = None
    crm_id: Text | None = Field(None, description="the deal's id in the CRM")
    reason: Text | None = Field(None, description="why, for decline and lost")
    requested_by: Text = Field("api", description="name of the person who answers")


class Conflict(BaseModel):
    """A field that another person has changed meanwhile."""

    path: str = Field(examples=["/details/dealValue"])
    base: Any = Field(description="the value when the answer was given")
    ours: Any = Field(description="the value of the answer")
    theirs: Any = Field(description="the value in Partner Center now")


class ReferralUpdate(BaseModel):
    """An answer to a referral: a row of `referral_updates`."""

    id: int
    referral_id: str
    action: Literal["accept", "decline", "won", "lost", "update"]
    operations: list[dict[str, Any]] = Field(description="JSON Patch")
    base_etag: str | None
    requested_by: str
    requested_at: datetime
    send_after: datetime = Field(description="until then it can be taken back")
    state: Literal["pending", "sending", "confirmed", "conflict", "rejected", "failed", "canceled", "dry_run"]
    request_id: str
    attempts: int
    sent_at: datetime | None
    confirmed_at: datetime | None
    warning: str | None
    error: str | None
    status_code: int | None
    conflict: list[Conflict] | None
    request: dict[str, Any] | None = Field(description="what a dry run would have sent")
    is_dry_run: bool
    run_id: str | None
    erased: bool
    updated_at: datetime


class ReferralUpdates(BaseModel):
    """The answers to a referral, the newest first."""

    items: list[ReferralUpdate]
    total: int


@router.post(UPDATES, status_code=202, response_model=ReferralUpdate, responses=_ERRORS)
def give_update(request: Request, referral_id: ReferralId, body: UpdateRequest) -> Row:
    """Give an answer to a referral; it is sent ten seconds later and can be taken back until then."""
    fields = body.model_dump(exclude={"action", "requested_by"})
    with request.app.state.warehouse.connection() as connection:
        return answers.request_update(
            connection, request.app.state.settings, referral_id, body.action, fields, requested_by=body.requested_by
        )


@router.get(UPDATES, response_model=ReferralUpdates, responses={404: {"model": models.Error}})
def list_updates(request: Request, referral_id: ReferralId) -> dict[str, Any]:
    """Return the answers to a referral, the newest first."""
    with request.app.state.warehouse.connection() as connection:
        if not referral_updates.is_referral(connection, referral_id):
            raise not_found("referral")
        rows = referral_updates.newest(connection, referral_id)
    return {"items": rows, "total": len(rows)}


@router.delete(UPDATES + "/{number}", response_model=ReferralUpdate, responses=_ERRORS)
def cancel_update(request: Request, referral_id: ReferralId, number: UpdateNumber) -> Row:
    """Take back an answer that is not sent yet, or drop one in conflict."""
    with request.app.state.warehouse.connection() as connection:
        return answers.cancel_update(connection, number, referral_id)


@router.post(UPDATES + "/{number}/retry", status_code=202, response_model=ReferralUpdate, responses=_ERRORS)
def retry_update(request: Request, referral_id: ReferralId, number: UpdateNumber) -> Row:
    """Send an answer again that is failed, rejected or in conflict."""
    with request.app.state.warehouse.connection() as connection:
        return answers.retry_update(connection, request.app.state.settings, number, referral_id)
