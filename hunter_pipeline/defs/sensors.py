"""Define the sensor that starts a sync when Partner Center has changed, and at intervals below a minute."""

import dagster as dg

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.defs.resources import PartnerCenterResource, WarehouseResource
from hunter_pipeline.defs.schedules import MINUTE, run_reason, skip_reason
from hunter_pipeline.pipeline.sync_run import QUIET_RUN_CONFIG, SYNC_JOB


def build_changes_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor for these settings: it ticks every minute, or more often if the interval is shorter."""

    @dg.sensor(
        name="partner_center_changes_sensor",
        job_name=SYNC_JOB,
        minimum_interval_seconds=min(settings.interval_seconds, MINUTE),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a sync early when Partner Center has changed; keeps a cadence below a minute.",
    )
    def changes(
        context: dg.SensorEvaluationContext, warehouse: WarehouseResource, partner_center: PartnerCenterResource
    ) -> dg.RunRequest | dg.SkipReason:
        current = load_settings()
        with warehouse.connection() as connection:
            reason = skip_reason(current, context.instance, connection)
            if reason is not None:
                return dg.SkipReason(reason)
            why = run_reason(current, partner_center, connection)
        if why is None:
            return dg.SkipReason("nothing_changed_upstream")
        return dg.RunRequest(run_config=QUIET_RUN_CONFIG, tags={"hunter/started_by": "sensor", "hunter/why": why})

    return changes
