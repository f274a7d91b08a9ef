-- Queries of normalized_referrals: one typed row per referral.

-- name: remove_normalized!
delete from normalized_referrals
where referral_id = any(:referral_ids::text[]);

-- name: mark_for_merge!
update newest_versions set pending = 'merge'
where referral_id = any(:referral_ids::text[]);

-- name: remove_orphans!
-- Delete referrals without a raw version, which were erased.
delete from normalized_referrals as normalized
where not exists (
    select 1 from newest_versions as newest
    where newest.referral_id = normalized.referral_id
);

-- name: partner_team_hosts
-- The hosts of the addresses in the partner's own teams, of a limited number of referrals, the most frequent first.
select
    lower(rtrim(split_part(member ->> 'email', '@', 2), '. ')) as host,
    count(distinct sample.referral_id) as referrals
from (
    select
        raw.referral_id,
        raw.payload
    from newest_versions as newest
    inner join raw_referrals as raw on newest.raw_id = raw.id
    where jsonb_typeof(raw.payload -> 'team') = 'array'
    order by raw.id desc
    limit :at_most
) as sample
cross join lateral jsonb_array_elements(sample.payload -> 'team') as member
where position('@' in member ->> 'email') > 0
group by host
order by referrals desc, host asc;

-- name: applied_rules$
select rules from normalization_rules;

-- name: apply_rules!
insert into normalization_rules (rules) values (:rules)
on conflict (only_one) do update set
    rules = excluded.rules,
    applied_at = now();
