-- What the asset checks ask the stored tables; at most 20 offenders each.

-- name: doubled_referral_ids
select
    referral_id,
    count(*) as times
from partner_center_referrals
group by referral_id
having count(*) > 1
order by referral_id
limit 20;

-- name: doubled_company_domains
select
    domain,
    count(*) as times
from companies
group by domain
having count(*) > 1
order by domain
limit 20;

-- name: doubled_lead_domains
select
    domain,
    count(*) as times
from leads_ready
group by domain
having count(*) > 1
order by domain
limit 20;

-- name: stored_domains
select distinct domain
from partner_center_referrals
where domain is not null
union
select domain from companies;

-- name: unaccounted_referrals
-- A raw referral must stand in both tables after it, and nothing may stand there without one.
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

-- name: counted_values
select
    'status' as field,
    status as value,
    count(*) as referrals
from partner_center_referrals
where status is not null
group by status
union all
select
    'substatus' as field,
    substatus as value,
    count(*) as referrals
from partner_center_referrals
where substatus is not null
group by substatus;

-- name: last_full_read^
select
    full_read_at,
    full_returned,
    full_known
from sync_cursors
where stream = :stream and full_known is not null;

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
