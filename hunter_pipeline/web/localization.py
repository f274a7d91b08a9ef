"""
Choose the reader's language, translate the desk's texts, and format numbers, money and times.

The texts are in `wording/<language>.toml`; all files have the same keys.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import idna
from babel import Locale, dates, numbers, units
from babel.core import negotiate_locale

# British English, because no reader misreads 5 Jan 2026. The first language is the default.
LOCALES = {"en": "en_GB", "tr": "tr_TR"}
LANGUAGE_NAMES = {"en": "English", "tr": "Türkçe"}
_FOLDER = Path(__file__).parent / "wording"
# Units of durations, and their seconds.
_UNITS = (("hour", 3600), ("minute", 60))
_COMPANY_SIZE = re.compile(r"([0-9]{1,9})to([0-9]{1,9})employees")


def choose_language(*preferences: str | None, accept: str | None = None) -> str:
    """
    Return the first preference that is supported, else the browser's, else English.

    preferences: codes such as 'tr', from the address or a cookie; None if there is none.
    accept:      the header `Accept-Language`, e.g. 'tr-TR,tr;q=0.9,en;q=0.8'.
    """
    for preference in preferences:
        if preference in LOCALES:
            return preference
    return negotiate_locale(_accepted_languages(accept or ""), list(LOCALES), sep="-") or next(iter(LOCALES))


def _accepted_languages(header: str) -> list[str]:
    """Return the languages of an Accept-Language header by descending weight; entries with a bad weight are ignored."""
    weighted: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, weight = part.partition(";q=")
        try:
            weighted.append((float(weight or 1), name.strip()))
        except ValueError:
            continue
    return [name for weight, name in sorted(weighted, key=lambda entry: -entry[0]) if weight > 0 and name]


@dataclass(frozen=True)
class Localizer:
    """One language and time zone: `t("sync.now")` -> 'Sync now', and the formats of numbers, money and times."""

    language: str
    texts: Mapping[str, str]
    zone: tzinfo = UTC

    @cached_property
    def locale(self) -> Locale:
        """Return Babel's locale of the language."""
        return Locale.parse(LOCALES[self.language])

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of a key, with the values filled in. Raises: KeyError for an unknown key."""
        shown = {name: self.number(value) if isinstance(value, int) else value for name, value in values.items()}
        return self.texts[key].format(**shown)

    def plural(self, key: str, count: int, **values: object) -> str:
        """Return the text of `key.one` or `key.other`, depending on the language's plural form for the count."""
        form = "one" if self.locale.plural_form(count) == "one" else "other"
        return self(f"{key}.{form}", count=count, **values)

    def label(self, kind: str, value: str | None, default: str = "") -> str:
        """Return the label of a stored value, e.g. ('status', 'New'); an unknown value is its own label."""
        return default if value is None else self.texts.get(f"{kind}.{value}", value)

    def number(self, value: float | Decimal) -> str:
        """Format a number: 1234 -> '1,234' or '1.234'."""
        return numbers.format_decimal(value, locale=self.locale)

    def percent(self, share: float | Decimal | None) -> str:
        """Format a share: 0.315 -> '32%'; '' for None."""
        return "" if share is None else numbers.format_percent(share, locale=self.locale)

    def money(self, value: Decimal | None, currency: str | None) -> str:
        """Format an amount in whole units: 34000, 'EUR' -> '€34,000'; '' for None and 0, which is no known value."""
        if not value:
            return ""
        whole = value.quantize(Decimal(1))
        if currency is None:
            return self.number(whole)
        pattern = self.locale.currency_formats["standard"].pattern.replace(".00", "")
        if numbers.get_currency_symbol(currency, locale=self.locale)[-1].isalpha():
            pattern = pattern.replace("¤", "¤\xa0", 1)  # a space between a currency code and the amount: 'AED 500'
        return numbers.format_currency(whole, currency, pattern, locale=self.locale, currency_digits=False)

    def calendar_date(self, moment: date | datetime | None) -> str:
        """Format a date: '28 Nov 2026'; '' for None."""
        moment = moment.astimezone(self.zone) if isinstance(moment, datetime) else moment
        return "" if moment is None else dates.format_date(moment, "medium", locale=self.locale)

    def short_date(self, day: date) -> str:
        """Format a date without its year: '28 Nov'."""
        return dates.format_skeleton("MMMd", datetime.combine(day, datetime.min.time()), locale=self.locale)

    def date_time(self, moment: datetime | None) -> str:
        """Format a time in the reader's zone: '28 Nov 2026, 02:25'; '' for None."""
        if moment is None:
            return ""
        pattern = str(dates.get_datetime_format("medium", locale=self.locale)).replace("'", "")
        clock = dates.format_time(moment.astimezone(self.zone), "short", locale=self.locale)
        return pattern.format(clock, self.calendar_date(moment))

    def time_left(self, moment: datetime, now: datetime) -> str:
        """Format the time until a moment, never more than is left: 'in 6 days', from two days on 'in 47 hours'."""
        left = moment - now
        if left >= timedelta(days=2):
            left = timedelta(days=left.days)
        elif left >= timedelta(hours=1):
            left = timedelta(hours=left // timedelta(hours=1))
        threshold = 9 if left >= timedelta(days=9) else 2
        return dates.format_timedelta(left, add_direction=True, threshold=threshold, locale=self.locale)

    def relative_time(self, moment: datetime | None, now: datetime) -> str:
        """Format the distance from now: '2 minutes ago', 'in 6 days'; '' for None."""
        if moment is None:
            return ""
        delta = moment - now
        if abs(delta) < timedelta(minutes=1):
            delta = timedelta(seconds=round(delta.total_seconds()) or -1)
        # two months are told in days: "in 13 days" is more exact than "in 2 weeks"
        threshold = 9 if timedelta(days=9) <= abs(delta) < timedelta(weeks=9) else 1.5
        return dates.format_timedelta(delta, add_direction=True, threshold=threshold, locale=self.locale)

    def duration(self, seconds: float | Decimal | None) -> str:
        """Format a duration: '2.2 secs', '3 mins', '20.5 hrs'; '' for None."""
        if seconds is None:
            return ""
        unit, size = next((each for each in _UNITS if seconds >= each[1]), ("second", 1))
        return units.format_unit(round(seconds / size, 1), f"duration-{unit}", length="short", locale=self.locale)

    def company_size(self, size: str | None) -> str:
        """Format Partner Center's size of a company: '51to250employees' -> '51-250 employees', with an en dash."""
        match = _COMPANY_SIZE.fullmatch(size or "")
        return self("detail.employees", min=int(match[1]), max=int(match[2])) if match else size or ""

    def sales_stage(self, stage: str | None) -> str:
        """Format a sales stage, which is usually a percentage: '40' -> '40%', 'Proposal' -> 'Proposal'."""
        is_percentage = stage is not None and stage.isascii() and stage.isdecimal() and int(stage) <= 100  # noqa: PLR2004
        return numbers.format_percent(int(stage or 0) / 100, locale=self.locale) if is_percentage else stage or ""

    def sort_key(self, text: str) -> str:
        """Return a text by which names are sorted: Ç after C, and before D."""
        return unicodedata.normalize("NFD", text.replace("ı", "i")).lower()

    def country(self, code: str | None) -> str:
        """Return the name of a country: 'TR' -> 'Türkiye'; an unknown code is returned unchanged, '' for None."""
        return "" if code is None else self.locale.territories.get(code, code)


@lru_cache(maxsize=64)
def localizer(language: str, zone: tzinfo = UTC) -> Localizer:
    """Return the localizer of 'en' or 'tr' for readers in a time zone."""
    return Localizer(language, _read_texts(language), zone)


def time_zone(name: str | None) -> tzinfo:
    """Return the time zone of an IANA name such as 'Europe/Istanbul'; UTC if there is none of that name."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, ZoneInfoNotFoundError):  # a name may also be a path, or a folder of names
        return UTC


def day_start(day: date, zone: tzinfo) -> datetime:
    """Return when a day begins in a time zone."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def readable_domain(domain: str | None) -> str:
    """Return a domain in its own letters: 'xn--mller-kva.de' -> 'müller.de'; '' for None."""
    try:
        return idna.decode(domain) if domain and "xn--" in domain else domain or ""
    except idna.IDNAError:
        return domain or ""


@cache
def _read_texts(language: str) -> dict[str, str]:
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return dict(_flatten(tomllib.load(file)))


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
