-- Erased people: the registry that later syncs read, and the payloads that may name one.

-- name: erasure_key$
select key from forgetting_key;

-- name: erased_people
select address_hash from forgotten_people;

-- name: referrals_of_erased
select
    referral_hash,
    array_agg(address_hash) as people
from forgotten_in
group by referral_hash;

-- name: add_erased_people!
insert into forgotten_people (address_hash)
select unnest(:people::text[])
on conflict do nothing;

-- name: add_referrals_of_erased!
insert into forgotten_in (referral_hash, address_hash)
select
    pair.referral_hash,
    pair.address_hash
from unnest(:referrals::text[], :people::text[]) as pair (referral_hash, address_hash)
on conflict do nothing;

-- name: version_texts
select
    referral_id,
    payload::text as text
from raw_referrals;

-- name: versions_of
select
    id,
    referral_id,
    payload,
    content_hash,
    erased
from raw_referrals
where referral_id = any(:referral_ids)
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

-- name: count_derived^
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
        select count(distinct referral.lead_key) from partner_center_referrals as referral
        where
            referral.referral_id = any(:referral_ids)
            and referral.lead_key in (select leads.lead_key from lead_scores as leads)
    ) as leads_ready;

-- name: remove_referrals_that_are_not_raw!
-- The id of such a referral contained an address and was replaced.
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

-- name: update_texts
select
    referral_id,
    to_jsonb(referral_updates)::text as text
from referral_updates;

-- name: updates_of
select
    id,
    referral_id,
    operations,
    requested_by,
    erased
from referral_updates
where referral_id = any(:referral_ids)
order by id
for update;

-- name: replace_update!
update referral_updates set
    referral_id = :referral_id,
    operations = :operations,
    requested_by = :requested_by,
    base_values = '{}',
    error = case when error is not null then '[erased]' end,
    conflict = null,
    request = null,
    state = case when state = 'pending' then 'canceled' else state end,
    erased = true,
    updated_at = clock_timestamp()
where id = :id;
