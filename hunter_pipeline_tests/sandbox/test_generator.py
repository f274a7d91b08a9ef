"""Test generated referrals: repeatable, varied and consistent."""

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from hunter_pipeline.sandbox import timestamps
from hunter_pipeline.sandbox.customers import ascii_domain, generate_customer
from hunter_pipeline.sandbox.generator import generate_population, property_names
from hunter_pipeline_tests.sandbox.conftest import Client

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_population_is_the_same_for_the_same_seed() -> None:
    """Seed and epoch decide every id and every field; another seed shares no id."""
    first, again, other = (generate_population(seed, 100, 8, 17, EPOCH) for seed in (42, 42, 43))
    assert first == again
    assert not first.referrals.keys() & other.referrals.keys()


def test_population_is_the_same_in_every_release() -> None:
    """A demo's state file is used with later releases, so a number must stay the same referral."""
    population = generate_population(42, 100, 8, 17, EPOCH)
    text = json.dumps([population.referrals, population.tenants])
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "e4231c46eaad702dd829b4738304660f6741ff4cf4b371255bb590f20feba69f"
    )


def test_larger_population_begins_like_a_smaller_one() -> None:
    small, large = (generate_population(42, size, 0, 17, EPOCH).referrals for size in (50, 500))
    assert small.items() <= large.items()


def test_dates_agree_with_status(full: Client) -> None:
    """No referral is updated in the future, accepted before it was created, or New and expired."""
    now = timestamps.sort_key(timestamps.utc_now()) or ""
    for row in full.sandbox.world.referrals.values():
        dates = [
            timestamps.sort_key(row.get(name))
            for name in ("createdDateTime", "acceptedDateTime", "closedDateTime", "updatedDateTime")
        ]
        known = [date for date in dates if date is not None]
        assert known == sorted(known), row
        assert known[-1] <= now
        if row["status"] == "New":
            assert (timestamps.sort_key(row["expirationDateTime"]) or "") > now


def test_population_has_every_documented_and_observed_shape(full: Client) -> None:
    """Every status, type, script and unusual shape that the API's facts name occurs."""
    rows = list(full.sandbox.world.referrals.values())
    customers = [row["customerProfile"] for row in rows]
    assert {row["status"] for row in rows} == {"None", "New", "Active", "Closed"}
    assert {"Pending", "Received", "Accepted", "Won", "Lost", "Declined", "Expired", "Error"} <= {
        row["substatus"] for row in rows
    }
    assert {None, dict, list} >= {
        type(item) if (item := customer.get("ids")) is not None else None for customer in customers
    }
    assert any("team" not in customer for customer in customers)
    assert any(customer.get("team", 0) is None for customer in customers)
    assert any("&amp;" in customer["name"] for customer in customers)
    assert {len(row["updatedDateTime"].partition(".")[2]) for row in rows} == {0, 7, 8}
    assert {type(row["details"]["dealValue"]) for row in rows} == {type(None), int, float}
    assert sum("direction" not in row for row in rows) > 0
    assert len({row["updatedDateTime"] for row in rows}) > 0.99 * len(rows)
    assert len({(customer["address"] or {}).get("country") for customer in customers}) > 25


def test_population_has_urgent_referrals(full: Client) -> None:
    """Some unanswered referrals expire within three days, and some customers wait for a call."""
    new = [row for row in full.sandbox.world.referrals.values() if row["status"] == "New"]
    now = datetime.now(UTC)
    age = {row["id"]: now - datetime.fromisoformat(row["createdDateTime"][:19] + "+00:00") for row in new}
    left = [datetime.fromisoformat(row["expirationDateTime"][:19] + "+00:00") - now for row in new]
    assert sum(time.total_seconds() < 72 * 3600 for time in left) > 5
    assert sum(row["details"]["customerRequestedContact"] is True and age[row["id"]].days < 3 for row in new) > 5


def test_property_names_are_those_of_all_referrals(full: Client) -> None:
    names = {name for row in full.sandbox.world.referrals.values() for name in row}
    assert names == property_names()


def test_companies_do_not_share_a_domain() -> None:
    domains = Counter(ascii_domain(generate_customer(42, number).domain) for number in range(2000))
    assert max(domains.values()) == 1


@pytest.mark.parametrize(("size", "expected"), [(739, 17), (100, 17), (12, 6), (0, 0)])
def test_seventeen_companies_have_a_tenant(size: int, expected: int) -> None:
    """Seventeen domains have a tenant, or all that a small population has."""
    assert len(generate_population(42, size, 0, 17, EPOCH).tenants) == expected
