"""Test date-times as text that sorts in the order of time."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime

moments = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=st.just(UTC))
offsets = st.integers(min_value=-14 * 60, max_value=14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2018-10-30T21:03:42.4579542Z", "2018-10-30T21:03:42.4579542Z"),
        ("2018-10-29T21:24:52.040469Z", "2018-10-29T21:24:52.0404690Z"),
        ("2018-11-13T00:00:00Z", "2018-11-13T00:00:00.0000000Z"),
        (" 2018-11-13t00:00:00z ", "2018-11-13T00:00:00.0000000Z"),
        ("2025-01-30T13:00:00.5+01:00", "2025-01-30T12:00:00.5000000Z"),
        ("2025-01-30 13:00:00.123456789-0530", "2025-01-30T18:30:00.1234567Z"),
        ("2025-01-30T12:00:00", "2025-01-30T12:00:00.0000000Z"),
        ("2025-01-30T12:00Z", "2025-01-30T12:00:00.0000000Z"),
        ("2024-02-29", "2024-02-29T00:00:00.0000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"),
    ],
)
def test_sortable_utc_reads_every_form_of_date_time(text: str, key: str) -> None:
    """0 to 9 fraction digits, any offset, the first and the last year."""
    assert sortable_utc(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2025-02-30T00:00:00Z",
        "2025-01-30T24:00:00Z",
        "2025-13-01",
        "0000-01-01T00:00:00Z",
        "2025-01-30T12",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2025-01-30T12:00:00.Z",
        "2025-01-30T12:00:00+25:00",
        "２０２５-01-30T12:00:00Z",
        "2025-01-30T12:00.5Z",
        "2025-01-30T12:00:00.1234567890Z",
        "1" * 2000000,
        None,
        20250130,
        1.5,
        True,
        [],
        {},
    ],
    ids=count(),
)
def test_sortable_utc_is_none_for_anything_else(text: object) -> None:
    """Other text, other types, and date-times outside of the calendar in UTC."""
    assert sortable_utc(text) is None


@given(moments, moments, offsets, offsets)
def test_keys_sort_in_the_order_of_time(one: datetime, other: datetime, here: timezone, there: timezone) -> None:
    """Whatever offset each date-time was written with."""
    first, second = sortable_utc(one.astimezone(here).isoformat()), sortable_utc(other.astimezone(there).isoformat())
    assert first is not None and second is not None
    assert (first < second, first == second) == (one < other, one == other)


@given(moments, st.integers(min_value=0, max_value=9))
def test_to_datetime_returns_the_moment_of_a_key(moment: datetime, digit: int) -> None:
    """Microseconds are kept, the seventh digit is cut off, and a key is its own key."""
    key = sortable_utc(f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}{digit}Z")
    assert key is not None and len(key) == 28
    assert to_datetime(key) == moment
    assert sortable_utc(key) == key


@pytest.mark.parametrize("key", ["", "2025-01-30T12:00:00Z", "2025-01-30T12:00:00.00000000", "x" * 27 + "Z"])
def test_to_datetime_raises_for_anything_but_a_key(key: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        to_datetime(key)
