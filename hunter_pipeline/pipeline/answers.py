"""Create, cancel and resend answers to referrals, for the command line, the API and the desk."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, cast

from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import UpdateRefused
from hunter_pipeline.partner_center.updates import NEEDED_TO_ACCEPT, PATHS, STATUSES, operations_of
from hunter_pipeline.referrals.referral import Payload
from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime
from hunter_pipeline.referrals.updates import (
    ACTION_FIELDS,
    ACTIONS,
    EARLY_WON,
    UNDO_SECONDS,
    Action,
    apply_operations,
    base_values,
    is_allowed,
    is_shown,
    value_at,
)
from hunter_pipeline.warehouse import listing, referral_updates
from hunter_pipeline.warehouse.connection import Connection, Row

WRITE_BACK_OFF = "write_back_off"
_MAX_TEXT = 4_000
_MAX_NAME = 200
_CURRENCY_LETTERS = 3
_OPTION_OF = {"close_date": "--close", "crm_id": "--crm-id"}


class AnswerableReferral(NamedTuple):
    """
    A referral as its next answer will find it: with the answers under way applied.

    actions:   those that its status allows.
    values:    the values of its deal as texts, by field; '' for none.
    is_early:  whether it was created too recently to be marked as won.
    """

    referral_id: str
    status: object
    actions: tuple[Action, ...]
    values: dict[str, str]
    is_early: bool


def read_answerable(connection: Connection, referral_id: str) -> AnswerableReferral | None:
    """Return what a person needs to know to answer a referral; None if there is no version of it."""
    found = _read_current(connection, referral_id)
    if found is None:
        return None
    stored, current = found
    status = current.get("status")
    allowed: tuple[Action, ...] = tuple(
        each for each in ACTIONS if (target := STATUSES.get(each)) is None or is_allowed(status, target[0])
    )
    values = {name: _as_text(name, value_at(current, PATHS[name])) for name in ACTION_FIELDS["update"]}
    return AnswerableReferral(referral_id, status, allowed, values, _warning("won", stored) is not None)


def request_update(
    connection: Connection,
    settings: Settings,
    referral_id: str,
    action: Action,
    fields: Mapping[str, Any],
    *,
    requested_by: str,
) -> Row:
    """
    Store an answer to a referral, to be sent in ten seconds, and return its row.

    Args:
        fields: the values of the answer: `name`, `value`, `currency`, `close_date`, `notes`, `crm_id`, `reason`;
            None leaves a field as it is.
        requested_by: the person's name, for the history.

    Raises: UpdateRefused, with nothing written; DatabaseError.
    """
    require_write_back(settings)
    values = _checked_fields(action, {name: value for name, value in fields.items() if value is not None})
    person = _checked_text("requested_by", requested_by, _MAX_NAME)
    with connection.transaction():
        referral_updates.lock_referral(connection, referral_id)
        found = _read_current(connection, referral_id)
        if found is None:
            raise UpdateRefused("not_found", "No referral has this id.", hint="hunter referrals list shows the ids.")
        stored, current = found
        _check_transition(action, current)
        _check_needed(action, values, current)
        operations = operations_of(action, values, current)
        if is_shown(operations, current):
            raise UpdateRefused(
                "unchanged",
                "The answer changes nothing: the referral has these values already.",
                hint="Answers under way count as well: hunter referrals updates lists them.",
            )
        row = referral_updates.insert(
            connection,
            referral_id=referral_id,
            action=action,
            operations=operations,
            base_etag=cast("str | None", stored.get("eTag")),
            base_values=base_values(current, operations),
            requested_by=person,
            undo_seconds=UNDO_SECONDS,
            is_dry_run=settings.write_back == "dry-run",
            warning=_warning(action, stored),
        )
    log.info("referral_update_requested", update=row["id"], referral_id=referral_id, action=action)
    return row


def cancel_update(connection: Connection, update_id: int, referral_id: str | None = None) -> Row:
    """Cancel an answer before it is sent, or drop one in conflict, and return its row. Raises: UpdateRefused."""
    row = referral_updates.cancel(connection, update_id, referral_id)
    if row is None:
        found = _existing(connection, update_id, referral_id)
        raise UpdateRefused(
            "not_pending",
            f"Answer {update_id} is {found['state']} and cannot be taken back any more.",
            hint="Give another answer where the referral's status still allows one.",
        )
    log.info("referral_update_canceled", update=update_id)
    return row


def retry_update(connection: Connection, settings: Settings, update_id: int, referral_id: str | None = None) -> Row:
    """Queue a failed, rejected or conflicting answer to be sent again, and return its row. Raises: UpdateRefused."""
    require_write_back(settings)
    found = _existing(connection, update_id, referral_id)
    row = referral_updates.retry(connection, found)
    if row is None:
        why = "named a person who was forgotten" if found["erased"] else f"is {found['state']}"
        raise UpdateRefused(
            "not_retryable",
            f"Answer {update_id} {why} and cannot be sent again.",
            hint="An answer that is failed, rejected or in conflict can be.",
        )
    log.info("referral_update_retried", update=update_id)
    return row


def require_write_back(settings: Settings) -> None:
    """Check that answers may be given. Raises: UpdateRefused."""
    if settings.write_back == "off":
        raise UpdateRefused(
            WRITE_BACK_OFF,
            "Answers to Partner Center are switched off.",
            hint="HUNTER_WRITE_BACK=on switches them on, dry-run shows what would be sent.",
        )


def _read_current(connection: Connection, referral_id: str) -> tuple[Payload, Payload] | None:
    """Return the newest version of a referral, and the same with the answers under way applied."""
    stored = listing.payload(connection, referral_id)
    if stored is None:
        return None
    current = stored
    for earlier in referral_updates.under_way(connection, referral_id):
        current = apply_operations(current, earlier["operations"])
    return stored, current


def _as_text(name: str, value: object) -> str:
    """Return a value in the form in which a person enters it; a moment is a date."""
    key = sortable_utc(value) if name == "close_date" else None
    return f"{to_datetime(key):%Y-%m-%d}" if key else "" if value is None else str(value)


def _existing(connection: Connection, update_id: int, referral_id: str | None) -> Row:
    found = referral_updates.by_id(connection, update_id, referral_id)
    if found is None:
        raise UpdateRefused("not_found", "No answer has this number.", hint="hunter referrals updates lists them.")
    return found


def _check_transition(action: Action, current: Payload) -> None:
    status = current.get("status")
    if action in STATUSES and not is_allowed(status, STATUSES[action][0]):
        raise UpdateRefused(
            "transition_refused",
            f"A referral that is {status or 'without a status'} cannot get the status {STATUSES[action][0]}.",
            hint="New may become Active or Closed, and Active may become Closed; answers under way count.",
        )


def _check_needed(action: Action, values: Mapping[str, str], current: Payload) -> None:
    if action == "update" and not values:
        raise UpdateRefused("nothing_given", "An update needs at least one value.", hint="For example --value 12000.")
    if action != "accept":
        return
    missing = [name for name in NEEDED_TO_ACCEPT if name not in values and value_at(current, PATHS[name]) in (None, "")]
    if missing:
        options = ", ".join(_option(name) for name in missing)
        raise UpdateRefused(
            "missing_value",
            f"To accept this referral, Partner Center needs what neither it nor the answer has: {', '.join(missing)}.",
            hint=f"Give it with {options}.",
        )


def _checked_fields(action: Action, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the values in the form that is sent. Raises: UpdateRefused for an invalid value."""
    for name in values:
        if name not in ACTION_FIELDS[action]:
            taken = ", ".join(sorted(ACTION_FIELDS[action]))
            raise UpdateRefused("invalid_value", f"The action {action} takes no {name}.", hint=f"It takes: {taken}.")
    checks = {"value": _checked_value, "currency": _checked_currency, "close_date": _checked_date}
    return {
        name: checks[name](value) if name in checks else _checked_text(name, value, _MAX_TEXT)
        for name, value in values.items()
    }


