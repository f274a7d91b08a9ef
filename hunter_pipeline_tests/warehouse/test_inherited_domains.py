"""Test inherited domains of referrals, and values in one currency."""

from typing import Any

import pytest

from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.pipeline.merge import merge
from hunter_pipeline_tests.warehouse.installation import FakePartnerCenter, Installation, identity, payload

# Consumer mail: no domain of its own.
PRIVATE = {"name": "Company 1", "address": {"country": "DE"}, "team": [{"firstName": "Kim", "email": "kim@gmail.com"}]}


def domain_of(installation: Installation, number: int) -> tuple[str | None, str | None]:
    [row] = installation.rows(
        "select domain, domain_source from partner_center_referrals where referral_id = %s", identity(number)
    )
    return row["domain"], row["domain_source"]


def without_domain(number: int, **changes: Any) -> dict[str, Any]:
    return payload(number, customerProfile=PRIVATE, **changes)


def test_domain_is_inherited_from_the_engagement_before_the_company(installation: Installation) -> None:
    installation.sync(
        client=FakePartnerCenter(
            [payload(1), payload(2), without_domain(3, engagementId=payload(2)["engagementId"]), without_domain(4)]
        )
    )
    assert domain_of(installation, 3) == ("company2.de", "engagement")
    assert domain_of(installation, 4) == ("company1.de", "company_name")
    again = installation.sync(client=FakePartnerCenter([payload(1), payload(2)]))
    assert (again["new"], again["updated"]) == (0, 0)


def test_inherited_domain_follows_its_source(installation: Installation) -> None:
    """It is set when the other referral is read, and removed when a second domain matches."""
    installation.sync(client=FakePartnerCenter([without_domain(4)]))
    assert domain_of(installation, 4) == (None, None)
    installation.sync(client=FakePartnerCenter([payload(1)]))
    assert domain_of(installation, 4) == ("company1.de", "company_name")
    other = payload(2)
    other["customerProfile"]["name"] = "COMPANY  1"
    installation.sync(client=FakePartnerCenter([other]))
    assert domain_of(installation, 4) == (None, None)
    stored = installation.table("partner_center_referrals", without=("updated_at", "synced_at"))
    installation.later_steps()
    assert installation.table("partner_center_referrals", without=("updated_at", "synced_at")) == stored
    assert installation.value("select count(*) from stale_inheritors") == 0


def test_values_follow_the_currency_and_the_rates(installation: Installation) -> None:
    installation.sync(client=FakePartnerCenter([payload(1)]))
    value = "select deal_value_base from partner_center_referrals"
    installation.execute("update exchange_rates set per_usd = 0.5 where currency = 'EUR'")
    try:
        with installation.warehouse.connection() as connection:
            merge(connection)
        assert installation.value(value) == 2002
        with installation.warehouse.connection() as connection:
            merge(connection, currency="EUR")
        assert installation.value(value) == 1001
        with installation.warehouse.connection() as connection, pytest.raises(ConfigurationError, match="XXX"):
            merge(connection, currency="XXX")
    finally:
        installation.execute("delete from exchange_rates where currency = 'EUR'")
        installation.execute("insert into exchange_rates values ('EUR', 0.88022588, '2026-09-29')")
