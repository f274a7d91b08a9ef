-- The list that a sales team calls from: one row per lead, that is per company with an open referral. A company is a
-- domain or, where there is none, an engagement.
--
-- The score (0 to 100) of a referral says how urgent and how valuable a call is now; docs/leads.md explains it with an
-- example. The weights stand in lead_scoring_rules. Most rules add points, up to 69 together. A referral that expires
-- within 24 hours is lifted above all others, one whose customer asked to be called in the last 72 hours above the rest;
-- spam, refused consent and expired referrals come last. The primary referral of a lead is its open one with the highest
-- score, then the newest.
--
-- A query that asks for the order alone pays for the score alone: PostgreSQL leaves out unused columns and joins.
create view leads_ready as
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
        coalesce(max(weight) filter (where name = 'expires_within_24_hours'), 0)::double precision as w_expires_now,
        coalesce(max(weight) filter (where name = 'asked_within_72_hours'), 0)::double precision as w_asked_now,
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
        coalesce(max(weight) filter (where name = 'expired'), 0)::double precision as w_expired,
        coalesce(max(weight) filter (where name = 'consent_refused'), 0)::double precision as w_refused,
        coalesce(max(weight) filter (where name = 'spam'), 0)::double precision as w_spam,
        -- the order is that of the array of points below
        array[
            max(description) filter (where name = 'expires_soon'),
            max(description) filter (where name = 'asked_and_not_answered'),
            max(description) filter (where name = 'asked_and_accepted'),
            max(description) filter (where name = 'deal_value'),
            max(description) filter (where name = 'not_answered'),
            max(description) filter (where name = 'sales_qualified'),
            max(description) filter (where name = 'marketing_qualified'),
            max(description) filter (where name = 'enquiry'),
            max(description) filter (where name = 'expected_close'),
            max(description) filter (where name = 'recent'),
            max(description) filter (where name = 'reachable'),
            max(description) filter (where name = 'open'),
            max(description) filter (where name = 'out_of_date')
        ] as reasons,
        -- the order is that of `state` below
        array[
            max(description) filter (where name = 'spam'),
            max(description) filter (where name = 'consent_refused'),
            max(description) filter (where name = 'expired'),
            max(description) filter (where name = 'expires_within_24_hours'),
            max(description) filter (where name = 'asked_within_72_hours'),
            max(description) filter (where name = 'score_limit')
        ] as states
    from lead_scoring_rules
),

facts as (
    select
        referral.lead_key,
        referral.referral_id,
        referral.status,
        referral.deal_value_base,
        referral.expires_at,
        referral.source_created_at,
        referral.source_updated_at,
        case
            when referral.is_spam then 1
            when not referral.consent_to_contact then 2
            when referral.status = 'New' and referral.expires_at <= rules.at then 3
            when referral.status = 'New' and referral.expires_at <= rules.in_24_hours then 4
            when referral.customer_requested_contact and referral.source_created_at > rules.hours_ago_72 then 5
            else 6
        end as state,
        case
            when referral.status = 'New' and referral.expires_at > rules.in_24_hours
                and referral.expires_at < rules.in_14_days
                then round(
                    rules.w_expires_soon
                    -- 1 a day before the end, 0 at 14 days; the last days count most
                    * power(date_part('epoch', rules.in_14_days - referral.expires_at) / 1123200, 2)
                )::integer
            else 0
        end as p_expires_soon,
        case
            when
                referral.customer_requested_contact
                and referral.status = 'New'
                and (referral.source_created_at > rules.hours_ago_72) is not true
                then rules.w_asked_new
            else 0
        end as p_asked_new,
        case
            when
                referral.customer_requested_contact
                and referral.status = 'Active'
                and (referral.source_created_at > rules.hours_ago_72) is not true
                then rules.w_asked_active
            else 0
        end as p_asked_active,
        case
            when referral.deal_value_base > 0
                then round(
                    rules.w_value * least(
                        greatest(
                            (log10((referral.deal_value_base::double precision / rules.base_per_usd)) - 2) / 4, 0
                        ),
                        1
                    )
                )::integer
            else 0
        end as p_value,
        case when referral.status = 'New' then rules.w_not_answered else 0 end as p_not_answered,
        case when referral.qualification = 'SalesQualified' then rules.w_sales else 0 end as p_sales,
        case when referral.qualification = 'MarketingQualified' then rules.w_marketing else 0 end as p_marketing,
        case when referral.qualification = 'Direct' then rules.w_enquiry else 0 end as p_enquiry,
        case
            when referral.status = 'Active' and referral.expected_close_at > rules.at
                and referral.expected_close_at < rules.in_90_days
                then round(
                    rules.w_close * date_part('epoch', rules.in_90_days - referral.expected_close_at) / 7776000
                )::integer
            else 0
        end as p_close,
        case
            when referral.source_created_at > rules.days_ago_14
                then round(
                    rules.w_recent
                    * least(date_part('epoch', referral.source_created_at - rules.days_ago_14) / 1209600, 1)
                )::integer
            else 0
        end as p_recent,
        case when referral.contact_rank > 0 then rules.w_reachable else 0 end as p_reachable,
        rules.w_open as p_open,
        case
            when referral.expected_close_at < rules.days_ago_30 then rules.w_stale
            -- by its age: nothing at 30 days, all of it after a year, unless it is about to close
            when
                referral.source_created_at < rules.days_ago_30
                and (referral.expected_close_at between rules.at and rules.in_90_days) is not true
                then round(
                    rules.w_stale
                    * least(date_part('epoch', rules.days_ago_30 - referral.source_created_at) / 28944000, 1)
                )::integer
            else 0
        end as p_stale
    from partner_center_referrals as referral
    cross join rules
    where referral.status in ('New', 'Active') and referral.missing_since is null
),

