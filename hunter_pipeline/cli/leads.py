"""`hunter leads`: print or export the rows of `leads_ready`."""

import codecs
import sys
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import ConfigurationError, DatabaseError
from hunter_pipeline.referrals.text import to_line

_TABLE_COLUMNS = (
    *("score", "canonical_name", "domain", "country", "referral_type", "status", "contact_name", "expires_at"),
)
# Outside a terminal each lead is one line, however long: `hunter leads | grep contoso`.
_UNLIMITED_WIDTH = 10_000


class Format(Enum):
    """The formats of `hunter leads`."""

    table = "table"
    csv = "csv"
    json = "json"
    xlsx = "xlsx"


def leads(
    form: Annotated[Format, typer.Option("--format", help="The output format.")] = Format.table,
    output: Annotated[Path | None, typer.Option("--output", help="Write to this file, not to standard output.")] = None,
) -> None:
    """Print the leads that are ready to call, the most urgent first."""
    from hunter_pipeline.warehouse import leads_ready, migrate  # noqa: PLC0415
    from hunter_pipeline.warehouse.connection import Warehouse  # noqa: PLC0415

    if form is Format.xlsx and output is None and sys.stdout.isatty():
        raise ConfigurationError("A terminal cannot show an Excel file.", hint="Name a file: --output leads.xlsx")
    warehouse = Warehouse.from_settings(load_settings())
    if migrate.status(warehouse)[0] is None:
        raise DatabaseError("The database is empty.", hint="Run: hunter sync (or hunter demo --once, to try it).")
    with warehouse.connection() as connection:
        rows = leads_ready.leads_ready(connection)
    if form is Format.table and output is None:
        print(_format_table(rows, width=None if sys.stdout.isatty() else _UNLIMITED_WIDTH), end="")
        print(f"{len(rows)} lead{'' if len(rows) == 1 else 's'}", file=sys.stderr)
        return
    content = _format_leads(rows, form)
    if output is None:
        # the byte order mark is for spreadsheets; other programs would read it as part of the first column's name
        sys.stdout.buffer.write(content.removeprefix(codecs.BOM_UTF8))
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(
            f"--output names {output}, which cannot be written: {error.strerror}.", hint="Name another file."
        ) from error
    print(f"Wrote {len(rows)} leads to {output}.", file=sys.stderr)


def _format_leads(rows: list[dict[str, Any]], form: Format) -> bytes:
    if form is Format.table:
        return _format_table(rows, width=_UNLIMITED_WIDTH).encode()
    if form is Format.xlsx:
        from hunter_pipeline.web import workbook  # noqa: PLC0415 - openpyxl takes a while to import

        return workbook.to_xlsx(rows, currency=load_settings().currency)
    from hunter_pipeline.web import exports  # noqa: PLC0415 - as above

    return exports.to_csv(rows) if form is Format.csv else exports.to_json(rows)


def _format_table(rows: list[dict[str, Any]], *, width: int | None) -> str:
    """Return the leads as a text table; `width=None` is the terminal's width."""
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(*_TABLE_COLUMNS, box=box.SIMPLE_HEAD, show_edge=False)
    for row in rows:
        table.add_row(*(_format_cell(row[name]) for name in _TABLE_COLUMNS))
    console = Console(width=width, markup=False, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _format_cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    return "" if value is None else to_line(str(value))
