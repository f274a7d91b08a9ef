"""Apply updates to a referral: JSON Patch, entity tags, request ids and the transitions of its status."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hunter_pipeline.sandbox import timestamps
from hunter_pipeline.sandbox.odata import ApiError, value_at
from hunter_pipeline.sandbox.world import Referral, new_etag

if TYPE_CHECKING:
    from hunter_pipeline.sandbox.sandbox import Sandbox

_NEXT_STATUSES = {"New": {"New", "Active", "Closed"}, "Active": {"Active", "Closed"}, "Closed": {"Closed"}}
_SUBSTATUSES = {
    "New": {"Pending", "Received"},
    "Active": {"Accepted"},
    "Closed": {"Won", "Lost", "Declined", "Expired"},
}
_TEXTS = ("/status", "/substatus", "/statusReason", "/name", "/externalReferenceId", "/details/notes")
_DEAL_VALUE, _CLOSING, _COLLEAGUE = "/details/dealValue", "/details/closingDateTime", "/team/-"
_CURRENCY_LENGTH = 3
# Whether a value is valid, by the path that can be updated.
_CHECKS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_TEXTS, lambda value: value is None or isinstance(value, str)),
    "/details/currency": lambda value: isinstance(value, str) and len(value) == _CURRENCY_LENGTH,
    _DEAL_VALUE: lambda value: _number(value) is not None,
    _CLOSING: lambda value: timestamps.sort_key(value) is not None,
    _COLLEAGUE: lambda value: isinstance(value, dict) and bool(value.get("email")),
}
# Where a referral that is accepted must have a value.
_REQUIRED_TO_ACCEPT = ("/name", _DEAL_VALUE, _CLOSING)
# The inner code of a refused entity tag, as seen in reports.
ETAG_INNER_CODE = "99918"


@dataclass(frozen=True)
class AppliedUpdate:
    """An update that changed a referral; `replaced` are the values that it replaced, by path."""

    referral_id: str
    request_id: str | None
    operations: list[dict[str, Any]]
    replaced: dict[str, Any]


@dataclass(frozen=True)
class UpdateLog:
    """The updates that a sandbox has applied, oldest first."""

    applied: list[AppliedUpdate] = field(default_factory=list)

    def has_applied(self, referral_id: str, request_id: str | None) -> bool:
        """Return whether a request with this id has changed the referral before."""
        keys = {(update.referral_id, update.request_id) for update in self.applied}
        return request_id is not None and (referral_id, request_id) in keys


def update_referral(sandbox: "Sandbox", referral_id: str, body: bytes, headers: Mapping[str, str]) -> Referral:
    """
    Apply a JSON Patch and return the referral; the caller holds the world's lock.

    A request id that was applied before changes nothing. Raises: ApiError.
    """
    payload = sandbox.world.referrals.get(referral_id)
    if not isinstance(payload, dict):
        raise ApiError(404, "itemNotFound", "The referral does not exist.", "id")
    operations, request_id = _operations(body), headers.get("request-id")
    if sandbox.options.remembers_request_ids and sandbox.updates.has_applied(referral_id, request_id):
        return payload
    if headers.get("if-match", "*") not in {"*", payload.get("eTag")}:
        message = "The referral was modified since it was read."
        raise ApiError(412, "preconditionFailed", message, "ETag", ETAG_INNER_CODE)
    changed = copy.deepcopy(payload)
    for operation in operations:
        _apply(changed, operation)
    _check_status(payload, changed)
    now = timestamps.utc_now()
    if changed.get("status") != payload.get("status"):
        changed["acceptedDateTime" if changed["status"] == "Active" else "closedDateTime"] = now
    replaced = {operation["path"]: value_at(payload, operation["path"]) for operation in operations}
    sandbox.updates.applied.append(AppliedUpdate(referral_id, request_id, operations, replaced))
    return sandbox.world.update(referral_id, **changed | {"updatedDateTime": now, "eTag": new_etag()})


def _operations(body: bytes) -> list[dict[str, Any]]:
    try:
        operations = json.loads(body)
    except ValueError:
        operations = None
    if not isinstance(operations, list) or not operations:
        raise ApiError(400, "invalidRequest", "The body must be a JSON Patch: a list of operations.")
    for operation in operations:
        if not isinstance(operation, dict) or operation.get("op") not in {"replace", "add"}:
            raise ApiError(400, "invalidRequest", "Only the operations replace and add are supported.", "op")
        if "value" not in operation or not isinstance(operation.get("path"), str):
            raise ApiError(400, "invalidRequest", "An operation needs a path and a value.", "path")
    return operations


def _apply(payload: Referral, operation: dict[str, Any]) -> None:
    path, value = operation["path"], operation["value"]
    if path not in _CHECKS:
        raise ApiError(400, "invalidRequest", "The path cannot be updated.", path)
    if not _CHECKS[path](value):
        raise ApiError(422, "semanticError", "The value is not valid.", path)
    if path == _COLLEAGUE:
        payload["team"] = [*(payload.get("team") or []), value]
        return
    parent, _, name = path.strip("/").rpartition("/")
    target = value_at(payload, parent) if parent else payload
    if not isinstance(target, dict):
        raise ApiError(400, "invalidRequest", "The path does not exist.", path)
    if operation["op"] == "replace" and name not in target:
        raise ApiError(400, "invalidRequest", "There is nothing to replace at this path.", path)
    target[name] = _number(value) if path == _DEAL_VALUE else value


def _number(value: Any) -> int | float | None:
    """Return a deal value, which may be written as text, as a number; None if it is none."""
    try:
        return int(value) if float(value) == int(float(value)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _check_status(before: Referral, after: Referral) -> None:
    """Raise ApiError for a change of the status that is not allowed."""
    status, substatus = after.get("status"), after.get("substatus")
    if (status, substatus) == (before.get("status"), before.get("substatus")):
        return
    if status not in _NEXT_STATUSES.get(str(before.get("status")), set()):
        raise ApiError(422, "semanticError", "This transition of the status is not allowed.", "status")
    if substatus not in _SUBSTATUSES[str(status)]:
        raise ApiError(422, "semanticError", "The substatus does not belong to the status.", "substatus")
    if status == before.get("status") == "Closed":
        raise ApiError(422, "semanticError", "A closed referral stays as it is.", "substatus")
    for path in _REQUIRED_TO_ACCEPT if status == "Active" else ():
        if value_at(after, path) in {None, ""}:
            raise ApiError(422, "semanticError", "An accepted referral needs this value.", path)
