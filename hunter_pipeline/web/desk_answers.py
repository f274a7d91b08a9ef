"""Serve the answers of the lead desk: their forms for one or several referrals, their states and their history."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote, urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field, StringConstraints

from hunter_pipeline.errors import UpdateRefused
from hunter_pipeline.partner_center.updates import NEEDED_TO_ACCEPT, PATHS
from hunter_pipeline.pipeline import answers
from hunter_pipeline.pipeline.answers import AnswerableReferral
from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime
from hunter_pipeline.referrals.updates import ACTION_FIELDS, ACTIONS, UNDER_WAY, UNDO_SECONDS, Action, to_number
from hunter_pipeline.warehouse import referral_updates
from hunter_pipeline.warehouse.connection import Connection, Row
from hunter_pipeline.web import pages
from hunter_pipeline.web.localization import Localizer
from hunter_pipeline.web.models import MAX_NUMBER, NO_NUL
from hunter_pipeline.web.security import root_path
from hunter_pipeline.web.sync_status import Toast

# The cookie with the name of the person who answers, percent-encoded.
PERSON_COOKIE = "person"
# Referrals that can be answered at once; a page of the desk has 45.
MAX_SELECTED = 100
# Fields that belong to one deal: no form for several referrals has them.
_OF_ONE_DEAL = ("name", "crm_id")
_FIELDS = {path: name for name, path in PATHS.items()} | {"/status": "status", "/substatus": "substatus"}
_LISTS_CHANGED = {"HX-Trigger": "desk-refresh"}

Text = Annotated[str, StringConstraints(max_length=4_000, pattern=NO_NUL)]
ReferralIds = list[Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]]
Numbers = list[Annotated[int, Field(ge=1, le=MAX_NUMBER)]]


class AnswersQuery(BaseModel):
    """
    What a region of the page shows: the dialog or page of a referral, the bar of the selected ones, or the lists.

    number: the answers to show instead of the forms.
    known:  the version of the answers that the page shows.
    """

    place: Literal["detail", "bar", "lists"] = "bar"
    referral: Annotated[ReferralIds, Field(max_length=MAX_SELECTED)] = []
    number: Annotated[Numbers, Field(max_length=MAX_SELECTED)] = []
    known: str = ""


class AnswerForm(BaseModel):
    """The form of an action; an empty value leaves the referral's own. `seen` identifies what the form has shown."""

    action: Action
    place: Literal["detail", "bar"] = "detail"
    referral: ReferralIds = Field(min_length=1, max_length=MAX_SELECTED)
    seen: str = ""
    by: Text = ""
    name: Text = ""
    value: Text = ""
    currency: Text = ""
    close_date: Text = ""
    notes: Text = ""
    crm_id: Text = ""
    reason: Text = ""


def _is_on(request: Request) -> bool:
    """Return whether answers can be given, in a dry run as well."""
    return request.app.state.settings.write_back != "off"


def _require_on(request: Request) -> None:
    if not _is_on(request):
        raise HTTPException(404)


router = APIRouter(
    prefix="/desk/answers",
    route_class=pages.PageRoute,
    include_in_schema=False,
    default_response_class=HTMLResponse,
    dependencies=[Depends(_require_on)],
)


@router.get("")
def answers_fragment(request: Request, query: Annotated[AnswersQuery, Query()]) -> Response:
    """Return a region with its forms and answers, or 204 if the answers have not changed; the lists load themselves."""
    with request.app.state.warehouse.connection() as connection:
        rows = _read_rows(connection, query)
        if query.known and query.known == _version(rows):
            return Response(status_code=204)
        if query.place == "lists":
            return Response(status_code=204, headers=_LISTS_CHANGED)
        context = read_context(request, connection, query)
    is_settled = query.known and not context["is_under_way"]
    headers = {"HX-Trigger": "answers-settled"} if is_settled else None
    return pages.render(request, "answers.html", headers=headers, **context)


