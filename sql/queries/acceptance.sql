-- Queries of the acceptance tests.

-- name: referral_counts^
select
    count(*) as referrals,
    count(distinct referral_id) as referral_ids
from partner_center_referrals;

-- name: referrals_come_since
-- Rows that were inserted after a sync had ended, and whether upstream changed them after that sync's watermark.
select
    referral_id,
    coalesce(:watermark::text is null or source_updated_at > :watermark::text::timestamptz, false) as is_newer
from partner_center_referrals
where
    created_at > (
        select finished_at from sync_runs
        where run_id = :run_id
    )
order by referral_id;

-- name: count_changed_upstream_since$
select count(*) from partner_center_referrals
where source_updated_at > :watermark::text::timestamptz;

-- name: count_quarantined_by_run$
select count(*) from quarantined_referrals
where run_id = :run_id;

-- name: quarantine_reasons
select distinct reason from quarantined_referrals
where run_id = :run_id
order by reason;

-- name: misplaced_leads
-- Leads of open referrals that are missing in leads_ready, and leads without an open referral.
select
    coalesce(expected.lead_key, lead.lead_key) as lead_key,
    lead.lead_key is not null as is_lead
from (
    select distinct lead_key from partner_center_referrals
    where status in ('New', 'Active') and missing_since is null
) as expected
full join leads_ready as lead on expected.lead_key = lead.lead_key
where expected.lead_key is null or lead.lead_key is null
order by coalesce(expected.lead_key, lead.lead_key)
limit 20;

-- name: acceptance_counts^
select
    (select count(*) from raw_referrals) as raw_versions,
    (select count(distinct referral_id) from raw_referrals) as raw_referrals,
    (select count(*) from normalized_referrals) as normalized_referrals,
    (select count(*) from partner_center_referrals) as partner_center_referrals,
    (select count(*) from companies) as companies,
    (select count(*) from leads_ready) as leads;
