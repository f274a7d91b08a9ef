"""What PostgreSQL knows of its own tables."""

from typing import Any

from psycopg import sql

from hunter_pipeline.warehouse.connection import Connection, queries


def columns(connection: Connection, table: str) -> list[dict[str, Any]]:
    """`name`, `type` and `comment` of a table's or view's columns, in their order."""
    return list(queries().table_columns(connection, table=table))


def analyze(connection: Connection, *names: str) -> None:
    """
    Let PostgreSQL count these tables now.

    Its own daemon does so about a minute after a bulk load; until then it plans as if they were empty.
    """
    connection.execute(sql.SQL("analyze {}").format(sql.SQL(", ").join(map(sql.Identifier, names))))


def server_version(connection: Connection) -> str:
    """PostgreSQL's own version, e.g. '18.1'."""
    return str(queries().server_version(connection))