@router.post("")
def give_answers(request: Request, form: Annotated[AnswerForm, Form()]) -> Response:
    """Store the same answer to one or several referrals, or to none of them if one of them refuses it."""
    t, is_htmx = pages.localizer_for(request), "hx-request" in request.headers
    with request.app.state.warehouse.connection() as connection:
        rows, problem = _store(request, connection, form)
        if problem is not None and not is_htmx:
            return pages.render(request, "error.html", status=422, title=problem, hint="", can_retry=False)
        numbers = [row["id"] for row in rows]
        query = AnswersQuery(place=form.place, referral=form.referral)
        if problem is None and form.place == "bar":
            query = AnswersQuery(place="bar", number=numbers)
        context = read_context(request, connection, query, form=form, problem=problem)
    if problem is not None:
        return pages.render(request, "answers.html", status=422, **context)
    if not is_htmx:
        response = _redirect(request, rows[0]["referral_id"])
    else:
        what = context["answers"][0]["name"] if len(rows) == 1 else t.plural("referrals.count", len(rows))
        key = "answers.queued_dry_run" if rows[0]["is_dry_run"] else "answers.queued"
        text = t(key, action=t(f"answer_action.{form.action}"), what=what, seconds=UNDO_SECONDS)
        context["toast"] = Toast("info", text, tuple(numbers))
        response = pages.render(request, "answers.html", headers=_LISTS_CHANGED, **context)
    pages.set_preference(request, response, PERSON_COOKIE, quote(form.by.strip()))
    return response


@router.post("/{operation}")
def change_answers(
    request: Request, operation: Literal["cancel", "retry"], number: Annotated[Numbers, Form(max_length=MAX_SELECTED)]
) -> Response:
    """Take answers back, drop those in conflict, or send answers again; return a toast."""
    t, problem = pages.localizer_for(request), None
    with request.app.state.warehouse.connection() as connection:
        for each in number:
            try:
                if operation == "cancel":
                    answers.cancel_update(connection, each)
                else:
                    answers.retry_update(connection, request.app.state.settings, each)
            except UpdateRefused as refused:
                problem = t(f"refusals.{refused.code}")
        rows = referral_updates.by_ids(connection, number)
    if "hx-request" not in request.headers and rows:
        return _redirect(request, rows[0]["referral_id"])
    done = t("answers.undone" if operation == "cancel" else "answers.resent")
    toast = Toast("bad", problem) if problem else Toast("ok", done)
    headers = {"HX-Trigger": json.dumps({"desk-refresh": "", "answers-changed": ""})}
    return pages.render(request, "answers.html", headers=headers, place="toast", toast=toast)


def read_context(
    request: Request,
    connection: Connection,
    query: AnswersQuery,
    form: AnswerForm | None = None,
    problem: str | None = None,
) -> dict[str, Any]:
    """
    Return the context of `answers.html`: the forms for the referrals, and the answers with the numbers.

    A dialog has all answers to its referral. A refused form keeps its values. Empty while answers are switched off.
    """
    if not _is_on(request):
        return {}
    t = pages.localizer_for(request)
    rows = _read_rows(connection, query)
    referrals = _read_referrals(connection, {*query.referral, *(row["referral_id"] for row in rows)})
    names = {each.referral_id: each.values["name"] or t("referrals.no_name") for each in referrals}
    chosen = [each for each in referrals if each.referral_id in query.referral]
    return {
        "place": query.place,
        "chosen": chosen,
        "forms": _forms(chosen, form if problem else None),
        "seen": _digest(chosen),
        "person": unquote(request.cookies.get(PERSON_COOKIE, "")) if form is None else form.by,
        "problem": problem,
        "is_early": any(each.is_early for each in chosen),
        "is_dry_run": request.app.state.settings.write_back == "dry-run",
        "answers": [_shown_answer(t, row, names.get(row["referral_id"], "")) for row in rows],
        "is_under_way": any(row["state"] in UNDER_WAY for row in rows),
        "poll_query": urlencode({**query.model_dump(), "known": _version(rows)}, doseq=True),
    }


def read_list_context(request: Request, connection: Connection, referral_ids: Iterable[str]) -> dict[str, Any]:
    """Return the unconfirmed answers to referrals of the lists by referral, and the query that waits for changes."""
    rows = referral_updates.unconfirmed(connection, set(referral_ids)) if _is_on(request) else []
    waiting = sorted((row for row in rows if row["state"] in UNDER_WAY), key=lambda row: row["id"])
    query = {"place": "lists", "number": [row["id"] for row in waiting], "known": _version(waiting)}
    return {
        "unconfirmed": {row["referral_id"]: row for row in rows},
        "answers_query": urlencode(query, doseq=True) if waiting else None,
    }


