"""Reading what the sales team reads."""

from typing import Any

from hunter_pipeline.warehouse.connection import Connection, queries


def leads_ready(connection: Connection) -> list[dict[str, Any]]:
    """The rows of the view `leads_ready`, the most urgent first. Personal data."""
    return list(queries().leads_ready(connection))


def counts(connection: Connection) -> dict[str, int]:
    """How many `leads` there are, and how many are `urgent` (score 60 or more)."""
    return queries().count_leads(connection)


def sample(connection: Connection) -> list[dict[str, Any]]:
    """The five most urgent leads, without personal data."""
    return list(queries().leads_sample(connection))
