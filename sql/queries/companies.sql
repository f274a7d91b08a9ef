-- Customers by their canonical domain, and the Entra tenants of the domains.

-- name: domains_to_look_up
-- Domains that were never looked up, then those whose result is out of date.
select tenant.domain
from domain_tenants as tenant
where
    tenant.check_after <= now()
    and exists (
        select 1 from companies as company
        where company.domain = tenant.domain
    )
order by tenant.check_after, tenant.domain
limit :at_most;

-- name: keep_tenants!
-- A tenant is valid for 90 days, "no tenant" for a week.
with answers as (
    select
        item.domain,
        item.azure_tenant_id
    from unnest(:domains::text[], :tenant_ids::text[]) as item (domain, azure_tenant_id)
),

stale as (
    insert into stale_companies (domain)
    select domain from answers
    on conflict (domain) do nothing
)

insert into domain_tenants (domain, azure_tenant_id, checked_at, check_after)
select
    domain,
    azure_tenant_id,
    now() as checked_at,
    now() + case when azure_tenant_id is null then interval '7 days' else interval '90 days' end as check_after
from answers
on conflict (domain) do update set
    azure_tenant_id = excluded.azure_tenant_id,
    checked_at = excluded.checked_at,
    check_after = excluded.check_after;

-- name: note_all_companies!
insert into stale_companies (domain)
select domain from partner_center_referrals
where domain is not null
union
select domain from companies
on conflict (domain) do nothing;

-- name: upsert_companies^
-- A company's name comes from its open referrals before others; then the most frequent spelling wins, then the newest.
-- Placeholders ("test") come last. Copies of one engagement count once. The country is that of the newest referral that
-- has one.
with of_stale as (
    select
        referral.*,
        referral.status in ('New', 'Active') and referral.missing_since is null as is_open,
        rtrim(lower(regexp_replace(referral.company_name, '[^[:alnum:]]+', '', 'g')), '0123456789') as folded_name
    from stale_companies as stale
    inner join partner_center_referrals as referral on stale.domain = referral.domain
),

spellings as (
    select
        domain,
        company_name,
        folded_name = any(:junk_names::text[]) or folded_name = '' as is_junk,
        bool_or(is_open) as is_open,
        count(distinct coalesce(engagement_id, referral_id)) filter (where is_open) as open_count,
        count(distinct coalesce(engagement_id, referral_id)) as all_count,
        max(source_updated_at) as newest_at
    from of_stale
    where company_name is not null
    group by domain, company_name, folded_name
),

names as (
    select distinct on (domain)
        domain,
        company_name as canonical_name
    from spellings
    order by
        domain asc,
        is_junk asc,
        is_open desc,
        open_count desc,
        all_count desc,
        newest_at desc nulls last,
        company_name asc
),

per_domain as (
    select
        of_stale.domain,
        names.canonical_name,
        (
            array_agg(
                of_stale.country
                order by of_stale.source_updated_at desc nulls last, of_stale.referral_id asc
            ) filter (where of_stale.country is not null)
        )[1] as country
    from of_stale
    left join names on of_stale.domain = names.domain
    group by of_stale.domain, names.canonical_name
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
            -- an unchanged company is not inserted: `on conflict` would consume an id for each
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
    returning domain, xmax = 0 as is_new
),

to_look_up as (
    insert into domain_tenants (domain)
    select domain from upserted
    where is_new
    on conflict (domain) do nothing
)

select
    count(*) filter (where is_new) as new,
    count(*) filter (where not is_new) as updated
from upserted;

-- name: remove_companies$
-- Delete companies without a referral.
with removed as (
    delete from companies as company
    using stale_companies as stale
    where
        company.domain = stale.domain
        and not exists (
            select 1 from partner_center_referrals as referral
            where referral.domain = company.domain
        )
    returning company.domain
),

forgotten as (
    delete from domain_tenants as tenant
    using removed
    where tenant.domain = removed.domain
)

select count(*) from removed;

-- name: hand_tenants_to_referrals!
update partner_center_referrals as referral set
    azure_tenant_id = company.azure_tenant_id
from stale_companies as stale
inner join companies as company on stale.domain = company.domain
where
    referral.domain = stale.domain
    and referral.azure_tenant_id is distinct from company.azure_tenant_id;

-- name: clear_stale_companies!
delete from stale_companies;
