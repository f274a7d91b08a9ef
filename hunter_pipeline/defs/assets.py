"""The five assets, in the order of the data; each opens, calls one step and returns its counts."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

import dagster as dg

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.defs.metadata import markdown_table, table_metadata
from hunter_pipeline.defs.resources import PartnerCenterResource, SyncRunResource, WarehouseResource
from hunter_pipeline.pipeline import steps
from hunter_pipeline.pipeline.sync_run import stream_of
from hunter_pipeline.warehouse import leads_ready as stored_leads
from hunter_pipeline.warehouse import raw_referrals as stored_versions
from hunter_pipeline.warehouse import referrals

GROUP = "referrals"


class Mode(Enum):
    """How much a sync reads."""

    incremental = "incremental"
    full = "full"


class PullConfig(dg.Config):
    """`mode`: incremental asks for what changed since the last success, full for everything."""

    mode: Mode = Mode.incremental


@dg.asset(group_name=GROUP, kinds={"postgres"}, output_required=False)
def raw_referrals(
    context: dg.AssetExecutionContext,
    config: PullConfig,
    partner_center: PartnerCenterResource,
    sync_run: SyncRunResource,
) -> Iterator[dg.MaterializeResult]:
    """
    Every version of every referral that Partner Center has shown us; of its payload, only forgotten people are missing.

    Nothing is materialized, here or downstream, where the feature flag is off or another sync is running.
    """
    if sync_run.begin(context, config.mode.value) is not None or (run := sync_run.current) is None:
        return
    with sync_run.step("raw_referrals"), partner_center.client() as client:
        size = run.settings.partner_center_page_size
        run.pulled = steps.pull(
            client, run.connection, run.stream, mode=config.mode.value, run_id=run.run_id, page_size=size
        )
        dropped = steps.drop_superseded(run.connection, days=run.settings.raw_retention_days)
        counts = stored_versions.counts(run.connection)
        table = table_metadata(run.connection, "raw_referrals", counts["versions"])
    numbers = {**_pull_metadata(run.pulled, run.settings.partner_center_api_url), "dropped": dropped}
    yield dg.MaterializeResult(metadata={**table, **numbers})


@dg.asset(group_name=GROUP, kinds={"postgres", "python"}, deps=[raw_referrals])
def normalized_referrals(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, sync_run: SyncRunResource
) -> dg.MaterializeResult:
    """
    The newest version of each referral, typed, with its kind and the customer's canonical domain.

    Within a sync it derives what has changed; made alone, it derives everything again from raw_referrals.
    """
    alone = raw_referrals.key not in context.selected_asset_keys
    with sync_run.step("normalized_referrals"), warehouse.connection() as connection:
        counts = steps.normalize(connection, own_domains=load_settings().own_domains, everything=alone)
        table = table_metadata(connection, "normalized_referrals", counts.pop("rows"))
    return dg.MaterializeResult(metadata={**table, **counts})


@dg.asset(group_name=GROUP, kinds={"postgres"}, deps=[normalized_referrals])
def partner_center_referrals(warehouse: WarehouseResource, sync_run: SyncRunResource) -> dg.MaterializeResult:
    """One row a referral, upserted: what the sales team works from."""
    run = sync_run.current
    with sync_run.step("partner_center_referrals"), warehouse.connection() as connection:
        merged = steps.merge(connection, stream_of(load_settings()), run.pulled if run else None)
        table = table_metadata(connection, "partner_center_referrals", merged.rows)
        sample = markdown_table(referrals.sample(connection))
    counts: dict[str, Any] = {"new": merged.new, "updated": merged.updated, "missing": merged.missing}
    if run and run.pulled:
        counts |= {"unchanged": run.pulled.unchanged(merged), "quarantined": run.pulled.quarantined}
    return dg.MaterializeResult(metadata={**table, **counts, "sample": sample})


@dg.asset(group_name=GROUP, kinds={"postgres"}, deps=[partner_center_referrals])
def companies(
    warehouse: WarehouseResource, partner_center: PartnerCenterResource, sync_run: SyncRunResource
) -> dg.MaterializeResult:
    """One row a canonical domain, with the Entra tenant that has it."""
    with (
        sync_run.step("companies"),
        warehouse.connection() as connection,
        partner_center.tenants() as directory,
    ):
        counts = steps.companies(connection, directory)
        table = table_metadata(connection, "companies", counts.pop("companies"))
    return dg.MaterializeResult(metadata={**table, **counts})


@dg.asset(group_name=GROUP, kinds={"postgres", "view"}, deps=[companies])
def leads_ready(warehouse: WarehouseResource, sync_run: SyncRunResource) -> dg.MaterializeResult:
    """The list that the sales team calls from: one row a company with an open referral, the most urgent first."""
    with sync_run.step("leads_ready"), warehouse.connection() as connection:
        counts = stored_leads.counts(connection)
        table = table_metadata(connection, "leads_ready", counts["leads"])
        sample = markdown_table(stored_leads.sample(connection))
    return dg.MaterializeResult(metadata={**table, **counts, "sample": sample})


def _pull_metadata(pulled: steps.Pull, api_url: str) -> dict[str, Any]:
    numbers = {"landed": pulled.landed, **pulled.counts()}
    return {**numbers, "source": dg.MetadataValue.url(f"{api_url}/v1.0/engagements/referrals")}


ALL = [raw_referrals, normalized_referrals, partner_center_referrals, companies, leads_ready]
