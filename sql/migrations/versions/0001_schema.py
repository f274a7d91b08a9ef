"""The tables of the sync: what arrived, what it says, what the sales team sees, and how each sync went."""

from alembic import op

revision = "0001"
down_revision = None

_REFERRAL_COLUMNS = """
    engagement_id text,
    name text,
    organization_id text,
    organization_name text,
    external_reference_id text,
    referral_type text,
    referral_type_reason text,
    type text,
    qualification text,
    direction text,
    status text,
    substatus text,
    status_reason text,
    sales_stage text,
    invited_by_organization_id text,
    company_name text,
    company_size text,
    country text,
    city text,
    domain text,
    domain_source text,
    domain_candidates text[] not null default '{}',
    domain_reason text,
    deal_value numeric,
    currency text,
    customer_requested_contact boolean,
    contacts jsonb not null default '[]',
    source_created_at timestamptz,
    source_updated_at timestamptz,
    expires_at timestamptz,
    accepted_at timestamptz,
    closed_at timestamptz,
    expected_close_at timestamptz,
    field_errors jsonb not null default '{}'
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute("""
    create table raw_referrals (
        id bigint generated always as identity primary key,
        referral_id text not null,
        payload jsonb not null,
        content_hash text not null,
        source_updated_at timestamptz,
        source_updated_key text collate "C" not null default '',
        repaired boolean not null default false,
        fetched_at timestamptz not null default now(),
        seen_at timestamptz not null default now(),
        run_id text,
        unique (referral_id, content_hash)
    );
    comment on table raw_referrals is
        'Every version of every referral that Partner Center has shown us, payload untouched. Personal data.';
    comment on column raw_referrals.source_updated_key is
        'updatedDateTime in UTC with seven fraction digits: timestamptz rounds them; empty where unreadable.';
    comment on column raw_referrals.repaired is
        'Characters or numbers that jsonb cannot hold were replaced in the payload.';
    comment on column raw_referrals.seen_at is 'When a sync last saw this very version.';
    create index raw_referrals_newest on raw_referrals
        (referral_id, source_updated_key desc, seen_at desc, content_hash desc);
    create index raw_referrals_seen on raw_referrals (seen_at);

    create table quarantined_referrals (
        id bigint generated always as identity primary key,
        payload text not null,
        reason text not null,
        content_hash text not null,
        run_id text,
        quarantined_at timestamptz not null default now(),
        seen_at timestamptz not null default now(),
        unique (content_hash, reason)
    );
    comment on table quarantined_referrals is
        'What arrived and is not a referral, with the reason. Personal data.';

    create table sync_cursors (
        stream text primary key,
        watermark text,
        read_mode text,
        read_started_at timestamptz,
        read_cursor text,
        full_read_at timestamptz,
        full_returned integer,
        full_known integer,
        updated_at timestamptz not null default now()
    );
    comment on table sync_cursors is
        'How far each stream (tenant and direction) was read. read_*: a read under way or broken off.';
    comment on column sync_cursors.full_read_at is
        'When the last trusted full read began: a referral last seen before it is gone upstream.';
    comment on column sync_cursors.full_known is
        'How many referrals were known when the last full read ended; full_returned of them came.';

    create table sync_runs (
        run_id text primary key,
        status text not null check (status in ('running', 'success', 'skipped', 'failed')),
        reason text,
        mode text not null check (mode in ('incremental', 'full')),
        fetched integer not null default 0,
        new integer not null default 0,
        updated integer not null default 0,
        unchanged integer not null default 0,
        quarantined integer not null default 0,
        without_domain integer not null default 0,
        missing integer not null default 0,
        pages integer not null default 0,
        requests integer not null default 0,
        retries integer not null default 0,
        duration_seconds double precision,
        watermark text,
        error jsonb,
        started_at timestamptz not null default now(),
        finished_at timestamptz
    );
    comment on table sync_runs is 'One row a sync: the summary that `hunter sync --json` prints.';
    create index sync_runs_started on sync_runs (started_at desc);

    create table domain_tenants (
        domain text primary key,
        azure_tenant_id text,
        checked_at timestamptz not null default now()
    );
    comment on table domain_tenants is 'What Entra said of each domain; a null tenant is an answer as well.';

    create table companies (
        id bigint generated always as identity primary key,
        domain text not null unique,
        canonical_name text,
        country text,
        provider text,
        azure_tenant_id text,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
    );
    comment on table companies is 'One row a canonical domain of a customer.';
    """)
    op.execute(f"""
    create table normalized_referrals (
        referral_id text primary key,
        content_hash text not null,
        {_REFERRAL_COLUMNS},
        rules text not null,
        normalized_at timestamptz not null default now()
    );
    comment on table normalized_referrals is
        'The newest version of each referral, typed; all of it can be derived again from raw_referrals. Personal data.';

    create table partner_center_referrals (
        referral_id text primary key,
        content_hash text not null,
        {_REFERRAL_COLUMNS},
        azure_tenant_id text,
        missing_since timestamptz,
        synced_at timestamptz not null default now(),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
    );
    comment on table partner_center_referrals is 'One row a referral: what the sales team works from. Personal data.';
    create index partner_center_referrals_domain on partner_center_referrals (domain);
    create index partner_center_referrals_newest on partner_center_referrals (source_updated_at desc, referral_id);
    """)
