"""Run `hunter forget`: erase a person everywhere and keep them erased."""

from typing import Annotated

import typer

from hunter_pipeline.cli.output import print_waiting_for_sync
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.pipeline.erase import erase_person
from hunter_pipeline.pipeline.sign_in import own_domains
from hunter_pipeline.referrals.addresses import canonical_address
from hunter_pipeline.warehouse import schema
from hunter_pipeline.warehouse.connection import Warehouse


def forget(email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]) -> None:
    """
    Erase a person everywhere, and keep them erased.

    Referrals that name the person lose all contacts, notes and other free text, payload history included; the
    referrals themselves and the companies stay. It waits for a running sync.
    """
    settings = load_settings()
    address = canonical_address(email)
    if address is None:
        raise typer.BadParameter("EMAIL has to be one e-mail address, like somebody@company.com.")
    configure_logs(settings)
    warehouse = Warehouse.from_settings(settings)
    schema.ensure_current(warehouse)
    counts = erase_person(warehouse, address, own_domains(settings), print_waiting_for_sync)
    rows = ", ".join(f"{count} in {table}" for table, count in counts.items() if count)
    result = f"Erased. Rows changed: {rows}." if rows else "No row names this person."
    print(f"{result} Later syncs leave this person out.")
