"""Read the view `leads_ready`."""

from hunter_pipeline.warehouse.connection import Connection, Row, fetch_all, fetch_value


def count_urgent(connection: Connection) -> int:
    """Return how many leads expire within 24 hours or have a customer who asked for a call in the last 72 hours."""
    return int(fetch_value(connection, "count_urgent_leads"))


def sample(connection: Connection) -> list[Row]:
    """Return the five most urgent leads, without personal data."""
    return fetch_all(connection, "leads_sample")
