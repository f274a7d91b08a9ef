"""
Turn every error of the API into one JSON shape.

    {"error": "feature_flag_disabled", "detail": "One sentence.", "hint": "One sentence." or null}

`error` is a code for programs; `detail` and `hint` are for people. No response repeats what the request contained,
which may be personal data.
"""

from collections.abc import Callable, Mapping
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import DagsterUnavailable, DatabaseError, HunterError, UpdateRefused

# Errors of a dependency: the client should try again later.
_UNAVAILABLE = {DatabaseError: "database_unavailable", DagsterUnavailable: "dagster_unavailable"}
# Statuses of an answer that is refused; any other reason is 422.
_REFUSALS = {"write_back_off": 400, "not_found": 404, "not_pending": 409, "not_retryable": 409}
_RETRY_AFTER = {"Retry-After": "10"}
_HTTP_ERRORS = {
    404: ("not_found", "No page or endpoint has this address.", "/docs lists all endpoints."),
    405: ("method_not_allowed", "This address does not support the request's method.", "/docs lists all endpoints."),
}
# Clearer wording for some of pydantic's error types.
_VALIDATION_MESSAGES = {
    "json_invalid": "it is not valid JSON",
    "string_pattern_mismatch": "it must not contain NUL characters",
}


class ApiError(HunterError):
    """An error with its own HTTP status and error code."""

    def __init__(
        self, status: int, code: str, message: str, *, hint: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.headers = headers

    def response(self) -> JSONResponse:
        """Return the error as a response."""
        return error_response(self.status, self.code, self.message, self.hint, headers=self.headers)


def accepts_page(request: Request) -> bool:
    """Return whether a browser asks for a page to show."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")


def not_found(resource: str) -> ApiError:
    """Return the 404 error for an unknown id: `not_found("referral")`."""
    return ApiError(404, "not_found", f"No {resource} has this id.", hint="Ids are case-sensitive.")


def key_required() -> ApiError:
    """Return the 401 error for a request without a valid API key."""
    return ApiError(
        401,
        "key_required",
        "This request needs the API key.",
        hint="Send it as X-API-Key, or sign in at /sign-in.",
        headers={"WWW-Authenticate": "X-API-Key"},
    )


def error_response(
    status: int, code: str, detail: str, hint: str | None, *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return a response in the shape shared by all errors."""
    return JSONResponse({"error": code, "detail": detail, "hint": hint}, status, headers=headers)


def internal_error() -> JSONResponse:
    """Return the response to an unexpected exception; only the log names its type."""
    return error_response(
        500, "internal_error", "An unexpected error occurred.", "This is a bug: see the server's log."
    )


def register_error_handlers(app: FastAPI, *, not_found_page: Callable[[Request], Response]) -> None:
    """Let this module answer every exception that a route raises; browsers get a page for an unknown address."""

    def handle_http_exception(request: Request, error: Exception) -> Response:
        error = cast(HTTPException, error)
        if error.status_code == 404 and accepts_page(request):  # noqa: PLR2004
            return not_found_page(request)
        return _handle_http_exception(request, error)

    app.add_exception_handler(HunterError, _handle_hunter_error)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, handle_http_exception)


def _handle_hunter_error(_request: Request, error: Exception) -> JSONResponse:
    error = cast(HunterError, error)
    if isinstance(error, ApiError):
        return error.response()
    if isinstance(error, UpdateRefused):
        return error_response(_REFUSALS.get(error.code, 422), error.code, error.message, error.hint)
    log.warning("http_request_failed", error_type=type(error).__name__, error=error.message, hint=error.hint)
    for kind, code in _UNAVAILABLE.items():
        if isinstance(error, kind):
            return error_response(503, code, error.message, error.hint, headers=_RETRY_AFTER)
    return error_response(500, "internal_error", error.message, error.hint)


def _handle_validation_error(_request: Request, error: Exception) -> JSONResponse:
    """Name the invalid parameter and the rule it breaks, without its value."""
    first = cast(RequestValidationError, error).errors()[0]
    is_body = first["loc"][0] == "body" or len(first["loc"]) == 1
    name = "The body" if is_body else str(first["loc"][1])
    rule = _VALIDATION_MESSAGES.get(first["type"], str(first["msg"]))
    detail = f"{name} is invalid: {rule[:1].lower()}{rule[1:].rstrip('.')}."
    return error_response(422, "invalid_request", detail, "/docs describes the valid values.")


def _handle_http_exception(_request: Request, error: Exception) -> JSONResponse:
    error = cast(HTTPException, error)
    fallback = ("invalid_request", "The request could not be read.", None)
    code, detail, hint = _HTTP_ERRORS.get(error.status_code, fallback)
    return error_response(error.status_code, code, detail, hint, headers=error.headers)
