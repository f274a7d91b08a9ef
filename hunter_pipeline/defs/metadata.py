"""What Dagster's web UI shows of a table: its rows, which it plots, its columns, and a few rows to look at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from hunter_pipeline.warehouse import tables
from hunter_pipeline.warehouse.connection import Connection


def table_metadata(connection: Connection, table: str, rows: int) -> dict[str, Any]:
    """Dagster's standard entries for a table: row count, full name, column schema."""
    columns = [
        dg.TableColumn(column["name"], column["type"], description=column["comment"])
        for column in tables.columns(connection, table)
    ]
    return {
        "dagster/row_count": rows,
        "dagster/table_name": f"{connection.info.dbname}.public.{table}",
        "dagster/column_schema": dg.TableSchema(columns=columns),
    }


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> dg.MarkdownMetadataValue:
    """Rows without personal data as a Markdown table; a text that says so where there are none."""
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
