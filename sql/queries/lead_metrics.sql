-- Queries of the view lead_metrics.

-- name: lead_metrics
-- All first, then the types and the countries, each with the most referrals first.
select
    dimension,
    value,
    referrals,
    answered,
    median_hours,
    share_in_24_hours,
    expired,
    share_expired,
    expired_value,
    won,
    lost,
    win_rate
from lead_metrics
order by array_position(array['all', 'referral_type', 'country'], dimension) asc, referrals desc, value asc;
