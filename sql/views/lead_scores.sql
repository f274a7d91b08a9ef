-- The score of each lead and its points: one row per lead, that is per company with an open referral. A company is a
-- domain or, if there is none, an engagement.
--
-- The score (0 to 100) of a referral measures how urgent and how valuable a call is now; docs/leads.md explains it with
-- an example. The weights are in lead_scoring_rules. Most rules add points, up to 69 in total. A referral that expires
-- within 24 hours ranks above all others, one whose customer asked to be called in the last 72 hours above the
-- rest; spam, refused consent and expired referrals come last. The primary referral of a lead is its open one with the
-- highest score, then the newest.
--
-- The lists sort by this view, because it reads one index and nothing else, partner_center_referrals_open. A weight is
-- a scalar subquery, which PostgreSQL evaluates once per query.
create view lead_scores as
with rules as (
    select
        now() as at,
        now() - interval '14 days' as days_ago_14,
        now() - interval '30 days' as days_ago_30,
        now() - interval '72 hours' as hours_ago_72,
        now() + interval '24 hours' as in_24_hours,
        now() + interval '14 days' as in_14_days,
        now() + interval '90 days' as in_90_days,
        coalesce((select base.per_usd::double precision from base_currency as base), 1) as base_per_usd,
        coalesce(max(weight) filter (where name = 'expires_soon'), 0)::double precision as w_expires_soon,
        coalesce(max(weight) filter (where name = 'asked_and_not_answered'), 0)::integer as w_asked_new,
        coalesce(max(weight) filter (where name = 'asked_and_accepted'), 0)::integer as w_asked_active,
        coalesce(max(weight) filter (where name = 'deal_value'), 0)::double precision as w_value,
        coalesce(max(weight) filter (where name = 'not_answered'), 0)::integer as w_not_answered,
        coalesce(max(weight) filter (where name = 'sales_qualified'), 0)::integer as w_sales,
        coalesce(max(weight) filter (where name = 'marketing_qualified'), 0)::integer as w_marketing,
        coalesce(max(weight) filter (where name = 'enquiry'), 0)::integer as w_enquiry,
        coalesce(max(weight) filter (where name = 'expected_close'), 0)::double precision as w_close,
        coalesce(max(weight) filter (where name = 'recent'), 0)::double precision as w_recent,
        coalesce(max(weight) filter (where name = 'reachable'), 0)::integer as w_reachable,
        coalesce(max(weight) filter (where name = 'open'), 0)::integer as w_open,
        coalesce(max(weight) filter (where name = 'out_of_date'), 0)::integer as w_stale,
        -- score = lowest + points * rest + hours * clock, by `state` below
        array[
            0, 0, 0,
            coalesce(max(weight) filter (where name = 'expires_within_24_hours'), 0)::double precision,
            coalesce(max(weight) filter (where name = 'asked_within_72_hours'), 0)::double precision,
            0
        ] as lowest,
        array[
            coalesce(max(weight) filter (where name = 'spam'), 0)::double precision / 69,
            coalesce(max(weight) filter (where name = 'consent_refused'), 0)::double precision / 69,
            coalesce(max(weight) filter (where name = 'expired'), 0)::double precision / 69,
            (100 - coalesce(max(weight) filter (where name = 'expires_within_24_hours'), 0))::double precision / 138,
            (
                coalesce(max(weight) filter (where name = 'expires_within_24_hours'), 0)
                - coalesce(max(weight) filter (where name = 'asked_within_72_hours'), 0)
            )::double precision / 138,
            1
        ] as per_point
    from lead_scoring_rules
),

facts as (
    select
        referral.lead_key,
        referral.referral_id,
        referral.referral_type,
        referral.status,
        referral.deal_value_base,
        referral.expires_at,
        referral.source_created_at,
        referral.source_updated_at,
        case
            when referral.is_spam then 1
            when not referral.consent_to_contact then 2
            when referral.status = 'New' and referral.expires_at <= (select rules.at from rules) then 3
            when referral.status = 'New' and referral.expires_at <= (select rules.in_24_hours from rules) then 4
            when
                referral.customer_requested_contact
                and referral.source_created_at > (select rules.hours_ago_72 from rules)
                then 5
            else 6
        end as state,
        case
            when
                referral.status = 'New' and referral.expires_at > (select rules.in_24_hours from rules)
                and referral.expires_at < (select rules.in_14_days from rules)
                then round(
                    (select rules.w_expires_soon from rules)
                    -- 1 a day before the expiry, 0 at 14 days; the last days weigh most
                    * power(
                        date_part('epoch', (select rules.in_14_days from rules) - referral.expires_at) / 1123200, 2
                    )
                )::integer
            else 0
        end as p_expires_soon,
        case
            when
                referral.customer_requested_contact
                and referral.status = 'New'
                and (referral.source_created_at > (select rules.hours_ago_72 from rules)) is not true
                then (select rules.w_asked_new from rules)
            else 0
        end as p_asked_new,
        case
            when
                referral.customer_requested_contact
                and referral.status = 'Active'
                and (referral.source_created_at > (select rules.hours_ago_72 from rules)) is not true
                then (select rules.w_asked_active from rules)
            else 0
        end as p_asked_active,
        case
            when referral.deal_value_base > 0
                then round(
                    (select rules.w_value from rules) * least(
                        greatest(
                            (
                                log10(
                                    (
                                        referral.deal_value_base::double precision
                                        / (select rules.base_per_usd from rules
                                        )
                                    )
                                )
                                - 2
                            )
                            / 4,
                            0
                        ),
                        1
                    )
                )::integer
            else 0
        end as p_value,
        case when referral.status = 'New' then (select rules.w_not_answered from rules) else 0 end as p_not_answered,
        case when referral.qualification = 'SalesQualified' then (select rules.w_sales from rules) else 0 end
            as p_sales,
        case when referral.qualification = 'MarketingQualified' then (select rules.w_marketing from rules) else 0 end
            as p_marketing,
        case when referral.qualification = 'Direct' then (select rules.w_enquiry from rules) else 0 end as p_enquiry,
        case
            when
                referral.status = 'Active' and referral.expected_close_at > (select rules.at from rules)
                and referral.expected_close_at < (select rules.in_90_days from rules)
                then round(
                    (select rules.w_close from rules
                    ) * date_part('epoch', (select rules.in_90_days from rules) - referral.expected_close_at) / 7776000
                )::integer
            else 0
        end as p_close,
        case
            when referral.source_created_at > (select rules.days_ago_14 from rules)
                then round(
                    (select rules.w_recent from rules)
                    * least(
                        date_part('epoch', referral.source_created_at - (select rules.days_ago_14 from rules))
                        / 1209600,
                        1
                    )
                )::integer
            else 0
        end as p_recent,
        case when referral.contact_rank > 0 then (select rules.w_reachable from rules) else 0 end as p_reachable,
        (select rules.w_open from rules) as p_open,
        case
            when
                referral.expected_close_at < (select rules.days_ago_30 from rules)
                then (select rules.w_stale from rules)
            -- by its age: 0 at 30 days, the whole weight after a year, unless it is about to close
            when
                referral.source_created_at < (select rules.days_ago_30 from rules)
                and (
                    referral.expected_close_at between (select rules.at from rules
                    ) and (select rules.in_90_days from rules
                    )
                ) is not true
                then round(
                    (select rules.w_stale from rules)
                    * least(
                        date_part('epoch', (select rules.days_ago_30 from rules) - referral.source_created_at)
                        / 28944000,
                        1
                    )
                )::integer
            else 0
        end as p_stale
    from partner_center_referrals as referral
    where referral.status in ('New', 'Active') and referral.missing_since is null
),

