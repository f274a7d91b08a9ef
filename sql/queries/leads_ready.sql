-- Reading leads_ready as a whole.

-- name: leads_ready
select * from leads_ready
order by score desc, expires_at asc nulls last, domain asc;

-- name: count_urgent_leads$
select count(*) from leads_ready
where score >= 60;

-- name: leads_sample
-- A few rows without personal data, for the people who watch the pipeline.
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