def _checked_value(value: Any) -> str:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number < Decimal(10) ** 15:
        raise UpdateRefused(
            "invalid_value", "The value has to be a number that is not negative.", hint="For example 12000 or 99.50."
        )
    return format(number, "f")


def _checked_currency(value: Any) -> str:
    code = str(value).strip().upper()
    if len(code) != _CURRENCY_LETTERS or not (code.isascii() and code.isalpha()):
        raise UpdateRefused(
            "invalid_value", "The currency has to be a code of three letters (ISO 4217).", hint="For example EUR."
        )
    return code


def _checked_date(value: Any) -> str:
    """Return midnight UTC for a date; return a time unchanged."""
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    key = sortable_utc(text)
    if key is None:
        raise UpdateRefused("invalid_value", "The close date has to be a date.", hint="For example 2027-03-31.")
    return f"{to_datetime(key):%Y-%m-%dT%H:%M:%SZ}"


def _checked_text(name: str, value: Any, limit: int) -> str:
    text = str(value).strip()
    if not text or len(text) > limit or "\0" in text:
        raise UpdateRefused(
            "invalid_value",
            f"The {name} has to be a text of 1 to {limit} characters.",
            hint="Leave it out to change nothing.",
        )
    return text


def _warning(action: Action, payload: Payload) -> str | None:
    created = sortable_utc(payload.get("createdDateTime"))
    if action != "won" or created is None or datetime.now(UTC) - to_datetime(created) >= EARLY_WON:
        return None
    return (
        f"The referral was created less than {EARLY_WON.total_seconds() / 3600:.0f} hours ago: marking it as won "
        "this early can make Microsoft reject the deal registration."
    )


def _option(name: str) -> str:
    return _OPTION_OF.get(name, f"--{name}")
