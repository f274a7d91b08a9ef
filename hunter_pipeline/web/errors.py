"""
Turn every error of the API into one JSON shape.

    {"error": "feature_flag_disabled", "detail": "One sentence.", "hint": "One sentence." or null}

`error` is a code for programs; `detail` and `hint` are for people. No response repeats what the request contained,
which may be personal data.
"""

from collections.abc import Callable, Mapping

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
        self, status: int, code: str, message: str, hint: str | None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.headers = headers

    def response(self) -> JSONResponse:
        """Return the error as a response."""
        body = {"error": self.code, "detail": self.message, "hint": self.hint}
        return JSONResponse(body, self.status, headers=self.headers)


def accepts_page(request: Request) -> bool:
    """Return whether a browser asks for a page to show."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")


def not_found(resource: str) -> ApiError:
    """Return the 404 error for an unknown id: `not_found("referral")`."""
    return ApiError(404, "not_found", f"No {resource} has this id.", "Ids are case-sensitive.")


def key_required() -> ApiError:
    """Return the 401 error for a request without a valid API key."""
    hint, headers = "Send it as X-API-Key, or sign in at /sign-in.", {"WWW-Authenticate": "X-API-Key"}
    return ApiError(401, "key_required", "This request needs the API key.", hint, headers=headers)


def register_error_handlers(app: FastAPI, *, not_found_page: Callable[[Request], Response]) -> None:
    """Let this module answer every exception that a route raises; browsers get a page for an unknown address."""

    def handle(request: Request, error: Exception) -> Response:
        is_unknown = isinstance(error, HTTPException) and error.status_code == 404  # noqa: PLR2004
        return not_found_page(request) if is_unknown and accepts_page(request) else to_api_error(error).response()

    for kind in (HunterError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


def to_api_error(error: Exception) -> ApiError:
    """Return what the client is told of an exception; of an unexpected one only the log names the type."""
    match error:
        case ApiError():
            return error
        case UpdateRefused(code=code):
            return ApiError(_REFUSALS.get(code, 422), code, error.message, error.hint)
        case RequestValidationError():
            return _validation_error(error)
        case HTTPException(status_code=status, headers=headers):
            code, detail, hint = _HTTP_ERRORS.get(status, ("invalid_request", "The request could not be read.", None))
            return ApiError(status, code, detail, hint, headers=headers)
        case HunterError(message=message, hint=hint):
            log.warning("http_request_failed", error_type=type(error).__name__, error=message, hint=hint)
            code = next((code for kind, code in _UNAVAILABLE.items() if isinstance(error, kind)), None)
            retry = {"Retry-After": "10"} if code else None
            return ApiError(503 if code else 500, code or "internal_error", message, hint, headers=retry)
        case _:
            hint = "This is a bug: see the server's log."
            return ApiError(500, "internal_error", "An unexpected error occurred.", hint)


def _validation_error(error: RequestValidationError) -> ApiError:
    """Name the invalid parameter and the rule it breaks, without its value."""
    first = error.errors()[0]
    is_body = first["loc"][0] == "body" or len(first["loc"]) == 1
    name = "The body" if is_body else str(first["loc"][1])
    rule = _VALIDATION_MESSAGES.get(first["type"], str(first["msg"]))
    detail = f"{name} is invalid: {rule[:1].lower()}{rule[1:].rstrip('.')}."
    return ApiError(422, "invalid_request", detail, "/docs describes the valid values.")