summed as (
    select
        facts.*,
        facts.p_expires_soon
        + facts.p_asked_new
        + facts.p_asked_active
        + facts.p_value
        + facts.p_not_answered
        + facts.p_sales
        + facts.p_marketing
        + facts.p_enquiry
        + facts.p_close + facts.p_recent + facts.p_reachable + facts.p_open as gained
    from facts
),

scored as (
    select
        summed.*,
        -- the points of all rules except the states: 5 to 69
        least(greatest(summed.gained + summed.p_stale, 5), 69) as rest
    from summed
),

ranked as (
    select distinct on (scored.lead_key)
        scored.*,
        -- within the range of a state, half by the clock and half by the other points
        floor(
            (select rules.lowest from rules)[scored.state] + (select rules.per_point from rules)[scored.state] * (
                scored.rest
                + case scored.state
                    when
                        4
                        then 68 * date_part('epoch', (select rules.in_24_hours from rules) - scored.expires_at) / 86400
                    when 5
                        then
                            68
                            * least(
                                date_part('epoch', scored.source_created_at - (select rules.hours_ago_72 from rules))
                                / 259200,
                                1
                            )
                    else 0
                end
            )
        )::integer as score
    from scored
    order by
        scored.lead_key asc,
        score desc,
        scored.source_created_at desc nulls last,
        scored.source_updated_at desc nulls last,
        scored.referral_id asc
)

select
    lead_key,
    referral_id,
    referral_type,
    status,
    deal_value_base,
    expires_at,
    source_created_at,
    score,
    state,
    gained,
    p_expires_soon,
    p_asked_new,
    p_asked_active,
    p_value,
    p_not_answered,
    p_sales,
    p_marketing,
    p_enquiry,
    p_close,
    p_recent,
    p_reachable,
    p_open,
    -- the lowest score is 5
    least(greatest(p_stale, 5 - gained), 0) as p_stale
from ranked;

comment on view lead_scores is 'The score of each lead and the points that it is made of.';
comment on column lead_scores.lead_key is 'Key of the lead.';
comment on column lead_scores.referral_id is 'The primary referral.';
comment on column lead_scores.referral_type is 'Its type.';
comment on column lead_scores.status is 'Its status.';
comment on column lead_scores.deal_value_base is 'Its value in HUNTER_CURRENCY.';
comment on column lead_scores.expires_at is 'When it expires.';
comment on column lead_scores.source_created_at is 'When it was created.';
comment on column lead_scores.score is '0 to 100.';
comment on column lead_scores.state is
'1 spam, 2 consent refused, 3 expired, 4 expires within 24 hours, 5 asked within 72 hours, 6 none of these.';
comment on column lead_scores.gained is 'Sum of the positive points.';
comment on column lead_scores.p_expires_soon is 'Points of the rule expires_soon.';
comment on column lead_scores.p_asked_new is 'Points of the rule asked_and_not_answered.';
comment on column lead_scores.p_asked_active is 'Points of the rule asked_and_accepted.';
comment on column lead_scores.p_value is 'Points of the rule deal_value.';
comment on column lead_scores.p_not_answered is 'Points of the rule not_answered.';
comment on column lead_scores.p_sales is 'Points of the rule sales_qualified.';
comment on column lead_scores.p_marketing is 'Points of the rule marketing_qualified.';
comment on column lead_scores.p_enquiry is 'Points of the rule enquiry.';
comment on column lead_scores.p_close is 'Points of the rule expected_close.';
comment on column lead_scores.p_recent is 'Points of the rule recent.';
comment on column lead_scores.p_reachable is 'Points of the rule reachable.';
comment on column lead_scores.p_open is 'Points of the rule open.';
comment on column lead_scores.p_stale is 'Points of the rule out_of_date.';
