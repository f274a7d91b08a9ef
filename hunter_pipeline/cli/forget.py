"""`hunter forget`: erase a person everywhere, and keep them erased."""

import sys
from typing import Annotated

import typer

from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import load_settings


def forget(email: Annotated[str, typer.Argument(metavar="EMAIL", help="Whom: one e-mail address.")]) -> None:
    """
    Erase a person everywhere, and keep them erased.

    Every table loses their address, name and number, payload history included; the referrals stay.
    It waits for a sync that is under way.
    """
    from hunter_pipeline.pipeline import erase as work  # noqa: PLC0415 - the lists of domains take a while to load
    from hunter_pipeline.referrals.erasure import plain_address  # noqa: PLC0415
    from hunter_pipeline.warehouse import migrate  # noqa: PLC0415
    from hunter_pipeline.warehouse.connection import Warehouse  # noqa: PLC0415

    settings = load_settings()
    address = plain_address(email)
    if address is None:
        raise typer.BadParameter("EMAIL has to be one e-mail address, like somebody@company.com.")
    configure_logs(settings)
    warehouse = Warehouse.from_settings(settings)
    migrate.upgrade(warehouse)
    counts = work.forget(warehouse, address, settings.own_domains, _say_waiting)
    print(in_words(counts))


def in_words(counts: dict[str, int]) -> str:
    """
    What was done, without whom.

    Shape: 'Erased; rows touched: 3 of raw_referrals, 1 of leads_ready. Later syncs leave this person out.'
    """
    rows = ", ".join(f"{count} of {table}" for table, count in counts.items() if count)
    done = f"Erased; rows touched: {rows}." if rows else "None found: no row names this person."
    return f"{done} Later syncs leave this person out."


def _say_waiting() -> None:
    print("Waiting for the sync that is under way.", file=sys.stderr, flush=True)
