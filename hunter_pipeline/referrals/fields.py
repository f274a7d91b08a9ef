"""
Read typed values out of a JSON object, and keep a record of what could not be read.

The record never holds a value, only its kind: values are personal data.
"""

import html
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import cast

from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime

MAX_TEXT = 500
"""Characters of a text column: even of four bytes each, they fit an index entry (2,704 bytes)."""

MAX_CHOICE = 100
MAX_ID = 200
MAX_ADDRESS = 320
MAX_NUMBER = 10**15

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
_SMALLEST_DIGIT = -6
_CODES = {2: re.compile("[A-Za-z]{2}"), 3: re.compile("[A-Za-z]{3}")}
_LENGTHS = {2: "two", 3: "three"}


class Fields:
    """
    One object of a payload.

    Every reader takes a field's name and gives its value or None; null and a missing field are no errors.
    `errors` is shared by all sections of a payload: {"details.dealValue": "expected a number, found a boolean"}.
    """

    def __init__(self, values: Mapping[str, object], errors: dict[str, str], path: str = "") -> None:
        self._values = values
        self._path = path
        self.errors = errors

    def section(self, name: str) -> "Fields":
        """Read an object below this one; one that is missing or no object has no fields."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, dict):
            self._expected(name, "an object", value)
        values = cast("dict[str, object]", value) if isinstance(value, dict) else {}
        return Fields(values, self.errors, f"{self._path}{name}.")

    def sections(self, name: str, at_most: int) -> Iterator["Fields"]:
        """Read a list of objects; other members are recorded and skipped, an empty object is an empty list."""
        value = self._values.get(name)
        if value is None or value == {}:
            return
        if not isinstance(value, list):
            self._expected(name, "a list", value)
            return
        members = cast("list[object]", value)
        if len(members) > at_most:
            self.errors[f"{self._path}{name}"] = f"cut to {at_most} members"
        for index, member in enumerate(members[:at_most]):
            if isinstance(member, dict):
                yield Fields(cast("dict[str, object]", member), self.errors, f"{self._path}{name}[{index}].")
            elif member is not None:
                self._expected(f"{name}[{index}]", "an object", member)

    def text(self, name: str, at_most: int | None = MAX_TEXT) -> str | None:
        """Read trimmed text; empty is None. `at_most=None` leaves it whole, which is not for columns."""
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return self._cut(name, (value or "").strip(), at_most)
        self._expected(name, "text", value)
        return None

    def title(self, name: str) -> str | None:
        """Read a name whose HTML entities (`&amp;`) are to be resolved, once."""
        text = self.text(name, at_most=10 * MAX_TEXT)
        return self._cut(name, html.unescape(text).strip(), MAX_TEXT) if text else None

    def address(self, name: str) -> str | None:
        """Read an e-mail address; one that is too long is none, for cut short it would be somebody else's."""
        text = self.text(name, at_most=None)
        if text is None or len(text) <= MAX_ADDRESS:
            return text
        self._expected(name, f"an address of at most {MAX_ADDRESS} characters", text)
        return None

    def identifier(self, name: str) -> str | None:
        """Read an id; a whole number is taken as its text, since nothing is lost by that, and recorded."""
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_ID:
            self._expected(name, "text", value)
            return str(value)[:MAX_ID]
        return self.text(name, at_most=MAX_ID)

    def choice(self, name: str, known: Mapping[str, str]) -> str | None:
        """Read one of the known values, spelt as documented; an unknown one stays as it is."""
        text = self.text(name, at_most=MAX_CHOICE)
        return known.get(text.casefold(), text) if text else None

    def code(self, name: str, length: int) -> str | None:
        """Read a country or currency code, in capitals."""
        text = self.text(name)
        if text is None or _CODES[length].fullmatch(text):
            return text and text.upper()
        self._expected(name, f"a code of {_LENGTHS[length]} letters", text)
        return None

    def number(self, name: str) -> Decimal | None:
        """Read a number, also one written as text; beyond six places it is rounded."""
        value = self._values.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        number = _decimal(value)
        if number is None:
            self._expected(name, "a number", value)
        elif not abs(number) < MAX_NUMBER:
            self.errors[f"{self._path}{name}"] = "expected a number below 1e15, found a greater one"
        else:
            return number + 0  # turns -0 into 0 and 0E+9999, which numeric refuses, into a plain 0
        return None

    def boolean(self, name: str) -> bool | None:
        """Read true or false, also written as text; numbers are neither."""
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().casefold() in {"true", "false", ""}:
            return {"true": True, "false": False}.get(value.strip().casefold())
        self._expected(name, "a boolean", value)
        return None

    def moment(self, name: str) -> datetime | None:
        """Read a date-time, aware and in UTC."""
        value = self._values.get(name)
        if value is None or value == "":
            return None
        key = sortable_utc(value)
        if key is None:
            self._expected(name, "a date-time", value)
            return None
        return to_datetime(key)

    def _cut(self, name: str, text: str, at_most: int | None) -> str | None:
        if at_most is None or len(text) <= at_most:
            return text or None
        self.errors[f"{self._path}{name}"] = f"cut to {at_most} characters"
        return text[:at_most].strip()

    def _expected(self, name: str, what: str, value: object) -> None:
        self.errors[f"{self._path}{name}"] = f"expected {what}, found {_kind_of(value)}"


def _kind_of(value: object) -> str:
    """Name a JSON value's kind; never the value."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float, Decimal)):
        return "a number" if _finite(value) else "no finite number"
    if isinstance(value, str):
        return "other text"
    return "a list" if isinstance(value, list) else "an object"


def _decimal(value: object) -> Decimal | None:
    """Read a finite number exactly as it was written, up to six places."""
    if isinstance(value, str):
        text = value.strip()
        number = Decimal(text) if _NUMBER.fullmatch(text) else None
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not _finite(value):
        number = None
    else:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return None if number is None else _rounded(number)


def _rounded(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= _SMALLEST_DIGIT or abs(number) >= MAX_NUMBER:
        return number
    try:
        return round(number, -_SMALLEST_DIGIT)
    except InvalidOperation:
        return number


def _finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else isinstance(value, int) or math.isfinite(value)
