"""Hold the current referrals, change them, and keep them in a file between runs."""
# ruff: noqa: PLR2004 - shares are arbitrary; a name would say no more than the number

import json
import random
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeAlias

from hunter_pipeline.sandbox import generator, timestamps
from hunter_pipeline.sandbox.options import SandboxOptions

SHARE_OF_ARRIVALS = 0.35
# Most closed referrals cannot change, so several are tried.
CHANGE_TRIES = 20
_NEXT_STATUSES: dict[str, tuple[tuple[str, str], ...]] = {
    "New": (("Active", "Accepted"), ("Active", "Accepted"), ("Closed", "Declined")),
    "Active": (("Closed", "Won"), ("Closed", "Lost")),
}

Referral: TypeAlias = dict[str, Any]
Entry: TypeAlias = dict[str, Any]


class World:
    """
    The referrals of a sandbox; its methods are safe to use from any thread.

    Every change is an entry: one line of the state file, from which a later run reads the same world.

        {"header": {"seed": 42, "incoming": 739, "outgoing": 61, "tenant_count": 17, "epoch": "...", "tenants": {}}}
        {"referral": ID, "payload": {...}}
        {"removed": ID, "payload": {...}}
        {"note": {"arrivals": 3}}

    Attributes:
        referrals: payloads by id, Incoming and Outgoing. They may be edited in place, under `lock` while requests are
            under way.
        removed: payloads by id of referrals that were removed.
        tenants: tenant GUID by domain (in ASCII).
        version: number of changes of referrals that were made through the methods.
    """

    def __init__(self, options: SandboxOptions) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self.referrals: dict[str, Any] = {}
        self.removed: dict[str, Any] = {}
        self._header: dict[str, Any] = {}
        self._counters: dict[str, int] = {}
        self._file: IO[str] | None = None
        self._load(options)
        self.tenants: dict[str, str] = self._header["tenants"]
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
            _merge(payload, {"updatedDateTime": timestamps.utc_now(), "eTag": new_etag()} | changes)
            self._record({"referral": referral_id, "payload": payload})
            return payload

    def add(self, payload: Any) -> str:
        """Add a payload of any shape. Return its id, or a new one if it has none."""
        own = payload.get("id") if isinstance(payload, dict) else None
        referral_id = own if isinstance(own, str) and own else str(uuid.uuid4())
        self._record({"referral": referral_id, "payload": payload})
        return referral_id

    def remove(self, referral_id: str) -> Any:
        """Remove a referral. Return the payload."""
        with self.lock:
            self._record({"removed": referral_id, "payload": self.referrals[referral_id]})
            return self.removed[referral_id]

    def restore(self, referral_id: str) -> Any:
        """Bring a removed referral back unchanged. Return the payload."""
        with self.lock:
            self._record({"referral": referral_id, "payload": self.removed[referral_id]})
            return self.referrals[referral_id]

    def counter(self, name: str) -> int:
        """Return a counter that is kept between runs; 0 at first."""
        return self._counters.get(name, 0)

    def increment(self, name: str) -> None:
        """Add one to a counter that is kept between runs."""
        with self.lock:
            self._record({"note": {name: self.counter(name) + 1}})

    def close(self) -> None:
        """Close the state file; nothing more is written."""
        with self.lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _arrive_one(self) -> str:
        with self.lock:
            number = self._header["incoming"] + self.counter("arrivals")
            self.increment("arrivals")
            return self.add(generator.generate_arrival(self._header["seed"], number, timestamps.utc_now()))

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

    def _record(self, entry: Entry) -> None:
        """Make a change, and write it to the state file."""
        with self.lock:
            self._apply(entry)
            if self._file is not None:
                self._file.write(_line(entry))
                self._file.flush()

    def _apply(self, entry: Entry) -> None:
        if "referral" in entry:
            self.removed.pop(entry["referral"], None)
            self.referrals[entry["referral"]] = entry["payload"]
            self.version += 1
        elif "removed" in entry:
            self.referrals.pop(entry["removed"], None)
            self.removed[entry["removed"]] = entry["payload"]
            self.version += 1
        elif "header" in entry:
            self._header = entry["header"]
        else:
            self._counters |= entry.get("note", {})

    def _load(self, options: SandboxOptions) -> None:
        """Read the world of an earlier run with the same seed and numbers, or generate one; start a new state file."""
        path = options.state_file
        entries = list(_read(path)) if path is not None else []
        if not entries or not _signature(options).items() <= entries[0].get("header", {}).items():
            entries = _generate(options)
        for entry in entries:
            self._apply(entry)
        self.version = 0
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(_line({"header": self._header}))
            file.writelines(_line({"referral": key, "payload": payload}) for key, payload in self.referrals.items())
            file.writelines(_line({"removed": key, "payload": payload}) for key, payload in self.removed.items())
            file.write(_line({"note": self._counters}))
        new.replace(path)
        self._file = path.open("a", encoding="utf-8")


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


def direction_of(payload: Any) -> str:
    """Return the direction of a referral; one without a direction is Incoming."""
    return (payload.get("direction") or "Incoming") if isinstance(payload, dict) else "Incoming"


def new_etag() -> str:
    """Return an entity tag that no version has yet."""
    return generator.etag(str(uuid.uuid4()))


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


def _generate(options: SandboxOptions) -> list[Entry]:
    epoch = options.epoch or datetime.now(UTC)
    referrals, tenants = generator.generate_population(
        options.seed, options.referrals, options.outgoing_count, options.tenants, epoch
    )
    header = {"header": _signature(options) | {"epoch": epoch.isoformat(), "tenants": tenants}}
    return [header, *({"referral": key, "payload": payload} for key, payload in referrals.items())]


def _signature(options: SandboxOptions) -> dict[str, Any]:
    return {
        "seed": options.seed,
        "incoming": options.referrals,
        "outgoing": options.outgoing_count,
        "tenant_count": options.tenants,
    }


def _read(path: Path) -> Iterator[Entry]:
    """Yield the entries of a state file, if there is one."""
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # a process that was killed while it wrote leaves half a line


def _line(entry: Entry) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"
