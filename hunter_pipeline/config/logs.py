"""Configure structured logging: one event per line on standard error, without tokens and e-mail addresses."""

import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from hunter_pipeline.config.settings import Settings, unknown_variables
from hunter_pipeline.referrals.text import to_line

SOURCE = "partner_center_sync"
_LOGGER = "hunter_pipeline"
_TOKEN = re.compile(
    r"(?i)bearer\s+\S+|eyJ[\w-]{8,}(?:\.[\w-]+)*"
    r"|(?:refresh_token|access_token|id_token|client_secret|device_code)[\"']?\s*[=:]\s*[\"']?[^&\s\"',}]+"
)
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")

_WARNED_OF: set[str] = set()

# log.info("partner_center_page", page=3, fetched=200): the event's name, then its fields.
log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(_LOGGER)


def mask(text: str) -> str:
    """Return the text without tokens and e-mail addresses: 'from [address]' for 'from sue@fabrikam.com'."""
    return _ADDRESS.sub("[address]", _TOKEN.sub("[token]", text))


def configure_logs(settings: Settings, *, warn_of_variables: bool = True) -> None:
    """
    Write events to standard error in the configured format, and warn of unknown HUNTER_* variables.

    May be called again; the loggers of other libraries are not changed. Each variable is reported once per process.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_fields(settings),
            lambda _logger, _method, event: _mask_value(event),
            _renderer(settings),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logger = logging.getLogger(_LOGGER)
    if _HANDLER not in logger.handlers:
        logger.addHandler(_HANDLER)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if warn_of_variables:
        _warn_of_unknown_variables()


def announce(settings: Settings, event: str, text: str, **fields: Any) -> None:
    """Report what a long-running command does: in production as a log event, otherwise on standard output."""
    if settings.log_style == "json":
        log.info(event, **fields)
    else:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


@contextmanager
def redirect_lines(write: Callable[[str], None]) -> Iterator[None]:
    """Write the log lines with `write` inside the block, e.g. above a progress bar."""
    before, _HANDLER.write = _HANDLER.write, write
    try:
        yield
    finally:
        _HANDLER.write = before


def _warn_of_unknown_variables() -> None:
    for name, meant in unknown_variables().items():
        if name not in _WARNED_OF:
            _WARNED_OF.add(name)
            log.warning("unknown_setting", variable=name, did_you_mean=meant)


def _write_to_stderr(line: str) -> None:
    # sys.stderr is read for each line, because Dagster replaces it during a step
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class _LineHandler(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.write: Callable[[str], None] = _write_to_stderr

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.write(record.getMessage())
        except (OSError, ValueError):  # standard error is closed: the work continues without a log
            return


_HANDLER = _LineHandler()


def _add_fields(settings: Settings) -> structlog.types.Processor:
    fields = {
        "source": SOURCE,
        "env": settings.env,
        "feature_flag_state": "enabled" if settings.partner_center_enabled else "disabled",
    }

    def add(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**fields, "run_id": None, **event}

    return add


def _mask_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _mask_value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_mask_value(inner) for inner in value]
    return to_line(mask(str(value)))


def _renderer(settings: Settings) -> structlog.types.Processor:
    if settings.log_style == "json":
        return structlog.processors.JSONRenderer()
    render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=28, sort_keys=False)
    # the same in every line
    hidden = {"source", "env", "feature_flag_state", "run_id"}

    def render_for_console(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        return render(logger, method, {k: v for k, v in event.items() if k not in hidden and v is not None})

    return render_for_console
