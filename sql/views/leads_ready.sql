-- The list that a sales team calls from: one row per lead, with its primary referral, its contact and the
-- reasons of its score (see lead_scores.sql).
create view leads_ready as
with rules as (
    select
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
        ranked.lead_key,
        ranked.referral_id,
        ranked.status,
        ranked.deal_value_base,
        ranked.expires_at,
        ranked.source_created_at,
        ranked.score,
        ranked.state,
        ranked.gained,
        ranked.p_expires_soon,
        ranked.p_asked_new,
        ranked.p_asked_active,
        ranked.p_value,
        ranked.p_not_answered,
        ranked.p_sales,
        ranked.p_marketing,
        ranked.p_enquiry,
        ranked.p_close,
        ranked.p_recent,
        ranked.p_reachable,
        ranked.p_open,
        ranked.p_stale,
        case
            when per_lead.contact_rank > primary_referral.contact_rank
                then (
                    -- another open referral has a contact who is easier to reach
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
        ranked.referral_type,
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
    from lead_scores as ranked
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
        -- the strongest first; the points of a state or limit are the difference of the score to the sum of the others
        select
            array_agg(
                case coded.code & 15
                    when 15 then (select rules.states from rules)[joined.state]
                    else (select rules.reasons from rules)[15 - (coded.code & 15)]
                end
                order by coded.code desc
            ) as reasons,
            array_agg(
                case coded.code & 16 when 16 then 1 else -1 end * ((coded.code & 536870911) >> 5)
                order by coded.code desc
            ) as points
        from (
            -- each rule as one number that sorts by points: points without their sign, the sign, its place in `reasons`
            select
                unnest(
                    array[
                        case
                            when joined.score <> joined.gained + joined.p_stale
                                then
                                    -- a state is named first
                                    ((joined.state < 6)::integer << 29)
                                    | (abs(joined.score - joined.gained - joined.p_stale) << 5)
                                    | ((joined.score > joined.gained + joined.p_stale)::integer << 4)
                                    | 15
                        end,
                        (abs(joined.p_expires_soon) << 5) | ((joined.p_expires_soon > 0)::integer << 4) | 14,
                        (abs(joined.p_asked_new) << 5) | ((joined.p_asked_new > 0)::integer << 4) | 13,
                        (abs(joined.p_asked_active) << 5) | ((joined.p_asked_active > 0)::integer << 4) | 12,
                        (abs(joined.p_value) << 5) | ((joined.p_value > 0)::integer << 4) | 11,
                        (abs(joined.p_not_answered) << 5) | ((joined.p_not_answered > 0)::integer << 4) | 10,
                        (abs(joined.p_sales) << 5) | ((joined.p_sales > 0)::integer << 4) | 9,
                        (abs(joined.p_marketing) << 5) | ((joined.p_marketing > 0)::integer << 4) | 8,
                        (abs(joined.p_enquiry) << 5) | ((joined.p_enquiry > 0)::integer << 4) | 7,
                        (abs(joined.p_close) << 5) | ((joined.p_close > 0)::integer << 4) | 6,
                        (abs(joined.p_recent) << 5) | ((joined.p_recent > 0)::integer << 4) | 5,
                        (abs(joined.p_reachable) << 5) | ((joined.p_reachable > 0)::integer << 4) | 4,
                        (abs(joined.p_open) << 5) | ((joined.p_open > 0)::integer << 4) | 3,
                        (abs(joined.p_stale) << 5) | ((joined.p_stale > 0)::integer << 4) | 2
                    ]
                ) as code
        ) as coded
        where coded.code > 31
    ) as explained
    on true;

comment on view leads_ready is
'The list to call from: one row per lead, that is per company with an open referral. Personal data.';
comment on column leads_ready.lead_key is 'Key of the lead: the domain, else engagement:ID or referral:ID.';
comment on column leads_ready.company_id is 'The row of companies; null if there is no domain.';
comment on column leads_ready.canonical_name is 'The company''s name.';
comment on column leads_ready.domain is 'The company''s canonical domain; null if there is none.';
comment on column leads_ready.provider is 'M365 where the domain belongs to a Microsoft tenant.';
comment on column leads_ready.country is 'ISO 3166-1 code of two letters.';
comment on column leads_ready.referral_type is
'Type of the primary referral: co-sell, marketplace or solution-provider.';
comment on column leads_ready.referral_types is 'Types of all referrals of the lead.';
comment on column leads_ready.referral_count is
'Referrals of the lead, closed ones included; copies of one engagement count once.';
comment on column leads_ready.open_referral_count is 'The same, New and Active ones only.';
comment on column leads_ready.primary_referral_id is 'The open referral with the highest score, then the newest.';
comment on column leads_ready.referral_ids is 'All referrals of the lead, newest first.';
comment on column leads_ready.status is 'Status of the primary referral: New or Active.';
comment on column leads_ready.substatus is 'Its substatus.';
comment on column leads_ready.deal_value is 'Its value, in currency.';
comment on column leads_ready.currency is 'ISO 4217 code.';
comment on column leads_ready.contact_name is 'The person to call. Personal data.';
comment on column leads_ready.contact_email is 'A valid address of that person. Personal data.';
comment on column leads_ready.contact_phone is 'Telephone number of that person. Personal data.';
comment on column leads_ready.expires_at is 'When the primary referral expires if it is not answered.';
comment on column leads_ready.score is '0 to 100: how urgent and valuable a call is now.';
comment on column leads_ready.score_reasons is 'What the score is made of, the strongest first.';
comment on column leads_ready.score_points is 'The points of each reason; their sum is the score.';
comment on column leads_ready.updated_at is 'When a referral of the lead changed last.';
comment on column leads_ready.referral_name is 'Name of the primary referral.';
comment on column leads_ready.solutions is 'Names of the solutions that the customer asks for.';
comment on column leads_ready.deal_value_base is 'deal_value in HUNTER_CURRENCY.';
comment on column leads_ready.contact_allowed is 'False where the customer does not want to be contacted.';
comment on column leads_ready.qualification is 'Qualification of the primary referral.';
comment on column leads_ready.source_created_at is 'When the primary referral was created.';
comment on column leads_ready.expected_close_at is 'When its deal is expected to close.';
comment on column leads_ready.contact_title is 'Job title of the person to call.';
comment on column leads_ready.contact_requested is 'Whether the customer asked to be called.';
