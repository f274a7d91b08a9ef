"""Define the job that sends answers to Partner Center, and the sensor that starts it within seconds."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import dagster as dg

from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.defs.resources import PartnerCenterResource, WarehouseResource, errors_as_failures
from hunter_pipeline.pipeline.answers import WRITE_BACK_OFF
from hunter_pipeline.pipeline.send_updates import SEND_JOB, SEND_OP, Sender
from hunter_pipeline.pipeline.sync_run import FLAG_DISABLED, QUIET_RUN_CONFIG
from hunter_pipeline.referrals.updates import UNDO_SECONDS
from hunter_pipeline.warehouse import referral_updates
from hunter_pipeline.warehouse.connection import Warehouse

INTERVAL_SECONDS = 5
NOTHING_DUE, IN_PROGRESS = "no_answer_is_due", "sending_in_progress"
# A run claims its first answer within this time; until then no second one is started.
_STARTUP = timedelta(seconds=60)
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def send_skip_reason(settings: Settings) -> str | None:
    """Return the reason why no answer may be sent, or None."""
    if settings.write_back == "off":
        return WRITE_BACK_OFF
    return FLAG_DISABLED if settings.write_back == "on" and not settings.partner_center_enabled else None


class SendConfig(dg.Config):
    """`wait_seconds`: how far ahead a run waits for answers that can still be taken back."""

    wait_seconds: float = 0


@dg.op(name=SEND_OP, description="Sends every answer that is due, and reads each referral back.")
def send_pending_updates(
    context: dg.OpExecutionContext,
    config: SendConfig,
    warehouse: WarehouseResource,
    partner_center: PartnerCenterResource,
) -> list[int]:
    """Send the due answers and return their numbers."""
    settings = load_settings()
    configure_logs(settings)
    if (reason := send_skip_reason(settings)) is not None:
        context.log.info(f"Skipped: {reason}")
        context.instance.add_run_tags(context.run_id, {"hunter/status": "skipped", "hunter/reason": reason})
        return []
    with errors_as_failures(), warehouse.connection(), partner_center.client() as client:
        waits = config.wait_seconds
        sender = Sender(Warehouse.from_settings(settings), settings, client, context.run_id, wait_seconds=waits)
        rows = sender.send_due()
    counts = Counter(sorted(row["state"] for row in rows))
    context.add_output_metadata({"handled": len(rows), **counts})
    if counts:
        context.instance.add_run_tags(
            context.run_id, {f"hunter/{state}": str(count) for state, count in counts.items()}
        )
    return sender.handled


@dg.job(name=SEND_JOB, description="Sends answers to Partner Center.")
def send_referral_updates() -> None:
    """Send the answers that are due."""
    send_pending_updates()


@dg.sensor(
    name="pending_updates_sensor",
    job_name=SEND_JOB,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts send_referral_updates as soon as an answer is due.",
)
def pending_updates_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> dg.RunRequest | dg.SkipReason:
    """
    Start a run if an answer is due or about to be, or if its sender has died.

    A run takes seconds to start: it is started while the answer can still be taken back, and waits for the rest.
    """
    settings = load_settings()
    if (reason := send_skip_reason(settings)) is not None:
        return dg.SkipReason(reason)
    with warehouse.connection() as connection:
        only_dry_runs = settings.write_back != "on"
        if not referral_updates.has_due(connection, only_dry_runs=only_dry_runs, within=UNDO_SECONDS):
            return dg.SkipReason(NOTHING_DUE)
    young = datetime.now(UTC) - _STARTUP
    starting = dg.RunsFilter(job_name=SEND_JOB, statuses=_UNFINISHED, created_after=young)
    if context.instance.get_runs(starting, limit=1):
        return dg.SkipReason(IN_PROGRESS)
    waiting = {"ops": {SEND_OP: {"config": {"wait_seconds": UNDO_SECONDS}}}}
    return dg.RunRequest(run_config=QUIET_RUN_CONFIG | waiting, tags={"hunter/started_by": "sensor"})
