-- The encrypted sign-in, and the lock under which one node at a time refreshes it.

-- name: set_lock_timeout^
-- Until the end of the transaction.
select set_config('lock_timeout', :milliseconds, true);

-- name: take_sign_in_lock^
-- Held by the transaction: behind a pooler a lock of the session would stay with a server connection.
select pg_advisory_xact_lock(:key);

-- name: has_sign_in_table$
select to_regclass('sign_in') is not null;

-- name: read_sign_in$
select sealed from sign_in;

-- name: save_sign_in!
insert into sign_in (sealed)
values (:sealed)
on conflict (only_one) do update set
    sealed = excluded.sealed,
    saved_at = now();

-- name: delete_sign_in!
delete from sign_in;