def _store(request: Request, connection: Connection, form: AnswerForm) -> tuple[list[Row], str | None]:
    """Return the rows of the stored answers, or none of them and one sentence on why they are refused."""
    t, settings, name, rows = pages.localizer_for(request), request.app.state.settings, "", list[Row]()
    try:
        with connection.transaction():
            if not form.by.strip():
                raise UpdateRefused("person_missing", "The name of the person is missing.")
            for referral_id in sorted({*form.referral}):  # one order for all requests, so that none waits for another
                referral_updates.lock_referral(connection, referral_id)
            referrals = _read_referrals(connection, form.referral)
            if _digest(referrals) != form.seen:
                raise UpdateRefused("outdated", "A referral has changed since the form was shown.")
            fields = _changed_fields(form, referrals)
            for referral in referrals:
                name = f"{referral.values['name']}: " if len(referrals) > 1 else ""
                rows.append(
                    answers.request_update(
                        connection, settings, referral.referral_id, form.action, fields, requested_by=form.by
                    )
                )
    except UpdateRefused as refused:
        return [], name + t(f"refusals.{refused.code}")
    return rows, None


def _changed_fields(form: AnswerForm, referrals: Sequence[AnswerableReferral]) -> dict[str, str]:
    """Return the values that the person has entered; those that the form has shown are not part of the answer."""
    shown = referrals[0].values if len(referrals) == 1 else {}
    entered = {name: getattr(form, name).strip() for name in ACTION_FIELDS[form.action]}
    return {name: value for name, value in entered.items() if value and value != shown.get(name)}


def _forms(referrals: Sequence[AnswerableReferral], refused: AnswerForm | None) -> list[dict[str, Any]]:
    """Return the actions that all referrals allow with their fields; only a single referral has values to show."""
    is_single = len(referrals) == 1
    values = referrals[0].values if is_single else {}
    found: list[dict[str, Any]] = []
    for action in ACTIONS:
        if not referrals or not all(action in each.actions for each in referrals):
            continue
        is_refused = refused is not None and refused.action == action
        needed = NEEDED_TO_ACCEPT if is_single and action == "accept" else ()
        fields = [
            {
                "name": name,
                "value": getattr(refused, name) if is_refused else values.get(name, ""),
                "required": bool(values.get(name)) or name in needed,  # an answer cannot empty a value
            }
            for name in ACTION_FIELDS[action]
            if is_single or name not in _OF_ONE_DEAL
        ]
        found.append({"action": action, "fields": fields, "is_open": is_refused})
    return found


def _read_referrals(connection: Connection, referral_ids: Iterable[str]) -> list[AnswerableReferral]:
    return [found for each in sorted({*referral_ids}) if (found := answers.read_answerable(connection, each))]


def _read_rows(connection: Connection, query: AnswersQuery) -> list[Row]:
    if query.place == "detail":
        return [row for each in query.referral[:1] for row in referral_updates.newest(connection, each)]
    return referral_updates.by_ids(connection, query.number) if query.number else []


def _version(rows: Sequence[Row]) -> str:
    """Return a text that changes whenever one of the answers changes; '' for no answers."""
    return max((row["updated_at"].isoformat() for row in rows), default="")


def _digest(referrals: Sequence[AnswerableReferral]) -> str:
    """Return a digest of what a form shows of referrals; another one means that the form is out of date."""
    shown = [(each.referral_id, each.status, each.values) for each in referrals]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def _shown_answer(t: Localizer, row: Row, name: str) -> dict[str, Any]:
    """Return an answer with the values that it sets, and both values of each field in conflict."""

    def shown(change: Mapping[str, Any], *names: str) -> tuple[str, ...]:
        field = _FIELDS.get(str(change["path"])) or str(change["path"])
        return field, *(_shown_value(t, field, change[name]) for name in names)

    changes = [shown(each, "value") for each in row["operations"] if each["path"] not in ("/status", "/substatus")]
    conflicts = [shown(each, "ours", "theirs") for each in row["conflict"] or ()]
    request = json.dumps(row["request"], indent=2, ensure_ascii=False) if row["request"] else None
    return {**row, "name": name, "changes": changes, "conflicts": conflicts, "request": request}


def _shown_value(t: Localizer, field: str, value: object) -> str:
    if field == "close_date" and (moment := sortable_utc(value)):
        return t.calendar_date(to_datetime(moment).date())
    if field == "value" and (number := to_number(value)) is not None:
        return t.number(number)
    return t.label(field, str(value)) if value not in (None, "") else t("detail.no_value")


def _redirect(request: Request, referral_id: str) -> Response:
    return RedirectResponse(f"{root_path(request)}/referrals/{quote(referral_id, safe='')}", 303)
