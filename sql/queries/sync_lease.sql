-- One sync at a time, whichever process starts it: a row with an owner and a heartbeat, so that poolers do not matter.

-- name: acquire_lease$
-- Returns the owner where the lease was free, its heartbeat old, or its process known to be dead.
insert into sync_lease as lease (owner, process)
values (:owner, :process)
on conflict (only_one)
do update
    set
        owner = excluded.owner,
        process = excluded.process,
        acquired_at = clock_timestamp(),
        heartbeat_at = clock_timestamp()
    where
    lease.owner = excluded.owner
    or lease.heartbeat_at < clock_timestamp() - make_interval(secs => :expires_after)
    or lease.process = :dead_process::text
returning owner;

-- name: lease_holder^
-- The owner, also one whose heartbeat has stopped; `is_fresh` tells them apart.
select
    owner,
    process,
    acquired_at,
    heartbeat_at,
    heartbeat_at >= clock_timestamp() - make_interval(secs => :expires_after) as is_fresh
from sync_lease;

-- name: renew_lease!
update sync_lease set heartbeat_at = clock_timestamp()
where owner = :owner;

-- name: release_lease!
delete from sync_lease
where owner = :owner;

-- name: acquire_write_lock^
-- Steps that write tables wait for each other until the end of their transaction.
select pg_advisory_xact_lock(:key);
