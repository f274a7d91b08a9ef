"""
List what step 6 expects: the columns that other programs rely on, and examples of canonical domains.

Repeats what migrations and code define, so that a mistake there does not change what is tested.
"""

# Columns of each table or view, with the PostgreSQL type where it matters.
TABLES = {
    "raw_referrals": (
        "id bigint, referral_id text, payload jsonb, content_hash, source_updated_at timestamptz, "
        "fetched_at timestamptz, run_id text"
    ),
    "normalized_referrals": "referral_id",
    "partner_center_referrals": (
        "referral_id text, engagement_id, name, referral_type, type, qualification, direction, status, substatus, "
        "company_name, country, domain, domain_source, azure_tenant_id, deal_value numeric, currency, "
        "source_created_at timestamptz, source_updated_at timestamptz, expires_at timestamptz, solutions text[], "
        "notes text, is_spam boolean, consent_to_contact boolean, deal_value_base numeric, etag text, "
        "missing_since timestamptz, synced_at timestamptz, created_at timestamptz, updated_at timestamptz"
    ),
    "companies": "domain, canonical_name, country, provider, azure_tenant_id",
    "quarantined_referrals": "payload text, reason, run_id, quarantined_at timestamptz",
    "sync_runs": (
        "status, reason, run_id, mode, fetched, new, updated, unchanged, quarantined, without_domain, missing, "
        "pages, requests, retries, duration_seconds, watermark, error, started_at timestamptz, "
        "finished_at timestamptz"
    ),
    "leads_ready": (
        "lead_key text, company_id, canonical_name, domain, provider, country, referral_type, referral_types text[], "
        "referral_count, open_referral_count, primary_referral_id, referral_ids text[], status, substatus, "
        "deal_value, currency, contact_name, contact_email, contact_phone, expires_at, score integer, "
        "score_reasons text[], score_points integer[], updated_at, referral_name, solutions text[], "
        "deal_value_base numeric, contact_allowed boolean, qualification, source_created_at timestamptz, "
        "expected_close_at timestamptz"
    ),
    "referral_updates": (
        "id bigint, referral_id text, action, operations jsonb, base_etag, requested_by text, "
        "requested_at timestamptz, send_after timestamptz, state, request_id, attempts, error, "
        "confirmed_at timestamptz"
    ),
    "lead_scoring_rules": "name text, weight numeric, description text",
    "exchange_rates": "currency text, per_usd numeric, as_of date",
    "referral_status_history": "referral_id, status, substatus, valid_from, valid_to",
}
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
    **dict.fromkeys(("sue@fourthcoffee.com", "x@microsoft.com"), (None, "own")),
    **dict.fromkeys(("192.168.1.1", "[::1]", "http://10.0.0.1/"), (None, "ip_address")),
    **dict.fromkeys(("a@example.com", "x.test", "localhost", "host.local"), (None, "reserved")),
    **dict.fromkeys(("com.tr", "github.io", "onmicrosoft.com"), (None, "public_suffix")),
    **dict.fromkeys(("", "n/a", "-", "a b", "@", "contoso"), (None, "invalid")),
}
