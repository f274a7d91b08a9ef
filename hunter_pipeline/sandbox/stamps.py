"""
Moments as Partner Center writes them.

Belongs here: UTC text with 0, 6 or 7 fraction digits, and a form of it that sorts. Does not belong
here: deciding which moment.
"""

import re
import time
from datetime import UTC, datetime, timedelta

# What datetime can hold; Partner Center often writes one more.
MICROSECOND_DIGITS = 6
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def text(moment: datetime, *, digits: int = 7, tick: int = 0) -> str:
    """
    A moment as text, such as `2022-02-24T21:04:06.0372014Z`.

    Units: `tick` is the seventh digit, a hundred nanoseconds, which datetime cannot hold.
    """
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if digits == 0:
        return stamp + "Z"
    return f"{stamp}.{moment.microsecond:06d}" + (str(tick % 10) if digits > MICROSECOND_DIGITS else "") + "Z"


def now() -> str:
    """The present moment, to a hundred nanoseconds."""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{rest // 100:07d}Z"


def sortable(stamp: object) -> str | None:
    """
    A form of a moment that compares as text, in UTC with nine fraction digits.

    None: it is not a moment.
    """
    match = _STAMP.fullmatch(stamp.strip()) if isinstance(stamp, str) else None
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    clock = f"{clock or '00:00:00'}:00"[:8]
    fraction = (fraction or "").ljust(9, "0")
    if zone in {None, "Z", "+00:00", "-00:00"}:
        return f"{day}T{clock}.{fraction}"
    return _shifted(day, clock, zone) + "." + fraction


def _shifted(day: str, clock: str, zone: str) -> str:
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}") - offset
    except (ValueError, OverflowError):  # no such day; left as it is
        return f"{day}T{clock}"
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
