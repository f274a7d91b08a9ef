-- Queries of the asset checks; at most 20 offenders each. `:since` limits a check to rows that have changed.

-- name: uniqueness_is_enforced$
-- Whether a valid unique index on exactly that column excludes duplicates, and no other table inherits from this one.
select
    exists (
        select 1
        from pg_index as idx
        inner join pg_attribute as col on idx.indrelid = col.attrelid and col.attnum = idx.indkey[0]
        where
            idx.indrelid = to_regclass(:table)
            and idx.indisunique
            and idx.indisvalid
            and idx.indpred is null
            and idx.indnkeyatts = 1
            and col.attname = :column_name
    )
    and not exists (
        select 1 from pg_inherits
        where inhparent = to_regclass(:table)
    );

-- name: duplicate_referral_ids
select
    referral_id,
    count(*) as times
from partner_center_referrals
group by referral_id
having count(*) > 1
order by referral_id
limit 20;

-- name: duplicate_company_domains
select
    domain,
    count(*) as times
from companies
group by domain
having count(*) > 1
order by domain
limit 20;

-- name: duplicate_lead_domains
select
    domain,
    count(*) as times
from leads_ready
where domain is not null
group by domain
having count(*) > 1
order by domain
limit 20;

-- name: stored_domains
select distinct domain
from partner_center_referrals
where domain is not null and (:since::timestamptz is null or updated_at >= :since)
union
select domain from companies
where :since::timestamptz is null or updated_at >= :since;

-- name: pending_referrals
select
    referral_id,
    pending as waits_for
from newest_versions
where pending is not null
order by pending, referral_id
limit 20;

-- name: unaccounted_referrals
-- Each raw referral has to be in both later tables, and each of their rows needs a raw referral.
select
    coalesce(raw.referral_id, normalized.referral_id, referral.referral_id) as referral_id,
    raw.referral_id is not null as in_raw,
    normalized.referral_id is not null as in_normalized,
    referral.referral_id is not null as in_referrals
from (select distinct referral_id from raw_referrals) as raw
full join normalized_referrals as normalized on raw.referral_id = normalized.referral_id
full join partner_center_referrals as referral
    on coalesce(raw.referral_id, normalized.referral_id) = referral.referral_id
where raw.referral_id is null or normalized.referral_id is null or referral.referral_id is null
order by coalesce(raw.referral_id, normalized.referral_id, referral.referral_id)
limit 20;

-- name: unknown_values
select
    value.field,
    value.text as value,
    count(*) as referrals
from partner_center_referrals as referral
cross join
    lateral (
        values ('status', referral.status), ('substatus', referral.substatus)
    ) as value (field, text)
where
    (:since::timestamptz is null or referral.updated_at >= :since)
    and value.text is not null
    and value.text <> all(case value.field when 'status' then :statuses::text[] else :substatuses::text[] end)
group by value.field, value.text
order by value.field, value.text
limit 20;

-- name: expiring_referrals
select
    referral_id,
    expires_at
from partner_center_referrals
where
    status = 'New'
    and missing_since is null
    and expires_at between now() and now() + interval '72 hours'
order by expires_at, referral_id
limit 20;

-- name: count_expiring_referrals$
select count(*) from partner_center_referrals
where
    status = 'New'
    and missing_since is null
    and expires_at between now() and now() + interval '72 hours';

-- name: run_started_at$
select started_at from sync_runs
where run_id = :run_id and mode = 'incremental';

-- name: new_values
-- Values of changed rows that no row older than a week has; none until the oldest row is four weeks old.
with changed as (
    select distinct
        value.field,
        value.text
    from partner_center_referrals as referral
    cross join
        lateral (
            values
            ('type', referral.type),
            ('qualification', referral.qualification),
            ('direction', referral.direction)
        ) as value (field, text)
    where
        referral.updated_at >= coalesce(:since::timestamptz, now() - interval '7 days')
        and value.text is not null
)

select
    changed.field,
    changed.text as value
from changed
where
    exists (
        select 1 from partner_center_referrals
        where created_at < now() - interval '28 days'
    )
    and not exists (
        select 1 from partner_center_referrals as older
        where
            older.created_at < now() - interval '7 days'
            and changed.text = case changed.field
                when 'type' then older.type
                when 'qualification' then older.qualification
                else older.direction
            end
    )
order by changed.field, changed.text
limit 20;
