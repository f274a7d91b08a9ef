"""Hold the current referrals, change them, and keep them in a file between runs."""
# ruff: noqa: PLR2004 - shares are arbitrary; a name would say no more than the number

import json
import random
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeAlias

from hunter_pipeline.sandbox import generator, referral_parts, timestamps
from hunter_pipeline.sandbox.options import SandboxOptions

SHARE_OF_ARRIVALS = 0.35
# Most closed referrals cannot change, so several are tried.
CHANGE_TRIES = 20
_NEXT_STATUSES: dict[str, tuple[tuple[str, str], ...]] = {
    "New": (("Active", "Accepted"), ("Active", "Accepted"), ("Closed", "Declined")),
    "Active": (("Closed", "Won"), ("Closed", "Lost")),
}

Referral: TypeAlias = dict[str, Any]


@dataclass
class WorldState:
    """What is kept between runs: header, referrals and removed referrals by id, and counters by name."""

    header: dict[str, Any]
    referrals: dict[str, Any] = field(default_factory=dict)
    removed: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)


class World:
    """
    The referrals of a sandbox; its methods are safe to use from any thread.

    Attributes:
        referrals: payloads by id, Incoming and Outgoing. They may be edited in place, under `lock` while requests are
            under way.
        removed: payloads by id of referrals that were removed.
        tenants: tenant GUID by domain (in ASCII).
        version: number of changes that were made through the methods.
    """

    def __init__(self, options: SandboxOptions) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self._seed = options.seed
        self._state = _saved_state(options) or _initial_state(options)
        self._file = StateFile(options.state_file, self._state)
        self.referrals = self._state.referrals
        self.removed = self._state.removed
        self.tenants: dict[str, str] = self._state.header["tenants"]
        self._rng = random.Random(f"{options.seed}/moves/{len(self.referrals)}/{self.counter('arrivals')}")

    def incoming(self) -> dict[str, Any]:
        """Return the Incoming referrals by id."""
        with self.lock:
            return {key: payload for key, payload in self.referrals.items() if direction_of(payload) == "Incoming"}

    def change(self, n: int = 1) -> list[str]:
        """Make n changes, each an arrival or a new status or value of a referral. Return the ids."""
        return [self._change_one() for _ in range(n)]

    def arrive(self, n: int = 1) -> list[str]:
        """Add n new Incoming referrals. Return the ids."""
        return [self._arrive_one() for _ in range(n)]

    def update(self, referral_id: str, **changes: Any) -> Referral:
        """Merge changes into a referral (objects by key), with a new updatedDateTime and eTag. Return the payload."""
        with self.lock:
            payload = self.referrals[referral_id]
            _merge(payload, {"updatedDateTime": timestamps.utc_now(), "eTag": self.new_etag()} | changes)
            self._save(referral_id, payload)
            return payload

    @staticmethod
    def new_etag() -> str:
        """Return an entity tag that no version has yet."""
        return referral_parts.etag(str(uuid.uuid4()))

    def add(self, payload: Any) -> str:
        """Add a payload of any shape. Return its id, or a new one if it has none."""
        own = payload.get("id") if isinstance(payload, dict) else None
        referral_id = own if isinstance(own, str) and own else str(uuid.uuid4())
        with self.lock:
            self.referrals[referral_id] = payload
            self._save(referral_id, payload)
        return referral_id

    def remove(self, referral_id: str) -> Any:
        """Remove a referral. Return the payload."""
        with self.lock:
            payload = self.removed[referral_id] = self.referrals.pop(referral_id)
            self.version += 1
            self._file.append({"removed": referral_id, "payload": payload})
            return payload

    def restore(self, referral_id: str) -> Any:
        """Bring a removed referral back unchanged. Return the payload."""
        with self.lock:
            payload = self.referrals[referral_id] = self.removed.pop(referral_id)
            self._save(referral_id, payload)
            return payload

    def counter(self, name: str) -> int:
        """Return a counter that is kept between runs; 0 at first."""
        return self._state.counters.get(name, 0)

    def increment(self, name: str) -> None:
        """Add one to a counter that is kept between runs."""
        with self.lock:
            self._state.counters[name] = self.counter(name) + 1
            self._file.append({"note": {name: self.counter(name)}})

    def close(self) -> None:
        """Close the state file."""
        with self.lock:
            self._file.close()

    def _save(self, referral_id: str, payload: Any) -> None:
        self.version += 1
        self._file.append({"referral": referral_id, "payload": payload})

    def _arrive_one(self) -> str:
        with self.lock:
            number = self._state.header["incoming"] + self.counter("arrivals")
            payload = generator.generate_arrival(self._seed, number, timestamps.utc_now())
            self.increment("arrivals")
            return self.add(payload)

    def _change_one(self) -> str:
        with self.lock:
            if self._rng.random() < SHARE_OF_ARRIVALS or not self.referrals:
                return self._arrive_one()
            ids = list(self.referrals)
            for _ in range(CHANGE_TRIES):
                referral_id = self._rng.choice(ids)
                changes = _random_changes(self.referrals[referral_id], self._rng)
                if changes:
                    self.update(referral_id, **changes)
                    return referral_id
            return self._arrive_one()


