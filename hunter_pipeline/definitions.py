"""
Build `defs`, the definitions that Dagster loads, from the settings without any connection.

`dg`, `dagster`, `workspace.yaml` and the `hunter` command all load this module.
"""

import logging
import warnings

import dagster as dg

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.defs import assets, checks, maintenance
from hunter_pipeline.defs.alerts import alerts_sensor, lead_notifications_sensor
from hunter_pipeline.defs.resources import PartnerCenterResource, SyncRunResource, WarehouseResource
from hunter_pipeline.defs.schedules import METRICS_JOB, METRICS_SCHEDULE, build_changes_sensor, build_schedules
from hunter_pipeline.defs.updates import pending_updates_sensor, send_referral_updates
from hunter_pipeline.pipeline.sync_run import SYNC_JOB

# A skipped sync has no check results, of which Dagster warns in plain text between the events of the log.
logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)

_LEVEL = dg.Field(str, default_value="CRITICAL", is_required=False)


@dg.logger({"log_level": _LEVEL, "name": dg.Field(str, default_value="dagster", is_required=False)})
def quiet_console(context: dg.InitLoggerContext) -> logging.Logger:
    """
    Suppress Dagster's console log unless a run sets another `log_level`.

    The pipeline writes its events to standard error; Dagster would repeat each of them.
    """
    return dg.colored_console_logger.logger_fn(context)


def build_resources() -> dict[str, dg.ConfigurableResource]:
    """Return the resources of the assets, checks, schedules and sensors."""
    return {
        "partner_center": PartnerCenterResource(),
        "warehouse": WarehouseResource(),
        "sync_run": SyncRunResource(),
    }


def build_defs(
    settings: Settings | None = None, resources: dict[str, dg.ConfigurableResource] | None = None
) -> dg.Definitions:
    """
    Return the definitions that Dagster loads.

    Runs execute in one process: a sync of seconds needs no process per step, and its lease belongs to one process.
    Raises: ConfigurationError if a variable has a wrong value.
    """
    settings = settings or load_settings()
    fresh = dg.FreshnessPolicy.time_window(fail_window=settings.freshness_window)
    job = dg.define_asset_job(
        SYNC_JOB,
        dg.AssetSelection.assets(*assets.SYNCED),
        description="One sync, from Partner Center to leads_ready.",
        # What the launchpad shows; without it, it shows an empty field for each resource and check.
        config={"ops": {"raw_referrals": {"config": {"mode": assets.Mode.incremental.value}}}},
    )
    tables = dg.map_asset_specs(
        lambda spec: spec if spec.freshness_policy else spec.replace_attributes(freshness_policy=fresh),
        _with_code_references(settings),
    )
    return dg.Definitions(
        assets=[assets.partner_center, *tables],
        asset_checks=checks.ALL,
        jobs=[job, METRICS_JOB, maintenance.prune_dagster_storage, send_referral_updates],
        schedules=[*build_schedules(settings), METRICS_SCHEDULE, maintenance.PRUNE_SCHEDULE],
        sensors=[build_changes_sensor(settings), alerts_sensor, lead_notifications_sensor, pending_updates_sensor],
        resources=resources or build_resources(),
        executor=dg.in_process_executor,
        loggers={"console": quiet_console},
    )


def _with_code_references(settings: Settings) -> list[dg.AssetsDefinition]:
    """Attach file and line to each asset; with HUNTER_SOURCE_URL set, as links to that git repository."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        referenced = dg.with_source_code_references(assets.ALL)
        if settings.source_url:
            root = project_file("hunter_pipeline").parent
            mapping = dg.AnchorBasedFilePathMapping(local_file_anchor=root, file_anchor_path_in_repository="")
            referenced = dg.link_code_references_to_git(
                referenced, git_url=settings.source_url, git_branch="main", file_path_mapping=mapping
            )
    return [asset for asset in referenced if isinstance(asset, dg.AssetsDefinition)]


defs = build_defs()
