"""Partner Center's date-times: seven fraction digits, which Python's datetime would lose."""

import re
from datetime import UTC, datetime, timedelta, timezone

# A date alone is midnight, and a missing zone is UTC: the API documents that all its times are.
_DATE_TIME = re.compile(
    r"""(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})
        (?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:(?<=:[0-9]{2}:[0-9]{2})[.,](?P<fraction>[0-9]{1,9}))?
           [ ]?(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-5][0-9]))?)?""",
    re.VERBOSE,
)
_LONGEST = 64
_DIGITS = 7


def sortable_utc(text: object) -> str | None:
    """
    Bring a date-time text to one form, in UTC, that sorts as text in the order of time.

    Shape:  '2025-01-30T13:00:00+01:00' -> '2025-01-30T12:00:00.0000000Z'; further digits are cut off.
    None:   not text, no date-time (30 February, 24:00), or outside the years 1 to 9999 once in UTC.
    Raises: nothing.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    match = _DATE_TIME.fullmatch(text.strip())
    if match is None:
        return None
    try:
        local = datetime.fromisoformat(f"{match['date']}T{match['time'] or '00:00'}")
        moment = local.replace(tzinfo=_zone(match)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    fraction = (match["fraction"] or "")[:_DIGITS].ljust(_DIGITS, "0")
    return f"{moment.replace(tzinfo=None).isoformat()}.{fraction}Z"


def to_datetime(key: str) -> datetime:
    """
    Read what `sortable_utc` wrote, as an aware UTC datetime; the seventh digit is cut off, not rounded.

    Raises: ValueError for any other text.
    """
    if len(key) != len("2025-01-30T12:00:00.0000000Z") or not key.endswith("Z"):
        raise ValueError("not a key made by sortable_utc")
    return datetime.fromisoformat(key[:26]).replace(tzinfo=UTC)


def _zone(match: re.Match[str]) -> timezone:
    if match["sign"] is None:
        return UTC
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    return timezone(-offset if match["sign"] == "-" else offset)
