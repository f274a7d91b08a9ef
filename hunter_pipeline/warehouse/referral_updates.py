"""Read and write the table `referral_updates`: the outbox of answers to referrals."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import simplejson
from psycopg.types.json import Jsonb

from hunter_pipeline.referrals.updates import UNDER_WAY, Action, Conflict, Operation, State, states_before
from hunter_pipeline.warehouse.connection import Connection, Row, execute, fetch_all, fetch_one, fetch_row, fetch_value
from hunter_pipeline.warehouse.sync_lease import is_dead, this_process

# Seconds without a sign of life from the sender after which another run sends the answer. An attempt and its
# verification take less.
LEASE_SECONDS = 300.0
# The first key of the advisory locks of referrals; an arbitrary number that is used for nothing else.
_REFERRAL_LOCK = 4_276_180_391_552_021
# The columns that only concern the sending process.
_INTERNAL = ("claimed_by", "claimed_at")


class Result(NamedTuple):
    """The result of sending an answer."""

    state: State
    error: str | None = None
    status_code: int | None = None
    conflicts: Sequence[Conflict] = ()
    request: Mapping[str, Any] | None = None


def lock_referral(connection: Connection, referral_id: str) -> None:
    """Lock the answers to a referral until the transaction ends."""
    execute(connection, "lock_referral", referral_id=referral_id, key=_REFERRAL_LOCK)


def insert(
    connection: Connection,
    *,
    referral_id: str,
    action: Action,
    operations: list[Operation],
    base_etag: str | None,
    base_values: Mapping[str, object],
    requested_by: str,
    undo_seconds: int,
    is_dry_run: bool,
    warning: str | None,
) -> Row:
    """Insert an answer that is to be sent, and return its row."""
    return fetch_row(
        connection,
        "insert_update",
        referral_id=referral_id,
        action=action,
        operations=_json(operations),
        base_etag=base_etag,
        base_values=_json(base_values),
        requested_by=requested_by,
        undo_seconds=undo_seconds,
        is_dry_run=is_dry_run,
        warning=warning,
    )


def by_id(connection: Connection, update_id: int, referral_id: str | None = None) -> Row | None:
    """Return the answer with this number, or None if there is none (or it belongs to another referral)."""
    return fetch_one(connection, "update_by_id", id=update_id, referral_id=referral_id)


def by_ids(connection: Connection, update_ids: Sequence[int]) -> list[Row]:
    """Return answers in the order of their creation."""
    return fetch_all(connection, "updates_by_ids", ids=list(update_ids))


def newest(
    connection: Connection,
    referral_id: str | None = None,
    *,
    states: Sequence[State] | None = None,
    at_most: int | None = None,
) -> list[Row]:
    """Return answers, the newest first; optionally those to one referral or in some states only."""
    wanted = None if states is None else list(states)
    return fetch_all(connection, "list_updates", referral_id=referral_id, states=wanted, at_most=at_most)


def under_way(connection: Connection, referral_id: str) -> list[Row]:
    """Return the answers that are not finished, the oldest first."""
    return newest(connection, referral_id, states=UNDER_WAY)[::-1]


def unconfirmed(connection: Connection, referral_ids: Iterable[str]) -> list[Row]:
    """Return the newest answer to each referral if it is under way, in conflict, rejected or failed."""
    return fetch_all(connection, "unconfirmed_updates", referral_ids=list(referral_ids))


def is_referral(connection: Connection, referral_id: str) -> bool:
    """Return whether a referral with this id is stored."""
    return bool(fetch_value(connection, "is_referral", referral_id=referral_id))


def count_unresolved(connection: Connection) -> int:
    """Return how many answers ended without being confirmed and were not replaced by a later answer."""
    return int(fetch_value(connection, "count_unresolved"))


def seconds_until_due(connection: Connection, within: float) -> float | None:
    """Return the seconds until the next answer is due, None if none will be within that time."""
    seconds = fetch_value(connection, "seconds_until_due", within=within)
    return None if seconds is None else float(seconds)


def has_due(connection: Connection, *, only_dry_runs: bool, within: float = 0) -> bool:
    """Return whether an answer is to be sent now, or within this number of seconds."""
    return bool(
        fetch_value(
            connection,
            "has_due_updates",
            only_dry_runs=only_dry_runs,
            within=within,
            expires_after=LEASE_SECONDS,
            dead_processes=_dead_processes(connection),
        )
    )


def claim(connection: Connection, run_id: str, *, only_dry_runs: bool) -> Row | None:
    """Claim the oldest due answer for this run; return None if there is none."""
    return fetch_one(
        connection,
        "claim_update",
        run_id=run_id,
        process=this_process(),
        only_dry_runs=only_dry_runs,
        expires_after=LEASE_SECONDS,
        dead_processes=_dead_processes(connection),
    )


def note_attempt(connection: Connection, update_id: int, run_id: str) -> bool:
    """Count an attempt before it is made; return False if another run has taken the answer over."""
    return execute(connection, "note_attempt", id=update_id, run_id=run_id) == 1


def finish(connection: Connection, update_id: int, run_id: str, result: Result) -> bool:
    """Store the result of sending an answer; return False if another run has taken it over."""
    conflicts = [conflict._asdict() for conflict in result.conflicts]
    done = execute(
        connection,
        "finish_update",
        id=update_id,
        run_id=run_id,
        state=result.state,
        states_before=states_before(result.state),
        error=result.error,
        status_code=result.status_code,
        conflict=_json(conflicts) if conflicts else None,
        request=_json(result.request) if result.request else None,
    )
    return done == 1


def cancel(connection: Connection, update_id: int, referral_id: str | None = None) -> Row | None:
    """Cancel an answer that is not being sent yet; return None if that is not possible."""
    return fetch_one(
        connection,
        "cancel_update",
        id=update_id,
        referral_id=referral_id,
        states_before=states_before("canceled"),
    )


def retry(connection: Connection, row: Row) -> Row | None:
    """
    Queue an unconfirmed answer to be sent again; return None if its state does not allow that.

    After a conflict, later attempts compare with the values that the conflict has shown.
    """
    seen = {item["path"]: item["theirs"] for item in row["conflict"] or ()}
    return fetch_one(
        connection,
        "retry_update",
        id=row["id"],
        base_etag=row["base_etag"],
        base_values=_json(row["base_values"] | seen),
        states_before=states_before("pending"),
    )


def clock(connection: Connection) -> datetime:
    """Return the time of the database's clock."""
    return fetch_value(connection, "database_clock")


def to_public(row: Row) -> dict[str, Any]:
    """Return a row in the form that commands and the API show."""
    return {name: value for name, value in row.items() if name not in _INTERNAL}


def _dead_processes(connection: Connection) -> list[str]:
    rows = fetch_all(connection, "sending_processes")
    return [row["claimed_by"] for row in rows if row["claimed_by"] and is_dead(row["claimed_by"])]


def _json(value: object) -> Jsonb:
    return Jsonb(value, dumps=partial(simplejson.dumps, use_decimal=True))
