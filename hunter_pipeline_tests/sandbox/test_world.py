"""How the world is made, how it moves, and how it survives."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hunter_pipeline.sandbox import Sandbox, SandboxOptions, stamps
from hunter_pipeline.sandbox.companies import company
from hunter_pipeline.sandbox.contacts import ascii_domain
from hunter_pipeline.sandbox.population import populate
from hunter_pipeline.sandbox.world import World
from hunter_pipeline_tests.sandbox.conftest import Client, Start
from hunter_pipeline_tests.waiting import wait_until

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_same_seed_makes_the_same_world() -> None:
    """Seed and epoch decide every id and every field; another seed shares no id."""
    first, again, other = (populate(seed, 100, 8, 17, EPOCH) for seed in (42, 42, 43))
    assert first == again
    assert not first.referrals.keys() & other.referrals.keys()


def test_a_larger_world_begins_like_a_smaller_one() -> None:
    """Referral number i does not depend on how many there are."""
    small, large = (populate(42, size, 0, 17, EPOCH).referrals for size in (50, 500))
    assert small.items() <= large.items()


def test_dates_agree_with_status(full: Client) -> None:
    """Nothing is updated in the future, accepted before it was created, or new and long expired."""
    now = stamps.sortable(stamps.now()) or ""
    for row in full.sandbox.world.referrals.values():
        dates = [
            stamps.sortable(row.get(name))
            for name in ("createdDateTime", "acceptedDateTime", "closedDateTime", "updatedDateTime")
        ]
        known = [date for date in dates if date is not None]
        assert known == sorted(known), row
        assert known[-1] <= now
        if row["status"] == "New":
            assert (stamps.sortable(row["expirationDateTime"]) or "") > now


def test_the_world_is_as_mixed_as_the_real_one(full: Client) -> None:
    """Every status, kind, script and odd shape that the facts name turns up."""
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


def test_some_referrals_are_urgent(full: Client) -> None:
    """Some unanswered referrals expire within three days, and some customers wait for a call."""
    fresh = [row for row in full.sandbox.world.referrals.values() if row["status"] == "New"]
    age = {
        row["id"]: datetime.now(UTC) - datetime.fromisoformat(row["createdDateTime"][:19] + "+00:00") for row in fresh
    }
    expires = [datetime.fromisoformat(row["expirationDateTime"][:19] + "+00:00") - datetime.now(UTC) for row in fresh]
    assert sum(left.total_seconds() < 72 * 3600 for left in expires) > 5
    assert sum(row["details"]["customerRequestedContact"] is True and age[row["id"]].days < 3 for row in fresh) > 5


def test_no_two_firms_share_a_domain() -> None:
    """Each of two thousand firms has a domain of its own."""
    domains = Counter(ascii_domain(company(42, number).domain) for number in range(2000))
    assert max(domains.values()) == 1


@pytest.mark.parametrize(("size", "expected"), [(739, 17), (100, 17), (12, 8), (0, 0)])
def test_exactly_seventeen_firms_have_a_tenant(size: int, expected: int) -> None:
    """Seventeen of the firms' domains have a tenant, or as many as there are."""
    tenants = populate(42, size, 0, 17, EPOCH).tenants
    assert min(len(tenants), 17) == len(tenants)
    assert len(tenants) == expected or (size == 12 and 0 < len(tenants) <= 12)


def test_entra_knows_which_domains_have_a_tenant(full: Client) -> None:
    """A domain with a tenant answers with its GUID in the issuer, another with AADSTS90002."""
    for domain, tenant in full.sandbox.tenants.items():
        answer = full.call("GET", f"/{domain.upper()}/v2.0/.well-known/openid-configuration")
        assert (answer.status_code, tenant in answer.json()["issuer"]) == (200, True)
    domains = {ascii_domain(company(42, number).domain) for number in range(430)} - full.sandbox.tenants.keys()
    for domain in sorted(domains)[:20]:
        answer = full.call("GET", f"/{domain}/v2.0/.well-known/openid-configuration")
        assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (
            400,
            "invalid_tenant",
            [90002],
        )


