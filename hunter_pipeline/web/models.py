"""The shapes of the API's requests and responses, with the examples that /docs shows."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

from hunter_pipeline.referrals.updates import Action, State

# PostgreSQL's text cannot contain NUL.
NO_NUL = r"^[^\x00]*$"
# PostgreSQL's bigint.
MAX_NUMBER = 2**63 - 1


def to_json_number(value: Decimal) -> int | float:
    """Return money as a JSON number: 7500, 99.5."""
    return int(value) if value == value.to_integral_value() else float(value)


Row = TypeVar("Row")
Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000, pattern=NO_NUL)]
Money = Annotated[Decimal, PlainSerializer(to_json_number), WithJsonSchema({"type": "number"})]


class Error(BaseModel):
    """An error; all errors of the API have this shape."""

    error: str = Field(description="for programs", examples=["feature_flag_disabled"])
    detail: str = Field(description="one sentence", examples=["The Partner Center sync is disabled."])
    hint: str | None = Field(description="how to fix it")


class SyncRequest(BaseModel):
    """Options of a sync; without a body the sync is incremental."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"full": False}]})

    full: bool = Field(False, description="read everything, and mark referrals that are missing upstream", strict=True)


class SyncStarted(BaseModel):
    """The sync that was started, or the one that is queued or running already."""

    task_id: str = Field(examples=["3f8c1c1e-6a9b-4a54-9a6e-0f6c2f0b9d11"])
    status: Literal["queued", "running"]
    success: Literal[True] = True
    enqueued: bool = Field(description="false if the sync was queued or running already")
    message: str = Field(examples=["The sync is queued."])


class SyncError(BaseModel):
    """Why a sync failed."""

    type: str = Field(examples=["PartnerCenterAuthError"])
    message: str
    status_code: int | None
    request_id: str | None


class Summary(BaseModel):
    """The summary of a sync, as `hunter sync --json` prints it."""

    status: Literal["running", "success", "skipped", "failed"]
    reason: str | None
    run_id: str
    mode: Literal["incremental", "full"]
    fetched: int = Field(examples=[739])
    new: int
    updated: int
    unchanged: int
    quarantined: int
    without_domain: int
    missing: int
    pages: int
    requests: int
    retries: int
    duration_seconds: float | None
    watermark: str | None = Field(examples=["2025-01-30T12:00:00.0000000Z"])
    error: SyncError | None


class SyncStatus(BaseModel):
    """The state of a sync."""

    task_id: str
    status: Literal["queued", "running", "success", "failure", "canceled"]
    summary: Summary | None = Field(description="null until the sync has ended, or if it never began")


class Referral(BaseModel):
    """A referral without its contacts. The fields are also the columns of the export."""

    referral_id: str = Field(examples=["bc731513-aa07-461b-8cf9-7d3bb0256687"])
    engagement_id: str | None
    name: str | None = Field(examples=["Windows 365 for branch offices"])
    referral_type: str | None = Field(examples=["co-sell"])
    type: str | None = Field(examples=["Shared"])
    qualification: str | None = Field(examples=["SalesQualified"])
    direction: str | None = Field(examples=["Incoming"])
    status: str | None = Field(examples=["New"])
    substatus: str | None = Field(examples=["Pending"])
    company_name: str | None = Field(examples=["Fabrikam, Inc."])
    country: str | None = Field(examples=["DE"])
    domain: str | None = Field(examples=["fabrikam.com"])
    domain_source: str | None = Field(examples=["team_email"])
    azure_tenant_id: str | None
    deal_value: Money | None = Field(examples=[27500])
    currency: str | None = Field(examples=["EUR"])
    deal_value_base: Money | None = Field(description="deal_value in HUNTER_CURRENCY")
    solutions: list[str] = Field(description="what the customer asks for", examples=[["Windows 365"]])
    is_spam: bool | None
    consent_to_contact: bool | None
    source_created_at: datetime | None
    source_updated_at: datetime | None
    expires_at: datetime | None
    missing_since: datetime | None = Field(description="since when it is missing from Partner Center")
    synced_at: datetime
    created_at: datetime
    updated_at: datetime


