"""`hunter leads`: the rows of `leads_ready`, for eyes, scripts and spreadsheets."""

import sys
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import ConfigurationError, DatabaseError

_UNBROKEN = 10_000


class Format(Enum):
    """How the leads are written."""

    table = "table"
    csv = "csv"
    json = "json"
    xlsx = "xlsx"


def leads(
    form: Annotated[Format, typer.Option("--format", help="How to write them.")] = Format.table,
    output: Annotated[Path | None, typer.Option("--output", help="A file instead of standard output.")] = None,
) -> None:
    """Print the leads that are ready to call, the most urgent first."""
    from hunter_pipeline.warehouse import leads_ready, migrate  # noqa: PLC0415
    from hunter_pipeline.warehouse.connection import Warehouse  # noqa: PLC0415
    from hunter_pipeline.web import exports  # noqa: PLC0415 - pandas takes a while to import

    if form is Format.xlsx and output is None and sys.stdout.isatty():
        raise ConfigurationError("A terminal cannot show an Excel file.", hint="Name a file: --output leads.xlsx")
    warehouse = Warehouse.from_settings(load_settings())
    if migrate.status(warehouse)[0] is None:
        raise DatabaseError("The database is still empty.", hint="Run: hunter sync (or hunter demo --once, to try it).")
    with warehouse.connection() as connection:
        rows = leads_ready.leads_ready(connection)
    if form is Format.table and output is None:
        _print_table(rows)
        return
    content = exports.table(rows) if form is Format.table else exports.WRITERS[form.value](rows)
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(
            f"--output holds {output}, which cannot be written ({error.strerror}).", hint="Name another file."
        ) from error
    print(f"Wrote {len(rows)} leads to {output}.", file=sys.stderr)


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    shown = ("score", "canonical_name", "domain", "country", "referral_type", "status", "contact_name", "expires_at")
    table = Table(*shown, box=box.SIMPLE_HEAD, show_edge=False)
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in shown))
    # to a pipe each lead is one line, however long: `hunter leads | grep contoso`
    console = Console(width=None if sys.stdout.isatty() else _UNBROKEN, markup=False, highlight=False)
    with console.capture() as drawn:
        console.print(table)
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()))
    print(f"{len(rows)} lead{'' if len(rows) == 1 else 's'}", file=sys.stderr)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    return "" if value is None else " ".join(str(value).split())
