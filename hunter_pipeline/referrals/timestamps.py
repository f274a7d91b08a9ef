"""Read Partner Center's date-times, whose seven fraction digits Python's datetime would lose."""

import re
from datetime import UTC, datetime, timedelta, timezone

# A date alone is midnight, and a missing zone is UTC: the API documents all its times as UTC.
_DATE_TIME = re.compile(
    r"""(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})
        (?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:(?<=:[0-9]{2}:[0-9]{2})[.,](?P<fraction>[0-9]{1,9}))?
           [ ]?(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-5][0-9]))?)?""",
    re.VERBOSE,
)
_MAX_LENGTH = 64
_FRACTION_DIGITS = 7


def sortable_utc(text: object) -> str | None:
    """
    Return a date-time in UTC in a form that sorts as text in the order of time.

    Example: '2025-01-30T13:00:00+01:00' -> '2025-01-30T12:00:00.0000000Z'; further digits are cut off.
    Returns None if it is not text or not a date-time (30 February, 24:00), or outside the years 1 to 9999 in UTC.
    """
    if not isinstance(text, str) or len(text) > _MAX_LENGTH:
        return None
    match = _DATE_TIME.fullmatch(text.strip())
    if match is None:
        return None
    date, time, fraction, _, sign, hours, minutes = match.groups()
    time = time or "00:00"
    local = f"{date}T{time}" if len(time) > len("00:00") else f"{date}T{time}:00"
    try:
        moment = datetime.fromisoformat(local)
        if sign is not None:
            local = moment.replace(tzinfo=_zone(sign, hours, minutes)).astimezone(UTC).replace(tzinfo=None).isoformat()
    except (ValueError, OverflowError):
        return None
    return f"{local}.{(fraction or '')[:_FRACTION_DIGITS].ljust(_FRACTION_DIGITS, '0')}Z"


def to_datetime(key: str) -> datetime:
    """
    Return a text made by `sortable_utc` as an aware UTC datetime; the seventh digit is cut off, not rounded.

    Raises: ValueError for any other text.
    """
    if len(key) != len("2025-01-30T12:00:00.0000000Z") or not key.endswith("Z"):
        raise ValueError("not a key made by sortable_utc")
    return datetime.fromisoformat(f"{key[:26]}+00:00")


def _zone(sign: str, hours: str, minutes: str) -> timezone:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)
