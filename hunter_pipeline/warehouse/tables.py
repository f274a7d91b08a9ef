"""What PostgreSQL knows of its own tables."""

from typing import Any

from hunter_pipeline.warehouse.connection import Connection, queries


def columns(connection: Connection, table: str) -> list[dict[str, Any]]:
    """`name`, `type` and `comment` of a table's or view's columns, in their order."""
    return list(queries().table_columns(connection, table=table))
