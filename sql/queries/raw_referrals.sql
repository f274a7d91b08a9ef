-- Store received referrals: every version once, the newest one of each referral, the quarantine.

-- name: note_sightings
-- Recognize unchanged referrals by the hash of their bytes; returns their ids, which need no further work.
with incoming as (
    select
        item.referral_id,
        item.wire_hash
    from unnest(:referral_ids::text[], :wire_hashes::bytea[]) as item (referral_id, wire_hash)
),

seen as (
    insert into sightings as known (referral_id, seen_at)
    select distinct
        newest.referral_id,
        :seen_at::timestamptz
    from incoming
    inner join newest_versions as newest
        on incoming.referral_id = newest.referral_id and incoming.wire_hash = newest.wire_hash
    on conflict (referral_id) do update set seen_at = greatest(known.seen_at, excluded.seen_at)
    returning referral_id
)

select referral_id from seen;

-- name: land_versions^
-- Store each distinct version once, and point newest_versions to it if it is the newest.
-- The newest has the latest updatedDateTime; among equal ones, that of the latest read; among those, the greater hash.
with incoming as (
    select distinct on (item.referral_id, item.content_hash) item.*
    from
        unnest(
            :referral_ids::text[],
            :payloads::text[],
            :content_hashes::text[],
            :source_updated_ats::timestamptz[],
            :source_updated_keys::text[],
            :wire_hashes::bytea[],
            :repaireds::boolean[],
            :eraseds::boolean[]
        ) as item (
            referral_id, payload, content_hash, source_updated_at, source_updated_key, wire_hash, repaired, erased
        )
    order by item.referral_id, item.content_hash
),

landed as (
    insert into raw_referrals (
        referral_id, payload, content_hash, source_updated_at, source_updated_key, repaired, erased, run_id
    )
    select
        incoming.referral_id,
        incoming.payload::jsonb,
        incoming.content_hash,
        incoming.source_updated_at,
        incoming.source_updated_key,
        incoming.repaired,
        incoming.erased,
        :run_id
    from incoming
    on conflict (referral_id, content_hash) do nothing
    returning id, referral_id, content_hash
),

candidates as (
    select distinct on (incoming.referral_id)
        incoming.referral_id,
        incoming.content_hash,
        incoming.source_updated_key,
        incoming.wire_hash,
        coalesce(landed.id, known.id) as raw_id
    from incoming
    left join landed
        on incoming.referral_id = landed.referral_id and incoming.content_hash = landed.content_hash
    left join raw_referrals as known
        on incoming.referral_id = known.referral_id and incoming.content_hash = known.content_hash
    order by incoming.referral_id asc, incoming.source_updated_key desc, incoming.content_hash desc
),

newest as (
    insert into newest_versions as known (
        referral_id, raw_id, content_hash, source_updated_key, wire_hash, read_at, pending
    )
    select
        candidate.referral_id,
        candidate.raw_id,
        candidate.content_hash,
        candidate.source_updated_key,
        candidate.wire_hash,
        :seen_at as read_at,
        'normalize' as pending
    from candidates as candidate
    left join newest_versions as current on candidate.referral_id = current.referral_id
    left join sightings as seen on candidate.referral_id = seen.referral_id
    where
        current.referral_id is null
        or (candidate.source_updated_key, :seen_at::timestamptz, candidate.content_hash)
        >= (current.source_updated_key, greatest(current.read_at, seen.seen_at), current.content_hash)
    on conflict (referral_id) do update set
        raw_id = excluded.raw_id,
        content_hash = excluded.content_hash,
        source_updated_key = excluded.source_updated_key,
        wire_hash = excluded.wire_hash,
        read_at = excluded.read_at,
        pending = case
            when known.content_hash = excluded.content_hash and known.raw_id = excluded.raw_id then known.pending
            else 'normalize'
        end
),

seen as (
    insert into sightings as known (referral_id, seen_at)
    select distinct
        incoming.referral_id,
        :seen_at::timestamptz
    from incoming
    on conflict (referral_id) do update set seen_at = greatest(known.seen_at, excluded.seen_at)
)

select count(*) as landed from landed;

-- name: quarantine!
-- Store each item that is not a referral once, with the reason.
insert into quarantined_referrals as known (payload, reason, content_hash, erased, run_id)
select distinct on (item.content_hash, item.reason)
    item.payload,
    item.reason,
    item.content_hash,
    item.erased,
    :run_id
from
    unnest(:payloads::text[], :reasons::text[], :content_hashes::text[], :eraseds::boolean[])
        as item (payload, reason, content_hash, erased)
order by item.content_hash, item.reason
on conflict (content_hash, reason) do update set seen_at = now();

-- name: pending_versions
-- The newest version of each referral that has to be normalized, or of every referral.
select
    raw.referral_id,
    raw.content_hash,
    raw.payload::text as payload,
    raw.repaired
from newest_versions as newest
inner join raw_referrals as raw on newest.raw_id = raw.id
where :everything or newest.pending = 'normalize';

-- name: repair_newest_versions!
-- Determine the newest version of every referral again, after rows were restored or deleted by hand.
with expected as (
    select distinct on (raw.referral_id)
        raw.referral_id,
        raw.id,
        raw.content_hash,
        raw.source_updated_key,
        raw.fetched_at
    from raw_referrals as raw
    where
        not exists (
            select 1 from newest_versions as newest
            inner join raw_referrals as pointed on newest.raw_id = pointed.id
            where newest.referral_id = raw.referral_id and pointed.referral_id = raw.referral_id
        )
    order by raw.referral_id asc, raw.source_updated_key desc, raw.id desc
)

insert into newest_versions (referral_id, raw_id, content_hash, source_updated_key, read_at, pending)
select
    expected.referral_id,
    expected.id,
    expected.content_hash,
    expected.source_updated_key,
    expected.fetched_at,
    'normalize' as pending
from expected
on conflict (referral_id) do update set
    raw_id = excluded.raw_id,
    content_hash = excluded.content_hash,
    source_updated_key = excluded.source_updated_key,
    wire_hash = null,
    pending = 'normalize';

-- name: remove_newest_without_raw!
delete from newest_versions as newest
where not exists (
    select 1 from raw_referrals as raw
    where raw.referral_id = newest.referral_id
);

-- name: drop_superseded!
-- The version that newest_versions points to stays at any age.
delete from raw_referrals as old
where
    old.fetched_at < now() - make_interval(days => :days)
    and exists (
        select 1 from newest_versions as newest
        where newest.referral_id = old.referral_id and newest.raw_id <> old.id
    );

-- name: drop_quarantined!
delete from quarantined_referrals
where seen_at < now() - make_interval(days => :days);
