"""Build the metadata of the assets in Dagster's web UI: row counts, columns, their lineage, and sample rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from hunter_pipeline.warehouse import normalized_referrals, tables
from hunter_pipeline.warehouse.connection import Connection

# The source columns of each table's columns; "*" stands for all columns of a normalized referral.
_SOURCES: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "raw_referrals": dict.fromkeys(
        ("referral_id", "payload", "content_hash", "source_updated_at"), (("partner_center", "referral"),)
    ),
    "normalized_referrals": {
        "*": (("raw_referrals", "payload"),),
        "referral_id": (("raw_referrals", "referral_id"),),
        "content_hash": (("raw_referrals", "content_hash"),),
    },
    "partner_center_referrals": {
        "azure_tenant_id": (("companies", "azure_tenant_id"),),
        "synced_at": (("raw_referrals", "fetched_at"),),
        "deal_value_base": (("normalized_referrals", "deal_value"), ("normalized_referrals", "currency")),
        "lead_key": tuple(("normalized_referrals", name) for name in ("domain", "engagement_id", "referral_id")),
    },
    "companies": {
        "domain": (("partner_center_referrals", "domain"),),
        "canonical_name": (
            ("partner_center_referrals", "company_name"),
            ("partner_center_referrals", "source_updated_at"),
        ),
        "country": (("partner_center_referrals", "country"), ("partner_center_referrals", "source_updated_at")),
        "provider": (("partner_center_referrals", "domain"),),
        "azure_tenant_id": (("partner_center_referrals", "domain"),),
    },
    "leads_ready": {
        "company_id": (("companies", "id"),),
        "canonical_name": (("companies", "canonical_name"), ("partner_center_referrals", "company_name")),
        "domain": (("partner_center_referrals", "domain"),),
        "provider": (("companies", "provider"),),
        "country": (("companies", "country"), ("partner_center_referrals", "country")),
        "referral_types": (("partner_center_referrals", "referral_type"),),
        "referral_count": (("partner_center_referrals", "referral_id"),),
        "open_referral_count": (("partner_center_referrals", "status"),),
        "primary_referral_id": (("partner_center_referrals", "referral_id"),),
        "referral_ids": (("partner_center_referrals", "referral_id"),),
        "lead_key": (("partner_center_referrals", "lead_key"),),
        "referral_name": (("partner_center_referrals", "name"),),
        "contact_allowed": (("partner_center_referrals", "consent_to_contact"),),
        "contact_requested": (("partner_center_referrals", "customer_requested_contact"),),
        **{
            name: tuple(
                ("partner_center_referrals", column)
                for column in (
                    *("status", "qualification", "customer_requested_contact", "is_spam", "consent_to_contact"),
                    *("source_created_at", "expires_at", "expected_close_at", "deal_value_base", "contact_rank"),
                )
            )
            for name in ("score", "score_reasons", "score_points")
        },
    },
    "lead_metrics": {
        name: tuple(("partner_center_referrals", source) for source in sources)
        for name, sources in {
            "dimension": ("referral_type", "country"),
            "value": ("referral_type", "country"),
            "referrals": ("referral_id", "engagement_id"),
            "answered": ("accepted_at", "status", "substatus"),
            "median_hours": ("source_created_at", "accepted_at", "closed_at"),
            "share_in_24_hours": ("source_created_at", "accepted_at", "closed_at"),
            "expired": ("accepted_at", "substatus", "expires_at"),
            "share_expired": ("accepted_at", "substatus", "expires_at"),
            "expired_value": ("deal_value_base", "substatus"),
            **dict.fromkeys(("won", "lost", "win_rate"), ("substatus",)),
        }.items()
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
    sources = dict(_SOURCES[table])
    default = sources.pop("*", None)
    if table == "normalized_referrals" and default:
        sources = dict.fromkeys(normalized_referrals.COLUMNS, default) | sources
    if table == "partner_center_referrals":
        same = {name: (("normalized_referrals", name),) for name in normalized_referrals.COLUMNS}
        sources = same | sources
    if table == "leads_ready":
        same = {
            name: (("partner_center_referrals", name),) for name in (*normalized_referrals.COLUMNS, "deal_value_base")
        }
        sources = same | sources
    return dg.TableColumnLineage(
        {
            name: [
                dg.TableColumnDep(asset_key=dg.AssetKey(asset), column_name=column) for asset, column in sources[name]
            ]
            for name in columns
            if name in sources
        }
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
