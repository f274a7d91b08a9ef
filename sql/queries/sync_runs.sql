-- The record of each sync.

-- name: close_interrupted
-- Called with the lease held: a row with the status "running" belongs to a process that died.
update sync_runs set
    status = 'failed',
    reason = 'interrupted',
    finished_at = now(),
    duration_seconds = extract(epoch from now() - started_at)
where status = 'running' and run_id <> :run_id
returning run_id;

-- name: open_run!
insert into sync_runs (run_id, status, mode)
values (:run_id, 'running', :mode)
on conflict (run_id) do update set
    status = 'running',
    reason = null,
    error = null,
    finished_at = null;

-- name: skip_run!
insert into sync_runs (run_id, status, reason, mode, duration_seconds, finished_at, watermark)
values (:run_id, 'skipped', :reason, :mode, 0, now(), :watermark)
on conflict (run_id) do nothing;

-- name: refuse_run!
insert into sync_runs (run_id, status, reason, mode, error, finished_at)
values (:run_id, 'failed', :reason, :mode, :error::jsonb, now())
on conflict (run_id) do nothing;

-- name: record_extract!
update sync_runs set
    mode = :mode,
    fetched = :fetched,
    quarantined = :quarantined,
    pages = :pages,
    requests = :requests,
    retries = :retries,
    watermark = :watermark
where run_id = :run_id;

-- name: record_merge!
-- Known referrals are unchanged; new and updated ones that an earlier sync left to merge do not reduce their number.
update sync_runs set
    new = :new,
    updated = :updated,
    unchanged = greatest(fetched - quarantined - :new - :updated, 0),
    without_domain = :without_domain,
    missing = :missing
where run_id = :run_id;

-- name: close_run!
update sync_runs set
    status = :status,
    reason = :reason,
    error = :error::jsonb,
    finished_at = now(),
    duration_seconds = round(extract(epoch from clock_timestamp() - started_at)::numeric, 3)
where run_id = :run_id;

-- name: run_summary^
select
    status,
    reason,
    run_id,
    mode,
    fetched,
    new,
    updated,
    unchanged,
    quarantined,
    without_domain,
    missing,
    pages,
    requests,
    retries,
    duration_seconds,
    watermark,
    error
from sync_runs
where run_id = :run_id;

-- name: running_sync$
select run_id
from sync_runs
where status = 'running'
order by started_at desc
limit 1;

-- name: last_success^
select
    run_id,
    finished_at,
    extract(epoch from now() - finished_at)::double precision as age_seconds
from sync_runs
where status = 'success'
order by started_at desc
limit 1;

-- name: last_run^
select
    run_id,
    status,
    reason,
    mode,
    started_at,
    finished_at
from sync_runs
order by started_at desc
limit 1;

-- name: weekly_volume^
-- New referrals of the last seven days, and the weekly average of the four weeks before; null if the first sync, which
-- read everything, is less than that ago.
with beginning as (
    select min(started_at) as first_success from sync_runs
    where status = 'success'
)

select
    coalesce(sum(runs.new) filter (where runs.started_at > now() - interval '7 days'), 0)::integer as last,
    case
        when beginning.first_success < now() - interval '35 days'
            then coalesce(sum(runs.new) filter (where runs.started_at <= now() - interval '7 days'), 0)::float8 / 4
    end as usual
from beginning
left join sync_runs as runs
    on
        beginning.first_success < runs.started_at
        and runs.started_at > now() - interval '35 days'
        and runs.status = 'success'
group by beginning.first_success;

-- name: shares_without_domain^
-- The share of referrals without a domain in the newest full read, and in those of the four weeks before; null if there
-- was none.
select
    (
        select without_domain::float8 / fetched from sync_runs
        where status = 'success' and mode = 'full' and fetched > 0
        order by started_at desc
        limit 1
    ) as last,
    (
        select sum(without_domain)::float8 / sum(fetched) from sync_runs
        where
            status = 'success'
            and mode = 'full'
            and fetched > 0
            and started_at between now() - interval '35 days' and now() - interval '7 days'
    ) as usual;

-- name: recent_syncs
select
    status,
    reason,
    run_id,
    mode,
    fetched,
    new,
    updated,
    unchanged,
    quarantined,
    without_domain,
    missing,
    pages,
    requests,
    retries,
    duration_seconds,
    watermark,
    error,
    started_at,
    finished_at
from sync_runs
order by started_at desc, run_id asc
limit :at_most;

-- name: sync_numbers^
select
    count(*) filter (where status = 'success') as success,
    count(*) filter (where status = 'skipped') as skipped,
    count(*) filter (where status = 'failed') as failed,
    coalesce(sum(duration_seconds) filter (where status = 'success'), 0) as success_seconds,
    coalesce(sum(retries), 0)::bigint as retries,
    (select count(*) from quarantined_referrals) as quarantined,
    extract(epoch from now() - max(finished_at) filter (where status = 'success'))::double precision as age_seconds
from sync_runs;
