"""What lists of referrals are filtered, searched, sorted and paged by."""

from alembic import op

revision = "0003"
down_revision = "0002"

# Turkish writes two letters i; whoever searches for "istanbul" means each of them.
_FOLDED = "translate(lower({text}), U&'\\0131\\0130\\0307', 'ii')"
_SEARCHED = r"""
    coalesce(company_name, '') || chr(10) || coalesce(name, '') || chr(10) || coalesce(domain, '') || chr(10)
    || referral_id || chr(10) || coalesce(engagement_id, '') || chr(10) || coalesce(city, '') || chr(10)
    || jsonb_path_query_array(contacts, 'lax $[*].* ? (@ != null)')::text
"""


def upgrade() -> None:
    """Add the columns that a list reads and one index for each way to filter or sort it."""
    op.execute(f"""
    alter table partner_center_referrals
        add search_text text generated always as ({_FOLDED.format(text=_SEARCHED)}) stored,
        add company_sort text generated always as (left(lower(company_name), 100)) stored,
        add name_sort text generated always as (left(lower(name), 100)) stored;
    comment on column partner_center_referrals.search_text is
        'What a search looks into: company, deal, domain, ids, city and contacts, in small letters. Personal data.';
    comment on column partner_center_referrals.company_sort is
        'company_name in small letters, short enough to stand in an index with everything a list is filtered by.';

    drop index partner_center_referrals_newest;
    create index partner_center_referrals_updated on partner_center_referrals
        (source_updated_at desc nulls last, referral_id) include (referral_type, status);
    create index partner_center_referrals_created on partner_center_referrals
        (source_created_at desc nulls last, referral_id) include (referral_type, status);
    create index partner_center_referrals_expires on partner_center_referrals
        (expires_at, referral_id) include (referral_type, status);
    create index partner_center_referrals_value on partner_center_referrals
        (deal_value desc nulls last, referral_id) include (referral_type, status);
    create index partner_center_referrals_company on partner_center_referrals
        (company_sort, referral_id) include (referral_type, status);
    create index partner_center_referrals_name on partner_center_referrals
        (name_sort, referral_id) include (referral_type, status);
    create index partner_center_referrals_country on partner_center_referrals
        (country, source_updated_at desc nulls last, referral_id) include (referral_type, status);
    create index partner_center_referrals_type on partner_center_referrals
        (referral_type, source_updated_at desc nulls last, referral_id) include (status);
    create index partner_center_referrals_status on partner_center_referrals
        (status, source_updated_at desc nulls last, referral_id) include (referral_type);
    """)
