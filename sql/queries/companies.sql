-- Customers by their canonical domain.

-- name: domains_to_look_up
-- Domains that Entra was never asked about, then the answers that have aged: a tenant 90 days, none a week.
select distinct
    referral.domain,
    tenant.checked_at
from partner_center_referrals as referral
left join domain_tenants as tenant on referral.domain = tenant.domain
where
    referral.domain is not null
    and (
        tenant.domain is null
        or tenant.checked_at < now() - case
            when tenant.azure_tenant_id is null then interval '7 days' else interval '90 days'
        end
    )
order by tenant.checked_at asc nulls first, referral.domain asc;

-- name: keep_tenants!
insert into domain_tenants (domain, azure_tenant_id)
select
    answer.domain,
    answer.azure_tenant_id
from unnest(:domains::text[], :tenant_ids::text[]) as answer (domain, azure_tenant_id)
on conflict (domain) do update set
    azure_tenant_id = excluded.azure_tenant_id,
    checked_at = now();

-- name: upsert_companies^
-- A company's name and country are those of its newest referral that gives them.
with per_domain as (
    select
        referral.domain,
        (
            array_agg(
                referral.company_name
                order by referral.source_updated_at desc nulls last, referral.referral_id asc
            ) filter (where referral.company_name is not null)
        )[1] as canonical_name,
        (
            array_agg(
                referral.country
                order by referral.source_updated_at desc nulls last, referral.referral_id asc
            ) filter (where referral.country is not null)
        )[1] as country
    from partner_center_referrals as referral
    where referral.domain is not null
    group by referral.domain
),

upserted as (
    insert into companies as known (domain, canonical_name, country, provider, azure_tenant_id)
    select
        per_domain.domain,
        per_domain.canonical_name,
        per_domain.country,
        case when tenant.azure_tenant_id is not null then 'M365' end as provider,
        tenant.azure_tenant_id
    from per_domain
    left join domain_tenants as tenant on per_domain.domain = tenant.domain
    where
        not exists (
            -- an unchanged company is not touched: `on conflict` alone would burn an id for each
            select 1 from companies as same
            where
                same.domain = per_domain.domain
                and (same.canonical_name, same.country, same.azure_tenant_id)
                is not distinct from (per_domain.canonical_name, per_domain.country, tenant.azure_tenant_id)
        )
    order by per_domain.domain
    on conflict (domain) do update
        set
            canonical_name = excluded.canonical_name,
            country = excluded.country,
            provider = excluded.provider,
            azure_tenant_id = excluded.azure_tenant_id,
            updated_at = now()
    returning xmax = 0 as is_new
)

select
    count(*) filter (where is_new) as new,
    count(*) filter (where not is_new) as updated
from upserted;

-- name: remove_companies_without_referrals!
delete from companies as company
where not exists (
    select 1 from partner_center_referrals as referral
    where referral.domain = company.domain
);

-- name: hand_tenants_to_referrals!
update partner_center_referrals as referral set
    azure_tenant_id = company.azure_tenant_id
from companies as company
where
    referral.domain = company.domain
    and referral.azure_tenant_id is distinct from company.azure_tenant_id;

-- name: count_companies^
select
    count(*) as companies,
    count(*) filter (where azure_tenant_id is not null) as with_tenant
from companies;
