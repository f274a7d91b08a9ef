"""Read columns and row counts of the pipeline's tables, and refresh their statistics."""

from psycopg import sql

from hunter_pipeline.warehouse.connection import Connection, Row, execute, fetch_all, fetch_value

# The number of rows added at once from which PostgreSQL's statistics are updated.
ANALYZE_FROM = 500


def columns(connection: Connection, table: str) -> list[Row]:
    """Return `name`, `type` and `comment` of the columns of a table or view, in their order."""
    return fetch_all(connection, "table_columns", table=table)


def analyze(connection: Connection, *names: str) -> None:
    """
    Update PostgreSQL's statistics of these tables.

    Autovacuum does so about a minute after a bulk load; until then queries are planned as if the tables were empty.
    """
    connection.execute(sql.SQL("analyze {}").format(sql.SQL(", ").join(map(sql.Identifier, names))))


def stored_count(connection: Connection, table: str) -> int | None:
    """Return the stored number of rows, or None if it has to be counted."""
    return fetch_value(connection, "stored_count", table=table)


def row_count(connection: Connection, table: str) -> int:
    """Return the stored number of rows; count and store it if there is none."""
    stored = stored_count(connection, table)
    return recount(connection, table) if stored is None else stored


def recount(connection: Connection, table: str) -> int:
    """Count the rows of a table or view and store the number."""
    [row] = connection.execute(sql.SQL("select count(*) as rows from {}").format(sql.Identifier(table))).fetchall()
    execute(connection, "store_count", table=table, row_count=row["rows"])
    return int(row["rows"])


def change_count(connection: Connection, table: str, delta: int) -> None:
    """Add to the stored number of rows."""
    if delta:
        execute(connection, "change_count", table=table, delta=delta)


def forget_count(connection: Connection, table: str) -> None:
    """Delete the stored number of rows, so that the next call of `row_count` counts them."""
    execute(connection, "forget_count", table=table)


def server_version(connection: Connection) -> str:
    """Return PostgreSQL's version, e.g. '18.1'."""
    return str(fetch_value(connection, "server_version"))
