"""
The third edge where errors are worded (after Dagster and the command line): one shape for every error of the API.

    {"error": "feature_flag_disabled", "detail": "One sentence.", "hint": "One sentence." or null}

`error` is for programs, `detail` and `hint` are for people. Nothing that was sent to us is repeated.
"""

from collections.abc import Mapping
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import DagsterUnavailable, DatabaseError, HunterError

FLAG_DISABLED = "feature_flag_disabled"


class Refusal(HunterError):  # noqa: N818 - it is an answer rather than a fault
    """A request that is answered with a status of its own."""

    def __init__(
        self, status: int, code: str, message: str, *, hint: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.headers = headers


def flag_disabled() -> Refusal:
    """The refusal of a sync while the feature flag is off; it is logged as a skipped one."""
    log.info("partner_center_sync_skipped", reason=FLAG_DISABLED, started_by="api")
    return Refusal(
        400,
        FLAG_DISABLED,
        "The Partner Center sync is switched off.",
        hint="Set HUNTER_PARTNER_CENTER_ENABLED=true and start the service again.",
    )


def not_found(what: str) -> Refusal:
    """The refusal for an id that nobody knows: `not_found("referral")`."""
    return Refusal(404, "not_found", f"There is no such {what}.", hint="Ids are told apart by every letter.")


def key_required() -> Refusal:
    """The refusal of a request without a valid key."""
    return Refusal(
        401,
        "key_required",
        "This needs the API key.",
        hint="Send it as X-API-Key, or sign in at /sign-in.",
        headers={"WWW-Authenticate": "X-API-Key"},
    )


def answer(status: int, code: str, detail: str, hint: str | None = None, **more: Any) -> JSONResponse:
    """An error in the one shape."""
    return JSONResponse({"error": code, "detail": detail, "hint": hint}, status, **more)


def refused(refusal: Refusal) -> JSONResponse:
    """A refusal as an answer."""
    headers = dict(refusal.headers) if refusal.headers else None
    return answer(refusal.status, refusal.code, refusal.message, refusal.hint, headers=headers)


def unforeseen() -> JSONResponse:
    """What is said of a fault of ours; its kind is in the log only."""
    return answer(500, "internal_error", "Something unforeseen happened.", "It is a fault of ours: the log names it.")


def install(app: FastAPI) -> None:
    """Let every error of the app be worded here."""
    app.add_exception_handler(HunterError, _hunter_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


def _hunter_error(_request: Request, error: Exception) -> JSONResponse:
    error = cast(HunterError, error)  # what it was registered for
    if isinstance(error, Refusal):
        return refused(error)
    status, code = 500, "internal_error"
    if isinstance(error, DatabaseError):
        status, code = 503, "database_unavailable"
    if isinstance(error, DagsterUnavailable):
        status, code = 503, "dagster_unavailable"
    log.warning("http_request_failed", error_type=type(error).__name__, error=error.message, hint=error.hint)
    return answer(status, code, error.message, error.hint, headers={"Retry-After": "10"} if status == 503 else None)  # noqa: PLR2004


_KINDS = {"json_invalid": "it is no JSON", "string_pattern_mismatch": "it may not hold a NUL character"}


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Names the parameter and what it may hold; what it held may be somebody's name."""
    first = cast(RequestValidationError, error).errors()[0]
    is_body = first["loc"][0] == "body" or len(first["loc"]) == 1
    name = "The body" if is_body else str(first["loc"][1])
    kind = _KINDS.get(first["type"], str(first["msg"]))
    detail = f"{name} cannot be taken: {kind[:1].lower()}{kind[1:].rstrip('.')}."
    return answer(422, "invalid_request", detail, "/docs tells what it may hold.")


_HTTP = {
    404: ("not_found", "There is nothing at this address.", "/docs lists what there is."),
    405: ("method_not_allowed", "This address does not take that method.", "/docs lists what there is."),
}


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    error = cast(HTTPException, error)  # what it was registered for
    code, detail, hint = _HTTP.get(error.status_code, ("invalid_request", "The request cannot be read.", None))
    return answer(error.status_code, code, detail, hint, headers=error.headers)
