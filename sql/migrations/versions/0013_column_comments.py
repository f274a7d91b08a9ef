"""Every column has a comment, which Dagster's catalogue and SQL clients show."""

from alembic import op

revision = "0013"
down_revision = "0012"

_COMMENTS = {
    "alembic_version": {"version_num": "The revision of the schema: the number of the newest migration applied."},
    "companies": {
        "id": "Our number of the company.",
        "domain": "The canonical domain, which is what makes it one company.",
        "canonical_name": "Its name: from open referrals first, then the most frequent spelling.",
        "country": "Country of its newest referral, ISO 3166 alpha-2.",
        "provider": "M365 where Entra has a tenant for the domain; null where none is known.",
        "azure_tenant_id": "Entra''s id of that tenant.",
        "created_at": "When the company was stored first.",
        "updated_at": "When one of its values changed last.",
    },
    "domain_tenants": {
        "domain": "The canonical domain that Entra is asked about.",
        "azure_tenant_id": "The tenant that has the domain; null where there is none.",
    },
    "forgetting_key": {"only_one": "Always true: there is one row.", "key": "The key of all hashes of erased people."},
    "forgotten_people": {
        "address_hash": "Keyed hash of the e-mail address.",
        "forgotten_at": "When `hunter forget` was run.",
    },
    "forgotten_traces": {
        "address_hash": "The erased person.",
        "trace_hash": "Keyed hash of a name or number of that person, kept by older versions.",
    },
    "forgotten_in": {
        "referral_hash": "Keyed hash of a referral''s id.",
        "address_hash": "The erased person whom the referral named.",
    },
    "normalization_rules": {"only_one": "Always true: there is one row."},
    "normalized_referrals": {"normalized_at": "When the row was derived from the payload."},
    "partner_center_referrals": {
        "azure_tenant_id": "Entra''s id of the tenant that has the domain.",
        "missing_since": "When a full read and a look-up by id found that it is gone upstream; null while it is there.",
        "synced_at": "When a sync saw it last.",
        "created_at": "When it was stored first.",
        "updated_at": "When its content changed last.",
        "name_sort": "Its name in small letters, to sort by.",
    },
    "quarantined_referrals": {
        "id": "Our number of the item.",
        "payload": "The item as it arrived; personal data.",
        "reason": "Why it is no referral, such as missing_id.",
        "content_hash": "SHA-256 of the item, so that it is kept once.",
        "run_id": "The sync that brought it first.",
        "quarantined_at": "When it was stored.",
        "seen_at": "When it arrived last.",
        "erased": "An erased person was taken out of it.",
    },
    "raw_referrals": {
        "id": "Our number of the version, in the order of arrival.",
        "referral_id": "The referral''s id; a GUID in small letters.",
        "payload": "The referral as Partner Center sent it; personal data.",
        "content_hash": "SHA-256 of the payload, whatever the order of its keys; unique within a referral.",
        "source_updated_at": "updatedDateTime of the payload, to the microsecond.",
        "fetched_at": "When this version arrived first.",
        "run_id": "The sync that brought it.",
    },
    "sign_in": {
        "only_one": "Always true: there is one row.",
        "sealed": "The token cache, encrypted with the first key of HUNTER_TOKEN_KEYS.",
        "saved_at": "When it was written.",
    },
    "sync_cursors": {
        "stream": "Tenant and direction that are read.",
        "watermark": "The newest updatedDateTime that a sync has seen; the next read begins a little before it.",
        "read_mode": "incremental or full; null while no read is under way.",
        "read_started_at": "When the read under way began.",
        "read_cursor": "Where an interrupted read continues.",
        "full_returned": "How many of the referrals known then the last full read brought.",
        "updated_at": "When the row changed last.",
        "visible_read": "How many referrals the last whole read brought.",
    },
    "sync_lease": {"only_one": "Always true: there is at most one row."},
    "sync_runs": {
        "run_id": "The sync''s id, which is that of its run in Dagster.",
        "status": "running, success, skipped or failed.",
        "reason": "Why it was skipped or broken off, such as sync_in_progress.",
        "mode": "incremental or full.",
        "fetched": "Items that arrived.",
        "new": "Referrals that were stored for the first time.",
        "updated": "Referrals whose content changed.",
        "unchanged": "Referrals that arrived as they were known.",
        "quarantined": "Items that are no referrals.",
        "without_domain": "Referrals among them that have no domain.",
        "missing": "Referrals that are gone upstream.",
        "pages": "Pages that were read.",
        "requests": "Requests to Partner Center.",
        "retries": "Requests that were repeated.",
        "duration_seconds": "From its start to its end.",
        "watermark": "How far it has read.",
        "error": "type, message, status_code and request_id of what ended it; null where nothing did.",
        "started_at": "When it began.",
        "finished_at": "When it ended.",
    },
}
# Columns that normalized_referrals and partner_center_referrals share.
_REFERRAL = {
    "referral_id": "The referral''s id in Partner Center.",
    "content_hash": "Content hash of the raw version that the row is made from.",
    "engagement_id": "The engagement: copies of it, such as the partner''s and Microsoft''s, count once.",
    "name": "The deal''s name.",
    "organization_id": "Partner Center''s id of the partner''s organization.",
    "organization_name": "Name of the partner''s organization.",
    "external_reference_id": "The id that a CRM of the partner gave it.",
    "referral_type": "co-sell, marketplace or solution-provider.",
    "referral_type_reason": "What the referral type was concluded from.",
    "type": "Independent or Shared, as Partner Center says.",
    "qualification": "Direct, SalesQualified, MarketingQualified and the like.",
    "direction": "Incoming or Outgoing.",
    "status": "New, Active or Closed.",
    "substatus": "Details of the status: Received, Accepted, Won, Lost, Declined and the like.",
    "status_reason": "The reason given for the status.",
    "sales_stage": "The sales stage, as Partner Center says.",
    "invited_by_organization_id": "The organization that invited the partner.",
    "company_name": "The customer''s name as it arrived.",
    "company_size": "The customer''s size, as Partner Center says.",
    "country": "The customer''s country, ISO 3166 alpha-2.",
    "city": "The customer''s city.",
    "domain": "The customer''s canonical domain; null where none is known.",
    "domain_source": "Where the domain comes from: team_email, external_id, website, engagement or company_name.",
    "domain_candidates": "All domains that were found, the best first.",
    "domain_reason": "Why there is no domain, such as consumer.",
    "deal_value": "The deal''s value in its currency.",
    "currency": "ISO 4217 code of the value''s currency.",
    "customer_requested_contact": "The customer has asked to be called.",
    "contacts": "The customer''s people: name, e-mail, phone and title of each; personal data.",
    "source_created_at": "createdDateTime of the payload.",
    "source_updated_at": "updatedDateTime of the payload.",
    "expires_at": "When Partner Center closes it unless it is answered.",
    "accepted_at": "When the partner accepted it.",
    "closed_at": "When it was closed.",
    "expected_close_at": "When the deal is expected to be closed.",
    "field_errors": "Fields that could not be read, with the reason of each.",
}


def upgrade() -> None:
    """Comment on the columns that have no comment yet."""
    shared = dict.fromkeys(("normalized_referrals", "partner_center_referrals"), _REFERRAL)
    for table, comments in [*shared.items(), *_COMMENTS.items()]:
        for column, comment in comments.items():
            op.execute(f"comment on column {table}.{column} is '{comment}'")
