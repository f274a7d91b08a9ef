"""Read typed values from a JSON object and record unreadable fields, without their values."""

import math
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import cast

from babel.core import get_global

from hunter_pipeline.referrals.addresses import decode_entities
from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime

# Characters of a text column: even of four bytes each they fit into an index entry of 2,704 bytes.
MAX_TEXT = 500
_MAX_ENCODED_TEXT = 10 * MAX_TEXT
_MAX_CHOICE = 100
_MAX_IDENTIFIER = 200
_MAX_ADDRESS = 320
_MAX_NUMBER = 10**15
_DECIMAL_PLACES = 6

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
_COUNTRY = re.compile("[A-Za-z]{2,3}")
_CURRENCY = re.compile("[A-Za-z]{3}")
# The form in which Partner Center writes almost all date-times; `fromisoformat` alone would accept others, too.
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,7})?Z")
# The day of .NET's default value of a date-time.
_NO_DATE = "0001-01-01T"
# Codes that people use for countries and that CLDR does not list as aliases: the European Union's for Greece.
_COUNTRY_ALIASES = {"EL": "GR"}
_ALPHA_2 = 2
_BOOLEANS = {"true": True, "false": False, "": None}


class Fields:
    """
    The fields of one object of a payload.

    Every method takes a field's name and returns its value or None; null and a missing field are not errors.
    All objects of a payload share `errors`: {"details.dealValue": "expected a number, found a boolean"}.
    """

    __slots__ = ("_path", "_values", "errors")

    def __init__(self, values: Mapping[str, object], errors: dict[str, str], path: str = "") -> None:
        self._values = values
        self._path = path
        self.errors = errors

    def section(self, name: str) -> "Fields":
        """Return the fields of an object below this one; one that is missing or not an object has none."""
        value = self._values.get(name)
        if isinstance(value, dict):
            values = cast("dict[str, object]", value)
        else:
            values = {}
            if value is not None:
                self._record(name, "an object", value)
        return Fields(values, self.errors, f"{self._path}{name}.")

    def ids(self, name: str, max_members: int) -> Iterator["Fields"]:
        """Yield the fields of each id of a customer, which are a list of objects or an object (see `id_entries`)."""
        value = self._values.get(name)
        if isinstance(value, dict):
            return Fields({name: id_entries(cast("dict[str, object]", value))}, self.errors, self._path).sections(
                name, max_members
            )
        return self.sections(name, max_members)

    def sections(self, name: str, max_members: int) -> Iterator["Fields"]:
        """Yield the fields of each object in a list; other members are skipped, an empty object is an empty list."""
        value = self._values.get(name)
        if value is None or value == {}:
            return
        if not isinstance(value, list):
            self._record(name, "a list", value)
            return
        members = cast("list[object]", value)
        if len(members) > max_members:
            self.errors[f"{self._path}{name}"] = f"cut to {max_members} members"
        for index, member in enumerate(members[:max_members]):
            if isinstance(member, dict):
                yield Fields(cast("dict[str, object]", member), self.errors, f"{self._path}{name}[{index}].")
            elif member is not None:
                self._record(f"{name}[{index}]", "an object", member)

    def text(self, name: str, max_length: int = MAX_TEXT) -> str | None:
        """Return trimmed text of limited length; empty text is None."""
        value = self._values.get(name)
        if isinstance(value, str):
            value = value.strip()
            return (value or None) if len(value) <= max_length else self._cut(name, value, max_length)
        if value is not None:
            self._record(name, "text", value)
        return None

    def full_text(self, name: str) -> str | None:
        """Return trimmed text of any length, for other uses than a column; empty text is None."""
        return self.text(name, max_length=sys.maxsize)

    def decoded_text(self, name: str) -> str | None:
        """Return a name or title with its HTML entities (`&amp;`) resolved."""
        text = self.text(name, _MAX_ENCODED_TEXT)
        if text and "&" in text:
            text = decode_entities(text).strip() or None
        return text if text is None or len(text) <= MAX_TEXT else self._cut(name, text, MAX_TEXT)

    def address(self, name: str) -> str | None:
        """Return an e-mail address; one that is too long is None, because a shortened one could be another person's."""
        text = self.full_text(name)
        if text is None or len(text) <= _MAX_ADDRESS:
            return text
        self._record(name, f"an address of at most {_MAX_ADDRESS} characters", text)
        return None

    def identifier(self, name: str) -> str | None:
        """Return an id; a whole number is returned as its text, since that loses nothing, and recorded."""
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_MAX_IDENTIFIER:
            self._record(name, "text", value)
            return str(value)[:_MAX_IDENTIFIER]
        return self.text(name, _MAX_IDENTIFIER)

    def choice(self, name: str, known: Mapping[str, str]) -> str | None:
        """Return one of the known values, in the documented spelling; an unknown one is returned unchanged."""
        text = self.text(name, _MAX_CHOICE)
        return known.get(text.casefold(), text) if text else None

    def country(self, name: str) -> str | None:
        """Return a country code of two upper-case letters; one of three letters or an alias is translated."""
        code = self._code(name, _COUNTRY, "two")
        known = alpha_2_code(code) if code else None
        if code and known is None:
            self._record(name, "a code of two letters", code)
        return known

    def currency(self, name: str) -> str | None:
        """Return a currency code of three upper-case letters."""
        return self._code(name, _CURRENCY, "three")

    def number(self, name: str) -> Decimal | None:
        """Return a number, also one written as text, rounded to six decimal places."""
        value = self._values.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        number = _to_decimal(value)
        if number is None:
            self._record(name, "a number", value)
        elif not abs(number) < _MAX_NUMBER:
            self.errors[f"{self._path}{name}"] = "expected a number below 1e15, found a greater one"
        else:
            return number + 0  # makes -0 and 0E+9999, which numeric refuses, a plain 0
        return None

    def boolean(self, name: str) -> bool | None:
        """Return true or false, also written as text; numbers are neither."""
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and (folded := value.strip().casefold()) in _BOOLEANS:
            return _BOOLEANS[folded]
        self._record(name, "a boolean", value)
        return None

    def date_time(self, name: str) -> datetime | None:
        """Return a date-time, aware and in UTC; 0001-01-01, .NET's default value, is None."""
        value = self._values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and _UTC.fullmatch(value) and not value.startswith(_NO_DATE):
            with suppress(ValueError):  # 30 February is recorded below
                return datetime.fromisoformat(value)
        key = sortable_utc(value)
        if key is None:
            self._record(name, "a date-time", value)
            return None
        return None if key.startswith(_NO_DATE) else to_datetime(key)

    def _code(self, name: str, pattern: re.Pattern[str], length: str) -> str | None:
        text = self.text(name)
        if text is None or pattern.fullmatch(text):
            return text and text.upper()
        self._record(name, f"a code of {length} letters", text)
        return None

    def _cut(self, name: str, text: str, max_length: int) -> str | None:
        self.errors[f"{self._path}{name}"] = f"cut to {max_length} characters"
        return text[:max_length].strip()

    def _record(self, name: str, expected: str, value: object) -> None:
        self.errors[f"{self._path}{name}"] = f"expected {expected}, found {_kind(value)}"


