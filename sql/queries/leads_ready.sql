-- Queries of leads_ready as a whole.

-- name: count_urgent_leads$
-- Leads that expire within 24 hours, or whose customer asked to be called in the last 72 hours.
select count(*) from lead_scores
where state in (4, 5);

-- name: leads_sample
-- Sample rows without personal data, for Dagster's web UI.
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
