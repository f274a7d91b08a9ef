"""Apply updates to a referral: JSON Patch, entity tags, request ids and the transitions of its status."""

import copy
import json
from dataclasses import dataclass, field
from typing import Any

from hunter_pipeline.sandbox import timestamps
from hunter_pipeline.sandbox.world import Referral, World

_NEXT_STATUSES = {"New": {"New", "Active", "Closed"}, "Active": {"Active", "Closed"}, "Closed": {"Closed"}}
_SUBSTATUSES = {
    "New": {"Pending", "Received"},
    "Active": {"Accepted"},
    "Closed": {"Won", "Lost", "Declined", "Expired"},
}
_TEXTS = ("/status", "/substatus", "/statusReason", "/name", "/externalReferenceId", "/details/notes")
_VALUE, _CURRENCY, _CLOSING, _COLLEAGUE = (
    "/details/dealValue",
    "/details/currency",
    "/details/closingDateTime",
    "/team/-",
)
_CURRENCY_LENGTH = 3
# Where a referral that is accepted must have a value.
_REQUIRED_TO_ACCEPT = ("/name", _VALUE, _CLOSING)
# The inner code of a refused entity tag, as seen in reports.
ETAG_INNER_CODE = "99918"


class ApiError(Exception):
    """An error response; `code` is Partner Center's error code, `inner_code` the more precise one."""

    def __init__(
        self, status: int, code: str, message: str, target: str | None = None, inner_code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.target = target
        self.inner_code = inner_code or code


@dataclass(frozen=True)
class AppliedUpdate:
    """
    An update that changed a referral, or that was answered again without changing it (`is_repeat`).

    replaced: the values that it replaced, by path.
    """

    referral_id: str
    request_id: str | None
    operations: list[dict[str, Any]]
    replaced: dict[str, Any] = field(default_factory=dict)
    is_repeat: bool = False


class UpdateLog:
    """The updates that a sandbox has applied, oldest first, and the request ids that it recognizes."""

    def __init__(self) -> None:
        self.entries: list[AppliedUpdate] = []

    @property
    def applied(self) -> list[AppliedUpdate]:
        """Return the updates that changed a referral."""
        return [entry for entry in self.entries if not entry.is_repeat]

    def has_applied(self, referral_id: str, request_id: str | None) -> bool:
        """Return whether a request with this id has changed the referral before."""
        keys = {(entry.referral_id, entry.request_id) for entry in self.entries}
        return request_id is not None and (referral_id, request_id) in keys


def update_referral(
    world: World,
    log: UpdateLog,
    referral_id: str,
    body: bytes,
    *,
    if_match: str | None,
    request_id: str | None,
    remembers_request_ids: bool = True,
) -> Referral:
    """
    Apply a JSON Patch and return the referral; the caller holds the world's lock.

    A request id that was applied before changes nothing. Raises: ApiError.
    """
    payload = world.referrals.get(referral_id)
    if not isinstance(payload, dict):
        raise ApiError(404, "itemNotFound", "The referral does not exist.", "id")
    operations = _operations(body)
    if remembers_request_ids and log.has_applied(referral_id, request_id):
        log.entries.append(AppliedUpdate(referral_id, request_id, operations, is_repeat=True))
        return payload
    if if_match not in {None, "*", payload.get("eTag")}:
        message = "The referral was modified since it was read."
        raise ApiError(412, "preconditionFailed", message, "ETag", ETAG_INNER_CODE)
    changed = copy.deepcopy(payload)
    for operation in operations:
        _apply(changed, operation)
    _check_status(payload, changed)
    now = timestamps.utc_now()
    if changed.get("status") != payload.get("status"):
        changed["acceptedDateTime" if changed["status"] == "Active" else "closedDateTime"] = now
    replaced = {operation["path"]: _value_at(payload, operation["path"]) for operation in operations}
    log.entries.append(AppliedUpdate(referral_id, request_id, operations, replaced))
    return world.update(referral_id, **changed | {"updatedDateTime": now, "eTag": world.new_etag()})


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
    path, value = operation["path"], _checked_value(operation["path"], operation["value"])
    if path == _COLLEAGUE:
        payload["team"] = [*(payload.get("team") or []), value]
        return
    *parents, name = path.strip("/").split("/")
    target: Any = payload
    for parent in parents:
        target = target.get(parent)
        if not isinstance(target, dict):
            raise ApiError(400, "invalidRequest", "The path does not exist.", path)
    if operation["op"] == "replace" and name not in target:
        raise ApiError(400, "invalidRequest", "There is nothing to replace at this path.", path)
    target[name] = value


def _checked_value(path: str, value: Any) -> Any:
    """Return the value as it is stored: a deal value that is written as text becomes a number."""
    if path in _TEXTS and (value is None or isinstance(value, str)):
        return value
    if path == _VALUE:
        try:
            return int(value) if float(value) == int(float(value)) else float(value)
        except (TypeError, ValueError, OverflowError):
            raise ApiError(422, "semanticError", "The deal value is not a number.", path) from None
    if path == _CURRENCY and isinstance(value, str) and len(value) == _CURRENCY_LENGTH:
        return value
    if path == _CLOSING and timestamps.sort_key(value) is not None:
        return value
    if path == _COLLEAGUE and isinstance(value, dict) and value.get("email"):
        return value
    is_known = path in {*_TEXTS, _CURRENCY, _CLOSING, _COLLEAGUE}
    message = "The value is not valid." if is_known else "The path cannot be updated."
    raise ApiError(422 if is_known else 400, "semanticError" if is_known else "invalidRequest", message, path)


def _check_status(before: Referral, after: Referral) -> None:
    status, substatus = after.get("status"), after.get("substatus")
    if (status, substatus) == (before.get("status"), before.get("substatus")):
        return
    if status not in _NEXT_STATUSES.get(str(before.get("status")), set()):
        raise ApiError(422, "semanticError", "This transition of the status is not allowed.", "status")
    if substatus not in _SUBSTATUSES[str(status)]:
        raise ApiError(422, "semanticError", "The substatus does not belong to the status.", "substatus")
    if status == before.get("status") == "Closed":
        raise ApiError(422, "semanticError", "A closed referral stays as it is.", "substatus")
    if status == "Active":
        for path in _REQUIRED_TO_ACCEPT:
            if _value_at(after, path) in {None, ""}:
                raise ApiError(422, "semanticError", "An accepted referral needs this value.", path)


def _value_at(payload: Any, path: str) -> Any:
    for name in path.strip("/").split("/"):
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload
