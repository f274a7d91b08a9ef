-- From typed rows to the table that the sales team works from.

-- name: merge_referrals^
-- Insert what is new, update what changed, move synced_at where a sync saw the referral again.
-- `insert ... on conflict` and not `merge`: it cannot fail when two run at once, and it can count in PostgreSQL 15.
with merged as (
    insert into partner_center_referrals as known (
        referral_id,
        content_hash,
        engagement_id,
        name,
        organization_id,
        organization_name,
        external_reference_id,
        referral_type,
        referral_type_reason,
        type,
        qualification,
        direction,
        status,
        substatus,
        status_reason,
        sales_stage,
        invited_by_organization_id,
        company_name,
        company_size,
        country,
        city,
        domain,
        domain_source,
        domain_candidates,
        domain_reason,
        deal_value,
        currency,
        customer_requested_contact,
        contacts,
        source_created_at,
        source_updated_at,
        expires_at,
        accepted_at,
        closed_at,
        expected_close_at,
        field_errors,
        azure_tenant_id,
        synced_at
    )
    select
        normalized.referral_id,
        normalized.content_hash,
        normalized.engagement_id,
        normalized.name,
        normalized.organization_id,
        normalized.organization_name,
        normalized.external_reference_id,
        normalized.referral_type,
        normalized.referral_type_reason,
        normalized.type,
        normalized.qualification,
        normalized.direction,
        normalized.status,
        normalized.substatus,
        normalized.status_reason,
        normalized.sales_stage,
        normalized.invited_by_organization_id,
        normalized.company_name,
        normalized.company_size,
        normalized.country,
        normalized.city,
        normalized.domain,
        normalized.domain_source,
        normalized.domain_candidates,
        normalized.domain_reason,
        normalized.deal_value,
        normalized.currency,
        normalized.customer_requested_contact,
        normalized.contacts,
        normalized.source_created_at,
        normalized.source_updated_at,
        normalized.expires_at,
        normalized.accepted_at,
        normalized.closed_at,
        normalized.expected_close_at,
        normalized.field_errors,
        tenant.azure_tenant_id,
        seen.seen_at
    from normalized_referrals as normalized
    cross join
        lateral (
            select max(raw.seen_at) as seen_at from raw_referrals as raw
            where raw.referral_id = normalized.referral_id
        ) as seen
    left join domain_tenants as tenant on normalized.domain = tenant.domain
    where seen.seen_at is not null
    order by normalized.referral_id
    on conflict (referral_id) do update
        set
            content_hash = excluded.content_hash,
            engagement_id = excluded.engagement_id,
            name = excluded.name,
            organization_id = excluded.organization_id,
            organization_name = excluded.organization_name,
            external_reference_id = excluded.external_reference_id,
            referral_type = excluded.referral_type,
            referral_type_reason = excluded.referral_type_reason,
            type = excluded.type,
            qualification = excluded.qualification,
            direction = excluded.direction,
            status = excluded.status,
            substatus = excluded.substatus,
            status_reason = excluded.status_reason,
            sales_stage = excluded.sales_stage,
            invited_by_organization_id = excluded.invited_by_organization_id,
            company_name = excluded.company_name,
            company_size = excluded.company_size,
            country = excluded.country,
            city = excluded.city,
            domain = excluded.domain,
            domain_source = excluded.domain_source,
            domain_candidates = excluded.domain_candidates,
            domain_reason = excluded.domain_reason,
            deal_value = excluded.deal_value,
            currency = excluded.currency,
            customer_requested_contact = excluded.customer_requested_contact,
            contacts = excluded.contacts,
            source_created_at = excluded.source_created_at,
            source_updated_at = excluded.source_updated_at,
            expires_at = excluded.expires_at,
            accepted_at = excluded.accepted_at,
            closed_at = excluded.closed_at,
            expected_close_at = excluded.expected_close_at,
            field_errors = excluded.field_errors,
            azure_tenant_id = excluded.azure_tenant_id,
            synced_at = greatest(known.synced_at, excluded.synced_at),
            updated_at = case
                when (
                    known.content_hash,
                    known.engagement_id,
                    known.name,
                    known.organization_id,
                    known.organization_name,
                    known.external_reference_id,
                    known.referral_type,
                    known.referral_type_reason,
                    known.type,
                    known.qualification,
                    known.direction,
                    known.status,
                    known.substatus,
                    known.status_reason,
                    known.sales_stage,
                    known.invited_by_organization_id,
                    known.company_name,
                    known.company_size,
                    known.country,
                    known.city,
                    known.domain,
                    known.domain_source,
                    known.domain_candidates,
                    known.domain_reason,
                    known.deal_value,
                    known.currency,
                    known.customer_requested_contact,
                    known.contacts,
                    known.source_created_at,
                    known.source_updated_at,
                    known.expires_at,
                    known.accepted_at,
                    known.closed_at,
                    known.expected_close_at,
                    known.field_errors
                ) is distinct from (
                    excluded.content_hash,
                    excluded.engagement_id,
                    excluded.name,
                    excluded.organization_id,
                    excluded.organization_name,
                    excluded.external_reference_id,
                    excluded.referral_type,
                    excluded.referral_type_reason,
                    excluded.type,
                    excluded.qualification,
                    excluded.direction,
                    excluded.status,
                    excluded.substatus,
                    excluded.status_reason,
                    excluded.sales_stage,
                    excluded.invited_by_organization_id,
                    excluded.company_name,
                    excluded.company_size,
                    excluded.country,
                    excluded.city,
                    excluded.domain,
                    excluded.domain_source,
                    excluded.domain_candidates,
                    excluded.domain_reason,
                    excluded.deal_value,
                    excluded.currency,
                    excluded.customer_requested_contact,
                    excluded.contacts,
                    excluded.source_created_at,
                    excluded.source_updated_at,
                    excluded.expires_at,
                    excluded.accepted_at,
                    excluded.closed_at,
                    excluded.expected_close_at,
                    excluded.field_errors
                ) then now()
                else known.updated_at
            end
        where
        excluded.synced_at > known.synced_at
        or (
            known.content_hash,
            known.engagement_id,
            known.name,
            known.organization_id,
            known.organization_name,
            known.external_reference_id,
            known.referral_type,
            known.referral_type_reason,
            known.type,
            known.qualification,
            known.direction,
            known.status,
            known.substatus,
            known.status_reason,
            known.sales_stage,
            known.invited_by_organization_id,
            known.company_name,
            known.company_size,
            known.country,
            known.city,
            known.domain,
            known.domain_source,
            known.domain_candidates,
            known.domain_reason,
            known.deal_value,
            known.currency,
            known.customer_requested_contact,
            known.contacts,
            known.source_created_at,
            known.source_updated_at,
            known.expires_at,
            known.accepted_at,
            known.closed_at,
            known.expected_close_at,
            known.field_errors
        ) is distinct from (
            excluded.content_hash,
            excluded.engagement_id,
            excluded.name,
            excluded.organization_id,
            excluded.organization_name,
            excluded.external_reference_id,
            excluded.referral_type,
            excluded.referral_type_reason,
            excluded.type,
            excluded.qualification,
            excluded.direction,
            excluded.status,
            excluded.substatus,
            excluded.status_reason,
            excluded.sales_stage,
            excluded.invited_by_organization_id,
            excluded.company_name,
            excluded.company_size,
            excluded.country,
            excluded.city,
            excluded.domain,
            excluded.domain_source,
            excluded.domain_candidates,
            excluded.domain_reason,
            excluded.deal_value,
            excluded.currency,
            excluded.customer_requested_contact,
            excluded.contacts,
            excluded.source_created_at,
            excluded.source_updated_at,
            excluded.expires_at,
            excluded.accepted_at,
            excluded.closed_at,
            excluded.expected_close_at,
            excluded.field_errors
        )
    returning
        xmax = 0 as is_new,
        updated_at = now() as is_changed,
        domain is null as is_without_domain,
        synced_at
)

select
    count(*) filter (where is_new) as new,
    count(*) filter (where is_changed and not is_new) as updated,
    count(*) filter (where is_without_domain and synced_at >= :seen_since) as without_domain
from merged;

-- name: mark_missing!
-- Gone upstream is what the last trusted full read did not bring; seen since then is back.
update partner_center_referrals as referral set
    missing_since = case when referral.synced_at < cursors.full_read_at then now() end
from sync_cursors as cursors
where
    cursors.stream = :stream
    and (:direction = 'All' or coalesce(referral.direction, :direction) = :direction)
    and (referral.missing_since is not null) is distinct from coalesce(
        referral.synced_at < cursors.full_read_at, false
    );

-- name: count_missing$
select count(*) from partner_center_referrals
where missing_since is not null;

-- name: count_referrals$
select count(*) from partner_center_referrals;
