"""Both languages have all texts, and each formats numbers, money and times in its own way."""

import csv
import re
import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.referrals.referral import DIRECTIONS, QUALIFICATIONS, STATUSES, SUBSTATUSES
from hunter_pipeline.referrals.updates import Action, State
from hunter_pipeline.web.localization import LOCALES, choose_language, localizer

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ENGLISH, TURKISH = localizer("en"), localizer("tr")


def test_languages_have_the_same_keys_and_placeholders():
    """A missing key is an error on the page, a missing placeholder a missing number."""
    assert set(ENGLISH.texts) == set(TURKISH.texts)
    assert [
        key for key in ENGLISH.texts if _placeholders(ENGLISH.texts[key]) != _placeholders(TURKISH.texts[key])
    ] == []
    assert [key for key, text in TURKISH.texts.items() if not text.strip()] == []


def test_score_reasons_and_documented_values_have_labels():
    with project_file("sql/data/lead_scoring_rules.csv").open(encoding="utf-8", newline="") as file:
        reasons = {row["description"] for row in csv.DictReader(file)}
    assert len(reasons) == 19
    values = {"status": STATUSES, "substatus": SUBSTATUSES, "qualification": QUALIFICATIONS, "direction": DIRECTIONS}
    values |= {"answer_action": get_args(Action), "answer_state": get_args(State)}
    labels = {f"{kind}.{value}" for kind, known in values.items() for value in known}
    assert {f"reasons.{reason}" for reason in reasons} | labels <= set(TURKISH.texts)


def test_every_text_is_used():
    """Each key, or the last part of one that is built from a name, occurs in a template or a module."""
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (project_file("hunter_pipeline") / "web").rglob("*")
        if path.suffix in (".py", ".html")
    )
    sections_of_data = ("reasons", "status", "substatus", "qualification", "direction", "referral_type", "outcome")
    sections_of_data += ("sync_reason", "sync_hint", "domain_source", "domain_reason", "refusals")
    sections_of_data += ("answer_action", "answer_state")
    keys = {key.removesuffix(".one").removesuffix(".other") for key in ENGLISH.texts}
    texts = {key for key in keys if key.split(".")[0] not in sections_of_data}
    assert [key for key in sorted(texts) if key not in code and not _is_quoted(key.split(".")[1], code)] == []


def _is_quoted(name: str, code: str) -> bool:
    return any(f'"{part}"' in code for part in (re.sub("^(all|within)_|_(about|hint)$", "", name), name))


@pytest.mark.parametrize(
    ("preferences", "accept", "language"),
    [
        (("tr", "en"), None, "tr"),
        ((None, "tr"), "en", "tr"),
        (("xx", None), "tr-TR,tr;q=0.9,en;q=0.8", "tr"),
        ((None,), "de,tr;q=0.2,en;q=0.1", "tr"),
        ((None,), "en;q=0.2,tr;q=0.1", "en"),
        ((None,), "*;q=x, tr;q=0", "en"),
        ((), None, "en"),
    ],
)
def test_language_is_the_first_supported_preference(
    preferences: tuple[str | None, ...], accept: str | None, language: str
):
    """The address comes before the cookie, the browser's languages by weight, then English."""
    assert choose_language(*preferences, accept=accept) == language


def test_money_is_formatted_in_each_language():
    value = Decimal("510089.8488")
    assert [ENGLISH.money(value, "EUR"), TURKISH.money(value, "EUR")] == ["€510,090", "€510.090"]
    assert [ENGLISH.money(Decimal(500), "AED"), ENGLISH.money(Decimal(5), None)] == ["AED\xa0500", "5"]
    assert [ENGLISH.money(None, "EUR"), ENGLISH.money(Decimal(7), "XQQ")] == ["", "XQQ\xa07"]


def test_times_are_formatted_in_each_language():
    later, before = NOW + timedelta(days=13, hours=2), NOW - timedelta(minutes=2)
    assert [ENGLISH.date_time(NOW), TURKISH.date_time(NOW)] == ["22 Nov 2026, 09:30", "22 Kas 2026 09:30"]
    assert [ENGLISH.relative_time(later, NOW), TURKISH.relative_time(later, NOW)] == ["in 13 days", "13 gün sonra"]
    assert [ENGLISH.relative_time(before, NOW), TURKISH.relative_time(before, NOW)] == [
        "2 minutes ago",
        "2 dakika önce",
    ]
    assert [ENGLISH.relative_time(NOW, NOW), ENGLISH.relative_time(None, NOW)] == ["1 second ago", ""]
    assert [ENGLISH.duration(2.24), TURKISH.duration(90)] == ["2.2 secs", "1,5 dk."]


def test_values_of_partner_center_are_formatted_in_each_language():
    assert [TURKISH.country("GR"), TURKISH.country("XX"), TURKISH.country(None)] == ["Yunanistan", "XX", ""]
    assert TURKISH.company_size("51to250employees") == "51–250 çalışan"
    assert [TURKISH.company_size("some"), TURKISH.company_size(None)] == ["some", ""]
    stages = [TURKISH.sales_stage("40"), ENGLISH.sales_stage("40"), ENGLISH.sales_stage("Won")]
    assert stages == ["%40", "40%", "Won"]


def test_counts_use_the_plural_form_and_separators_of_the_language():
    texts = [localizer(code).plural("leads.count", 1234) for code in LOCALES]
    assert texts == ["1,234 leads", "1.234 müşteri adayı"]


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
