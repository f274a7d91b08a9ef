-- Queries of the alerts and notifications: syncs, expiring referrals, quarantine, events of leads. No personal data.

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
-- The newest failure of the last ten minutes, even if a success followed.
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
-- The referrals of the check referrals_expiring_soon; the mark is a hash of id and date, so a new date is a new mark.
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
-- Syncs that were skipped because of another one, since the last sync that ended.
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

-- name: lead_events
-- Events that sellers are notified of, each referral under its most urgent kind; no personal data except company names.
with leads as (
    select
        referral_id,
        company_name,
        country,
        deal_value,
        currency,
        expires_at,
        status,
        substatus,
        customer_requested_contact,
        source_created_at > now() - interval '72 hours' and created_at > :since as is_new
    from partner_center_referrals
    where status = 'New' and missing_since is null and is_spam is not true
),

events as (
    select
        leads.*,
        array[]::text[] as changes,
        case
            when leads.expires_at between now() and now() + interval '4 hours' then 'expires_4'
            when leads.expires_at between now() and now() + interval '24 hours' then 'expires_24'
            when leads.expires_at between now() and now() + interval '72 hours' then 'expires_72'
            when leads.is_new and leads.customer_requested_contact then 'contact_requested'
            when leads.is_new then 'new'
        end as kind,
        leads.referral_id as mark
    from leads

    union all

    select
        referral.referral_id,
        referral.company_name,
        referral.country,
        referral.deal_value,
        referral.currency,
        referral.expires_at,
        referral.status,
        referral.substatus,
        referral.customer_requested_contact,
        false as is_new,
        change.fields as changes,
        'changed' as kind,
        concat_ws(' ', referral.referral_id, left(change.content_hash, 10)) as mark
    from partner_center_referrals as referral
    cross join
        lateral (
            -- the newest version that differs from the one before it
            select
                compared.content_hash,
                array(
                    select field.key
                    from jsonb_each(compared.fields) as field
                    where compared.fields_before -> field.key <> field.value
                ) as fields
            from (
                select
                    raw.content_hash,
                    raw.fetched_at,
                    told.fields,
                    lag(told.fields) over by_age as fields_before,
                    row_number() over by_age as place
                from raw_referrals as raw
                cross join
                    lateral (
                        select
                            jsonb_build_object(
                                'status', jsonb_build_array(raw.payload -> 'status', raw.payload -> 'substatus'),
                                'name', raw.payload -> 'name',
                                'expiry', raw.payload -> 'expirationDateTime',
                                'value', jsonb_build_array(
                                    raw.payload #> '{details,dealValue}', raw.payload #> '{details,currency}'
                                ),
                                'customer', raw.payload -> 'customerProfile',
                                'details', jsonb_build_array(
                                    raw.payload #> '{details,notes}',
                                    raw.payload #> '{details,closingDateTime}',
                                    raw.payload #> '{details,customerRequestedContact}',
                                    raw.payload #> '{details,requirements}'
                                )
                            ) as fields
                    ) as told
                where raw.referral_id = referral.referral_id
                window by_age as (order by raw.source_updated_key, raw.fetched_at, raw.content_hash)
            ) as compared
            where
                compared.fields <> compared.fields_before
                and compared.fetched_at > greatest(now() - interval '72 hours', :since)
                -- no changes that our own answers made: they arrive while the answer is being sent
                and not exists (
                    select 1 from referral_updates as own
                    where
                        own.referral_id = referral.referral_id
                        and own.state in ('sending', 'confirmed')
                        and compared.fetched_at between own.send_after and coalesce(own.confirmed_at, now())
                )
            order by compared.place desc
            limit 1
        ) as change
    where
        referral.missing_since is null
        and referral.is_spam is not true
        and referral.updated_at > referral.created_at
        and referral.updated_at > greatest(now() - interval '72 hours', :since)
)

select
    kind,
    mark,
    referral_id,
    company_name,
    country,
    deal_value,
    currency,
    expires_at,
    status,
    substatus,
    changes
from events
where kind is not null
order by expires_at asc nulls last, deal_value desc nulls last, referral_id asc;
