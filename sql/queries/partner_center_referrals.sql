-- The merge into partner_center_referrals. The upsert is built in warehouse/partner_center_referrals.py.

-- name: note_domains_of_pending!
-- Mark the present companies of pending referrals as stale, before the upsert; the upsert marks their new ones.
insert into stale_companies (domain)
select distinct referral.domain
from newest_versions as newest
inner join partner_center_referrals as referral on newest.referral_id = referral.referral_id
where (:everything or newest.pending = 'merge') and referral.domain is not null
on conflict (domain) do nothing;

-- name: count_pending$
select count(*) from (
    select 1 from newest_versions
    where pending = 'merge'
    order by referral_id
    limit :at_most
) as pending;

-- name: note_inheritors!
-- Mark referrals without their own domain that share engagement or company with a pending one, or are one: before the
-- upsert by the old values of the pending ones, after it by the new ones.
with pending as (
    select
        referral.engagement_id,
        referral.company_key
    from newest_versions as newest
    inner join partner_center_referrals as referral on newest.referral_id = referral.referral_id
    where newest.pending = 'merge'
)

insert into stale_inheritors (referral_id)
select heir.referral_id
from (select distinct engagement_id from pending) as shared
inner join partner_center_referrals as heir on shared.engagement_id = heir.engagement_id
where coalesce(heir.domain_source, '') in ('', 'engagement', 'company_name')
union
select heir.referral_id
from (select distinct company_key from pending) as shared
inner join partner_center_referrals as heir on shared.company_key = heir.company_key
where coalesce(heir.domain_source, '') in ('', 'engagement', 'company_name')
on conflict (referral_id) do nothing;

-- name: note_all_inheritors!
insert into stale_inheritors (referral_id)
select referral_id from partner_center_referrals
where coalesce(domain_source, '') in ('', 'engagement', 'company_name')
on conflict (referral_id) do nothing;

-- name: has_stale_inheritors$
select exists(select 1 from stale_inheritors);

-- name: inherit_domains!
-- The domain of the engagement, else that of the company's name and country, if exactly one fits. `offset 0` makes
-- PostgreSQL look up each engagement and company by its index; for min() and max() alone it reads that of all domains.
with heirs as (
    select
        referral.referral_id,
        referral.engagement_id,
        referral.company_key,
        referral.domain,
        referral.domain_source
    from stale_inheritors as stale
    inner join partner_center_referrals as referral on stale.referral_id = referral.referral_id
    where coalesce(referral.domain_source, '') in ('', 'engagement', 'company_name')
),

engagements as (
    select
        wanted.engagement_id,
        found.domain
    from (
        select distinct engagement_id from heirs
        where engagement_id is not null
    ) as wanted
    cross join
        lateral (
            select min(own.domain) as domain
            from (
                select referral.domain
                from partner_center_referrals as referral
                where
                    referral.engagement_id = wanted.engagement_id
                    and coalesce(referral.domain_source, '') not in ('', 'engagement', 'company_name')
                order by referral.referral_id
                offset 0
            ) as own
            having min(own.domain) = max(own.domain)
        ) as found
),

company_names as (
    select
        wanted.company_key,
        found.domain
    from (
        select distinct company_key from heirs
        where company_key is not null
    ) as wanted
    cross join
        lateral (
            select min(own.domain) as domain
            from (
                select referral.domain
                from partner_center_referrals as referral
                where
                    referral.company_key = wanted.company_key
                    and coalesce(referral.domain_source, '') not in ('', 'engagement', 'company_name')
                order by referral.referral_id
                offset 0
            ) as own
            having min(own.domain) = max(own.domain)
        ) as found
),

inherited as (
    select
        heirs.referral_id,
        heirs.domain as old_domain,
        coalesce(engagements.domain, company_names.domain) as domain,
        case
            when engagements.domain is not null then 'engagement'
            when company_names.domain is not null then 'company_name'
        end as domain_source
    from heirs
    left join engagements on heirs.engagement_id = engagements.engagement_id
    left join company_names on heirs.company_key = company_names.company_key
    where
        (heirs.domain, heirs.domain_source) is distinct from (
            coalesce(engagements.domain, company_names.domain),
            case
                when engagements.domain is not null then 'engagement'
                when company_names.domain is not null then 'company_name'
            end
        )
),

stale as (
    insert into stale_companies (domain)
    select old_domain from inherited
    where old_domain is not null
    union
    select domain from inherited
    where domain is not null
    on conflict (domain) do nothing
)

update partner_center_referrals as referral set
    domain = inherited.domain,
    domain_source = inherited.domain_source,
    domain_reason = case
        when inherited.domain is null
            then (
                select normalized.domain_reason from normalized_referrals as normalized
                where normalized.referral_id = inherited.referral_id -- noqa: RF01
            )
    end,
    azure_tenant_id = (
        select tenant.azure_tenant_id from domain_tenants as tenant
        where tenant.domain = inherited.domain -- noqa: RF01
    ),
    updated_at = now()
from inherited
where referral.referral_id = inherited.referral_id;

-- name: clear_stale_inheritors!
delete from stale_inheritors;

-- name: note_merged!
update newest_versions set pending = null
where pending = 'merge';

-- name: apply_sightings^
-- Update synced_at of the referrals that reads have seen, and clear missing_since.
with seen as (
    delete from sightings
    returning referral_id, seen_at
),

moved as (
    update partner_center_referrals as referral set
        synced_at = seen.seen_at,
        missing_since = null
    from seen
    where
        referral.referral_id = seen.referral_id
        and (referral.synced_at < seen.seen_at or referral.missing_since is not null)
),

stale as (
    insert into stale_companies (domain)
    select distinct referral.domain
    from seen
    inner join partner_center_referrals as referral on seen.referral_id = referral.referral_id
    where referral.missing_since is not null and referral.domain is not null
    on conflict (domain) do nothing
)

select
    count(*) as seen,
    count(*) filter (where referral.domain is null) as without_domain,
    count(*) filter (where referral.missing_since is not null) as returned
from seen
inner join partner_center_referrals as referral on seen.referral_id = referral.referral_id;

-- name: mark_missing$
with gone as (
    delete from gone_referrals
    returning referral_id
),

marked as (
    update partner_center_referrals as referral set missing_since = now()
    from gone
    where referral.referral_id = gone.referral_id and referral.missing_since is null
    returning referral.domain
),

stale as (
    insert into stale_companies (domain)
    select distinct domain from marked
    where domain is not null
    on conflict (domain) do nothing
)

select count(*) from marked;

-- name: count_missing$
select count(*) from partner_center_referrals
where missing_since is not null;

-- name: remove_orphaned_referrals!
-- Delete rows whose id contained an erased address and was replaced by a hash.
delete from partner_center_referrals as referral
where not exists (
    select 1 from normalized_referrals as normalized
    where normalized.referral_id = referral.referral_id
);

-- name: referrals_sample
-- Sample rows without personal data, for Dagster's web UI.
select
    referral_id,
    referral_type,
    status,
    substatus,
    country,
    domain,
    source_updated_at
from partner_center_referrals
order by source_updated_at desc nulls last, referral_id asc
limit 5;
