-- The statuses of each referral over time, from the stored versions; valid_to is null for the current one.
create view referral_status_history as
with versions as (
    select
        referral_id,
        payload ->> 'status' as status,
        payload ->> 'substatus' as substatus,
        coalesce(source_updated_at, fetched_at) as valid_from,
        source_updated_key,
        fetched_at,
        content_hash
    from raw_referrals
),

compared as (
    select
        *,
        row_number() over by_age as place,
        lag(status) over by_age as status_before,
        lag(substatus) over by_age as substatus_before
    from versions
    window by_age as (partition by referral_id order by source_updated_key, fetched_at, content_hash)
)

select
    referral_id,
    status,
    substatus,
    valid_from,
    lead(valid_from) over (
        partition by referral_id
        order by source_updated_key, fetched_at, content_hash
    ) as valid_to
from compared
where
    place = 1
    or status is distinct from status_before
    or substatus is distinct from substatus_before;

comment on view referral_status_history is 'Which status a referral had when, from its versions.';
comment on column referral_status_history.referral_id is 'The referral''s id.';
comment on column referral_status_history.status is 'Its status in the period.';
comment on column referral_status_history.substatus is 'Its substatus in the period.';
comment on column referral_status_history.valid_from is 'Since when.';
comment on column referral_status_history.valid_to is 'Until when; null for the current status.';
