-- Reading leads_ready as a whole.

-- name: count_urgent_leads$
-- Those that expire within 24 hours, and those whose customer asked to be called in the last 72 hours.
select count(*) from lead_scores
where state in (4, 5);

-- name: leads_sample
-- A few rows without personal data, for the people who watch the pipeline.
select
    lead_key,
    country,
    referral_type,
    status,
    open_referral_count,
    score,
    expires_at
from leads_ready
order by score desc, deal_value_base desc nulls last, expires_at asc nulls last, lead_key asc
limit 5;
