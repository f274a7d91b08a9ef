"""`hunter leads`: print or export the rows of `leads_ready`."""

import codecs
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.cells import cell_len

from hunter_pipeline.cli.output import format_table
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import ConfigurationError, DatabaseError
from hunter_pipeline.referrals.text import to_line
from hunter_pipeline.warehouse import leads_ready, listing, migrate
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.warehouse.list_queries import Filters

_TABLE_COLUMNS = (
    *("score", "canonical_name", "domain", "country", "referral_type", "status"),
    *("contact_name", "contact_phone", "contact_email", "expires_at"),
)
# Columns of a terminal that has room for all of them.
_WIDE = 100
_NARROWEST = 8
# On a terminal a lead is as many lines as the longest of these cells has values. A narrow one has no room for `what`
# and the domain: a telephone number or an address that is cut in two is of no use.
_STACKED_COLUMNS = {
    "score": ("score",),
    "company": ("canonical_name", "domain"),
    "call": ("contact_name", "contact_phone", "contact_email"),
    "what": ("referral_name", "referral_type", "status"),
    "expires": ("expires_at",),
}


Format = Literal["table", "csv", "json", "xlsx", "parquet"]


def leads(
    form: Annotated[Format, typer.Option("--format", help="The output format.")] = "table",
    output: Annotated[Path | None, typer.Option("--output", help="Write to this file, not to standard output.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Print only so many.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only leads in this status: New or Active.")] = None,
    referral_type: Annotated[str | None, typer.Option("--type", help="Only leads of this referral type.")] = None,
) -> None:
    """Print the leads that are ready to call, the most urgent first."""
    if form in ("xlsx", "parquet") and output is None and sys.stdout.isatty():
        raise ConfigurationError(f"A terminal cannot show {form}.", hint=f"Name a file: --output leads.{form}")
    warehouse = Warehouse.from_settings(load_settings())
    if migrate.status(warehouse)[0] is None:
        raise DatabaseError("The database is empty.", hint="Run: hunter sync (or hunter demo --once, to try it).")
    with warehouse.connection() as connection:
        known = listing.known_values(connection)
        filters = Filters(
            status=_known_value("--status", status, ["New", "Active"]),
            referral_type=_known_value("--type", referral_type, known["referral_type"]),
        )
        found = leads_ready.page(connection, filters, page_size=limit)
    rows = found.items
    if form == "table" and output is None:
        width = shutil.get_terminal_size().columns
        print(_format_stacked(rows, width) if sys.stdout.isatty() else _format_table(rows), end="")
        total = f"{found.total} lead{'' if found.total == 1 else 's'}"
        print(total if len(rows) == found.total else f"{len(rows)} of {total}", file=sys.stderr)
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
    if form == "table":
        return _format_table(rows).encode()
    from hunter_pipeline.web import exports  # noqa: PLC0415 - a table needs neither FastAPI nor openpyxl

    if form == "xlsx":
        return exports.to_xlsx(rows, currency=load_settings().currency)
    writers = {"csv": exports.to_csv, "json": exports.to_json, "parquet": exports.to_parquet}
    return writers[form](rows)


def _known_value(option: str, given: str | None, known: list[str]) -> str | None:
    """Return the stored spelling of a filter's value. Raises: ConfigurationError if no referral has it."""
    if given is None:
        return None
    value = next((value for value in known if value.casefold() == given.strip().casefold()), None)
    if value is None:
        raise ConfigurationError(f"{option} holds {to_line(given)!r}.", hint=f"It may hold {', '.join(known)}.")
    return value


def _format_table(rows: list[dict[str, Any]]) -> str:
    """Return the leads as a text table with one line per lead."""
    cells = ([_format_cell(row[name]) for name in _TABLE_COLUMNS] for row in rows)
    return format_table(_TABLE_COLUMNS, cells)


def _format_stacked(rows: list[dict[str, Any]], width: int) -> str:
    """Return the leads as a table of a terminal's width; a cell has a line for each of its values."""
    shown = _STACKED_COLUMNS
    if width < _WIDE:
        shown = {title: names for title, names in shown.items() if title != "what"} | {"company": ("canonical_name",)}
    cells = [[_stacked_cell(row, names) for names in shown.values()] for row in rows]
    return format_table(list(shown), cells, widths=_widths(list(shown), cells, width))


def _widths(titles: list[str], cells: list[list[str]], width: int) -> list[int]:
    """Return the columns of each cell: as many as it needs to be on one line, but company and what share the rest."""
    wanted = [
        max(map(cell_len, "\n".join([title, *column]).splitlines()))
        for title, column in zip(titles, zip(*cells, strict=True) if cells else [()] * len(titles), strict=True)
    ]
    flexible = [titles.index(title) for title in titles if title in ("company", "what")]
    fixed = sum(each for number, each in enumerate(wanted) if number not in flexible) + 2 * len(titles)
    share = max((width - fixed) // len(flexible), _NARROWEST)
    return [min(each, share) if number in flexible else each for number, each in enumerate(wanted)]


def _stacked_cell(row: dict[str, Any], names: tuple[str, ...]) -> str:
    values = [_format_cell(row[name]) for name in names]
    if "contact_name" in names and row["contact_allowed"] is False:
        values.insert(0, "(no consent)")
    return "\n".join(filter(None, values))


def _format_cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    return "" if value is None else to_line(str(value))
