"""
What Dagster loads: `defs`, built from the settings without opening any connection.

`dagster definitions validate`, `workspace.yaml` and the `hunter` command all come in here.
"""

import logging

import dagster as dg

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.defs import assets, checks, pruning
from hunter_pipeline.defs.alerts import alerts_sensor
from hunter_pipeline.defs.resources import PartnerCenterResource, SyncRunResource, WarehouseResource
from hunter_pipeline.defs.schedules import JOB, build_schedules, build_sensor

RESOURCES: dict[str, dg.ConfigurableResource] = {
    "partner_center": PartnerCenterResource(),
    "warehouse": WarehouseResource(),
    "sync_run": SyncRunResource(),
}

_LEVEL = dg.Field(str, default_value="CRITICAL", is_required=False)


@dg.logger({"log_level": _LEVEL, "name": dg.Field(str, default_value="dagster", is_required=False)})
def quiet_console(context: dg.InitLoggerContext) -> logging.Logger:
    """
    Dagster's console, quiet unless a run asks for more by `log_level`.

    Our own events are lines on standard error already; it would write each again, with words around its JSON.
    """
    return dg.colored_console_logger.logger_fn(context)


def build_defs(settings: Settings | None = None) -> dg.Definitions:
    """
    Everything that Dagster is to know.

    Runs execute in one process: a sync of seconds is not to be five process starts, and its lock lives as
    long as its process. Raises: ConfigurationError where a variable holds what it may not.
    """
    settings = settings or load_settings()
    selection = dg.AssetSelection.assets(*assets.ALL)
    job = dg.define_asset_job(JOB, selection, description="One sync, from Partner Center to leads_ready.")
    fresh = dg.FreshnessPolicy.time_window(fail_window=settings.freshness_window)
    return dg.Definitions(
        assets=[
            asset.map_asset_specs(lambda spec: spec.replace_attributes(freshness_policy=fresh))
            if asset is assets.partner_center_referrals
            else asset
            for asset in assets.ALL
        ],
        asset_checks=checks.ALL,
        jobs=[job, pruning.prune_dagster_storage],
        schedules=[*build_schedules(settings), pruning.SCHEDULE],
        sensors=[build_sensor(settings), alerts_sensor],
        resources=RESOURCES,
        executor=dg.in_process_executor,
        loggers={"console": quiet_console},
    )


defs = build_defs()
