"""Write and compare timestamps in Partner Center's form."""

import re
import time
from contextlib import suppress
from datetime import UTC, datetime

# A datetime holds microseconds; Partner Center often writes a seventh digit.
_MICROSECOND_DIGITS = 6
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def format_utc(moment: datetime, *, digits: int = 0, seventh_digit: int = 0) -> str:
    """Return a UTC datetime as text with 0, 6 or 7 fraction digits, such as `2022-02-24T21:04:06.0372014Z`."""
    fraction = f".{moment.microsecond:06d}" if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{seventh_digit if digits > _MICROSECOND_DIGITS else ''}Z"


def utc_now() -> str:
    """Return the present time with seven fraction digits."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds // 100:07d}Z"


def sort_key(timestamp: object) -> str | None:
    """
    Return a timestamp in UTC with nine fraction digits and no zone, so that two of them compare as text.

    Returns None for a value that is not a timestamp. A date that does not exist is returned as it is written.
    """
    match = _TIMESTAMP.fullmatch(timestamp.strip()) if isinstance(timestamp, str) else None
    if match is None:
        return None
    date, clock, fraction, zone = match.groups()
    text = f"{date}T" + f"{clock or '00:00'}:00"[:8]
    if zone not in {None, "Z"}:
        with suppress(ValueError, OverflowError):
            text = datetime.fromisoformat(text + zone).astimezone(UTC).isoformat()[:19]
    return f"{text}.{(fraction or '').ljust(9, '0')}"
