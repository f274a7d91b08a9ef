"""Both languages have every word, and the pages show nothing that has none."""

import re
import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.referrals.referral import DIRECTIONS, QUALIFICATIONS, STATUSES, SUBSTATUSES
from hunter_pipeline.web.localization import LOCALES, choose_language, localizer

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ENGLISH, TURKISH = localizer("en"), localizer("tr")


def test_both_languages_have_every_word_and_the_same_placeholders():
    """A key that one language lacks would be an error on the page, a lost placeholder a lost number."""
    assert set(ENGLISH.texts) == set(TURKISH.texts)
    assert [key for key in ENGLISH.texts if _places(ENGLISH.texts[key]) != _places(TURKISH.texts[key])] == []
    assert [key for key, text in TURKISH.texts.items() if not text.strip()] == []


def test_every_score_reason_and_every_value_has_a_name_in_both():
    """What `leads_ready` gives as a reason, and what Partner Center documents, is translated."""
    view = project_file("sql/views/leads_ready.sql").read_text(encoding="utf-8")
    reasons = set(re.findall(r"then '([^']+)' end", view))
    assert len(reasons) == 11
    values = {"status": STATUSES, "substatus": SUBSTATUSES, "qualification": QUALIFICATIONS, "direction": DIRECTIONS}
    named = {f"{kind}.{value}" for kind, known in values.items() for value in known}
    assert {f"reasons.{reason}" for reason in reasons} | named <= set(TURKISH.texts)


def test_every_word_is_used():
    """A key that no template and no module names is a leftover."""
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (project_file("hunter_pipeline") / "web").rglob("*")
        if path.suffix in (".py", ".html")
    )
    by_value = ("reasons", "status", "substatus", "qualification", "direction", "referral_type", "outcome")
    by_value += ("sync_reason", "sync_hint", "domain_source", "domain_reason", "columns", "charts", "detail", "sync")
    by_value += ("filters", "sign_in", "error", "referrals")
    keys = {key.removesuffix(".one").removesuffix(".other") for key in ENGLISH.texts}
    assert [key for key in sorted(keys) if key.split(".")[0] not in by_value and key not in code] == []


@pytest.mark.parametrize(
    ("wishes", "accept", "language"),
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
def test_the_language_is_the_first_wish_that_we_speak(
    wishes: tuple[str | None, ...], accept: str | None, language: str
):
    """The address, then the cookie, then the browser's order, then English."""
    assert choose_language(*wishes, accept=accept) == language


def test_numbers_money_and_times_are_written_as_the_language_does():
    """Separators, signs, months, spans and countries are each language's own."""
    value, later, before = Decimal("510089.8488"), NOW + timedelta(days=13, hours=2), NOW - timedelta(minutes=2)
    assert [ENGLISH.money(value, "EUR"), TURKISH.money(value, "EUR")] == ["€510,090", "€510.090"]
    assert [ENGLISH.money(Decimal(500), "AED"), ENGLISH.money(Decimal(5), None)] == ["AED\xa0500", "5"]
    assert [ENGLISH.money(None, "EUR"), ENGLISH.money(Decimal(7), "XQQ")] == ["", "XQQ\xa07"]
    assert [ENGLISH.date_time(NOW), TURKISH.date_time(NOW)] == ["22 Nov 2026, 09:30", "22 Kas 2026 09:30"]
    assert [ENGLISH.relative_time(later, NOW), TURKISH.relative_time(later, NOW)] == ["in 13 days", "13 gün sonra"]
    assert [ENGLISH.relative_time(before, NOW), TURKISH.relative_time(before, NOW)] == ["2 minutes ago", "2 dakika önce"]
    assert [ENGLISH.relative_time(NOW, NOW), ENGLISH.relative_time(None, NOW)] == ["1 second ago", ""]
    assert [ENGLISH.duration(2.24), TURKISH.duration(90)] == ["2.2 secs", "1,5 dk."]
    assert [TURKISH.country("GR"), TURKISH.country("XX"), TURKISH.country(None)] == ["Yunanistan", "XX", ""]
    assert [TURKISH.company_size("51to250employees"), TURKISH.company_size("some"), TURKISH.company_size(None)] == [
        "51–250 çalışan",
        "some",
        "",
    ]
    assert [TURKISH.sales_stage("40"), ENGLISH.sales_stage("40"), ENGLISH.sales_stage("Won")] == ["%40", "40%", "Won"]
    assert [localizer(code).plural("leads.count", 1234) for code in LOCALES] == ["1,234 leads", "1.234 müşteri adayı"]


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
