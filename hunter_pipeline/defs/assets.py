"""Define the assets: each opens a connection, calls one step and returns its counts."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from typing import Any, cast

import dagster as dg

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.defs.metadata import markdown_table, table_metadata
from hunter_pipeline.defs.resources import PartnerCenterResource, SyncRunResource, WarehouseResource
from hunter_pipeline.pipeline.companies import update_companies
from hunter_pipeline.pipeline.extract import apply_retention, extract
from hunter_pipeline.pipeline.extract_state import Stream
from hunter_pipeline.pipeline.merge import merge
from hunter_pipeline.pipeline.normalize import normalize, rules_version
from hunter_pipeline.pipeline.sign_in import own_domains
from hunter_pipeline.warehouse import lead_metrics as stored_metrics
from hunter_pipeline.warehouse import leads_ready as stored_leads
from hunter_pipeline.warehouse import partner_center_referrals as stored_referrals
from hunter_pipeline.warehouse import tables

_COMMON: dict[str, Any] = {
    "group_name": "referrals",
    "owners": ["team:data"],
    "tags": {"source": "partner-center", "contains": "personal-data"},
}


def _code_version(*paths: str) -> str:
    """Return a short hash of the source files of an asset."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(project_file(path).read_bytes())
    return digest.hexdigest()[:12]


class Mode(Enum):
    """The extent of a sync."""

    incremental = "incremental"
    full = "full"


class ExtractConfig(dg.Config):
    """The configuration of a read; `mode` incremental reads changes since the last success, full reads everything."""

    mode: Mode = Mode.incremental


partner_center = dg.AssetSpec(
    "partner_center",
    group_name="referrals",
    kinds={"api"},
    owners=["team:data"],
    tags={"source": "partner-center"},
    description="Microsoft Partner Center: the referrals that Microsoft hands the partner, read over its API.",
)


@dg.asset(
    **_COMMON,
    kinds={"postgres"},
    deps=[partner_center],
    output_required=False,
    code_version=_code_version("sql/queries/raw_referrals.sql"),
)
def raw_referrals(
    context: dg.AssetExecutionContext,
    config: ExtractConfig,
    partner_center: PartnerCenterResource,
    warehouse: WarehouseResource,
    sync_run: SyncRunResource,
) -> Iterator[dg.MaterializeResult]:
    """
    Every version of every referral as Partner Center sent it; only erased people are missing.

    Nothing is materialized, here or downstream, if the feature flag is off or another sync is running.
    """
    if sync_run.begin(context, config.mode.value) is not None:
        return
    settings = load_settings()
    with sync_run.step("raw_referrals"), partner_center.client() as client, warehouse.connection() as connection:
        state = extract(
            client,
            connection,
            Stream.from_settings(settings),
            mode=config.mode.value,
            run_id=context.run.run_id,
            page_size=settings.partner_center_page_size,
        )
        dropped = apply_retention(connection, days=settings.raw_retention_days)
        table = table_metadata(connection, "raw_referrals", tables.row_count(connection, "raw_referrals"))
    source = dg.MetadataValue.url(f"{settings.partner_center_api_url}/v1.0/engagements/referrals")
    numbers = {"landed": state.landed, **state.counts(), "dropped": dropped, "source": source}
    yield dg.MaterializeResult(metadata={**table, **numbers})


@dg.asset(**_COMMON, kinds={"postgres", "python"}, deps=[raw_referrals], code_version=rules_version()[:12])
def normalized_referrals(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, sync_run: SyncRunResource
) -> dg.MaterializeResult:
    """
    Typed referrals with the customer's canonical domain: one row per referral, from its newest version.

    Within a sync it processes changed referrals; materialized alone it derives all again from raw_referrals.
    """
    with sync_run.step("normalized_referrals"), warehouse.connection() as connection:
        everything = not sync_run.is_sync(context)
        counts = normalize(connection, own_domains=own_domains(load_settings()), everything=everything)
        table = table_metadata(connection, "normalized_referrals", counts.rows)
    return dg.MaterializeResult(metadata={**table, "normalized": counts.normalized})