def test_changes_are_allowed_moves_with_a_new_date_and_tag(start: Start) -> None:
    """A change moves status forward or the deal, or something arrives; date and tag are new."""
    world = start(referrals=120).sandbox.world
    before = json.loads(json.dumps(world.referrals))
    began = stamps.now()
    changed = world.change(60)
    allowed = {("New", "Active"), ("New", "Closed"), ("Active", "Closed"), ("New", "New"), ("Active", "Active")}
    for referral_id in set(changed) & before.keys():
        old, new = before[referral_id], world.referrals[referral_id]
        assert new["updatedDateTime"] >= began
        assert new["eTag"] != old["eTag"]
        if changed.count(referral_id) == 1:
            assert (old["status"], new["status"]) in allowed
    assert set(changed) - before.keys()
    assert len(world.referrals) == len(before) + len(set(changed) - before.keys())


def test_what_changed_is_seen_by_the_next_request(start: Start) -> None:
    """Arrivals, updates, removals and returns show at once, over HTTP as well."""
    client = start()
    world = client.sandbox.world
    known = {row["id"] for row in client.rows()}
    (arrived,) = world.arrive()
    updated, removed = sorted(known)[:2]
    world.update(updated, details={"dealValue": 12.5})
    world.remove(removed)
    rows = {row["id"]: row for row in client.rows()}
    assert rows.keys() == known - {removed} | {arrived}
    assert (rows[updated]["details"]["dealValue"], "currency" in rows[updated]["details"]) == (12.5, True)
    world.restore(removed)
    odd = world.add({"id": 7, "direction": "Incoming"})
    assert len(client.rows()) == len(known) + 2
    assert world.referrals[odd] == {"id": 7, "direction": "Incoming"}
    assert len(client.call("POST", "/sandbox/change?n=3").json()["ids"]) == 3


def test_the_world_moves_by_itself(start: Start) -> None:
    """With a cadence things happen without anybody asking."""
    world = start(change_every_seconds=0.02).sandbox.world
    assert wait_until(lambda: world.version >= 3)


def test_changes_from_many_threads_do_not_collide(start: Start) -> None:
    """Readers over HTTP and writers in threads get along."""
    client = start()
    threads = [threading.Thread(target=client.sandbox.world.change, args=(50,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert all(client.get().status_code == 200 for _ in range(10))
    for thread in threads:
        thread.join()


def test_the_state_file_carries_the_world_over_a_restart(tmp_path: Path) -> None:
    """After a restart ids, content, removals, tenants and tokens' fate are what they were."""
    options = SandboxOptions(referrals=40, state_file=tmp_path / "deep" / "world.jsonl")
    with Sandbox(options) as sandbox:
        sandbox.world.change(10)
        gone = next(iter(sandbox.world.referrals))
        sandbox.world.remove(gone)
        stale = sandbox.access_token()
        sandbox.expire_access_tokens()
        before, tenants = json.dumps(sandbox.world.referrals, sort_keys=True), sandbox.tenants
    with Sandbox(options) as sandbox:
        assert json.dumps(sandbox.world.referrals, sort_keys=True) == before
        assert sandbox.tenants == tenants
        assert list(sandbox.world.removed) == [gone]
        client = Client(sandbox)
        assert client.get(Authorization=f"Bearer {stale}").status_code == 401
        client.session.close()


def test_a_torn_last_line_is_passed_over(tmp_path: Path) -> None:
    """A process killed while it wrote loses that line only, and the file is whole again afterwards."""
    options = SandboxOptions(referrals=10, state_file=tmp_path / "world.jsonl")
    assert options.state_file is not None
    World(options).close()
    whole = options.state_file.read_bytes()
    options.state_file.write_bytes(whole + b'{"referral":"x","payl\xc3')
    world = World(options)
    assert "x" not in world.referrals
    world.close()
    assert options.state_file.read_bytes() == whole


def test_another_seed_begins_anew(tmp_path: Path) -> None:
    """A state file of another world is not mixed into this one."""
    path = tmp_path / "world.jsonl"
    worlds = [World(SandboxOptions(referrals=5, outgoing=0, seed=seed, state_file=path)) for seed in (1, 2)]
    for world in worlds:
        world.close()
    assert not worlds[0].referrals.keys() & worlds[1].referrals.keys()
