"""Referral ids that are GUIDs are stored in small letters: in both cases they are one referral."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Store GUIDs in small letters, join what was stored in both cases, and derive those referrals again."""
    # Plain tables: the owner of the schema need not have the right to create temporary ones.
    op.execute("""
    create table recased as
    select distinct lower(referral_id) as referral_id
    from (
        select referral_id from raw_referrals
        union
        select referral_id from partner_center_referrals
    ) as stored
    where
        referral_id <> lower(referral_id)
        and referral_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

    -- Versions: a payload that is stored under both spellings stays once.
    delete from raw_referrals as raw
    using recased, raw_referrals as other
    where
        lower(raw.referral_id) = recased.referral_id
        and lower(other.referral_id) = recased.referral_id
        and raw.content_hash = other.content_hash
        and raw.id > other.id;
    update raw_referrals as raw set referral_id = recased.referral_id
    from recased
    where lower(raw.referral_id) = recased.referral_id and raw.referral_id <> recased.referral_id;

    -- The newest version of each, which the next sync derives again. Among equally new ones that of the latest read.
    create table renewed as
    select distinct on (recased.referral_id)
        recased.referral_id,
        raw.id as raw_id,
        raw.content_hash,
        raw.source_updated_key,
        coalesce(newest.read_at, raw.fetched_at) as read_at
    from recased
    inner join raw_referrals as raw on recased.referral_id = raw.referral_id
    left join newest_versions as newest on raw.id = newest.raw_id
    order by
        recased.referral_id asc, raw.source_updated_key desc, newest.read_at desc nulls last, raw.fetched_at desc,
        raw.content_hash desc;
    delete from newest_versions as newest using recased where lower(newest.referral_id) = recased.referral_id;
    insert into newest_versions (referral_id, raw_id, content_hash, source_updated_key, read_at, pending)
    select referral_id, raw_id, content_hash, source_updated_key, read_at, 'normalize' from renewed;

    -- Rows that are derived from them: the one that was seen last stays, and keeps the earlier creation.
    insert into stale_companies (domain)
    select distinct referral.domain
    from partner_center_referrals as referral
    inner join recased on lower(referral.referral_id) = recased.referral_id
    where referral.domain is not null
    on conflict do nothing;
    create table kept as
    select distinct on (recased.referral_id)
        recased.referral_id,
        referral.referral_id as stored_id,
        min(referral.created_at) over (partition by recased.referral_id) as created_at
    from recased
    inner join partner_center_referrals as referral on recased.referral_id = lower(referral.referral_id)
    order by recased.referral_id asc, referral.synced_at desc, referral.referral_id desc;
    delete from partner_center_referrals as referral
    using kept
    where lower(referral.referral_id) = kept.referral_id and referral.referral_id <> kept.stored_id;
    update partner_center_referrals as referral set referral_id = kept.referral_id, created_at = kept.created_at
    from kept
    where referral.referral_id = kept.stored_id;
    delete from normalized_referrals as normalized
    using normalized_referrals as other, recased
    where
        lower(normalized.referral_id) = recased.referral_id
        and lower(other.referral_id) = recased.referral_id
        and normalized.referral_id < other.referral_id;
    update normalized_referrals as normalized set referral_id = recased.referral_id
    from recased
    where lower(normalized.referral_id) = recased.referral_id and normalized.referral_id <> recased.referral_id;
    delete from table_counts
    where
        table_name in ('raw_referrals', 'normalized_referrals', 'partner_center_referrals')
        and exists (select from recased);

    insert into sightings (referral_id, seen_at)
    select recased.referral_id, max(seen.seen_at)
    from sightings as seen
    inner join recased on lower(seen.referral_id) = recased.referral_id
    group by recased.referral_id
    on conflict (referral_id) do update set seen_at = excluded.seen_at;
    delete from sightings as seen
    using recased
    where lower(seen.referral_id) = recased.referral_id and seen.referral_id <> recased.referral_id;
    delete from gone_referrals as gone using recased where lower(gone.referral_id) = recased.referral_id;
    drop table recased, renewed, kept;
    """)
