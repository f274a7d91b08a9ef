-- What the alerts ask: how syncs go, what is about to expire, what was set aside. No row holds personal data.

-- name: last_ended_sync^
select
    run_id,
    status,
    reason,
    error ->> 'type' as error_type,
    error ->> 'message' as error_message
from sync_runs
where status in ('success', 'failed')
order by started_at desc
limit 1;

-- name: last_failed_sync^
-- The newest failure of the last ten minutes, also where a success came after it.
select
    run_id,
    status,
    reason,
    error ->> 'type' as error_type,
    error ->> 'message' as error_message
from sync_runs
where
    status = 'failed'
    and started_at > now() - interval '1 day'
    and finished_at > now() - interval '10 minutes'
order by started_at desc
limit 1;

-- name: first_sync_started_at$
select started_at from sync_runs
order by started_at
limit 1;

-- name: expiring_marks
-- The referrals of the check referrals_expiring_soon, each with its date as a short mark: another date is another mark.
select
    left(md5(referral_id || ' ' || expires_at::text), 10) as mark,
    expires_at
from partner_center_referrals
where
    status = 'New'
    and missing_since is null
    and expires_at between now() and now() + interval '72 hours'
order by expires_at, referral_id;

-- name: quarantined_lately^
select
    count(*) as payloads,
    string_agg(distinct reason, ', ' order by reason) as reasons,
    (array_agg(run_id order by quarantined_at desc, id desc))[1] as run_id
from quarantined_referrals
where quarantined_at > now() - interval '24 hours';

-- name: skipped_in_a_row^
-- Syncs that were skipped because of another one, since the last one that ended.
with ended as (
    select max(finished_at) as finished_at
    from sync_runs
    where status in ('success', 'failed')
)

select
    count(*) as runs,
    min(run.started_at) as since,
    max(run.run_id) as run_id
from sync_runs as run
cross join ended
where
    run.status = 'skipped'
    and run.reason = 'sync_in_progress'
    and run.started_at > coalesce(ended.finished_at, '-infinity');

-- name: database_growth^
-- The size of all databases of the embedded server, and since when they have grown.
select
    (select sum(pg_database_size(oid)) from pg_database) as bytes,
    extract(epoch from now() - min(started_at)) as seconds
from sync_runs;
