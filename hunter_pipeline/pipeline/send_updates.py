"""
Send the due answers to Partner Center, each once.

An attempt is counted before it is made. If its outcome is unknown, the referral is read before anything is sent again,
also by the next sender if this one is killed. An answer is confirmed when the referral was read back and shows it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import PartnerCenterAuthError, PartnerCenterError
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import DEFAULT_POLICY, RetryPolicy
from hunter_pipeline.partner_center.responses import FORBIDDEN, NOT_FOUND, UNAUTHORIZED
from hunter_pipeline.partner_center.updates import Outcome, UpdateAnswer, request_of, send_update
from hunter_pipeline.pipeline.companies import update_companies
from hunter_pipeline.pipeline.merge import merge
from hunter_pipeline.pipeline.normalize import normalize
from hunter_pipeline.pipeline.sign_in import own_domains
from hunter_pipeline.referrals.erasure import redact
from hunter_pipeline.referrals.payloads import RawVersion
from hunter_pipeline.referrals.referral import Payload
from hunter_pipeline.referrals.updates import Conflict, Operation, conflicts, is_shown
from hunter_pipeline.warehouse import erasure, raw_referrals, referral_updates, tables
from hunter_pipeline.warehouse.connection import Connection, Row, Warehouse, write_transaction
from hunter_pipeline.warehouse.referral_updates import Result

# The name of Dagster's job, here for callers that do not import Dagster.
SEND_JOB = "send_referral_updates"
SEND_OP = "send_pending_updates"

# Seconds for reading a referral, including retries; with one attempt less than the lease of an answer.
_READ_SECONDS = 120.0
# A run that waits for further answers ends after this time; the next one sends those that are given later.
_MAX_WAITING_SECONDS = 60.0
_OUTCOME_UNKNOWN = "It was sent, and whether it was applied is not known"


class _TakenOverError(Exception):
    """Another run has taken over the answer, because this one has not renewed its claim in time."""


@dataclass(slots=True)
class Sender:
    """
    A sender of due answers, one after the other.

    wait_seconds: for how long to wait for answers that can still be canceled; 0 sends only those that are due now.
    policy: number of tries of one answer, and the waits between them.
    sleep:  for tests that do not want to wait.
    """

    warehouse: Warehouse
    settings: Settings
    client: PartnerCenterClient
    run_id: str
    policy: RetryPolicy = DEFAULT_POLICY
    wait_seconds: float = 0
    sleep: Callable[[float], None] = time.sleep
    handled: list[int] = field(default_factory=list[int])

    def send_due(self) -> list[Row]:
        """Send the due answers, and return their rows afterwards. Raises: ConfigurationError, DatabaseError."""
        with self.warehouse.connection() as connection:
            until = time.monotonic() + _MAX_WAITING_SECONDS
            while True:
                if (row := self._claim(connection)) is not None:
                    self._send_one(connection, row)
                    self.handled.append(row["id"])
                    continue
                pause = referral_updates.seconds_until_due(connection, self.wait_seconds)
                connection.commit()
                if pause is None or time.monotonic() > until:
                    break
                self.sleep(pause)
            return referral_updates.by_ids(connection, self.handled)

    def _claim(self, connection: Connection) -> Row | None:
        only_dry_runs = self.settings.write_back != "on"
        row = referral_updates.claim(connection, self.run_id, only_dry_runs=only_dry_runs)
        connection.commit()
        return row

    def _send_one(self, connection: Connection, row: Row) -> None:
        delivery = Delivery(self, connection, row)
        try:
            result = delivery.run()
            delivery.finish(result)
        except _TakenOverError:
            log.warning("referral_update_taken_over", update=row["id"])
            return
        log.info(
            "referral_update_sent",
            update=row["id"],
            referral_id=row["referral_id"],
            action=row["action"],
            state=result.state,
            status_code=result.status_code,
        )


class Delivery:
    """The delivery of one answer: its attempts, the referral as last read, and the result."""

    def __init__(self, sender: Sender, connection: Connection, row: Row) -> None:
        self._sender = sender
        self._connection = connection
        self._row = row
        self._operations: list[Operation] = row["operations"]
        self._etag: str | None = row["base_etag"]
        # The version that was read last, and when that read began.
        self._current: Payload | None = None
        self._read_at = referral_updates.clock(connection)
        connection.commit()

    def run(self) -> Result:
        """Send the answer until its outcome is known or no attempts are left."""
        if self._row["is_dry_run"]:
            return self._dry_run()
        if self._row["erased"]:  # an earlier sender was killed, and the outcome is unknown
            return Result("failed", _OUTCOME_UNKNOWN)
        result = self._verify() if self._row["attempts"] else None
        answer: UpdateAnswer | None = None
        modified = 0
        for number in range(1, self._sender.policy.tries + 1):
            if result is not None:
                return result
            if answer is not None and answer.outcome is not Outcome.MODIFIED:
                self._sender.sleep(self._sender.policy.wait(number - 1, answer.retry_after))
            sent_etag = self._etag
            answer = self._try_once()
            if answer.outcome is Outcome.APPLIED:
                return self._read_back(answer)
            if answer.outcome in (Outcome.REJECTED, Outcome.SIGN_IN):
                return _refused(answer)
            if answer.outcome is Outcome.UNKNOWN:
                result = self._verify(answer)
            elif answer.outcome is Outcome.MODIFIED:
                result = self._verify(answer)
                modified += 1
                if result is None and modified > 1 and self._etag == sent_etag:
                    break  # refused although the eTag was just read
        return result or Result("failed", answer.reason if answer else None, answer.status_code if answer else None)

    def finish(self, result: Result) -> None:
        """Store the result and the version that was read last, and derive the tables from that version."""
        connection, row = self._connection, self._row
        with write_transaction(connection):
            if not referral_updates.finish(connection, row["id"], self._sender.run_id, result):
                raise _TakenOverError
            if self._current is not None:
                self._land(self._current)
        if self._current is not None:
            normalize(connection, own_domains=own_domains(self._sender.settings))
            merge(connection)
            update_companies(connection, None)

    def _dry_run(self) -> Result:
        url = self._sender.client.referral_url(self._row["referral_id"])
        request = request_of(url, self._operations, etag=self._etag, request_id=self._row["request_id"])
        return Result("dry_run", request=request)

    def _try_once(self) -> UpdateAnswer:
        row = self._row
        counted = referral_updates.note_attempt(self._connection, row["id"], self._sender.run_id)
        self._connection.commit()
        if not counted:
            raise _TakenOverError
        return send_update(
            self._sender.client, row["referral_id"], self._operations, etag=self._etag, request_id=row["request_id"]
        )

    def _verify(self, answer: UpdateAnswer | None = None) -> Result | None:
        """Read the referral; return the result of the answer, or None if it has to be sent (again)."""
        if (problem := self._read()) is not None:
            return problem
        current = self._current or {}
        status_code = answer.status_code if answer else None
        if is_shown(self._operations, current):
            return Result("confirmed", status_code=status_code)
        if moved := conflicts(self._row["base_values"], self._operations, current):
            return Result("conflict", describe_conflicts(moved), status_code, moved)
        etag = current.get("eTag")
        self._etag = etag if isinstance(etag, str) else None
        return None

    def _read_back(self, answer: UpdateAnswer) -> Result:
        """Read the referral until it shows an answer that Partner Center has accepted."""
        for number in range(1, self._sender.policy.tries + 1):
            if number > 1:
                self._sender.sleep(self._sender.policy.wait(number - 1, None))
            # a conflict here is a change by another user right after the answer was accepted
            if (result := self._verify(answer)) is not None:
                return result
        reason = "Partner Center accepted the answer and does not show it yet."
        return Result("failed", reason, answer.status_code)

    def _read(self) -> Result | None:
        """Read the referral; return the result of the answer if it cannot be read."""
        self._read_at = referral_updates.clock(self._connection)
        self._connection.commit()  # no transaction stays open during the request
        try:
            with self._sender.client.http.shared_deadline(replace(self._sender.policy, total=_READ_SECONDS)):
                current = self._sender.client.read_referral(self._row["referral_id"])
        except PartnerCenterAuthError as error:
            is_forbidden = error.status_code == FORBIDDEN
            reason = f"{_OUTCOME_UNKNOWN}: {error.message}"
            return Result("rejected" if is_forbidden else "failed", reason, FORBIDDEN if is_forbidden else UNAUTHORIZED)
        except PartnerCenterError as error:
            return Result("failed", f"{_OUTCOME_UNKNOWN}: {error.message}", error.status_code)
        if current is None:
            return Result("rejected", "Partner Center does not have the referral any more (404).", NOT_FOUND)
        self._current = current
        return None

    def _land(self, payload: Payload) -> None:
        version = redact(payload, erasure.load_registry(self._connection))
        versions, rejected = ([version], []) if isinstance(version, RawVersion) else ([], [version])
        landed, _ = raw_referrals.land(
            self._connection, versions, rejected, seen_at=self._read_at, run_id=self._sender.run_id
        )
        tables.change_count(self._connection, "raw_referrals", landed)


def describe_conflicts(moved: list[Conflict]) -> str:
    """Return both values of each field in conflict: '/details/dealValue is 9000 now, the answer says 12000.'"""
    parts = [f"{item.path} is {_shown(item.theirs)} now, the answer says {_shown(item.ours)}" for item in moved]
    return f"The referral was changed by another user: {'; '.join(parts)}."


def _shown(value: object) -> str:
    return "empty" if value in (None, "") else str(value)[:200]


def _refused(answer: UpdateAnswer) -> Result:
    """Return the result of an answer that was not applied; after a new sign-in it can be sent again unchanged."""
    return Result("failed" if answer.outcome is Outcome.SIGN_IN else "rejected", answer.reason, answer.status_code)