@cache
def alpha_2_code(code: str) -> str | None:
    """
    Return the ISO 3166 code of two letters: 'TUR' -> 'TR', 'UK' -> 'GB'; None for three letters that are not a code.

    Source: CLDR's territory aliases, as far as they have just one meaning.
    """
    if code in _COUNTRY_ALIASES:
        return _COUNTRY_ALIASES[code]
    meanings: list[str] = get_global("territory_aliases").get(code, [])
    if len(meanings) == 1:
        return meanings[0]
    return code if len(code) == _ALPHA_2 else None


def id_entries(ids: object) -> list[dict[str, object]]:
    """
    Return a customer's ids as the API documents them, also if they are an object with the types as keys.

    Example: {"External": "https://x.com"} -> [{"profileType": "External", "id": "https://x.com"}].
    """
    if isinstance(ids, dict):
        by_type = cast("dict[str, object]", ids)
        return [
            {"profileType": profile_type, "id": value}
            for profile_type, values in by_type.items()
            for value in (cast("list[object]", values) if isinstance(values, list) else [values])
        ]
    entries = cast("list[object]", ids) if isinstance(ids, list) else []
    return [cast("dict[str, object]", entry) for entry in entries if isinstance(entry, dict)]


def _kind(value: object) -> str:
    """Return the name of a JSON value's type."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float, Decimal)):
        return "a number" if _is_finite(value) else "no finite number"
    if isinstance(value, str):
        return "other text"
    return "a list" if isinstance(value, list) else "an object"


def _to_decimal(value: object) -> Decimal | None:
    """Return a finite number exactly as it was written, up to six decimal places."""
    if isinstance(value, str):
        text = value.strip()
        number = Decimal(text) if _NUMBER.fullmatch(text) else None
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not _is_finite(value):
        number = None
    else:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if number is None or abs(number) >= _MAX_NUMBER or number == (rounded := round(number, _DECIMAL_PLACES)):
        return number
    return rounded


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else isinstance(value, int) or math.isfinite(value)
