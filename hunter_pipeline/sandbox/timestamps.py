"""Write, compare and generate timestamps in Partner Center's form."""
# ruff: noqa: PLR2004 - shares and ages are arbitrary; a name would say no more than the number

import random
import re
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

HISTORY_DAYS = 400
# An Incoming referral that is not answered expires after this time.
TIME_TO_ANSWER = timedelta(days=14)
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def format_utc(moment: datetime, *, digits: int = 0, seventh_digit: int = 0) -> str:
    """Return a UTC datetime as text with 0, 6 or 7 fraction digits, such as `2022-02-24T21:04:06.0372014Z`."""
    # A datetime holds microseconds; Partner Center often writes a seventh digit.
    fraction = f".{moment.microsecond:06d}{seventh_digit}"[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


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


def generate_dates(status: str, substatus: str | None, epoch: datetime, rng: random.Random) -> dict[str, str | None]:
    """Return dates that agree with the status; an unanswered referral is younger than two weeks."""
    is_new = status == "New"
    age_days = 13.9 * rng.random() if is_new else 15 + (HISTORY_DAYS - 16) * rng.random()
    created = epoch - timedelta(days=age_days) - timedelta(seconds=1)
    accepted = created + TIME_TO_ANSWER * rng.random() if substatus in {"Accepted", "Won", "Lost"} else None
    closed = None
    if status == "Closed":
        is_expired = substatus == "Expired"
        closed = created + (TIME_TO_ANSWER if is_expired else (epoch - created) * rng.uniform(0.3, 0.95))
        closed = max(closed, accepted or closed)
    last = closed or accepted or created
    updated = last + (epoch - last) * rng.random() ** 2 * 0.9 if rng.random() < 0.7 else last
    precision = {"digits": rng.choice((7, 7, 7, 7, 6, 6, 0)), "seventh_digit": rng.randrange(10)}
    expires = is_new or substatus in {"Expired", "Pending"}
    return {
        "createdDateTime": format_utc(created, **precision),
        "updatedDateTime": format_utc(updated, **precision),
        "expirationDateTime": format_utc(created + TIME_TO_ANSWER) if expires else None,
        "acceptedDateTime": accepted and format_utc(accepted, **precision),
        "closedDateTime": closed and format_utc(closed, **precision),
    }
