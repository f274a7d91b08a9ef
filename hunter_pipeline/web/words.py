"""
The words of the pages, in English and in Turkish, and how each language writes numbers, money, dates and spans.

What belongs here: languages. The words themselves stand in `wording/*.toml`, one file a language, same keys.
What does not: which words a page shows (`templates/`).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, dates, numbers, units
from babel.core import negotiate_locale

LOCALES = {"en": "en_GB", "tr": "tr_TR"}
"""Language -> locale, the first being the one for everybody else. British, because no reader misreads 5 Jan 2026."""
NAMES = {"en": "English", "tr": "Türkçe"}
_FOLDER = Path(__file__).parent / "wording"
_MINUTE = 60


def language_of(*wishes: str | None, accept: str | None = None) -> str:
    """
    The language of a page: the first wish that we speak, else the reader's browser's, else English.

    wishes: codes such as 'tr', from the address or a cookie; None where there is none.
    accept: the header `Accept-Language`, e.g. 'tr-TR,tr;q=0.9,en;q=0.8'.
    """
    for wish in wishes:
        if wish in LOCALES:
            return wish
    return negotiate_locale(_accepted(accept or ""), list(LOCALES), sep="-") or next(iter(LOCALES))


def _accepted(header: str) -> list[str]:
    """The languages of the header, the dearest first; a weight that is none counts as nothing."""
    wishes: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, weight = part.partition(";q=")
        try:
            wishes.append((float(weight or 1), name.strip()))
        except ValueError:
            continue
    return [name for weight, name in sorted(wishes, key=lambda wish: -wish[0]) if weight > 0 and name]


@dataclass(frozen=True)
class Words:
    """One language: `words("sync.now")` -> 'Sync now', and the forms of numbers, money and times."""

    language: str
    texts: Mapping[str, str]

    @property
    def locale(self) -> Locale:
        """How the language writes what is no word."""
        return _locale(self.language)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key; numbers among the values are written as the language writes them. Raises: KeyError."""
        shown = {name: self.number(value) if isinstance(value, int) else value for name, value in values.items()}
        return self.texts[key].format(**shown)

    def count(self, key: str, count: int, **values: object) -> str:
        """`key.one` or `key.other`, whichever the language uses with this number."""
        form = "one" if self.locale.plural_form(count) == "one" else "other"
        return self(f"{key}.{form}", count=count, **values)

    def named(self, kind: str, value: str | None, otherwise: str = "") -> str:
        """The name of a value of Partner Center's, e.g. ('status', 'New'); one that we do not know stays as it is."""
        return otherwise if value is None else self.texts.get(f"{kind}.{value}", value)

    def number(self, value: float | Decimal) -> str:
        """1234 -> '1,234' or '1.234'."""
        return numbers.format_decimal(value, locale=self.locale)

    def money(self, value: Decimal | None, currency: str | None) -> str:
        """Whole units: 34000, 'EUR' -> '€34,000'; '' where there is no value."""
        if value is None:
            return ""
        whole = value.quantize(Decimal(1))
        if currency is None:
            return self.number(whole)
        return numbers.format_currency(
            whole, currency, locale=self.locale, currency_digits=False, format=_money(self.language, currency)
        )

    def day(self, moment: date | datetime | None) -> str:
        """'28 Nov 2026'; '' where there is none."""
        return "" if moment is None else dates.format_date(moment, "medium", locale=self.locale)

    def short_day(self, moment: date) -> str:
        """'28 Nov'."""
        return dates.format_skeleton("MMMd", datetime.combine(moment, datetime.min.time()), locale=self.locale)

    def moment(self, moment: datetime | None) -> str:
        """'28 Nov 2026, 02:25', in UTC."""
        return "" if moment is None else dates.format_datetime(moment, "medium", locale=self.locale)

    def ago(self, moment: datetime | None, now: datetime) -> str:
        """'2 minutes ago' or 'in 6 days'; '' where there is no moment."""
        if moment is None:
            return ""
        away = moment - now
        if abs(away) < timedelta(seconds=_MINUTE):
            away = timedelta(seconds=round(away.total_seconds()) or -1)
        return dates.format_timedelta(away, add_direction=True, threshold=1.5, locale=self.locale)

    def seconds(self, seconds: float | None) -> str:
        """'2.2 sec', '3 min'; '' where it is not known."""
        if seconds is None:
            return ""
        unit, value = ("second", round(seconds, 1)) if seconds < _MINUTE else ("minute", round(seconds / _MINUTE, 1))
        return units.format_unit(value, f"duration-{unit}", length="short", locale=self.locale)

    def country(self, code: str | None) -> str:
        """'TR' -> 'Türkiye'; a code without a country stays as it is, '' where there is none."""
        return "" if code is None else self.locale.territories.get(code, code)


@cache
def words_of(language: str) -> Words:
    """The words of 'en' or 'tr'. Raises: KeyError for any other."""
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return Words(language, dict(_flat(tomllib.load(file))))


def _flat(table: Mapping[str, Any], path: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        found += _flat(value, f"{path}{name}.") if isinstance(value, dict) else [(path + name, value)]
    return found


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


@cache
def _money(language: str, currency: str) -> str:
    """The pattern of whole units; a currency without a sign is set off from its number: 'AED 500'."""
    pattern = _locale(language).currency_formats["standard"].pattern.replace(".00", "")
    sign = numbers.get_currency_symbol(currency, locale=_locale(language))
    return pattern.replace("¤", "¤\xa0", 1) if sign[-1].isalpha() else pattern
