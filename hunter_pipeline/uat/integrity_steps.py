"""Run steps 5 to 7: logs and errors, the stored data, the feature flag. Faults need an isolated environment."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from hunter_pipeline.config.logs import SOURCE, mask
from hunter_pipeline.config.settings import PARTNER_CENTER
from hunter_pipeline.pipeline.sync_run import FLAG_DISABLED
from hunter_pipeline.referrals.canonical_domain import canonical_domain, resolve
from hunter_pipeline.sandbox import Fault, timestamps
from hunter_pipeline.uat import clients
from hunter_pipeline.uat.clients import SYNC_PATHS, SyncCommandResult
from hunter_pipeline.uat.expected_schema import DOMAINS, OWN_DOMAINS, TABLES
from hunter_pipeline.uat.sync_steps import format_counts
from hunter_pipeline.uat.system import AcceptanceContext, Evidence, IsolatedEnvironment, System
from hunter_pipeline.warehouse import acceptance, sync_lease, sync_runs, tables
from hunter_pipeline.warehouse.connection import Connection, fetch_all

LOG_FIELDS = ("event", "source", "level", "timestamp", "env", "feature_flag_state", "run_id")
# How long rows may be incomplete because a sync is in progress.
SETTLE_SECONDS = 60
# Examples shown in a line of evidence.
SHOWN = 5
_LIST_PATH = "/v1.0/engagements/referrals"
_ALLOWED_VALUES = {
    "source": (SOURCE,),
    "level": ("debug", "info", "warning", "error", "critical"),
    "env": ("development", "production"),
    "feature_flag_state": ("enabled", "disabled"),
}


def check_logs_and_errors(context: AcceptanceContext) -> Iterator[Evidence]:
    """Step 5: log lines are events; a refusal is not retried, an outage is, and an invalid payload is quarantined."""
    yield _check_log(context.syncs)
    isolated = context.isolated
    context.show("Isolated environment: Partner Center refuses")
    yield from _check_refusal(isolated)
    context.show("Isolated environment: an outage, and an invalid payload")
    yield from _check_outage(isolated)


def _check_log(syncs: list[SyncCommandResult]) -> Evidence:
    lines = [line for sync in syncs for line in sync.log_lines]
    if not lines:
        return Evidence(False, "no sync of the system wrote a log")
    problems = log_problems(lines)
    if problems:
        return Evidence(False, f"of {len(lines)} log lines {len(problems)} are wrong: {'; '.join(problems[:SHOWN])}")
    return Evidence(
        True,
        f"{len(lines)} log lines of {len(syncs)} syncs are JSON objects with {', '.join(LOG_FIELDS)}, "
        "without an e-mail address or a token",
    )


def log_problems(lines: Iterable[str]) -> list[str]:
    """Return which lines are wrong and why, e.g. ['line 3 is not a JSON object']; their content is not quoted."""
    problems = ((number, _line_problem(line)) for number, line in enumerate(lines, 1))
    return [f"line {number} {problem}" for number, problem in problems if problem]


def _line_problem(line: str) -> str | None:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        return "is not a JSON object"
    if missing := [name for name in LOG_FIELDS if name not in event]:
        return f"lacks {', '.join(missing)}"
    if invalid := [name for name in LOG_FIELDS if not _is_valid(name, event[name])]:
        return f"has an invalid value in {', '.join(invalid)}"
    return "contains an e-mail address or a token" if mask(line) != line else None


def _is_valid(name: str, value: Any) -> bool:
    if name == "run_id" and value is None:
        return True  # an event outside a run
    if not isinstance(value, str) or not value:
        return False
    if name != "timestamp":
        return value in _ALLOWED_VALUES.get(name, (value,))
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _check_refusal(isolated: IsolatedEnvironment) -> Iterator[Evidence]:
    """Expect exit code 3, the error's type and a single request for a 403."""
    sandbox = isolated.sandbox
    sandbox.fail(Fault(where="list", kind="403"))
    before = len(sandbox.requests)
    sync = clients.run_sync_command(isolated.variables)
    sandbox.clear_faults()
    requests = _count_list_requests(isolated, before)
    error = sync.summary.get("error") or {}
    yield Evidence(
        sync.code == 3 and error.get("type") == "PartnerCenterAuthError",  # noqa: PLR2004
        f"403: exit code {sync.code} (expected: 3), {error.get('type')} (expected: PartnerCenterAuthError)",
    )
    yield Evidence(requests == 1, f"403: {requests} requests (expected: 1, no retry)")
    events = sync.events("partner_center_sync_failed")
    logged = [(event.get("status_code"), bool(event.get("request_id"))) for event in events]
    yield Evidence(
        logged == [(403, True)], f"403: {len(events)} log events partner_center_sync_failed with the request id"
    )


