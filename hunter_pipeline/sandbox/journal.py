"""
The world on disk, so that it survives a restart.

Belongs here: one JSON object a line, of which the last one for a referral counts. Does not belong
here: what the lines mean to the world (world.py).

    {"header": {"epoch": "...", "seed": 42, "incoming": 739, "outgoing": 61, ...}}
    {"referral": ID, "payload": {...}}    {"removed": ID, "payload": {...}}    {"note": {...}}
"""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any


@dataclass
class State:
    """What a journal says: header, living and removed referrals by id, and a few small facts."""

    header: dict[str, Any]
    referrals: dict[str, Any] = field(default_factory=dict)
    removed: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


def read(path: Path) -> State | None:
    """The state in a file; None where there is none, or none with a header."""
    state: State | None = None
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return None
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # a torn line: the process was killed while it wrote
        if "header" in entry:
            state = State(entry["header"])
        elif state is not None:
            _take_in(state, entry)
    return state


def _take_in(state: State, entry: dict[str, Any]) -> None:
    if "referral" in entry:
        state.removed.pop(entry["referral"], None)
        state.referrals[entry["referral"]] = entry["payload"]
    elif "removed" in entry:
        state.referrals.pop(entry["removed"], None)
        state.removed[entry["removed"]] = entry["payload"]
    else:
        state.notes |= entry.get("note", {})


class Journal:
    """Appends to a file; without a path it forgets everything."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._lock = threading.Lock()

    def start(self, state: State) -> None:
        """Replace the file by a compact one with this state, and keep it open for more."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("w", encoding="utf-8") as file:
            for entry in _entries(state):
                file.write(_line(entry))
        fresh.replace(self._path)
        self._file = self._path.open("a", encoding="utf-8")

    def append(self, **entry: Any) -> None:
        """Write one line; it is on its way to disk when this returns."""
        with self._lock:
            if self._file is not None:
                self._file.write(_line(entry))
                self._file.flush()

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"


def _entries(state: State) -> list[dict[str, Any]]:
    return [
        {"header": state.header},
        *({"referral": key, "payload": payload} for key, payload in state.referrals.items()),
        *({"removed": key, "payload": payload} for key, payload in state.removed.items()),
        {"note": state.notes},
    ]
