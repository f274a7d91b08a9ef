"""Define the sensors that send alerts and notifications of leads every minute; they start no runs."""

from datetime import UTC, datetime

import dagster as dg

from hunter_pipeline.alerts.conditions import Condition, database_unreachable, evaluate_conditions
from hunter_pipeline.alerts.leads import lead_events
from hunter_pipeline.alerts.notifier import AlertState, notify_of_leads, notify_targets, target_id
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.notify_targets import notify_target
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.defs.resources import PartnerCenterResource, WarehouseResource
from hunter_pipeline.errors import DatabaseError, HunterError

NO_TARGET = "no_target: HUNTER_ALERT_URLS is empty"
NO_NOTIFY_TARGET = "no_target: HUNTER_NOTIFY_URLS is empty"
INTERVAL_SECONDS = 60


@dg.sensor(
    name="alerts_sensor",
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Alerts the targets in HUNTER_ALERT_URLS when something is wrong, and when it is right again.",
)
def alerts_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource, partner_center: PartnerCenterResource
) -> dg.SkipReason:
    """Send each target its new alerts; the cursor stores what was sent."""
    settings = load_settings()
    if not settings.alert_urls:
        return dg.SkipReason(NO_TARGET)
    configure_logs(settings)
    now = datetime.now(UTC)
    targets = [target_id(url.get_secret_value()) for url in settings.alert_urls]
    state = AlertState.from_cursor(context.cursor, targets, now)
    conditions = _conditions(warehouse, partner_center, state.since, now)
    sent, failed = notify_targets(state, conditions, settings, now)
    context.update_cursor(state.model_dump_json())
    return dg.SkipReason(_summary(context, "alert", sent, failed))


@dg.sensor(
    name="lead_notifications_sensor",
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the targets in HUNTER_NOTIFY_URLS of new, urgent, expiring and changed leads, each once.",
)
def lead_notifications_sensor(context: dg.SensorEvaluationContext, warehouse: WarehouseResource) -> dg.SkipReason:
    """Notify each target of new events of leads; the cursor stores what was sent."""
    settings = load_settings()
    urls = [url.get_secret_value() for url in settings.notify_urls]
    targets = [target for url in urls if (target := notify_target(url)) is not None]
    if not targets:
        return dg.SkipReason(NO_NOTIFY_TARGET)
    configure_logs(settings)
    now = datetime.now(UTC)
    state = AlertState.from_cursor(context.cursor, [target_id(url) for url in urls], now)
    with warehouse.connection() as connection:
        events = lead_events(connection, since=state.since)
    sent, failed = notify_of_leads(state, events, targets, settings, now)
    context.update_cursor(state.model_dump_json())
    return dg.SkipReason(_summary(context, "message", sent, failed))


def _summary(context: dg.SensorEvaluationContext, noun: str, sent: int, failed: list[str]) -> str:
    """Return the result of a tick, and log the targets that did not accept their messages."""
    summary = f"{sent} {noun}{'' if sent == 1 else 's'} sent"
    if failed:
        summary += f"; not accepted by {', '.join(failed)}, the next tick tries again"
        context.log.warning(summary)
    return summary


def _conditions(
    warehouse: WarehouseResource, partner_center: PartnerCenterResource, since: datetime, now: datetime
) -> list[Condition]:
    try:
        with warehouse.connection() as connection:
            problem = _sign_in_problem(partner_center)
            return evaluate_conditions(connection, load_settings(), now=now, since=since, sign_in_problem=problem)
    except DatabaseError as error:
        return database_unreachable(error.message)


def _sign_in_problem(partner_center: PartnerCenterResource) -> str | None:
    """Return the problem of the sign-in in the sentence of the check `sign_in_lasts`, or None."""
    try:
        status = partner_center.sign_in_status()
    except DatabaseError:
        raise
    except HunterError as error:  # the app registration is missing, or the token cache cannot be read
        return error.message
    return None if status is None else status.problem or status.expiry_warning()
