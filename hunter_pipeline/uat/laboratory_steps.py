"""Steps 5 and 7: logs, faults and the flag off. What must not happen in a real home happens in the laboratory."""

from collections.abc import Iterator

from hunter_pipeline.config.settings import PARTNER_CENTER
from hunter_pipeline.pipeline.sync_run import FLAG_DISABLED
from hunter_pipeline.sandbox import Fault, timestamps
from hunter_pipeline.uat import commands, log_lines
from hunter_pipeline.uat.clients import ALSO_SYNC, SYNC
from hunter_pipeline.uat.commands import DirectSync
from hunter_pipeline.uat.report import Finding
from hunter_pipeline.uat.systems import free_api, served
from hunter_pipeline.uat.temporary import TemporaryHome
from hunter_pipeline.uat.trial import Trial, in_words
from hunter_pipeline.warehouse import acceptance, sync_runs

LIST = "/v1.0/engagements/referrals"
ARRIVALS = 2
SHOWN = 3


def logs_and_errors(trial: Trial) -> Iterator[Finding]:
    """Every line of the log is an event; a refusal is not repeated, an outage is waited for, bad data is set aside."""
    yield _structured(trial.syncs)
    laboratory = trial.laboratory
    trial.tell("Laboratory: Partner Center refuses")
    yield from _refused(laboratory)
    trial.tell("Laboratory: an outage, and a referral that is none")
    yield from _recovered(laboratory)


def _structured(syncs: list[DirectSync]) -> Finding:
    lines = [line for sync in syncs for line in sync.lines]
    if not lines:
        return Finding(False, "no sync of the system wrote a log")
    found = log_lines.troubles(lines)
    if found:
        return Finding(False, f"of {len(lines)} log lines {len(found)} are wrong: {'; '.join(found[:SHOWN])}")
    return Finding(
        True,
        f"{len(lines)} log lines of {len(syncs)} syncs are JSON objects with {', '.join(log_lines.FIELDS)}, "
        "without an e-mail address or a token",
    )


def _refused(laboratory: TemporaryHome) -> Iterator[Finding]:
    """403: the exit code for "sign in", the error's type, and one request only."""
    sandbox = laboratory.sandbox
    sandbox.fail(Fault(where="list", kind="403"))
    before = len(sandbox.requests)
    sync = commands.sync(laboratory.environment)
    sandbox.clear_faults()
    asked = _questions(laboratory, before)
    error = sync.summary.get("error") or {}
    yield Finding(
        sync.code == 3 and error.get("type") == "PartnerCenterAuthError",  # noqa: PLR2004
        f"403: exit code {sync.code} (expected: 3), {error.get('type')} (expected: PartnerCenterAuthError)",
    )
    yield Finding(asked == 1, f"403: {asked} requests (expected: 1, it is not repeated)")
    events = sync.events("partner_center_sync_failed")
    told = [(event.get("status_code"), bool(event.get("request_id"))) for event in events]
    yield Finding(
        told == [(403, True)], f"403: {len(events)} log events partner_center_sync_failed with the request id"
    )


def _recovered(laboratory: TemporaryHome) -> Iterator[Finding]:
    """500 twice, then an answer with one referral that is none."""
    sandbox = laboratory.sandbox
    sandbox.world.arrive(ARRIVALS)
    good = sandbox.world.incoming().keys()
    sandbox.world.add({"id": None, "updatedDateTime": timestamps.utc_now(), "direction": "Incoming"})
    sandbox.fail(Fault(where="list", kind="500", times=2))
    before = len(sandbox.requests)
    sync = commands.sync(laboratory.environment)
    sandbox.clear_faults()
    summary, retries = sync.summary, sync.events("partner_center_retry")
    yield Finding(
        sync.code == 0 and summary["status"] == "success" and summary.get("retries") == 2,  # noqa: PLR2004
        f"500 twice, then well: exit code {sync.code}, {summary['status']} after {summary.get('retries')} retries and "
        f"{_questions(laboratory, before)} requests; {in_words(summary)}",
    )
    told = [(event.get("status_code"), event.get("attempt")) for event in retries]
    yield Finding(told == [(500, 1), (500, 2)], f"500: log events partner_center_retry with status and attempt {told}")
    with laboratory.warehouse.connection() as connection:
        set_aside, reasons = acceptance.quarantined_by(connection, str(summary["run_id"]))
        stored, _ = acceptance.referral_counts(connection)
    yield Finding(
        set_aside == summary["quarantined"] == 1 and stored == len(good),
        f"one bad referral: {set_aside} in quarantine ({', '.join(reasons) or 'no reason'}), "
        f"{stored} of {len(good)} good ones stored",
    )


def _questions(laboratory: TemporaryHome, since: int) -> int:
    """How often the list of referrals was asked for."""
    return sum(request.path == LIST for request in laboratory.sandbox.requests[since:])


def flag_off(trial: Trial) -> Iterator[Finding]:
    """With the flag off the API refuses, a run is skipped and says so, and nothing calls Partner Center."""
    laboratory = trial.laboratory
    off = {**laboratory.environment, f"{PARTNER_CENTER}ENABLED": "false"}
    before = len(laboratory.sandbox.requests)
    trial.tell("Laboratory: the feature flag is off")
    sync = commands.sync(off)
    summary = sync.summary
    yield Finding(
        sync.code == 0 and (summary["status"], summary["reason"]) == ("skipped", FLAG_DISABLED),
        f"`hunter sync` ended with exit code {sync.code}: {summary['status']}, reason {summary['reason']}",
    )
    with laboratory.warehouse.connection() as connection:
        row = sync_runs.summary(connection, str(summary["run_id"])) or {}
    yield Finding(
        (row.get("status"), row.get("reason")) == ("skipped", FLAG_DISABLED),
        f"its row in sync_runs: {row.get('status')}, reason {row.get('reason')}",
    )
    told = [
        (event.get("reason"), event.get("feature_flag_state")) for event in sync.events("partner_center_sync_skipped")
    ]
    yield Finding(told == [(FLAG_DISABLED, "disabled")], f"its log event partner_center_sync_skipped says {told}")
    api, environment = free_api(off)
    with served(laboratory, environment, "serve", api):
        for path in (SYNC, ALSO_SYNC):
            status, body = api.ask("POST", path)
            yield Finding(status == 400, f"POST {path} answered {status}: {body.get('error')}")  # noqa: PLR2004
    calls = len(laboratory.sandbox.requests) - before
    yield Finding(calls == 0, f"requests to Partner Center or Entra meanwhile: {calls}")
