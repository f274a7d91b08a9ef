"""
Structured events, one a line, on standard error; Dagster shows the same lines in a run's log.

What belongs here: how an event is written and what must never be in one. What does not: which
events there are; those stand where they happen.
"""

import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from hunter_pipeline.config.settings import Settings

SOURCE = "partner_center_sync"
_LOGGER = "hunter_pipeline"
_TOKEN = re.compile(
    r"(?i)bearer\s+\S+|eyJ[\w-]{8,}(?:\.[\w-]+)*"
    r"|(?:refresh_token|access_token|id_token|client_secret|device_code)[\"']?\s*[=:]\s*[\"']?[^&\s\"',}]+"
)
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(_LOGGER)
"""`log.info("partner_center_page", page=3, fetched=200)`: an event's name, then its facts."""


def masked(text: str) -> str:
    """Text without tokens and e-mail addresses: 'from [address]' for 'from sue@fabrikam.com'."""
    return _ADDRESS.sub("[address]", _TOKEN.sub("[token]", text))


def configure_logs(settings: Settings) -> None:
    """
    Write events to standard error in the format that the settings ask for.

    Calling it again replaces what was configured; other libraries' loggers stay as they are.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _standing_facts(settings),
            _mask,
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


@contextmanager
def written_by(write: Callable[[str], None]) -> Iterator[None]:
    """Let somebody else write the lines inside the block: a progress bar has to get out of their way."""
    before, _HANDLER.write = _HANDLER.write, write
    try:
        yield
    finally:
        _HANDLER.write = before


def _to_standard_error(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class _Lines(logging.Handler):
    """Writes each event as a line; where to is asked for each line, because tests and Dagster swap sys.stderr."""

    def __init__(self) -> None:
        super().__init__()
        self.write: Callable[[str], None] = _to_standard_error

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.write(record.getMessage())
        except (OSError, ValueError):  # nobody reads standard error any more: the work goes on
            return


_HANDLER = _Lines()


def _standing_facts(settings: Settings) -> structlog.types.Processor:
    facts = {
        "source": SOURCE,
        "env": settings.env,
        "feature_flag_state": "enabled" if settings.partner_center_enabled else "disabled",
    }

    def add(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**facts, "run_id": None, **event}

    return add


def _mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _masked(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_masked(inner) for inner in value]
    return masked(str(value))


def _renderer(settings: Settings) -> structlog.types.Processor:
    if settings.log_style == "json":
        return structlog.processors.JSONRenderer()
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=28, sort_keys=False)

    def for_eyes(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        """What is the same in every line is left to the JSON, and so is what is empty."""
        hidden = {"source", "env", "feature_flag_state", "run_id"}
        shown = {name: value for name, value in event.items() if name not in hidden and value is not None}
        return console(logger, method, shown)

    return for_eyes