def _check_outage(isolated: IsolatedEnvironment) -> Iterator[Evidence]:
    """Expect two retries after two responses of 500, and one invalid payload in quarantine."""
    sandbox = isolated.sandbox
    sandbox.world.arrive(2)
    valid = sandbox.world.incoming().keys()
    sandbox.world.add({"id": None, "updatedDateTime": timestamps.utc_now(), "direction": "Incoming"})
    sandbox.fail(Fault(where="list", kind="500", times=2))
    before = len(sandbox.requests)
    sync = clients.run_sync_command(isolated.variables)
    sandbox.clear_faults()
    summary = sync.summary
    yield Evidence(
        sync.code == 0 and summary["status"] == "success" and summary.get("retries") == 2,  # noqa: PLR2004
        f"500 twice: exit code {sync.code}, {summary['status']} after {summary.get('retries')} retries and "
        f"{_count_list_requests(isolated, before)} requests; {format_counts(summary)}",
    )
    logged = [(event.get("status_code"), event.get("attempt")) for event in sync.events("partner_center_retry")]
    yield Evidence(logged == [(500, 1), (500, 2)], f"500: log events partner_center_retry (status, attempt): {logged}")
    with isolated.warehouse.connection() as connection:
        quarantined, reasons = acceptance.quarantined_by(connection, str(summary["run_id"]))
        stored, _ = acceptance.referral_counts(connection)
    yield Evidence(
        quarantined == summary["quarantined"] == 1 and stored == len(valid),
        f"one invalid payload: {quarantined} quarantined ({', '.join(reasons) or 'no reason'}), "
        f"{stored} of {len(valid)} valid ones stored",
    )


def _count_list_requests(isolated: IsolatedEnvironment, since: int) -> int:
    return sum(request.path == _LIST_PATH for request in isolated.sandbox.requests[since:])


def check_data(context: AcceptanceContext) -> Iterator[Evidence]:
    """Step 6: all columns exist, every referral is in every table, a lead is one row, domains are canonical."""
    system = context.system
    context.show("Reading the tables")
    with system.warehouse.connection() as connection:
        yield _check_columns(connection)
        counts = acceptance.counts(connection)
    rows = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
    yield Evidence(counts["raw_referrals"] > 0, f"rows: {rows}")
    for subject, query in (
        ("referrals that are not in all three tables", "unaccounted_referrals"),
        ("companies with more than one row", "duplicate_company_domains"),
        ("domains with more than one row in leads_ready", "duplicate_lead_domains"),
        ("leads in which leads_ready and the open referrals differ", "misplaced_leads"),
    ):
        yield _expect_none(subject, _settled_rows(system, query))
    with system.warehouse.connection() as connection:
        stored = [row["domain"] for row in fetch_all(connection, "stored_domains", since=None)]
    odd = [domain for domain in stored if canonical_domain(domain, own=system.own_domains) != domain]
    yield _expect_none(f"of {len(stored)} stored domains, not canonical", odd)
    wrong = [text for text, expected in DOMAINS.items() if tuple(resolve(text, own=OWN_DOMAINS)[:2]) != expected]
    yield _expect_none(f"of {len(DOMAINS)} examples of domains, wrong", wrong)


def _check_columns(connection: Connection) -> Evidence:
    missing: list[str] = []
    for table, expected in TABLES.items():
        types = {column["name"]: column["type"] for column in tables.columns(connection, table)}
        for column in expected.replace("timestamptz", "timestamp with time zone").split(", "):
            name, _, kind = column.partition(" ")
            if name not in types or kind not in ("", types[name]):
                missing.append(f"{table}.{name}{f' as {kind}' if kind else ''}")
    return _expect_none(f"missing columns of the {len(TABLES)} tables and views", missing)


def _settled_rows(system: System, query: str) -> Sequence[Any]:
    """Return the rows of a query of `sql/queries`; while a sync is in progress, query again until there are none."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        with system.warehouse.connection() as connection:
            was_busy = sync_lease.holder(connection) is not None
            rows = fetch_all(connection, query)
            is_busy = was_busy or sync_lease.holder(connection) is not None
        if not rows or not is_busy or time.monotonic() > deadline:
            return rows
        time.sleep(1)


def _expect_none(subject: str, offenders: Sequence[Any]) -> Evidence:
    examples = ", ".join(
        str(next(iter(each.values()))) if isinstance(each, dict) else repr(each) for each in offenders[:SHOWN]
    )
    return Evidence(not offenders, f"{subject}: {f'{len(offenders)} ({examples})' if offenders else 'none'}")


def check_flag_off(context: AcceptanceContext) -> Iterator[Evidence]:
    """Step 7: with the flag off the API returns 400, a run is skipped and logged, and nothing calls Partner Center."""
    isolated = context.isolated
    off = {**isolated.variables, f"{PARTNER_CENTER}ENABLED": "false"}
    before = len(isolated.sandbox.requests)
    context.show("Isolated environment: the feature flag is off")
    sync = clients.run_sync_command(off)
    summary = sync.summary
    yield Evidence(
        sync.code == 0 and (summary["status"], summary["reason"]) == ("skipped", FLAG_DISABLED),
        f"`hunter sync` ended with exit code {sync.code}: {summary['status']}, reason {summary['reason']}",
    )
    with isolated.warehouse.connection() as connection:
        row = sync_runs.summary(connection, str(summary["run_id"])) or {}
    yield Evidence(
        (row.get("status"), row.get("reason")) == ("skipped", FLAG_DISABLED),
        f"its row in sync_runs: {row.get('status')}, reason {row.get('reason')}",
    )
    events = sync.events("partner_center_sync_skipped")
    logged = [(event.get("reason"), event.get("feature_flag_state")) for event in events]
    yield Evidence(logged == [(FLAG_DISABLED, "disabled")], f"its log events partner_center_sync_skipped: {logged}")
    with clients.running_command(isolated.home, off, "serve") as api:
        for path in SYNC_PATHS:
            status, body = api.request("POST", path)
            yield Evidence(status == 400, f"POST {path} returned {status}: {body.get('error')}")  # noqa: PLR2004
    calls = len(isolated.sandbox.requests) - before
    yield Evidence(calls == 0, f"requests to Partner Center or Entra meanwhile: {calls}")
