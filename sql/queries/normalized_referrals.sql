-- From raw versions to typed rows.

-- name: stale_versions
-- The newest version of each referral that has not been normalized by these rules yet (or of every referral).
-- The newest has the latest updatedDateTime; among equals the one seen last, then, to be repeatable, by its hash.
with newest as (
    select distinct on (referral_id)
        id,
        referral_id,
        content_hash
    from raw_referrals
    order by referral_id asc, source_updated_key desc, seen_at desc, content_hash desc
)

select
    raw.referral_id,
    raw.content_hash,
    raw.payload,
    raw.repaired
from newest
inner join raw_referrals as raw on newest.id = raw.id
left join normalized_referrals as normalized on newest.referral_id = normalized.referral_id
where
    :everything
    or normalized.content_hash is distinct from newest.content_hash
    or normalized.rules is distinct from :rules;

-- name: remove_normalized!
delete from normalized_referrals
where referral_id = any(:referral_ids);

-- name: insert_normalized!
-- Rows as a JSON list whose keys are the table's columns.
insert into normalized_referrals
select row.*
from jsonb_populate_recordset(null::normalized_referrals, :rows::jsonb) as row;

-- name: remove_orphans!
-- A referral without any raw version was erased.
delete from normalized_referrals as normalized
where not exists (
    select 1 from raw_referrals as raw
    where raw.referral_id = normalized.referral_id
);