summed as (
    select
        facts.*,
        p_expires_soon + p_asked_new + p_asked_active + p_value + p_not_answered + p_sales + p_marketing + p_enquiry
        + p_close + p_recent + p_reachable + p_open as gained
    from facts
),

scored as (
    select
        summed.*,
        -- the points of all rules but the states: 5 to 69
        least(greatest(gained + p_stale, 5), 69) as rest
    from summed
),

ranked as (
    select distinct on (scored.lead_key)
        scored.*,
        floor(
            case scored.state
                when 1 then scored.rest * rules.w_spam / 69
                when 2 then scored.rest * rules.w_refused / 69
                when 3 then scored.rest * rules.w_expired / 69
                -- within the range of a state, half by the clock and half by the other points
                when 4
                    then rules.w_expires_now + (100 - rules.w_expires_now) * (
                        least((scored.rest - 5) / 50.0::double precision, 1)
                        + date_part('epoch', rules.in_24_hours - scored.expires_at) / 86400
                    ) / 2
                when 5
                    then rules.w_asked_now + (rules.w_expires_now - 1 - rules.w_asked_now) * (
                        least((scored.rest - 5) / 50.0::double precision, 1)
                        + least(date_part('epoch', scored.source_created_at - rules.hours_ago_72) / 259200, 1)
                    ) / 2
                else scored.rest
            end
        )::integer as score
    from scored
    cross join rules
    order by
        scored.lead_key asc,
        score desc,
        scored.source_created_at desc nulls last,
        scored.source_updated_at desc nulls last,
        scored.referral_id asc
),

per_lead as (
    select
        lead_key,
        bool_or(referral_type = 'co-sell') as has_co_sell,
        bool_or(referral_type = 'marketplace') as has_marketplace,
        bool_or(referral_type = 'solution-provider') as has_solution_provider,
        -- the copies of one engagement count once
        count(distinct coalesce(engagement_id, referral_id)) as referral_count,
        count(distinct coalesce(engagement_id, referral_id))
        filter (where status in ('New', 'Active')) as open_referral_count,
        max(contact_rank) filter (where status in ('New', 'Active')) as contact_rank,
        array_agg(
            referral_id
            order by source_created_at desc nulls last, source_updated_at desc nulls last, referral_id asc
        ) as referral_ids,
        max(updated_at) as updated_at
    from partner_center_referrals
    where missing_since is null
    group by lead_key
),

