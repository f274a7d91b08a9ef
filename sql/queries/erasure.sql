-- People who asked to be forgotten: what is remembered of them, and where they are taken out.

-- name: forgetting_key$
select key from forgetting_key;

-- name: forgotten_people
select
    people.address_hash,
    coalesce(array_agg(traces.trace_hash) filter (where traces.trace_hash is not null), '{}') as traces
from forgotten_people as people
left join forgotten_traces as traces on people.address_hash = traces.address_hash
group by people.address_hash;

-- name: forgotten_in
select
    referral_hash,
    array_agg(address_hash) as people
from forgotten_in
group by referral_hash;

-- name: remember_people!
insert into forgotten_people (address_hash)
select unnest(:people::text[])
on conflict do nothing;

-- name: remember_traces!
insert into forgotten_traces (address_hash, trace_hash)
select
    pair.address_hash,
    pair.trace_hash
from unnest(:people::text[], :traces::text[]) as pair (address_hash, trace_hash)
on conflict do nothing;

-- name: remember_referrals!
insert into forgotten_in (referral_hash, address_hash)
select
    pair.referral_hash,
    pair.address_hash
from unnest(:referrals::text[], :people::text[]) as pair (referral_hash, address_hash)
on conflict do nothing;

-- name: every_version
select
    id,
    referral_id,
    payload,
    content_hash,
    erased
from raw_referrals
order by id;

-- name: every_quarantined
select
    id,
    payload,
    content_hash,
    erased
from quarantined_referrals
order by id;

-- name: replace_version!
update raw_referrals set
    referral_id = :referral_id,
    payload = :payload::jsonb,
    content_hash = :content_hash,
    erased = true
where id = :id;

-- name: replace_quarantined!
update quarantined_referrals set
    payload = :payload,
    content_hash = :content_hash,
    erased = true
where id = :id;

-- name: count_concerned^
select
    (
        select count(*) from normalized_referrals
        where referral_id = any(:referral_ids)
    ) as normalized_referrals,
    (
        select count(*) from partner_center_referrals
        where referral_id = any(:referral_ids)
    ) as partner_center_referrals,
    (
        select count(distinct domain) from partner_center_referrals
        where
            referral_id = any(:referral_ids)
            and domain in (select leads.domain from leads_ready as leads)
    ) as leads_ready;

-- name: remove_referrals_that_are_not_raw!
-- An id that held an address has given way to a hash.
delete from partner_center_referrals as referral
where
    referral.referral_id = any(:referral_ids)
    and not exists (
        select 1 from raw_referrals as raw
        where raw.referral_id = referral.referral_id
    );

-- name: point_to_erased_versions!
update newest_versions as newest set
    content_hash = raw.content_hash,
    wire_hash = null,
    pending = 'normalize'
from raw_referrals as raw
where newest.raw_id = raw.id and newest.referral_id = any(:referral_ids::text[]);
