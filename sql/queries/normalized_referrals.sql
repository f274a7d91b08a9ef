-- From raw versions to typed rows.

-- name: remove_normalized!
delete from normalized_referrals
where referral_id = any(:referral_ids::text[]);

-- name: mark_for_merge!
update newest_versions set pending = 'merge'
where referral_id = any(:referral_ids::text[]);

-- name: remove_orphans!
-- A referral without any raw version was erased.
delete from normalized_referrals as normalized
where not exists (
    select 1 from newest_versions as newest
    where newest.referral_id = normalized.referral_id
);

-- name: applied_rules$
select rules from normalization_rules;

-- name: apply_rules!
insert into normalization_rules (rules) values (:rules)
on conflict (only_one) do update set
    rules = excluded.rules,
    applied_at = now();
