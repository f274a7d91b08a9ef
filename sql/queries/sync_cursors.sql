-- The read position of each stream (tenant and direction).

-- name: begin_read^
-- Open a read, or continue the one that was interrupted; a full read supersedes an incremental one.
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

-- name: advance_read!
update sync_cursors set
    read_cursor = :cursor,
    updated_at = now()
where stream = :stream;

-- name: finish_read!
update sync_cursors set
    watermark = coalesce(:watermark::text collate "C", watermark),
    read_mode = null,
    read_started_at = null,
    read_cursor = null,
    updated_at = now()
where stream = :stream;

-- name: count_full_read^
-- The number of referrals that the current full read returned, and the number known before it.
with counted as (
    select
        (
            select count(*) from (
                select referral_id from sightings
                where seen_at >= :started_at
                union
                select referral_id from partner_center_referrals
                where synced_at >= :started_at
            ) as seen
        ) as returned,
        (
            select count(*) from partner_center_referrals
            where missing_since is null and (:direction = 'All' or coalesce(direction, :direction) = :direction)
        ) as known
)

update sync_cursors set
    full_read_at = case when counted.returned * 2 < counted.known then full_read_at else read_started_at end,
    full_returned = counted.returned,
    full_known = counted.known
from counted
where stream = :stream
returning full_returned, full_known;

-- name: unseen_referrals
-- Referrals that a full read did not return and that are not marked as missing; those checked longest ago first.
select referral.referral_id
from partner_center_referrals as referral
where
    referral.missing_since is null
    and referral.synced_at < :started_at
    and (:direction = 'All' or coalesce(referral.direction, :direction) = :direction)
    and not exists (
        select 1 from sightings as seen
        where seen.referral_id = referral.referral_id and seen.seen_at >= :started_at
    )
order by referral.synced_at, referral.referral_id
limit :at_most;

-- name: confirm_gone!
insert into gone_referrals (referral_id)
select unnest(:referral_ids::text[])
on conflict (referral_id) do nothing;

-- name: keep_visibility!
update sync_cursors set
    visible_read = :read,
    visible_naming_reader = :naming_reader
where stream = :stream;

-- name: read_state^
-- All columns of a stream.
select
    watermark,
    full_read_at,
    full_returned,
    full_known,
    visible_read,
    visible_naming_reader
from sync_cursors
where stream = :stream;

-- name: tenants
select distinct split_part(stream, '/', 1) as tenant
from sync_cursors;
