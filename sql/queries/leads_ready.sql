-- Queries of leads_ready. `warehouse/leads_ready.py` adds constant conditions and orders to those without any.

-- name: scored_lead_keys
-- For orders by columns of lead_scores. The other columns are read for the leads of the page only.
select
    leads.lead_key,
    count(*) over () as total
from lead_scores as leads;

-- name: listed_lead_keys
-- For orders by other columns of leads_ready.
select
    leads.lead_key,
    count(*) over () as total
from leads_ready as leads;

-- name: open_lead_keys
-- The leads of open referrals.
select lead_key
from partner_center_referrals;

-- name: urgent_lead_keys
-- Leads with a referral that expires within 24 hours or whose customer asked to be called in the last 72 hours, in no
-- particular order; none if the weights do not score them above all others.
select urgent.lead_key
from (
    select referral.lead_key
    from partner_center_referrals as referral
    where
        referral.status = 'New'
        and referral.missing_since is null
        and referral.expires_at > now()
        and referral.expires_at <= now() + interval '24 hours'
    union
    select referral.lead_key
    from partner_center_referrals as referral
    where
        referral.status in ('New', 'Active')
        and referral.missing_since is null
        and referral.customer_requested_contact
        and referral.source_created_at > now() - interval '72 hours'
) as urgent
where (
    select
        min(rule.weight) > 69
        and max(rule.weight) filter (where rule.name = 'expires_within_24_hours')
        >= max(rule.weight) filter (where rule.name = 'asked_within_72_hours')
    from lead_scoring_rules as rule
    where rule.name in ('expires_within_24_hours', 'asked_within_72_hours')
)
order by urgent.lead_key
limit :at_most;

-- name: count_leads$
select count(distinct lead_key) from partner_center_referrals
where status in ('New', 'Active') and missing_since is null;

-- name: exported_leads
-- Each lead, with the contacts of all its open referrals in `all_contacts`.
select
    leads.*,
    (
        select
            array_agg(distinct concat_ws(
                ', ', person ->> 'name', person ->> 'title', person ->> 'phone', person ->> 'email'
            ))
        from partner_center_referrals as referral
        cross join jsonb_array_elements(referral.contacts) as person
        where
            referral.lead_key = leads.lead_key
            and referral.status in ('New', 'Active')
            and referral.missing_since is null
            and (person ->> 'name', person ->> 'phone', person ->> 'email') is distinct from (null, null, null)
    ) as all_contacts
from leads_ready as leads;

-- name: leads_of
-- One look-up per lead: `offset 0` keeps PostgreSQL from counting the referrals of every other lead as well.
select lead.*
from unnest(:lead_keys::text[]) with ordinality as wanted (lead_key, place)
cross join
    lateral (
        select leads_ready.*
        from leads_ready
        where leads_ready.lead_key = wanted.lead_key
        order by leads_ready.lead_key
        offset 0
    ) as lead
order by wanted.place;

-- name: referrals_of_lead
-- The newest first.
select
    referral_id,
    name,
    referral_type,
    status,
    substatus,
    deal_value,
    currency,
    source_created_at,
    expires_at,
    missing_since
from partner_center_referrals
where lead_key = :lead_key
order by source_created_at desc nulls last, referral_id asc
limit :at_most;

-- name: related_leads
-- Other leads of the same Microsoft tenant, or with the same company name and country: the newest referral of each.
with own as (
    select
        azure_tenant_id,
        company_key
    from partner_center_referrals
    where lead_key = :lead_key and missing_since is null
),

found as (
    select
        referral.lead_key,
        referral.referral_id,
        referral.source_created_at,
        true as same_tenant
    from companies as company
    inner join partner_center_referrals as referral on company.domain = referral.domain
    where company.azure_tenant_id in (select own.azure_tenant_id from own) and referral.missing_since is null
    union all
    select
        referral.lead_key,
        referral.referral_id,
        referral.source_created_at,
        false as same_tenant
    from partner_center_referrals as referral
    where referral.company_key in (select own.company_key from own) and referral.missing_since is null
)

select distinct on (found.lead_key)
    found.lead_key,
    found.referral_id,
    found.same_tenant,
    coalesce(company.canonical_name, referral.company_name, referral.domain, referral.name) as name,
    referral.domain,
    coalesce(company.country, referral.country) as country
from found
inner join partner_center_referrals as referral on found.referral_id = referral.referral_id
left join companies as company on referral.domain = company.domain
where found.lead_key <> :lead_key
order by found.lead_key asc, found.same_tenant desc, found.source_created_at desc nulls last, found.referral_id asc
limit :at_most;

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
