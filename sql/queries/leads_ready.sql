-- Reading what the sales team reads.

-- name: leads_ready
select * from leads_ready
order by score desc, expires_at asc nulls last, domain asc;

-- name: count_leads^
select
    count(*) as leads,
    count(*) filter (where score >= 60) as urgent
from leads_ready;

-- name: leads_sample
-- A few rows without personal data, for the eyes of who watches the pipeline.
select
    domain,
    country,
    referral_type,
    status,
    open_referral_count,
    score,
    expires_at
from leads_ready
order by score desc, domain asc
limit 5;

-- name: referrals_sample
select
    referral_id,
    referral_type,
    status,
    substatus,
    country,
    domain,
    source_updated_at
from partner_center_referrals
order by source_updated_at desc nulls last, referral_id asc
limit 5;

-- name: normalized_counts^
select
    count(*) as rows,
    count(*) filter (where domain is null) as without_domain,
    count(*) filter (where referral_type is null) as without_type,
    count(*) filter (where field_errors <> '{}') as with_field_errors
from normalized_referrals;

-- name: raw_counts^
select
    count(*) as versions,
    count(distinct referral_id) as referrals,
    (select count(*) from quarantined_referrals) as quarantined
from raw_referrals;