class Contact(BaseModel):
    """A contact at the customer."""

    name: str | None
    email: str | None
    phone: str | None
    title: str | None
    email_text: str | None = Field(None, description="what stands in place of an address to write to")


class Company(BaseModel):
    """The company that a domain belongs to."""

    domain: str
    canonical_name: str | None
    country: str | None
    provider: str | None = Field(examples=["M365"])
    azure_tenant_id: str | None


class StatusPeriod(BaseModel):
    """A period in which a referral had one status."""

    status: str | None
    substatus: str | None
    valid_from: datetime | None
    valid_to: datetime | None = Field(description="null for the current status")


class ReferralDetail(Referral):
    """A referral with all its details; `payload` is present with include_raw=true only."""

    organization_id: str | None
    organization_name: str | None
    external_reference_id: str | None
    referral_type_reason: str | None = Field(description="why referral_type is null")
    status_reason: str | None
    sales_stage: str | None
    invited_by_organization_id: str | None
    company_size: str | None
    city: str | None
    domain_candidates: list[str]
    domain_reason: str | None = Field(description="why domain is null")
    customer_requested_contact: bool | None
    notes: str | None
    etag: str | None
    contacts: list[Contact]
    accepted_at: datetime | None
    closed_at: datetime | None
    expected_close_at: datetime | None
    field_errors: dict[str, str] = Field(description="fields of the payload that could not be read")
    company: Company | None
    history: list[StatusPeriod]
    payload: dict[str, Any] | None = Field(None, description="the newest version as Partner Center sent it")


class Lead(BaseModel):
    """A company with an open referral. The fields are also the columns of the export."""

    lead_key: str = Field(description="the domain, else engagement:ID or referral:ID", examples=["fabrikam.com"])
    company_id: int | None
    canonical_name: str | None = Field(examples=["Fabrikam, Inc."])
    domain: str | None = Field(examples=["fabrikam.com"])
    provider: str | None
    country: str | None
    referral_type: str | None
    referral_types: list[str]
    referral_count: int
    open_referral_count: int
    primary_referral_id: str
    referral_ids: list[str]
    status: str | None
    substatus: str | None
    deal_value: Money | None
    currency: str | None
    contact_name: str | None
    contact_email: str | None
    contact_phone: str | None
    expires_at: datetime | None
    score: int = Field(examples=[61])
    score_reasons: list[str] = Field(
        description="the strongest first", examples=[["size of the deal", "not answered yet", "open referral"]]
    )
    score_points: list[int] = Field(description="the points of each reason; they add up to the score")
    updated_at: datetime
    referral_name: str | None = Field(description="name of the primary referral")
    solutions: list[str] = Field(description="what the customer asks for", examples=[["Windows 365"]])
    deal_value_base: Money | None = Field(description="deal_value in HUNTER_CURRENCY")
    contact_allowed: bool = Field(description="false if the customer does not want to be contacted")
    qualification: str | None
    source_created_at: datetime | None
    expected_close_at: datetime | None
    contact_title: str | None
    contact_requested: bool = Field(description="whether the customer asked to be called")


class Page(BaseModel, Generic[Row]):
    """A page of a list."""

    items: list[Row]
    total: int = Field(description="number of matching rows on all pages")
    page: int = Field(description="counted from 1")
    page_size: int


class UpdateRequest(BaseModel):
    """An answer to a referral; values that are not given stay, or come from the referral where `accept` needs them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"action": "accept", "value": 12000}]})

    action: Action
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
    action: Action
    operations: list[dict[str, Any]] = Field(description="JSON Patch")
    base_etag: str | None
    requested_by: str
    requested_at: datetime
    send_after: datetime = Field(description="until then it can be taken back")
    state: State
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
