-- Referrals as the sales team works with them. The upsert is built in warehouse/partner_center_referrals.py.

-- name: note_domains_of_pending!
-- The companies that pending referrals belong to now; the upsert notes those that they will belong to.
insert into stale_companies (domain)
select distinct referral.domain
from newest_versions as newest
inner join partner_center_referrals as referral on newest.referral_id = referral.referral_id
where (:everything or newest.pending = 'merge') and referral.domain is not null
on conflict (domain) do nothing;

-- name: note_merged!
update newest_versions set pending = null
where pending = 'merge';

-- name: apply_sightings^
-- Move synced_at of what reads have seen; a referral that was seen again is not missing.
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
-- An id that held an erased address has given way to a hash.
delete from partner_center_referrals as referral
where not exists (
    select 1 from normalized_referrals as normalized
    where normalized.referral_id = referral.referral_id
);

-- name: referrals_sample
-- A few rows without personal data, for the people who watch the pipeline.
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
