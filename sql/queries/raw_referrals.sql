-- Landing what Partner Center sends: versions, quarantine, and how far the stream was read.

-- name: begin_read^
-- Open a read, or go on with the one that was broken off; a full read supersedes an incremental one.
insert into sync_cursors as stream (stream, read_mode, read_started_at)
values (:stream, :mode, clock_timestamp())
on conflict (stream) do update
    set
        read_mode = case when stream.read_mode = 'full' then 'full' else excluded.read_mode end,
        read_started_at = case
            when stream.read_mode = 'full' or stream.read_mode = excluded.read_mode then stream.read_started_at
            else excluded.read_started_at
        end,
        read_cursor = case
            when stream.read_mode = 'full' or stream.read_mode = excluded.read_mode then stream.read_cursor
        end,
        updated_at = now()
returning read_mode, read_started_at, read_cursor, watermark;

-- name: land_versions^
-- Keep each distinct version once; a version that we know is only marked as seen.
with landed as (
    insert into raw_referrals as known (
        referral_id, payload, content_hash, source_updated_at, source_updated_key, repaired, erased, seen_at, run_id
    )
    select distinct on (incoming.referral_id, incoming.content_hash)
        incoming.referral_id,
        incoming.payload::jsonb,
        incoming.content_hash,
        incoming.source_updated_at,
        incoming.source_updated_key,
        incoming.repaired,
        incoming.erased,
        :seen_at,
        :run_id
    from
        unnest(
            :referral_ids::text[],
            :payloads::text[],
            :content_hashes::text[],
            :source_updated_ats::timestamptz[],
            :source_updated_keys::text[],
            :repaireds::boolean[],
            :eraseds::boolean[]
        ) as incoming (referral_id, payload, content_hash, source_updated_at, source_updated_key, repaired, erased)
    order by incoming.referral_id, incoming.content_hash
    on conflict (referral_id, content_hash) do update
        set
            seen_at = greatest(known.seen_at, excluded.seen_at)
    returning xmax = 0 as is_new
)

select count(*) filter (where is_new) as landed
from landed;

-- name: quarantine!
-- Keep what is not a referral once, with its reason.
insert into quarantined_referrals as known (payload, reason, content_hash, erased, run_id)
select distinct on (incoming.content_hash, incoming.reason)
    incoming.payload,
    incoming.reason,
    incoming.content_hash,
    incoming.erased,
    :run_id
from
    unnest(:payloads::text[], :reasons::text[], :content_hashes::text[], :eraseds::boolean[])
        as incoming (payload, reason, content_hash, erased)
order by incoming.content_hash, incoming.reason
on conflict (content_hash, reason) do update set seen_at = now();

-- name: advance_read!
update sync_cursors set
    read_cursor = :cursor,
    updated_at = now()
where stream = :stream;

-- name: finish_read!
update sync_cursors set
    watermark = greatest(watermark, :watermark::text collate "C"),
    read_mode = null,
    read_started_at = null,
    read_cursor = null,
    updated_at = now()
where stream = :stream;

-- name: finish_full_read^
-- Trust a full read unless it brought under half of what is known: a lost role does that.
with counted as (
    select
        (
            select count(distinct raw.referral_id) from raw_referrals as raw
            where raw.seen_at >= cursors.read_started_at
        ) as returned,
        (
            select count(*) from partner_center_referrals as referral
            where
                referral.missing_since is null
                and (:direction = 'All' or coalesce(referral.direction, :direction) = :direction)
        ) as known
    from sync_cursors as cursors
    where cursors.stream = :stream
)

update sync_cursors set
    full_read_at = case when counted.returned * 2 < counted.known then full_read_at else read_started_at end,
    full_returned = counted.returned,
    full_known = counted.known
from counted
where stream = :stream
returning full_returned, full_known;

-- name: drop_superseded!
-- The order is that of `stale_versions`: whatever that would choose stays, however old.
delete from raw_referrals as old
where
    old.fetched_at < now() - make_interval(days => :days)
    and exists (
        select 1 from raw_referrals as newer
        where
            newer.referral_id = old.referral_id
            and (newer.source_updated_key, newer.seen_at, newer.content_hash)
            > (old.source_updated_key, old.seen_at, old.content_hash)
    );

-- name: drop_quarantined!
delete from quarantined_referrals
where seen_at < now() - make_interval(days => :days);

-- name: keep_visibility!
update sync_cursors set
    visible_read = :read,
    visible_naming_reader = :naming_reader
where stream = :stream;

-- name: visibility^
select
    visible_read,
    visible_naming_reader
from sync_cursors
where stream = :stream and visible_read is not null;

-- name: watermark$
select watermark from sync_cursors
where stream = :stream;

-- name: tenants
select distinct split_part(stream, '/', 1) as tenant
from sync_cursors;
