"""The sensor that tells people outside of trouble: it looks once a minute, and starts no run."""

from datetime import UTC, datetime

import dagster as dg

from hunter_pipeline.alerts import conditions
from hunter_pipeline.alerts.delivery import deliver, name_of
from hunter_pipeline.alerts.memory import Memory
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.defs.resources import PartnerCenterResource, WarehouseResource
from hunter_pipeline.defs.schedules import freshness_window
from hunter_pipeline.errors import DatabaseError, HunterError

NO_TARGET = "no_target: HUNTER_ALERT_URLS is empty"
SECONDS = 60


@dg.sensor(
    name="alerts_sensor",
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells the targets in HUNTER_ALERT_URLS of trouble, each trouble once.",
)
def alerts_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource, partner_center: PartnerCenterResource
) -> dg.SkipReason:
    """What was told, and what has not arrived yet, is kept in the cursor."""
    settings = load_settings()
    addresses = [address.get_secret_value() for address in settings.alert_urls]
    if not addresses:
        return dg.SkipReason(NO_TARGET)
    configure_logs(settings)
    now = datetime.now(UTC)
    memory = Memory.read(context.cursor, now)
    memory.note(
        _conditions(settings, warehouse, partner_center, memory, now),
        now=now,
        targets=[name_of(address) for address in addresses],
        place=settings.env,
        dagster_url=settings.dagster_url,
    )
    report = deliver(memory, addresses, now)
    context.update_cursor(memory.model_dump_json())
    if report.troubled or report.given_up:
        context.log.warning(report.in_words())
    return dg.SkipReason(report.in_words())


def _conditions(
    settings: Settings,
    warehouse: WarehouseResource,
    partner_center: PartnerCenterResource,
    memory: Memory,
    now: datetime,
) -> list[conditions.Condition]:
    try:
        with warehouse.connection() as connection:
            return conditions.look(
                connection,
                settings,
                now=now,
                window=freshness_window(settings),
                since=memory.since,
                sign_in=_sign_in_trouble(partner_center),
            )
    except DatabaseError as error:
        return conditions.database_down(error.message)


def _sign_in_trouble(partner_center: PartnerCenterResource) -> str | None:
    """As the check `sign_in_lasts` says it."""
    try:
        status = partner_center.sign_in_status()
    except DatabaseError:
        raise
    except HunterError as error:  # nobody is configured, or the token cache cannot be read
        return error.message
    return None if status is None else status.problem or status.expiry_warning()
