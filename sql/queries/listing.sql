-- Queries of lists of referrals. `warehouse/listing.py` adds constant conditions and orders to them.

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
from partner_center_referrals;

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

-- name: known_values
select distinct
    referral_type,
    status,
    country
from partner_center_referrals;
