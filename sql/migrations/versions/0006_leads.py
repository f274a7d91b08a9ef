"""What leads_ready needs: what the customer wants, whom to call, values in one currency, weights, exchange rates."""

from alembic import op

revision = "0006"
down_revision = "0005"

_COLUMNS = """
    solutions text[] not null default '{}',
    notes text,
    is_spam boolean,
    consent_to_contact boolean,
    etag text,
    company_key text,
    contact_name text,
    contact_email text,
    contact_phone text,
    contact_title text,
    contact_rank smallint not null default 0
"""
_COLUMN_COMMENTS = {
    "solutions": "Names of the solutions, products and services that the customer asks for.",
    "notes": "details.notes of the referral: free text. Personal data.",
    "is_spam": "isSpam of the referral.",
    "consent_to_contact": "consent.consentToContact; false: the customer does not want to be called.",
    "etag": "eTag of the version, which an update has to name.",
    "company_key": "The company''s name without case and punctuation, with its country: equal for the same company.",
    "contact_name": "Name of the person to call. Personal data.",
    "contact_email": "A valid address of the person to call. Personal data.",
    "contact_phone": "Telephone number of the person to call. Personal data.",
    "contact_title": "Job title of the person to call.",
    "contact_rank": "How to reach that person: 3 address at the customer''s domain, 2 another, 1 telephone, 0 not.",
}
_NOT_OWN = "coalesce(domain_source, '') in ('', 'engagement', 'company_name')"


# A rule that the view does not know would be ignored silently, and so would a weight that is no number.
_CHECK_RULES = """
create function check_lead_scoring_rule() returns trigger language plpgsql as $$
declare
    known constant text[] := array[
        'expires_within_24_hours', 'asked_within_72_hours', 'expires_soon', 'asked_and_not_answered',
        'asked_and_accepted', 'deal_value', 'not_answered', 'sales_qualified', 'marketing_qualified',
        'enquiry', 'expected_close', 'recent', 'reachable', 'open', 'out_of_date', 'expired',
        'consent_refused', 'spam', 'score_limit'
    ];
begin
    if tg_op = 'DELETE' then
        raise exception 'lead_scoring_rules: the rule % cannot be deleted', old.name
            using hint = 'Set its weight to 0.', errcode = 'check_violation';
    elsif new.name is null or new.name <> all(known) then
        raise exception 'lead_scoring_rules: there is no rule %', coalesce(new.name, 'null')
            using hint = 'The rules are: ' || array_to_string(known, ', ') || '.', errcode = 'check_violation';
    elsif new.weight is null or not new.weight between -100 and 100 then
        raise exception 'lead_scoring_rules: the weight of % is %', new.name, coalesce(new.weight::text, 'null')
            using hint = 'It may be a number from -100 to 100.', errcode = 'check_violation';
    elsif coalesce(new.description, '') = '' or coalesce(new.description_tr, '') = '' then
        raise exception 'lead_scoring_rules: a description of % is empty', new.name
            using hint = 'leads_ready shows it as a reason.', errcode = 'check_violation';
    end if;
    return new;
end $$;
comment on function check_lead_scoring_rule() is
    'Refuses rules that the score does not know and weights that are no number.';
create trigger check_lead_scoring_rule before insert or update or delete on lead_scoring_rules
    for each row execute function check_lead_scoring_rule();
"""


def upgrade() -> None:
    """Create the tables, add the columns and their indexes."""
    op.execute("""
    create table exchange_rates (
        currency text primary key check (currency ~ '^[A-Z]{3}$'),
        per_usd numeric not null check (per_usd > 0 and per_usd < 'Infinity'),
        as_of date not null default current_date
    );
    comment on table exchange_rates is
        'Exchange rates by which values are compared. Editable; the next sync applies a change.';
    comment on column exchange_rates.currency is 'ISO 4217 code.';
    comment on column exchange_rates.per_usd is 'How many units of the currency one US dollar is.';
    comment on column exchange_rates.as_of is 'The day of the rate.';

    create table base_currency (
        only_one boolean primary key default true check (only_one),
        currency text not null,
        per_usd numeric not null,
        rates_hash text not null
    );
    comment on table base_currency is 'The currency of deal_value_base, and the rates by which it was computed.';
    comment on column base_currency.only_one is 'Always true: the table has one row at most.';
    comment on column base_currency.currency is 'HUNTER_CURRENCY of the last sync.';
    comment on column base_currency.per_usd is 'Its exchange rate.';
    comment on column base_currency.rates_hash is 'Hash of the currency and of all exchange rates.';

    create table lead_scoring_rules (
        name text primary key,
        weight numeric not null,
        description text not null,
        description_tr text not null
    );
    comment on table lead_scoring_rules is
        'The weights of the score in leads_ready, one row per rule. Editable; 0 switches a rule off.';
    comment on column lead_scoring_rules.name is 'The rule, as sql/views/lead_scores.sql names it.';
    comment on column lead_scoring_rules.weight is 'The most points that the rule gives; negative ones are taken away.';
    comment on column lead_scoring_rules.description is 'The reason that leads_ready shows, in English.';
    comment on column lead_scoring_rules.description_tr is 'The reason that the lead desk shows in Turkish.';

    create table stale_inheritors (referral_id text primary key);
    comment on table stale_inheritors is
        'Referrals without a domain of their own whose inherited domain has to be found again; empty outside a merge.';
    comment on column stale_inheritors.referral_id is 'The referral''s id.';
    """)
    for table in ("normalized_referrals", "partner_center_referrals"):
        op.execute(f"alter table {table} {', '.join('add ' + column for column in _lines(_COLUMNS))}")
        for column, comment in _COLUMN_COMMENTS.items():
            op.execute(f"comment on column {table}.{column} is '{comment}'")
    op.execute(_CHECK_RULES)
    op.execute(f"""
    alter table partner_center_referrals
        add deal_value_base numeric,
        add lead_key text collate "C" not null generated always as
            (coalesce(domain, 'engagement:' || engagement_id, 'referral:' || referral_id)) stored;
    comment on column partner_center_referrals.deal_value_base is
        'deal_value in HUNTER_CURRENCY by exchange_rates; null where the currency is unknown.';
    comment on column partner_center_referrals.lead_key is
        'The lead that the referral belongs to: its domain, else engagement:ID or referral:ID.';
    create index partner_center_referrals_lead on partner_center_referrals
        (lead_key, source_created_at desc nulls last, source_updated_at desc nulls last, referral_id)
        include (engagement_id, referral_type, status, contact_rank, updated_at)
        where missing_since is null;
    create index partner_center_referrals_open on partner_center_referrals (lead_key)
        include (
            referral_id, referral_type, status, qualification, is_spam, consent_to_contact, customer_requested_contact,
            contact_rank, deal_value_base, source_created_at, source_updated_at, expires_at, expected_close_at
        )
        where status in ('New', 'Active') and missing_since is null;
    create index partner_center_referrals_engagement on partner_center_referrals (engagement_id);
    create index partner_center_referrals_company_key on partner_center_referrals (company_key)
        where company_key is not null;
    create index partner_center_referrals_without_own_domain on partner_center_referrals (referral_id)
        where {_NOT_OWN};
    """)


def _lines(columns: str) -> list[str]:
    return [line.strip().rstrip(",") for line in columns.strip().splitlines()]
