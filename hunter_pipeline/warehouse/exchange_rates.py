"""Convert the values of referrals with the table `exchange_rates`."""

from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.warehouse.connection import Connection, execute, fetch_one

DEFAULT_CURRENCY = "USD"


def apply_base_currency(connection: Connection, currency: str | None) -> bool:
    """
    Convert every value again if the currency or a rate has changed; return whether it had.

    Args:
        connection: within a write transaction.
        currency: ISO 4217 code; None for the currency of the last conversion.

    Raises: ConfigurationError if the currency has no rate; DatabaseError.
    """
    applied = fetch_one(connection, "applied_base_currency")
    wanted = currency or (applied["currency"] if applied else DEFAULT_CURRENCY)
    current = fetch_one(connection, "current_base_currency", currency=wanted)
    if current is None:
        raise ConfigurationError(
            f"HUNTER_CURRENCY holds {wanted!r}, which the table exchange_rates does not have.",
            hint="Set it to a currency of that table, such as USD or EUR, or insert its rate.",
        )
    if current == applied:
        return False
    execute(connection, "apply_base_currency", **current)
    execute(connection, "convert_values")
    return True
