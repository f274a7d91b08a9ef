"""Run a case of the matrix of HTTP faults through a real sync, and compare the result with the expected one."""

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from time import monotonic, sleep
from typing import Any

import simplejson
from structlog.testing import capture_logs

from chaos.fault_cases import EXIT_CODES, PAGE, PLACES, READ_SECONDS, REFERRALS, TRIES, Case
from hunter_pipeline.cli.sync import SyncResult, print_result
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import DEFAULT_POLICY, Http, RetryPolicy
from hunter_pipeline.pipeline.sign_in import open_sign_in
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.warehouse.installation import Installation

OPTIONS = SandboxOptions(referrals=REFERRALS, outgoing=0)
# Time for the end of a connection to reach the client before it sends the next request.
SETTLE_SECONDS = 0.02


@dataclass
class Observed:
    """The observed result of a case, and of the sync after one that failed."""

    summary: dict[str, Any]
    exit_code: int
    tries: int
    waits: list[float]
    events: list[dict[str, Any]]
    kept: int
    refreshes: int
    next_summary: dict[str, Any] = field(default_factory=dict)
    rows_after: int = 0


def differences(case: Case, observed: Observed) -> list[str]:
    """Return how the observed result differs from the expected one; empty if it does not."""
    error = observed.summary["error"] or {}
    retries = [event for event in observed.events if event["event"] == "partner_center_retry"]
    failed = [event for event in observed.events if event["event"] == "partner_center_sync_failed"]
    next_sync = observed.next_summary
    in_bounds = len(observed.waits) == len(case.waits) and all(
        low <= wait <= high for wait, (low, high) in zip(observed.waits, case.waits, strict=False)
    )
    claims = {
        f"status {observed.summary['status']}": (observed.summary["status"] == "failed") == case.is_permanent,
        f"error {error.get('type')}": error.get("type") == case.error,
        f"exit code {observed.exit_code}": observed.exit_code == EXIT_CODES[case.error],
        f"{observed.tries} tries": observed.tries == case.tries or bool(case.upstream),
        f"waits {observed.waits}": in_bounds,
        f"{observed.refreshes} refreshes": observed.refreshes == case.refreshes,
        f"{observed.kept} kept": observed.kept == case.kept,
        f"status code {error.get('status_code')}": not case.is_permanent or error.get("status_code") == case.status,
        "request id": not case.is_permanent or bool(error.get("request_id")) == _has_request_id(case),
        f"events {retries}": [event["attempt"] for event in retries] == list(range(1, len(case.waits) + 1)),
        "fields of the events": all(_has_expected_fields(case, event) for event in [*retries, *failed]),
        f"{len(failed)} failures logged": len(failed) == case.is_permanent,
        f"next sync {next_sync.get('status')}": not case.is_permanent or next_sync["status"] == "success",
        f"next sync read {next_sync.get('fetched')}": not case.is_permanent
        or next_sync["fetched"] <= REFERRALS - max(case.kept - PAGE, 0),
        f"{observed.rows_after} rows after": observed.rows_after == REFERRALS,
    }
    return [claim for claim, holds in claims.items() if not holds]


def _has_request_id(case: Case) -> bool:
    # only responses of Partner Center have a Request-ID
    return case.status is not None and case.place != "sign-in"


def _has_expected_fields(case: Case, event: dict[str, Any]) -> bool:
    has_fields = {"status_code", "request_id", "attempt", "retry_after"} <= event.keys()
    return has_fields and event["status_code"] == case.status and bool(event["request_id"]) == _has_request_id(case)


class Clock:
    """A clock that a wait moves forward without waiting; `on_wait` is called with the number of each wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.on_wait: Any = None

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.on_wait is not None:
            self.on_wait(len(self.waits))

    def now(self) -> float:
        return monotonic() + sum(self.waits)


class _Client(PartnerCenterClient):
    """A client whose sandbox stops after a page, so that the next connection is refused."""

    installation: Installation
    stop_after_page: int | None = None
    settle_seconds = 0.0

    def pages(self, **query: Any) -> Iterator[Any]:
        if self.stop_after_page == 0:
            self.installation.sandbox.stop()
        for page in super().pages(**query):
            yield page
            sleep(self.settle_seconds)
            if page.number == self.stop_after_page:
                self.installation.sandbox.stop()


def run(case: Case, installation: Installation) -> Observed:
    """Run a sync with the fault, and a second one without it if the first fails; an account has to be signed in."""
    installation.reset()
    installation.sandbox.options = replace(installation.sandbox.options, **case.upstream)
    clock = Clock()
    if case.place == "sign-in":
        _expire_access_token()
    policy = replace(DEFAULT_POLICY, read=READ_SECONDS) if case.what == "timed out" else DEFAULT_POLICY
    client = _client(installation, clock, policy)
    client.settle_seconds = SETTLE_SECONDS if "after" in case.when else 0.0
    is_refused = case.fault is None
    if case.fault is not None:
        installation.sandbox.fail(case.fault)
    else:
        client.stop_after_page = max(PLACES.index(case.place) - 1, 0)
        if not case.is_permanent:
            clock.on_wait = lambda number: number == TRIES - 1 and installation.sandbox.start()
    with capture_logs() as events:
        summary = installation.sync(page_size=PAGE, client=client)
    requested = [request.endpoint for request in installation.sandbox.requests]
    place = ("token", None) if case.place == "sign-in" else ("list", PLACES.index(case.place))
    observed = Observed(
        summary=summary,
        exit_code=_exit_code(summary),
        tries=len(clock.waits) + 1 if is_refused else requested.count(place),
        waits=clock.waits,
        events=[dict(event) for event in events],
        kept=installation.value("select count(*) from raw_referrals"),
        refreshes=requested.count(("token", None)) if case.place != "sign-in" else 0,
    )
    installation.sandbox.clear_faults()
    if is_refused and case.is_permanent:
        installation.sandbox.start()
    if case.is_permanent:
        observed.next_summary = installation.sync(page_size=PAGE, client=_client(installation, Clock(), DEFAULT_POLICY))
    observed.rows_after = installation.value(
        "select count(*) from partner_center_referrals where missing_since is null"
    )
    return observed


def _client(installation: Installation, clock: Clock, policy: RetryPolicy) -> _Client:
    http = Http(policy, sleep=clock.sleep, clock=clock.now)
    settings = load_settings()
    client = _Client(http, open_sign_in(settings, http), settings.partner_center_api_url)
    client.installation = installation
    return client


def _exit_code(summary: dict[str, Any]) -> int:
    """Return the exit code that `hunter sync` has for the summary."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return print_result(SyncResult(summary), as_json=False)


def _expire_access_token() -> None:
    """Expire the access token in the cache; the refresh token stays valid."""
    path = load_settings().token_cache
    sections = simplejson.loads(path.read_text(encoding="utf-8"))
    for entry in sections["AccessToken"].values():
        entry["expires_on"] = "1"
    path.write_text(simplejson.dumps(sections), encoding="utf-8")


def use(installation: Installation) -> None:
    """Set the installation's variables in this process."""
    os.environ.update(installation.environment)
    disable_synchronous_commit(installation)


def disable_synchronous_commit(installation: Installation) -> None:
    """Make the tests faster: this database does not have to survive a power failure."""
    [row] = installation.rows("select current_database() as name")
    installation.execute(f"alter database {row['name']} set synchronous_commit = off")
