"""
List what step 6 expects: the columns that other programs rely on, and examples of canonical domains.

Repeats what migrations and code define, so that a mistake there does not change what is tested.
"""

_TIME = "timestamp with time zone"

# Table or view -> column -> its PostgreSQL type; None: any type.
TABLES: dict[str, dict[str, str | None]] = {
    "raw_referrals": {
        "id": "bigint", "referral_id": "text", "payload": "jsonb", "content_hash": None, "source_updated_at": _TIME,
        "fetched_at": _TIME, "run_id": "text",
    },
    "normalized_referrals": {"referral_id": None},
    "partner_center_referrals": {
        "referral_id": "text", "engagement_id": None, "name": None, "referral_type": None, "type": None,
        "qualification": None, "direction": None, "status": None, "substatus": None, "company_name": None,
        "country": None, "domain": None, "domain_source": None, "azure_tenant_id": None, "deal_value": "numeric",
        "currency": None, "source_created_at": _TIME, "source_updated_at": _TIME, "expires_at": _TIME,
        "solutions": "text[]", "notes": "text", "is_spam": "boolean", "consent_to_contact": "boolean",
        "deal_value_base": "numeric", "etag": "text",
        "missing_since": _TIME, "synced_at": _TIME, "created_at": _TIME, "updated_at": _TIME,
    },
    "companies": {"domain": None, "canonical_name": None, "country": None, "provider": None, "azure_tenant_id": None},
    "quarantined_referrals": {"payload": "text", "reason": None, "run_id": None, "quarantined_at": _TIME},
    "sync_runs": {
        "status": None, "reason": None, "run_id": None, "mode": None, "fetched": None, "new": None, "updated": None,
        "unchanged": None, "quarantined": None, "without_domain": None, "missing": None, "pages": None,
        "requests": None, "retries": None, "duration_seconds": None, "watermark": None, "error": None,
        "started_at": _TIME, "finished_at": _TIME,
    },
    "leads_ready": {
        "lead_key": "text", "company_id": None, "canonical_name": None, "domain": None, "provider": None,
        "country": None, "referral_type": None, "referral_types": "text[]", "referral_count": None,
        "open_referral_count": None,
        "primary_referral_id": None, "referral_ids": "text[]", "status": None, "substatus": None, "deal_value": None,
        "currency": None, "contact_name": None, "contact_email": None, "contact_phone": None, "expires_at": None,
        "score": "integer", "score_reasons": "text[]", "score_points": "integer[]", "updated_at": None,
        "referral_name": None, "solutions": "text[]", "deal_value_base": "numeric", "contact_allowed": "boolean",
        "qualification": None, "source_created_at": _TIME, "expected_close_at": _TIME,
    },
    "referral_updates": {
        "id": "bigint", "referral_id": "text", "action": None, "operations": "jsonb", "base_etag": None,
        "requested_by": "text", "requested_at": _TIME, "send_after": _TIME, "state": None, "request_id": None,
        "attempts": None, "error": None, "confirmed_at": _TIME,
    },
    "lead_scoring_rules": {"name": "text", "weight": "numeric", "description": "text"},
    "exchange_rates": {"currency": "text", "per_usd": "numeric", "as_of": "date"},
    "referral_status_history": {
        "referral_id": None, "status": None, "substatus": None, "valid_from": None, "valid_to": None,
    },
}  # fmt: skip

# The partner's own domains in the examples.
OWN_DOMAINS = ("fourthcoffee.com",)
# Text -> its canonical domain or, for None, the reason.
DOMAINS: dict[str, tuple[str | None, str | None]] = {
    "https://www.Contoso.com:443/a?b#c": ("contoso.com", None),
    "CONTOSO.COM.": ("contoso.com", None),
    "Sue <sue@mail.contoso.com>": ("contoso.com", None),
    "sue@firma.com.tr": ("firma.com.tr", None),
    "http://shop.firma.com.tr": ("firma.com.tr", None),
    "müller.de": ("xn--mller-kva.de", None),
    "xn--mller-kva.de": ("xn--mller-kva.de", None),
    "contoso.mail.onmicrosoft.com": ("contoso.onmicrosoft.com", None),
    "sue@gmail.com": (None, "consumer"),
    "a@mailinator.com": (None, "disposable"),
    "sue@fourthcoffee.com": (None, "own"),
    "x@microsoft.com": (None, "own"),
    "192.168.1.1": (None, "ip_address"),
    "[::1]": (None, "ip_address"),
    "http://10.0.0.1/": (None, "ip_address"),
    "a@example.com": (None, "reserved"),
    "x.test": (None, "reserved"),
    "localhost": (None, "reserved"),
    "host.local": (None, "reserved"),
    "com.tr": (None, "public_suffix"),
    "github.io": (None, "public_suffix"),
    "onmicrosoft.com": (None, "public_suffix"),
    "": (None, "invalid"),
    "n/a": (None, "invalid"),
    "-": (None, "invalid"),
    "a b": (None, "invalid"),
    "@": (None, "invalid"),
    "contoso": (None, "invalid"),
}
