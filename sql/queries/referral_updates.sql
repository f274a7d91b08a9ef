-- The outbox of answers to referrals. A row is sent by the run that has claimed it.

-- name: insert_update^
insert into referral_updates (
    referral_id, action, operations, base_etag, base_values, requested_by, send_after, is_dry_run, warning
)
values (
    :referral_id,
    :action,
    :operations,
    :base_etag,
    :base_values,
    :requested_by,
    clock_timestamp() + make_interval(secs => :undo_seconds),
    :is_dry_run,
    :warning
)
returning *;

-- name: lock_referral!
-- Lock the referral, so that each of its answers is checked against the earlier ones.
select pg_advisory_xact_lock(hashtextextended(:referral_id, :key::bigint));

-- name: update_by_id^
select * from referral_updates
where id = :id and (:referral_id::text is null or referral_id = :referral_id);

-- name: updates_by_ids
select * from referral_updates
where id = any(:ids::bigint[])
order by id;

-- name: list_updates
select * from referral_updates
where
    (:referral_id::text is null or referral_id = :referral_id)
    and (:states::text[] is null or state = any(:states))
order by id desc
limit :at_most;

-- name: unconfirmed_updates
-- An answer that was taken back does not hide an earlier one.
select newest.*
from (
    select distinct on (referral_id)
        id,
        referral_id,
        action,
        state,
        updated_at
    from referral_updates
    where referral_id = any(:referral_ids::text[]) and state <> 'canceled'
    order by referral_id asc, id desc
) as newest
where newest.state not in ('confirmed', 'dry_run');

-- name: has_due_updates$
select exists(
    select 1 from referral_updates
    where
        (is_dry_run or not :only_dry_runs)
        and (
            (state = 'pending' and send_after <= clock_timestamp() + make_interval(secs => :within))
            or (
                state = 'sending'
                and (
                    claimed_at < clock_timestamp() - make_interval(secs => :expires_after)
                    or claimed_by = any(:dead_processes::text[])
                )
            )
        )
) as is_due;

-- name: sending_processes
select distinct claimed_by from referral_updates
where state = 'sending';

-- name: claim_update^
-- Claim the oldest due answer, or one whose sender has died. Answers to one referral are sent in their order.
with due as (
    select candidate.id
    from referral_updates as candidate
    where
        (candidate.is_dry_run or not :only_dry_runs)
        and (
            (candidate.state = 'pending' and candidate.send_after <= clock_timestamp())
            or (
                candidate.state = 'sending'
                and (
                    candidate.claimed_at < clock_timestamp() - make_interval(secs => :expires_after)
                    or candidate.claimed_by = any(:dead_processes::text[])
                )
            )
        )
        and not exists (
            select 1 from referral_updates as earlier
            where
                earlier.referral_id = candidate.referral_id
                and earlier.id < candidate.id
                and earlier.state in ('pending', 'sending')
        )
    order by candidate.id
    limit 1
    for update skip locked
)

update referral_updates as claimed set
    state = 'sending',
    run_id = :run_id,
    claimed_by = :process,
    claimed_at = clock_timestamp(),
    updated_at = clock_timestamp()
from due
where claimed.id = due.id
returning claimed.*;

-- name: note_attempt!
-- Stored before the request is sent, so that the next run knows that the outcome has to be verified.
update referral_updates set
    attempts = attempts + 1,
    sent_at = clock_timestamp(),
    claimed_at = clock_timestamp(),
    updated_at = clock_timestamp()
where id = :id and run_id = :run_id and state = 'sending';

-- name: finish_update!
-- Columns that quote the referral's values stay empty once a person in it was erased.
update referral_updates set
    state = :state,
    confirmed_at = case when :state::text = 'confirmed' then clock_timestamp() end,
    error = case when erased and :error::text is not null then '[erased]' else :error end,
    status_code = :status_code,
    conflict = case when not erased then :conflict::jsonb end,
    request = case when not erased then :request::jsonb end,
    claimed_by = null,
    claimed_at = null,
    updated_at = clock_timestamp()
where id = :id and run_id = :run_id and state = any(:states_before::text[]);

-- name: cancel_update^
update referral_updates set
    state = 'canceled',
    updated_at = clock_timestamp()
where
    id = :id
    and (:referral_id::text is null or referral_id = :referral_id)
    and state = any(:states_before::text[])
returning *;

-- name: retry_update^
-- After a conflict the person has seen the newer values, which become the base of the next comparison.
update referral_updates set
    state = 'pending',
    send_after = clock_timestamp(),
    base_etag = :base_etag,
    base_values = :base_values,
    error = null,
    status_code = null,
    conflict = null,
    updated_at = clock_timestamp()
where id = :id and state = any(:states_before::text[]) and not erased
returning *;

-- name: database_clock$
select clock_timestamp();

-- name: is_referral$
select count(*) > 0 as is_known from partner_center_referrals
where referral_id = :referral_id;

-- name: count_unresolved$
select count(*) as unresolved from referral_updates as ended
where
    ended.state in ('conflict', 'rejected', 'failed')
    and not exists (
        select 1 from referral_updates as later
        where later.referral_id = ended.referral_id and later.id > ended.id and later.state = 'confirmed'
    );

-- name: seconds_until_due$
select extract(epoch from min(send_after) - clock_timestamp()) as seconds
from referral_updates
where
    state = 'pending'
    and send_after > clock_timestamp()
    and send_after <= clock_timestamp() + make_interval(secs => :within);
