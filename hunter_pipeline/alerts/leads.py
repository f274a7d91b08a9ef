"""Write the notifications of leads for sellers, in English or Turkish; the only personal data is the company's name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hunter_pipeline.config.notify_targets import Language
from hunter_pipeline.warehouse import alerts
from hunter_pipeline.warehouse.connection import Connection

# The kinds of events, the most urgent first.
KINDS = ("expires_4", "contact_requested", "expires_24", "expires_72", "new", "changed")
# The largest number of leads of one kind that a message names.
MAX_NAMED = 10
_HEADINGS: dict[Language, dict[str, str]] = {
    "en": {
        "expires_4": "Not answered, expires within 4 hours",
        "contact_requested": "The customer asked to be called",
        "expires_24": "Not answered, expires within 24 hours",
        "expires_72": "Not answered, expires within 72 hours",
        "new": "New",
        "changed": "Changed in Partner Center",
        "title": "Leads: {count} to look at",
        "more": "and {count} more",
        "unnamed": "(company without a name)",
        "until": "expires {moment} UTC",
        "name": "name changed",
        "value": "value changed",
        "customer": "customer or contact changed",
        "details": "details changed",
    },
    "tr": {
        "expires_4": "Yanıtlanmadı, 4 saat içinde süresi doluyor",
        "contact_requested": "Müşteri aranmak istiyor",
        "expires_24": "Yanıtlanmadı, 24 saat içinde süresi doluyor",
        "expires_72": "Yanıtlanmadı, 72 saat içinde süresi doluyor",
        "new": "Yeni",
        "changed": "Partner Center'da değişti",
        "title": "Fırsatlar: {count} kayıt",
        "more": "ve {count} tane daha",
        "unnamed": "(adı olmayan şirket)",
        "until": "son yanıt {moment} UTC",
        "name": "adı değişti",
        "value": "değeri değişti",
        "customer": "müşteri veya kişi bilgisi değişti",
        "details": "ayrıntıları değişti",
    },
}


@dataclass(frozen=True, slots=True)
class LeadEvent:
    """
    An event of a referral; each combination of `kind` and `mark` is notified once.

    changes: what changed if the kind is changed: status, expiry, name, value, customer or details.
    """

    kind: str
    mark: str
    referral_id: str
    company_name: str | None
    country: str | None
    deal_value: Decimal | None
    currency: str | None
    expires_at: datetime | None
    status: str | None
    substatus: str | None
    changes: list[str]


def lead_events(connection: Connection, *, since: datetime) -> list[LeadEvent]:
    """Return the current events since a time, the most urgent first."""
    rows = alerts.lead_event_rows(connection, since=since)
    events = [LeadEvent(**{name: row[name] for name in LeadEvent.__slots__}) for row in rows]
    return sorted(events, key=lambda event: KINDS.index(event.kind))


def format_events(events: Sequence[LeadEvent], language: Language, desk_url: str) -> tuple[str, str]:
    """
    Return title and text of the message about some events: a heading for each kind, a line for each lead.

    events: the most urgent first; a lead with several has the first one's line.
    """
    words = _HEADINGS[language]
    lines: list[str] = []
    leads: dict[str, LeadEvent] = {}
    for event in events:
        leads.setdefault(event.referral_id, event)
    for kind in KINDS:
        found = [event for event in leads.values() if event.kind == kind]
        if not found:
            continue
        lines.append(f"{words[kind]} ({len(found)}):")
        lines += [f"- {_describe(event, words)}" for event in found[:MAX_NAMED]]
        if len(found) > MAX_NAMED:
            lines.append(f"- {words['more'].format(count=len(found) - MAX_NAMED)}")
    return words["title"].format(count=len(leads)), "\n".join([*lines, desk_url])


def _describe(event: LeadEvent, words: dict[str, str]) -> str:
    """Return 'Fabrikam (DE), 12,000 EUR, expires 2026-11-27 12:00 UTC'."""
    country = f" ({event.country})" if event.country else ""
    parts = [f"{event.company_name or words['unnamed']}{country}"]
    if event.deal_value is not None:
        parts.append(f"{event.deal_value:,.0f} {event.currency or ''}".strip())
    if "status" in event.changes:
        parts.append(" / ".join(word for word in (event.status, event.substatus) if word))
    if event.expires_at is not None and (event.kind != "changed" or "expiry" in event.changes):
        parts.append(words["until"].format(moment=f"{event.expires_at:%Y-%m-%d %H:%M}"))
    parts += [words[field] for field in ("name", "value", "customer", "details") if field in event.changes]
    return ", ".join(parts)
