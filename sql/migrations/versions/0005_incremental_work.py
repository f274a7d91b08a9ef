"""Tables that let each step of a sync work on what changed: newest versions, sightings, the lease, row counts."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables, fill them from what is stored, and drop the columns that they replace."""
    op.execute("""
    create table newest_versions (
        referral_id text primary key,
        raw_id bigint not null,
        content_hash text not null,
        source_updated_key text collate "C" not null,
        wire_hash bytea,
        read_at timestamptz not null,
        pending text check (pending in ('normalize', 'merge'))
    ) with (fillfactor = 80);
    create index newest_versions_pending on newest_versions (pending, referral_id) where pending is not null;
    comment on table newest_versions is
        'One row per referral: its newest version in raw_referrals, and the step that still has to handle it.';
    comment on column newest_versions.referral_id is 'The referral''s id.';
    comment on column newest_versions.raw_id is 'The id of its newest version in raw_referrals.';
    comment on column newest_versions.content_hash is 'The content hash of that version.';
    comment on column newest_versions.source_updated_key is 'Its updatedDateTime, to compare versions by.';
    comment on column newest_versions.wire_hash is
        'Hash of the bytes in which that version arrived last, to recognize it without decoding; null where unknown.';
    comment on column newest_versions.read_at is 'When the read began that made this version the newest.';
    comment on column newest_versions.pending is 'The next step that has to handle it; null where all have.';

    insert into newest_versions (referral_id, raw_id, content_hash, source_updated_key, read_at, pending)
    select distinct on (raw.referral_id)
        raw.referral_id,
        raw.id,
        raw.content_hash,
        raw.source_updated_key,
        raw.seen_at,
        case
            when normalized.content_hash is distinct from raw.content_hash then 'normalize'
            when referral.content_hash is distinct from raw.content_hash then 'merge'
        end
    from raw_referrals as raw
    left join normalized_referrals as normalized on raw.referral_id = normalized.referral_id
    left join partner_center_referrals as referral on raw.referral_id = referral.referral_id
    order by
        raw.referral_id asc,
        raw.source_updated_key desc,
        raw.seen_at desc,
        raw.content_hash desc;

    create table sightings (
        referral_id text primary key,
        seen_at timestamptz not null
    );
    comment on table sightings is
        'Referrals that a read has seen and the merge has not yet noted in partner_center_referrals.synced_at.';
    comment on column sightings.referral_id is 'The referral''s id.';
    comment on column sightings.seen_at is 'When the read began that saw it.';
    insert into sightings (referral_id, seen_at)
    select raw.referral_id, max(raw.seen_at)
    from raw_referrals as raw
    inner join partner_center_referrals as referral on raw.referral_id = referral.referral_id
    group by raw.referral_id, referral.synced_at
    having max(raw.seen_at) > referral.synced_at;

    create table gone_referrals (
        referral_id text primary key,
        confirmed_at timestamptz not null default now()
    );
    comment on table gone_referrals is
        'Referrals that Partner Center answered with 404 after a full read, until the merge marks them as missing.';
    comment on column gone_referrals.referral_id is 'The referral''s id.';
    comment on column gone_referrals.confirmed_at is 'When Partner Center said so.';

    create table stale_companies (domain text primary key);
    comment on table stale_companies is 'Domains whose company has to be computed again.';
    comment on column stale_companies.domain is 'The canonical domain.';

    create table normalization_rules (
        only_one boolean primary key default true check (only_one),
        rules text not null,
        applied_at timestamptz not null default now()
    );
    comment on table normalization_rules is 'The rules by which every row of normalized_referrals was made.';
    comment on column normalization_rules.rules is 'Hash of the rules'' code, lists and own domains.';
    comment on column normalization_rules.applied_at is 'Since when.';
    insert into normalization_rules (rules)
    select coalesce(min(rules), '') from normalized_referrals
    having min(rules) is not distinct from max(rules);

    create table table_counts (
        table_name text primary key,
        row_count bigint not null,
        counted_at timestamptz not null default now()
    );
    comment on table table_counts is 'Rows of each table, kept by the steps so that no sync has to count them.';
    comment on column table_counts.table_name is 'Name of the table or view.';
    comment on column table_counts.row_count is 'Its number of rows.';
    comment on column table_counts.counted_at is 'When it was counted or changed last.';

    create table sync_lease (
        only_one boolean primary key default true check (only_one),
        owner text not null,
        process text not null,
        acquired_at timestamptz not null default clock_timestamp(),
        heartbeat_at timestamptz not null default clock_timestamp()
    ) with (fillfactor = 10);
    comment on table sync_lease is 'The sync that may write now; free where the row is missing or its heartbeat old.';
    comment on column sync_lease.owner is 'Run id of the sync, or the command that keeps syncs out.';
    comment on column sync_lease.process is 'Host, process id and start of the owner''s process.';
    comment on column sync_lease.acquired_at is 'Since when.';
    comment on column sync_lease.heartbeat_at is 'When the owner last showed that it lives.';

    alter table domain_tenants add check_after timestamptz not null default 'epoch';
    alter table domain_tenants alter column checked_at drop not null;
    alter table domain_tenants alter column checked_at drop default;
    update domain_tenants set
        check_after = checked_at + case when azure_tenant_id is null then interval '7 days' else interval '90 days' end;
    insert into domain_tenants (domain, checked_at)
    select domain, null from companies
    on conflict (domain) do nothing;
    create index domain_tenants_due on domain_tenants (check_after, domain);
    comment on column domain_tenants.check_after is 'When Entra is asked about the domain again.';
    comment on column domain_tenants.checked_at is 'When Entra answered; null where it was never asked.';

    drop index raw_referrals_newest;
    drop index raw_referrals_seen;
    alter table raw_referrals drop column seen_at;
    alter table normalized_referrals drop column rules;
    alter table partner_center_referrals set (fillfactor = 85);
    create index partner_center_referrals_changed on partner_center_referrals (updated_at);
    """)