@dg.asset(
    **_COMMON,
    kinds={"postgres"},
    deps=[normalized_referrals],
    code_version=_code_version("sql/queries/partner_center_referrals.sql"),
)
def partner_center_referrals(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, sync_run: SyncRunResource
) -> dg.MaterializeResult:
    """One row per referral, upserted: what the sales team works with."""
    with sync_run.step("partner_center_referrals"), warehouse.connection() as connection:
        is_sync = sync_run.is_sync(context)
        run_id = context.run.run_id if is_sync else None
        merged = merge(connection, run_id, everything=not is_sync, currency=load_settings().currency)
        table = table_metadata(connection, "partner_center_referrals", merged.rows)
        sample = markdown_table(stored_referrals.sample(connection))
    counts = {"new": merged.counts.new, "updated": merged.counts.updated, "missing": merged.missing}
    return dg.MaterializeResult(metadata={**table, **counts, "sample": sample})


@dg.asset(
    **_COMMON,
    kinds={"postgres"},
    deps=[partner_center_referrals],
    code_version=_code_version("sql/queries/companies.sql"),
)
def companies(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    partner_center: PartnerCenterResource,
    sync_run: SyncRunResource,
) -> dg.MaterializeResult:
    """One row per canonical domain of a customer, with the Entra tenant that has it."""
    with (
        sync_run.step("companies"),
        warehouse.connection() as connection,
        partner_center.tenants() as directory,
    ):
        result = update_companies(connection, directory, everything=not sync_run.is_sync(context))
        table = table_metadata(connection, "companies", result.rows)
    return dg.MaterializeResult(metadata={**table, **result.counts._asdict(), "looked_up": result.looked_up})


@dg.asset(
    **_COMMON,
    kinds={"postgres", "view"},
    deps=[partner_center_referrals, companies],
    code_version=_code_version("sql/views/lead_scores.sql", "sql/views/leads_ready.sql"),
)
def leads_ready(warehouse: WarehouseResource, sync_run: SyncRunResource) -> dg.MaterializeResult:
    """The list that the sales team calls from: one row per company with an open referral, the most urgent first."""
    sample: dict[str, Any] = {}
    with sync_run.step("leads_ready"), warehouse.connection() as connection:
        if tables.stored_count(connection, "leads_ready") is None:  # rows have changed since the last count
            sample = {
                "urgent": stored_leads.count_urgent(connection),
                "sample": markdown_table(stored_leads.sample(connection)),
            }
        table = table_metadata(connection, "leads_ready", tables.row_count(connection, "leads_ready"))
    return dg.MaterializeResult(metadata={**table, **sample})


@dg.asset(
    **{**_COMMON, "tags": {"source": "partner-center"}},
    kinds={"postgres", "view"},
    deps=[partner_center_referrals],
    code_version=_code_version("sql/views/lead_metrics.sql"),
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26)),
)
def lead_metrics(warehouse: WarehouseResource, sync_run: SyncRunResource) -> dg.MaterializeResult:
    """
    How fast referrals are answered, how many expire and how many are won: overall, by type and by country.

    Not part of a sync, because it reads all referrals of the last 365 days: its job runs every night.
    """
    with sync_run.step("lead_metrics"), warehouse.connection() as connection:
        rows = stored_metrics.read(connection)
        table = table_metadata(connection, "lead_metrics", len(rows))
    return dg.MaterializeResult(metadata={**table, **stored_metrics.numbers(rows), "metrics": markdown_table(rows)})


# The assets of a sync.
SYNCED = cast(
    "list[dg.AssetsDefinition]",
    [raw_referrals, normalized_referrals, partner_center_referrals, companies, leads_ready],
)
ALL = [*SYNCED, lead_metrics]
