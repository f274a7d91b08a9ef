"""Test changes to the referrals, and the state file."""

import json
import threading
from pathlib import Path

from hunter_pipeline.sandbox import Sandbox, SandboxOptions, timestamps
from hunter_pipeline.sandbox.world import World
from hunter_pipeline_tests.sandbox.conftest import Client, StartSandbox
from hunter_pipeline_tests.waiting import wait_until


def test_change_makes_an_allowed_transition_with_a_new_date_and_etag(start: StartSandbox) -> None:
    """A change moves the status forward, or changes the deal, or adds a referral."""
    world = start(referrals=120).sandbox.world
    before = json.loads(json.dumps(world.referrals))
    began = timestamps.utc_now()
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


def test_changes_are_visible_to_the_next_request(start: StartSandbox) -> None:
    """An arrival, an update, a removal, a restored and an added referral show at once."""
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
    added = world.add({"id": 7, "direction": "Incoming"})
    assert len(client.rows()) == len(known) + 2
    assert world.referrals[added] == {"id": 7, "direction": "Incoming"}


def test_referrals_change_at_the_given_interval(start: StartSandbox) -> None:
    world = start(change_every_seconds=0.02).sandbox.world
    assert wait_until(lambda: world.version >= 3)


def test_changes_stop_when_asked(start: StartSandbox) -> None:
    client = start(change_every_seconds=0.01)
    wait_until(lambda: client.sandbox.world.version >= 1)
    client.sandbox.stop_changes()
    assert not [thread for thread in threading.enumerate() if thread.name == "sandbox-changes"]


def test_changes_from_many_threads_do_not_disturb_readers(start: StartSandbox) -> None:
    client = start()
    threads = [threading.Thread(target=client.sandbox.world.change, args=(50,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert all(client.get().status_code == 200 for _ in range(10))
    for thread in threads:
        thread.join()


def test_state_file_keeps_the_world_over_a_restart(tmp_path: Path) -> None:
    """After a restart referrals, removals and tenants are the same, and an expired token stays expired."""
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


def test_state_file_of_the_first_release_is_read(tmp_path: Path) -> None:
    """The form of the lines stays: the demo of an existing home keeps its referrals."""
    header = {"seed": 42, "incoming": 1, "outgoing": 0, "tenant_count": 17, "epoch": "2026-03-01T12:00:00+00:00"}
    entries = [
        {"header": header | {"tenants": {"a.example": "7f3d2a1c-0000-4000-8000-000000000001"}}},
        {"referral": "a", "payload": {"id": "a", "status": "New"}},
        {"note": {"refresh_generation": 2}},
        {"referral": "b", "payload": {"id": "b"}},
        {"referral": "a", "payload": {"id": "a", "status": "Active"}},
        {"removed": "b", "payload": {"id": "b"}},
        {"note": {"arrivals": 1}},
    ]
    path = tmp_path / "world.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    world = World(SandboxOptions(referrals=1, outgoing=0, state_file=path))
    world.close()
    assert world.referrals == {"a": {"id": "a", "status": "Active"}}
    assert world.removed == {"b": {"id": "b"}}
    assert world.tenants == {"a.example": "7f3d2a1c-0000-4000-8000-000000000001"}
    assert (world.counter("arrivals"), world.counter("refresh_generation")) == (1, 2)


def test_incomplete_last_line_of_the_state_file_is_ignored(tmp_path: Path) -> None:
    """A process that was killed while it wrote loses that line only, and the file is complete again afterwards."""
    options = SandboxOptions(referrals=10, state_file=tmp_path / "world.jsonl")
    assert options.state_file is not None
    World(options).close()
    complete = options.state_file.read_bytes()
    options.state_file.write_bytes(complete + b'{"referral":"x","payl\xc3')
    world = World(options)
    assert "x" not in world.referrals
    world.close()
    assert options.state_file.read_bytes() == complete


def test_state_file_of_another_seed_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    worlds = [World(SandboxOptions(referrals=5, outgoing=0, seed=seed, state_file=path)) for seed in (1, 2)]
    for world in worlds:
        world.close()
    assert not worlds[0].referrals.keys() & worlds[1].referrals.keys()
