-- How fast and how successfully referrals are answered: one row for all of the last 365 days, and one for each referral
-- type and country. An answer is an acceptance or a decline; Microsoft asks for one within 24 hours.
create view lead_metrics as
with engagements as (
    -- the copies of one engagement count once
    select distinct on (coalesce(engagement_id, referral_id))
        referral_type,
        country,
        status,
        substatus,
        deal_value_base,
        source_created_at as created_at,
        coalesce(accepted_at, case when substatus in ('Declined', 'Won', 'Lost') then closed_at end) as answered_at,
        coalesce(accepted_at is not null or status = 'Active' or substatus in ('Declined', 'Won', 'Lost'), false)
            as is_answered,
        accepted_at is null and (substatus = 'Expired' or (status = 'New' and expires_at < now())) as is_expired
    from partner_center_referrals
    where
        source_created_at > now() - interval '365 days'
        and missing_since is null
        and direction is distinct from 'Outgoing'
        and is_spam is not true
    order by coalesce(engagement_id, referral_id) asc, source_updated_at desc nulls last, referral_id asc
),

timed as (
    select
        *,
        case
            when answered_at is not null then greatest(extract(epoch from answered_at - created_at) / 3600, 0)
        end as hours_to_answer,
        -- null if the answer can still come in time, and if its date is not known
        case
            when answered_at is not null then answered_at <= created_at + interval '24 hours'
            when is_expired or (status = 'New' and created_at < now() - interval '24 hours') then false
        end as is_in_time
    from engagements
),

counted as (
    select
        case
            when grouping(referral_type) = 0 then 'referral_type'
            when grouping(country) = 0 then 'country'
            else 'all'
        end as dimension,
        coalesce(referral_type, country) as value,
        count(*) as referrals,
        count(*) filter (where is_answered) as answered,
        percentile_cont(0.5) within group (order by hours_to_answer) as median_hours,
        count(*) filter (where is_in_time) as in_time,
        count(is_in_time) as in_time_or_late,
        count(*) filter (where is_expired) as expired,
        coalesce(sum(deal_value_base) filter (where is_expired), 0) as expired_value,
        count(*) filter (where substatus = 'Won') as won,
        count(*) filter (where substatus = 'Lost') as lost
    from timed
    group by grouping sets ((), (referral_type), (country))
)

select
    dimension,
    value,
    referrals,
    answered,
    round(median_hours::numeric, 1) as median_hours,
    round(in_time / nullif(in_time_or_late, 0)::numeric, 3) as share_in_24_hours,
    expired,
    round(expired / nullif(answered + expired, 0)::numeric, 3) as share_expired,
    expired_value,
    won,
    lost,
    round(won / nullif(won + lost, 0)::numeric, 3) as win_rate
from counted;

comment on view lead_metrics is
'Response time, expired referrals and win rate of the last 365 days: overall, by referral type and by country.';
comment on column lead_metrics.dimension is 'What the row is about: all, referral_type or country.';
comment on column lead_metrics.value is 'The referral type or country; null for all, and for referrals without one.';
comment on column lead_metrics.referrals is 'Incoming referrals; copies of one engagement count once.';
comment on column lead_metrics.answered is 'Of these, accepted or declined.';
comment on column lead_metrics.median_hours is 'Median hours from creation to the answer.';
comment on column lead_metrics.share_in_24_hours is
'Share answered within 24 hours, of those that are answered or older than that; 0 to 1.';
comment on column lead_metrics.expired is 'Referrals that expired without an answer.';
comment on column lead_metrics.share_expired is 'Their share of the answered and expired ones; 0 to 1.';
comment on column lead_metrics.expired_value is 'Their value in HUNTER_CURRENCY.';
comment on column lead_metrics.won is 'Won deals.';
comment on column lead_metrics.lost is 'Lost deals.';
comment on column lead_metrics.win_rate is 'Share of won among won and lost deals; 0 to 1.';
