-- The lease that lets one sync run at a time: a row with an owner and a heartbeat, which also works behind poolers.

-- name: acquire_lease$
-- Take the lease if it is free, its heartbeat is old, or its process is known to be dead; return its owner.
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
-- The owner, even if its heartbeat has stopped; `is_fresh` is false then.
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
-- Wait until no other step writes; held until the end of the transaction.
select pg_advisory_xact_lock(:key);
