-- Queries of the API and the lead desk. `warehouse/listing.py` adds constant conditions and orders to the first ones.

-- name: listed_referral_ids
-- Only columns of an index: a late page walks the index, and fetches no row before it.
select referral_id
from partner_center_referrals;

-- name: found_referral_ids
-- A search reads each row anyway, so it counts them at the same time.
select
    referral_id,
    count(*) over () as total
from partner_center_referrals;

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

-- name: exported_referrals
select
    referral_id,
    engagement_id,
    name,
    referral_type,
    type,
    qualification,
    direction,
    status,
    substatus,
    company_name,
    country,
    domain,
    domain_source,
    azure_tenant_id,
    deal_value,
    currency,
    deal_value_base,
    solutions,
    is_spam,
    consent_to_contact,
    source_created_at,
    source_updated_at,
    expires_at,
    missing_since,
    synced_at,
    created_at,
    updated_at
from partner_center_referrals;

-- name: listed_referrals
select
    referral_id,
    engagement_id,
    name,
    referral_type,
    type,
    qualification,
    direction,
    status,
    substatus,
    company_name,
    country,
    domain,
    domain_source,
    azure_tenant_id,
    deal_value,
    currency,
    deal_value_base,
    solutions,
    is_spam,
    consent_to_contact,
    source_created_at,
    source_updated_at,
    expires_at,
    missing_since,
    synced_at,
    created_at,
    updated_at
from partner_center_referrals
where referral_id = any(:referral_ids::text[])
order by array_position(:referral_ids::text[], referral_id);

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

-- name: count_listed_referrals
select count(*) as total from partner_center_referrals;

-- name: referral_detail^
select
    referral.referral_id,
    referral.engagement_id,
    referral.name,
    referral.organization_id,
    referral.organization_name,
    referral.external_reference_id,
    referral.referral_type,
    referral.referral_type_reason,
    referral.type,
    referral.qualification,
    referral.direction,
    referral.status,
    referral.substatus,
    referral.status_reason,
    referral.sales_stage,
    referral.invited_by_organization_id,
    referral.company_name,
    referral.company_size,
    referral.country,
    referral.city,
    referral.domain,
    referral.domain_source,
    referral.domain_candidates,
    referral.domain_reason,
    referral.azure_tenant_id,
    referral.deal_value,
    referral.currency,
    referral.deal_value_base,
    referral.solutions,
    referral.is_spam,
    referral.consent_to_contact,
    referral.customer_requested_contact,
    referral.notes,
    referral.etag,
    referral.contacts,
    referral.source_created_at,
    referral.source_updated_at,
    referral.expires_at,
    referral.accepted_at,
    referral.closed_at,
    referral.expected_close_at,
    referral.missing_since,
    referral.synced_at,
    referral.created_at,
    referral.updated_at,
    referral.field_errors,
    referral.lead_key,
    case
        when company.id is not null then jsonb_build_object(
            'domain', company.domain,
            'canonical_name', company.canonical_name,
            'country', company.country,
            'provider', company.provider,
            'azure_tenant_id', company.azure_tenant_id
        )
    end as company
from partner_center_referrals as referral
left join companies as company on referral.domain = company.domain
where referral.referral_id = :referral_id;

-- name: referral_history
select
    status,
    substatus,
    valid_from,
    valid_to
from referral_status_history
where referral_id = :referral_id
order by valid_from asc nulls first, valid_to asc nulls last;

-- name: referral_payload$
select raw.payload
from newest_versions as newest
inner join raw_referrals as raw on newest.raw_id = raw.id
where newest.referral_id = :referral_id;

-- name: funnel
select
    status,
    count(*) as count
from partner_center_referrals
where missing_since is null
group by status
order by array_position(array['New', 'Active', 'Closed', 'None'], status) asc nulls last, status asc;

-- name: expiring
-- One row per day, also if nothing expires on it; only New referrals can expire. `days` are the starts of the days, and
-- the end of the last one.
select
    day.start,
    count(referral.referral_id) as count
from (
    select
        start,
        lead(start) over (order by start) as until
    from unnest(:days::timestamptz[]) as start
) as day
left join partner_center_referrals as referral
    on
        referral.expires_at >= greatest(day.start, now())
        and day.until > referral.expires_at
        and referral.status = 'New'
        and referral.missing_since is null
where day.until is not null
group by day.start
order by day.start;

-- name: recent_syncs
select
    status,
    reason,
    run_id,
    mode,
    fetched,
    new,
    updated,
    unchanged,
    quarantined,
    without_domain,
    missing,
    pages,
    requests,
    retries,
    duration_seconds,
    watermark,
    error,
    started_at,
    finished_at
from sync_runs
order by started_at desc, run_id asc
limit :at_most;

-- name: known_values
select distinct
    referral_type,
    status,
    country
from partner_center_referrals;

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

-- name: sync_numbers^
select
    count(*) filter (where status = 'success') as success,
    count(*) filter (where status = 'skipped') as skipped,
    count(*) filter (where status = 'failed') as failed,
    coalesce(sum(duration_seconds) filter (where status = 'success'), 0) as success_seconds,
    coalesce(sum(retries), 0)::bigint as retries,
    (select count(*) from quarantined_referrals) as quarantined,
    extract(epoch from now() - max(finished_at) filter (where status = 'success'))::double precision as age_seconds
from sync_runs;
