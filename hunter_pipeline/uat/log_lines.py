"""What a line of the log must be, and what it must not hold."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hunter_pipeline.config.logs import SOURCE, masked

FIELDS = ("event", "source", "level", "timestamp", "env", "feature_flag_state", "run_id")
_LEVELS = ("debug", "info", "warning", "error", "critical")


def troubles(lines: Iterable[str]) -> list[str]:
    """What is wrong with which line, e.g. ['line 3 is not a JSON object']; never what stands in it."""
    found = ((number, _trouble(line)) for number, line in enumerate(lines, 1))
    return [f"line {number} {trouble}" for number, trouble in found if trouble]


def _trouble(line: str) -> str | None:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        return "is not a JSON object"
    if missing := [name for name in FIELDS if name not in event]:
        return f"lacks {', '.join(missing)}"
    if wrong := [name for name in FIELDS if not _fits(name, event[name])]:
        return f"holds something odd as {', '.join(wrong)}"
    return "holds an e-mail address or a token" if masked(line) != line else None


def _fits(name: str, value: Any) -> bool:
    if name == "run_id" and value is None:
        return True  # before there is a run
    if not isinstance(value, str) or not value:
        return False
    allowed = {
        "source": (SOURCE,),
        "level": _LEVELS,
        "env": ("development", "production"),
        "feature_flag_state": ("enabled", "disabled"),
    }
    return _is_time(value) if name == "timestamp" else value in allowed.get(name, (value,))


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
