-- The list that a sales team calls from: one row a domain with at least one open referral.
--
-- The score of a referral (0 to 100, points with their reasons) is the urgency and worth of a call now:
--   40 the customer asked to be called less than 72 hours ago (15 once that has passed)
--   20 it expires within 72 hours (10 within a week)
--   15 nobody has answered it yet
--   15 sales qualified (8 marketing qualified)
--   10 it is at most a week old
--   10 its deal value is known
--   10 there is somebody to call or write to
--    5 the company is on Microsoft 365
-- The primary referral of a company is its open one with the highest score, then the newest.
create view leads_ready as
with open_referrals as (
    select
        referral.*,
        company.id as company_id,
        company.canonical_name,
        company.provider,
        company.country as company_country,
        contact.person as contact
    from partner_center_referrals as referral
    left join companies as company on referral.domain = company.domain
    left join lateral (
        -- somebody with an address, best with a number as well; among equals the first in the list
        select entry.person
        from jsonb_array_elements(referral.contacts) with ordinality as entry (person, position)
        order by entry.person ->> 'email' is null, entry.person ->> 'phone' is null, entry.position
        limit 1
    ) as contact on true
    where
        referral.domain is not null
        and referral.status in ('New', 'Active')
        and referral.missing_since is null
),

scored as (
    select
        referral.referral_id,
        sum(rule.points) filter (where rule.holds) as points,
        array_agg(rule.reason order by rule.points desc, rule.reason asc) filter (where rule.holds) as score_reasons
    from open_referrals as referral
    cross join
        lateral (
            values
            (
                40,
                'customer asked to be contacted in the last 72 hours',
                referral.customer_requested_contact and referral.source_created_at > now() - interval '72 hours'
            ),
            (
                15,
                'customer asked to be contacted',
                referral.customer_requested_contact
                and referral.source_created_at > now() - interval '72 hours' is not true
            ),
            (
                20,
                'expires within 72 hours',
                referral.status = 'New'
                and referral.expires_at between now() and now() + interval '72 hours'
            ),
            (
                10,
                'expires within a week',
                referral.status = 'New'
                and referral.expires_at > now() + interval '72 hours'
                and referral.expires_at <= now() + interval '7 days'
            ),
            (15, 'not answered yet', referral.status = 'New'),
            (15, 'sales qualified', referral.qualification = 'SalesQualified'),
            (8, 'marketing qualified', referral.qualification = 'MarketingQualified'),
            (10, 'at most a week old', referral.source_created_at > now() - interval '7 days'),
            (10, 'deal value is known', referral.deal_value > 0),
            (
                10,
                'somebody to contact',
                coalesce(referral.contact ->> 'email', referral.contact ->> 'phone') is not null
            ),
            (5, 'company is on Microsoft 365', referral.provider = 'M365')
        ) as rule (points, reason, holds)
    group by referral.referral_id
),

ranked as (
    select
        referral.*,
        least(coalesce(scored.points, 0), 100)::integer as score,
        coalesce(scored.score_reasons, '{}') as score_reasons,
        row_number() over (
            partition by referral.domain
            order by
                least(coalesce(scored.points, 0), 100) desc,
                referral.source_created_at desc nulls last,
                referral.source_updated_at desc nulls last,
                referral.referral_id asc
        ) as place
    from open_referrals as referral
    inner join scored on referral.referral_id = scored.referral_id
),

per_domain as (
    select
        domain,
        array_agg(distinct referral_type order by referral_type)
        filter (where referral_type is not null) as referral_types,
        count(*) as referral_count,
        count(*) filter (where status in ('New', 'Active')) as open_referral_count,
        array_agg(
            referral_id
            order by source_created_at desc nulls last, source_updated_at desc nulls last, referral_id asc
        ) as referral_ids,
        max(updated_at) as updated_at
    from partner_center_referrals
    where domain is not null and missing_since is null
    group by domain
)

select
    ranked.company_id,
    coalesce(ranked.canonical_name, ranked.company_name, ranked.domain) as canonical_name,
    ranked.domain,
    ranked.provider,
    coalesce(ranked.company_country, ranked.country) as country,
    ranked.referral_type,
    coalesce(per_domain.referral_types, '{}') as referral_types,
    per_domain.referral_count,
    per_domain.open_referral_count,
    ranked.referral_id as primary_referral_id,
    per_domain.referral_ids,
    ranked.status,
    ranked.substatus,
    ranked.deal_value,
    ranked.currency,
    ranked.contact ->> 'name' as contact_name,
    ranked.contact ->> 'email' as contact_email,
    ranked.contact ->> 'phone' as contact_phone,
    ranked.expires_at,
    ranked.score,
    ranked.score_reasons,
    per_domain.updated_at
from ranked
inner join per_domain on ranked.domain = per_domain.domain
where ranked.place = 1;
