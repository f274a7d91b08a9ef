"""Read the view `lead_metrics`."""

from collections.abc import Sequence

from hunter_pipeline.warehouse.connection import Connection, Row, fetch_all


def read(connection: Connection) -> list[Row]:
    """Return the row of all referrals, then those of the types and the countries, the most frequent first."""
    return fetch_all(connection, "lead_metrics")


def numbers(rows: Sequence[Row]) -> dict[str, float]:
    """Return the known numbers of all referrals, and the win rate of each type: {"median_hours": 20.5, ...}."""
    found = {name: number for name, number in rows[0].items() if name not in ("dimension", "value")}
    found |= {
        f"win_rate_{row['value']}": row["win_rate"]
        for row in rows
        if row["dimension"] == "referral_type" and row["value"]
    }
    return {name: float(number) for name, number in found.items() if number is not None}
