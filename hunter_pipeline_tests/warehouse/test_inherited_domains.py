"""Referrals without a domain of their own, and values in one currency."""

from typing import Any

import pytest

from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.pipeline.merge import merge
from hunter_pipeline_tests.warehouse.office import FarSide, Office, identity, payload

# Consumer mail: no domain of its own.
PRIVATE = {"name": "Company 1", "address": {"country": "DE"}, "team": [{"firstName": "Kim", "email": "kim@gmail.com"}]}


def domain_of(office: Office, number: int) -> tuple[str | None, str | None]:
    [row] = office.rows(
        "select domain, domain_source from partner_center_referrals where referral_id = %s", identity(number)
    )
    return row["domain"], row["domain_source"]


def without_domain(number: int, **changes: Any) -> dict[str, Any]:
    return payload(number, customerProfile=PRIVATE, **changes)


def test_a_domain_is_inherited_from_the_engagement_before_the_company(office: Office) -> None:
    office.sync(
        client=FarSide(
            [payload(1), payload(2), without_domain(3, engagementId=payload(2)["engagementId"]), without_domain(4)]
        )
    )
    assert domain_of(office, 3) == ("company2.de", "engagement")
    assert domain_of(office, 4) == ("company1.de", "company_name")
    again = office.sync(client=FarSide([payload(1), payload(2)]))
    assert (again["new"], again["updated"]) == (0, 0)


def test_an_inherited_domain_follows_its_source(office: Office) -> None:
    """It comes when the other referral does, and goes when a second domain fits as well."""
    office.sync(client=FarSide([without_domain(4)]))
    assert domain_of(office, 4) == (None, None)
    office.sync(client=FarSide([payload(1)]))
    assert domain_of(office, 4) == ("company1.de", "company_name")
    other = payload(2)
    other["customerProfile"]["name"] = "COMPANY  1"
    office.sync(client=FarSide([other]))
    assert domain_of(office, 4) == (None, None)
    stored = office.table("partner_center_referrals", without=("updated_at", "synced_at"))
    office.later_steps()
    assert office.table("partner_center_referrals", without=("updated_at", "synced_at")) == stored
    assert office.value("select count(*) from stale_inheritors") == 0


def test_values_follow_the_currency_and_the_rates(office: Office) -> None:
    office.sync(client=FarSide([payload(1)]))
    value = "select deal_value_base from partner_center_referrals"
    office.execute("update exchange_rates set per_usd = 0.5 where currency = 'EUR'")
    try:
        with office.warehouse.connection() as connection:
            merge(connection)
        assert office.value(value) == 2002
        with office.warehouse.connection() as connection:
            merge(connection, currency="EUR")
        assert office.value(value) == 1001
        with office.warehouse.connection() as connection, pytest.raises(ConfigurationError, match="XXX"):
            merge(connection, currency="XXX")
    finally:
        office.execute("delete from exchange_rates where currency = 'EUR'")
        office.execute("insert into exchange_rates values ('EUR', 0.88022588, '2026-09-29')")
