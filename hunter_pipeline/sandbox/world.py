"""
The referrals as they are now, and everything that can happen to them.

Belongs here: changes that Partner Center allows, arrivals, disappearances; all safe from any
thread. Does not belong here: questions about them (odata.py) and their first day (population.py).
"""
# ruff: noqa: PLR2004 - shares are arbitrary; a name would say no more than the number

import random
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

from hunter_pipeline.sandbox import generator, population, stamps
from hunter_pipeline.sandbox.journal import Journal, State, read
from hunter_pipeline.sandbox.options import SandboxOptions

SHARE_OF_ARRIVALS = 0.35
_NEXT: dict[str, tuple[tuple[str, str], ...]] = {
    "New": (("Active", "Accepted"), ("Active", "Accepted"), ("Closed", "Declined")),
    "Active": (("Closed", "Won"), ("Closed", "Lost")),
}

Referral: TypeAlias = dict[str, Any]


class World:
    """
    A mutable world of referrals.

    `referrals` maps id to payload (Incoming and Outgoing) and may be edited in place; hold `lock`
    for that while requests are under way. `version` counts the changes made through the methods.
    """

    def __init__(self, options: SandboxOptions) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self._journal = Journal(options.state_file)
        self._state = _known_state(options) or _first_day(options)
        self.referrals: dict[str, Any] = self._state.referrals
        self.removed: dict[str, Any] = self._state.removed
        self.tenants: dict[str, str] = self._state.header["tenants"]
        self.epoch = datetime.fromisoformat(self._state.header["epoch"])
        self._seed = options.seed
        self._chance = random.Random(f"{options.seed}/moves/{len(self.referrals)}/{self.notes.get('arrivals', 0)}")
        self._journal.start(self._state)

    @property
    def notes(self) -> dict[str, Any]:
        """Small facts that outlive a restart, such as how many arrived since the first day."""
        return self._state.notes

    def note(self, **facts: Any) -> None:
        """Keep small facts."""
        with self.lock:
            self._state.notes.update(facts)
            self._journal.append(note=facts)

    def incoming(self) -> dict[str, Any]:
        """Only the Incoming ones; a payload of the old shape, which has no direction, is one."""
        with self.lock:
            return {key: item for key, item in self.referrals.items() if direction_of(item) == "Incoming"}

    def change(self, n: int = 1) -> list[str]:
        """Let n things happen now: an arrival, or a change of status or deal. Returns the ids."""
        return [self._happen() for _ in range(n)]

    def arrive(self, n: int = 1) -> list[str]:
        """Let n new Incoming referrals arrive now. Returns their ids."""
        return [self._arrive() for _ in range(n)]

    def update(self, referral_id: str, **changes: Any) -> Referral:
        """Merge changes into a referral (objects by key), with a new updatedDateTime and eTag."""
        with self.lock:
            payload = self.referrals[referral_id]
            _merge(payload, {"updatedDateTime": stamps.now(), "eTag": generator.etag(str(uuid.uuid4()))} | changes)
            self._keep(referral_id, payload)
            return payload

    def add(self, payload: Any) -> str:
        """Put a payload in as it is, however odd; returns its id, made up where it has none."""
        own = payload.get("id") if isinstance(payload, dict) else None
        referral_id = own if isinstance(own, str) and own else str(uuid.uuid4())
        with self.lock:
            self.referrals[referral_id] = payload
            self._keep(referral_id, payload)
        return referral_id

    def remove(self, referral_id: str) -> Any:
        """Make a referral vanish, without a trace for the client; returns its payload."""
        with self.lock:
            payload = self.removed[referral_id] = self.referrals.pop(referral_id)
            self.version += 1
            self._journal.append(removed=referral_id, payload=payload)
            return payload

    def restore(self, referral_id: str) -> Any:
        """Bring a removed referral back as it was."""
        with self.lock:
            payload = self.referrals[referral_id] = self.removed.pop(referral_id)
            self._keep(referral_id, payload)
            return payload

    def close(self) -> None:
        """Let go of the state file."""
        self._journal.close()

    def _keep(self, referral_id: str, payload: Any) -> None:
        self.version += 1
        self._journal.append(referral=referral_id, payload=payload)

    def _arrive(self) -> str:
        with self.lock:
            arrivals = self.notes.get("arrivals", 0)
            payload = generator.arrival(self._seed, self._state.header["incoming"] + arrivals, stamps.now())
            self.note(arrivals=arrivals + 1)
            return self.add(payload)

    def _happen(self) -> str:
        with self.lock:
            if self._chance.random() < SHARE_OF_ARRIVALS or not self.referrals:
                return self._arrive()
            for referral_id in self._some_ids():
                changes = _next_move(self.referrals[referral_id], self._chance)
                if changes:
                    self.update(referral_id, **changes)
                    return referral_id
            return self._arrive()

    def _some_ids(self) -> Iterator[str]:
        """A few at random: most closed ones cannot change, so the first may not do."""
        known = list(self.referrals)
        return (self._chance.choice(known) for _ in range(20))


def direction_of(payload: Any) -> str:
    """`Incoming` unless the payload says otherwise."""
    return (payload.get("direction") or "Incoming") if isinstance(payload, dict) else "Incoming"


def _next_move(payload: Any, chance: random.Random) -> dict[str, Any]:
    """An allowed change of status, or another deal value; nothing for a closed or odd referral."""
    status = payload.get("status") if isinstance(payload, dict) else None
    if direction_of(payload) != "Incoming" or status not in _NEXT:
        return {}
    if status == "Active" and chance.random() < 0.5 and isinstance(payload.get("details"), dict):
        return {
            "details": {
                "dealValue": chance.randrange(1, 400) * 500 + 1,
                "currency": payload["details"].get("currency") or "USD",
            }
        }
    status, substatus = chance.choice(_NEXT[status])
    moment = stamps.now()
    date = "acceptedDateTime" if status == "Active" else "closedDateTime"
    return {"status": status, "substatus": substatus, date: moment, "updatedDateTime": moment}


def _merge(payload: Referral, changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(payload.get(key), dict):
            _merge(payload[key], value)
        else:
            payload[key] = value


def _signature(options: SandboxOptions) -> dict[str, Any]:
    return {
        "seed": options.seed,
        "incoming": options.referrals,
        "outgoing": options.outgoing_count,
        "tenant_count": options.tenants,
    }


def _known_state(options: SandboxOptions) -> State | None:
    """The state of an earlier run; another seed or size is another world, and begins anew."""
    state = None if options.state_file is None else read(options.state_file)
    wanted = _signature(options)
    return state if state is not None and wanted.items() <= state.header.items() else None


def _first_day(options: SandboxOptions) -> State:
    epoch = options.epoch or datetime.fromtimestamp(time.time(), UTC)
    people = population.populate(options.seed, options.referrals, options.outgoing_count, options.tenants, epoch)
    header = _signature(options) | {"epoch": epoch.isoformat(), "tenants": people.tenants}
    return State(header, people.referrals)


class Mover:
    """A thread that lets something happen every few seconds until it is stopped."""

    def __init__(self, world: World, every_seconds: float) -> None:
        self._world = world
        self._every = every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-mover", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the end."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self._world.change()