joined as (
    select
        ranked.*,
        -- the least score is 5, so that no more is taken away
        least(greatest(ranked.p_stale, 5 - ranked.gained), 0) as p_stale_shown,
        case
            when per_lead.contact_rank > primary_referral.contact_rank
                then (
                    -- another open referral names somebody who is easier to reach
                    select
                        array[
                            other.contact_name, other.contact_email, other.contact_phone, other.contact_title
                        ]
                    from partner_center_referrals as other
                    where
                        other.lead_key = ranked.lead_key
                        and other.status in ('New', 'Active')
                        and other.missing_since is null
                    order by
                        other.contact_rank desc,
                        other.source_created_at desc nulls last,
                        other.referral_id asc
                    limit 1
                )
            else array[
                primary_referral.contact_name,
                primary_referral.contact_email,
                primary_referral.contact_phone,
                primary_referral.contact_title
            ]
        end as contact,
        company.id as company_id,
        coalesce(
            company.canonical_name,
            primary_referral.company_name,
            primary_referral.domain,
            primary_referral.name,
            ranked.lead_key collate "default"
        ) as canonical_name,
        primary_referral.domain,
        company.provider,
        coalesce(company.country, primary_referral.country) as country,
        primary_referral.referral_type,
        array_remove(
            array[
                case when per_lead.has_co_sell then 'co-sell' end,
                case when per_lead.has_marketplace then 'marketplace' end,
                case when per_lead.has_solution_provider then 'solution-provider' end
            ],
            null
        ) as referral_types,
        per_lead.referral_count,
        per_lead.open_referral_count,
        per_lead.referral_ids,
        per_lead.updated_at,
        primary_referral.substatus,
        primary_referral.deal_value,
        primary_referral.currency,
        primary_referral.name as referral_name,
        primary_referral.solutions,
        primary_referral.consent_to_contact is not false as contact_allowed,
        primary_referral.qualification,
        primary_referral.expected_close_at,
        coalesce(primary_referral.customer_requested_contact, false) as contact_requested
    from ranked
    left join partner_center_referrals as primary_referral on ranked.referral_id = primary_referral.referral_id
    left join companies as company on primary_referral.domain = company.domain
    left join per_lead on ranked.lead_key = per_lead.lead_key
)

select
    joined.lead_key,
    joined.company_id,
    joined.canonical_name,
    joined.domain,
    joined.provider,
    joined.country,
    joined.referral_type,
    joined.referral_types,
    joined.referral_count,
    joined.open_referral_count,
    joined.referral_id as primary_referral_id,
    joined.referral_ids,
    joined.status,
    joined.substatus,
    joined.deal_value,
    joined.currency,
    joined.contact[1] as contact_name,
    joined.contact[2] as contact_email,
    joined.contact[3] as contact_phone,
    joined.expires_at,
    joined.score,
    coalesce(explained.reasons, '{}') as score_reasons,
    coalesce(explained.points, '{}') as score_points,
    joined.updated_at,
    joined.referral_name,
    joined.solutions,
    joined.deal_value_base,
    joined.contact_allowed,
    joined.qualification,
    joined.source_created_at,
    joined.expected_close_at,
    joined.contact[4] as contact_title,
    joined.contact_requested
from joined
left join
    lateral (
        -- the strongest first; what a state or the limit adds or takes away is the difference to the sum of the others
        select
            array_agg(reason.description order by abs(reason.points) desc, reason.place) as reasons,
            array_agg(reason.points order by abs(reason.points) desc, reason.place) as points
        from (
            select
                rule.place,
                rule.points,
                case rule.place
                    when 1 then rules.states[joined.state]
                    else rules.reasons[rule.place - 1]
                end as description
            from rules
            cross join unnest(
                array[
                    joined.score - joined.gained - joined.p_stale_shown,
                    joined.p_expires_soon,
                    joined.p_asked_new,
                    joined.p_asked_active,
                    joined.p_value,
                    joined.p_not_answered,
                    joined.p_sales,
                    joined.p_marketing,
                    joined.p_enquiry,
                    joined.p_close,
                    joined.p_recent,
                    joined.p_reachable,
                    joined.p_open,
                    joined.p_stale_shown
                ]
            ) with ordinality as rule (points, place)
            where rule.points <> 0
        ) as reason
    ) as explained on true;
