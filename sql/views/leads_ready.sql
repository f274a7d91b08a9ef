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
--
-- It is asked at every look at the lead desk. Whoever asks for the order alone (`warehouse/listing.py`) pays for the
-- score alone: PostgreSQL leaves out what is not asked for, the counts per domain and the contact among it.
create view leads_ready as
with facts as (
    select
        referral_id,
        domain,
        company_name,
        country,
        referral_type,
        status,
        substatus,
        deal_value,
        currency,
        contacts,
        expires_at,
        source_created_at,
        source_updated_at,
        coalesce(customer_requested_contact and source_created_at > now() - interval '72 hours', false) as is_urgent,
        coalesce(
            customer_requested_contact and (source_created_at > now() - interval '72 hours') is not true, false
        ) as is_requested,
        coalesce(status = 'New' and expires_at between now() and now() + interval '72 hours', false) as expires_now,
        coalesce(
            status = 'New'
            and expires_at > now() + interval '72 hours'
            and expires_at <= now() + interval '7 days',
            false
        ) as expires_soon,
        status = 'New' as is_new,
        coalesce(qualification = 'SalesQualified', false) as is_sales,
        coalesce(qualification = 'MarketingQualified', false) as is_marketing,
        coalesce(source_created_at > now() - interval '7 days', false) as is_young,
        coalesce(deal_value > 0, false) as is_valued,
        jsonb_path_exists(contacts, 'lax $[*] ? (@.email != null || @.phone != null)') as is_reachable
    from partner_center_referrals
    where domain is not null and status in ('New', 'Active') and missing_since is null
),

ranked as (
    select distinct on (facts.domain)
        facts.*,
        company.id as company_id,
        company.canonical_name,
        company.provider,
        company.country as company_country,
        coalesce(company.provider = 'M365', false) as is_m365,
        least(
            40 * facts.is_urgent::integer + 15 * facts.is_requested::integer
            + 20 * facts.expires_now::integer + 10 * facts.expires_soon::integer + 15 * facts.is_new::integer
            + 15 * facts.is_sales::integer + 8 * facts.is_marketing::integer
            + 10 * facts.is_young::integer + 10 * facts.is_valued::integer
            + 10 * facts.is_reachable::integer + 5 * coalesce(company.provider = 'M365', false)::integer,
            100
        ) as score
    from facts
    left join companies as company on facts.domain = company.domain
    order by
        facts.domain asc,
        score desc,
        facts.source_created_at desc nulls last,
        facts.source_updated_at desc nulls last,
        facts.referral_id asc
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
    contact.person ->> 'name' as contact_name,
    contact.person ->> 'email' as contact_email,
    contact.person ->> 'phone' as contact_phone,
    ranked.expires_at,
    ranked.score,
    -- by weight, among equals by the alphabet
    array_remove(
        array[
            case when ranked.is_urgent then 'customer asked to be contacted in the last 72 hours' end,
            case when ranked.expires_now then 'expires within 72 hours' end,
            case when ranked.is_requested then 'customer asked to be contacted' end,
            case when ranked.is_new then 'not answered yet' end,
            case when ranked.is_sales then 'sales qualified' end,
            case when ranked.is_young then 'at most a week old' end,
            case when ranked.is_valued then 'deal value is known' end,
            case when ranked.expires_soon then 'expires within a week' end,
            case when ranked.is_reachable then 'somebody to contact' end,
            case when ranked.is_marketing then 'marketing qualified' end,
            case when ranked.is_m365 then 'company is on Microsoft 365' end
        ],
        null
    ) as score_reasons,
    per_domain.updated_at
from ranked
left join per_domain on ranked.domain = per_domain.domain
cross join
    lateral (
        -- somebody with an address, best with a number as well; among equals the first in the list
        select
            coalesce(
                jsonb_path_query_first(ranked.contacts, 'lax $[*] ? (@.email != null && @.phone != null)'),
                jsonb_path_query_first(ranked.contacts, 'lax $[*] ? (@.email != null)'),
                jsonb_path_query_first(ranked.contacts, 'lax $[*] ? (@.phone != null)'),
                ranked.contacts -> 0
            ) as person
    ) as contact;
