"""Build the metadata of the assets in Dagster's web UI: row counts, columns, their lineage, and sample rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from hunter_pipeline.warehouse import normalized_referrals, tables
from hunter_pipeline.warehouse.connection import Connection

# The table that the columns of each table come from unless `_SOURCES` names another.
_UPSTREAM = {
    "raw_referrals": "partner_center",
    "normalized_referrals": "raw_referrals",
    "partner_center_referrals": "normalized_referrals",
    "companies": "partner_center_referrals",
    "leads_ready": "partner_center_referrals",
    "lead_metrics": "partner_center_referrals",
}
_ANSWER_TIMES = "source_created_at accepted_at closed_at"
_SCORED = (
    "status qualification customer_requested_contact is_spam consent_to_contact source_created_at expires_at "
    "expected_close_at deal_value_base contact_rank"
)
# The source columns of each column of a table, separated by spaces.
_SOURCES: dict[str, dict[str, str]] = {
    "raw_referrals": dict.fromkeys(("referral_id", "payload", "content_hash", "source_updated_at"), "referral"),
    "normalized_referrals": {
        **dict.fromkeys(normalized_referrals.COLUMNS, "payload"),
        "referral_id": "referral_id",
        "content_hash": "content_hash",
    },
    "partner_center_referrals": {
        **{name: name for name in normalized_referrals.COLUMNS},
        "azure_tenant_id": "companies.azure_tenant_id",
        "synced_at": "raw_referrals.fetched_at",
        "deal_value_base": "deal_value currency",
        "lead_key": "domain engagement_id referral_id",
    },
    "companies": {
        "domain": "domain",
        "canonical_name": "company_name source_updated_at",
        "country": "country source_updated_at",
        "provider": "domain",
        "azure_tenant_id": "domain",
    },
    "leads_ready": {
        **{name: name for name in (*normalized_referrals.COLUMNS, "deal_value_base", "lead_key")},
        "company_id": "companies.id",
        "canonical_name": "companies.canonical_name company_name",
        "provider": "companies.provider",
        "country": "companies.country country",
        "referral_types": "referral_type",
        "referral_count": "referral_id",
        "open_referral_count": "status",
        "primary_referral_id": "referral_id",
        "referral_ids": "referral_id",
        "referral_name": "name",
        "contact_allowed": "consent_to_contact",
        "contact_requested": "customer_requested_contact",
        **dict.fromkeys(("score", "score_reasons", "score_points"), _SCORED),
    },
    "lead_metrics": {
        **dict.fromkeys(("dimension", "value"), "referral_type country"),
        "referrals": "referral_id engagement_id",
        "answered": "accepted_at status substatus",
        **dict.fromkeys(("median_hours", "share_in_24_hours"), _ANSWER_TIMES),
        **dict.fromkeys(("expired", "share_expired"), "accepted_at substatus expires_at"),
        "expired_value": "deal_value_base substatus",
        **dict.fromkeys(("won", "lost", "win_rate"), "substatus"),
    },
}


def table_metadata(connection: Connection, table: str, rows: int) -> dict[str, Any]:
    """Return Dagster's standard entries for a table: row count, full name, column schema and column lineage."""
    columns = tables.columns(connection, table)
    return {
        "dagster/row_count": rows,
        "dagster/table_name": f"{connection.info.dbname}.public.{table}",
        "dagster/column_schema": dg.TableSchema(
            columns=[dg.TableColumn(each["name"], each["type"], description=each["comment"]) for each in columns]
        ),
        "dagster/column_lineage": column_lineage(table, [each["name"] for each in columns]),
    }


def column_lineage(table: str, columns: Sequence[str]) -> dg.TableColumnLineage:
    """Return the source columns of each column of a table."""

    def dependency(source: str) -> dg.TableColumnDep:
        asset, _, column = source.rpartition(".")
        return dg.TableColumnDep(asset_key=dg.AssetKey(asset or _UPSTREAM[table]), column_name=column)

    sources = _SOURCES[table]
    return dg.TableColumnLineage(
        {name: [dependency(source) for source in sources[name].split()] for name in columns if name in sources}
    )


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """Return rows without personal data as a Markdown table, or a sentence if there are none."""
    if not rows:
        return dg.MetadataValue.md("*no rows*")
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value).replace("|", "\\|").replace("\n", " ")[:80]