class StateFile:
    """
    A file with one JSON object per line; the last one about a referral counts.

        {"header": {"seed": 42, "incoming": 739, "outgoing": 61, "tenant_count": 17, "epoch": "...", "tenants": {}}}
        {"referral": ID, "payload": {...}}
        {"removed": ID, "payload": {...}}
        {"note": {"arrivals": 3}}
    """

    def __init__(self, path: Path | None, state: WorldState) -> None:
        """Replace the file by one with this state, and open it to append; without a path nothing is stored."""
        self._file: IO[str] | None = None
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(_line({"header": state.header}))
            file.writelines(_line({"referral": key, "payload": payload}) for key, payload in state.referrals.items())
            file.writelines(_line({"removed": key, "payload": payload}) for key, payload in state.removed.items())
            file.write(_line({"note": state.counters}))
        new.replace(path)
        self._file = path.open("a", encoding="utf-8")

    def append(self, entry: dict[str, Any]) -> None:
        """Write one line; the caller holds the world's lock."""
        if self._file is not None:
            self._file.write(_line(entry))
            self._file.flush()

    def close(self) -> None:
        """Close the file; nothing more is written."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @staticmethod
    def read(path: Path) -> WorldState | None:
        """Return the state in a file; None if there is no file or no header in it."""
        state: WorldState | None = None
        for line in path.read_bytes().splitlines() if path.exists() else ():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # a process that was killed while it wrote leaves half a line
            if "header" in entry:
                state = WorldState(entry["header"])
            elif state is not None:
                _apply(entry, state)
        return state


def direction_of(payload: Any) -> str:
    """Return the direction of a referral; one without a direction is Incoming."""
    return (payload.get("direction") or "Incoming") if isinstance(payload, dict) else "Incoming"


def _random_changes(payload: Any, rng: random.Random) -> dict[str, Any]:
    """Return an allowed change of status, or another deal value; nothing for a referral that cannot change."""
    status = payload.get("status") if isinstance(payload, dict) else None
    if direction_of(payload) != "Incoming" or status not in _NEXT_STATUSES:
        return {}
    if status == "Active" and rng.random() < 0.5 and isinstance(payload.get("details"), dict):
        value = rng.randrange(1, 400) * 500 + 1
        return {"details": {"dealValue": value, "currency": payload["details"].get("currency") or "USD"}}
    status, substatus = rng.choice(_NEXT_STATUSES[status])
    now = timestamps.utc_now()
    date = "acceptedDateTime" if status == "Active" else "closedDateTime"
    return {"status": status, "substatus": substatus, date: now, "updatedDateTime": now}


def _merge(payload: Referral, changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(payload.get(key), dict):
            _merge(payload[key], value)
        else:
            payload[key] = value


def _saved_state(options: SandboxOptions) -> WorldState | None:
    """Return the state of an earlier run with the same seed and numbers."""
    state = None if options.state_file is None else StateFile.read(options.state_file)
    return state if state is not None and _signature(options).items() <= state.header.items() else None


def _initial_state(options: SandboxOptions) -> WorldState:
    epoch = options.epoch or datetime.now(UTC)
    population = generator.generate_population(
        options.seed, options.referrals, options.outgoing_count, options.tenants, epoch
    )
    header = _signature(options) | {"epoch": epoch.isoformat(), "tenants": population.tenants}
    return WorldState(header, population.referrals)


def _signature(options: SandboxOptions) -> dict[str, Any]:
    return {
        "seed": options.seed,
        "incoming": options.referrals,
        "outgoing": options.outgoing_count,
        "tenant_count": options.tenants,
    }


def _apply(entry: dict[str, Any], state: WorldState) -> None:
    if "referral" in entry:
        state.removed.pop(entry["referral"], None)
        state.referrals[entry["referral"]] = entry["payload"]
    elif "removed" in entry:
        state.referrals.pop(entry["removed"], None)
        state.removed[entry["removed"]] = entry["payload"]
    else:
        state.counters |= entry.get("note", {})


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"


class ChangeThread:
    """A thread that makes a change at an interval in seconds until it is stopped."""

    def __init__(self, world: World, every_seconds: float) -> None:
        self._world = world
        self._every_seconds = every_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-changes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait until the last change is made."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._every_seconds):
            self._world.change()
