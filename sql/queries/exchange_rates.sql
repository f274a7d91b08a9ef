-- The currency in which values are compared.

-- name: applied_base_currency^
select
    currency,
    per_usd,
    rates_hash
from base_currency;

-- name: current_base_currency^
select
    rate.currency,
    rate.per_usd,
    (
        select md5(string_agg(concat(every.currency, ' ', trim_scale(every.per_usd)), chr(10) order by every.currency))
        from exchange_rates as every
    ) as rates_hash
from exchange_rates as rate
where rate.currency = :currency;

-- name: apply_base_currency!
insert into base_currency (currency, per_usd, rates_hash)
values (:currency, :per_usd, :rates_hash)
on conflict (only_one) do update set
    currency = excluded.currency,
    per_usd = excluded.per_usd,
    rates_hash = excluded.rates_hash;

-- name: convert_values!
update partner_center_referrals as referral set
    deal_value_base = converted.deal_value_base
from (
    select
        each.referral_id,
        round(each.deal_value / rate.per_usd * base.per_usd, 2) as deal_value_base
    from partner_center_referrals as each
    cross join base_currency as base
    left join exchange_rates as rate on each.currency = rate.currency
    where each.deal_value is not null
) as converted
where
    referral.referral_id = converted.referral_id
    and referral.deal_value_base is distinct from converted.deal_value_base;
