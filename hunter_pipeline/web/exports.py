"""
Write leads and referrals as CSV, Excel or JSON.

Names and notes come from strangers, and spreadsheets execute a cell that begins like a formula (CSV injection). Such
text gets a leading apostrophe in CSV and is stored as plain text in Excel. Control characters are replaced.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import chain, islice
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils import get_column_letter

from hunter_pipeline.referrals.text import replace_control_characters
from hunter_pipeline.web import models

Rows = Iterable[Mapping[str, Any]]

LEAD_COLUMNS = tuple(models.Lead.model_fields)
REFERRAL_COLUMNS = tuple(models.Referral.model_fields)
# Rows that CSV holds in memory at a time.
BATCH_ROWS = 1_000
# Excel's limit.
MAX_CELL_CHARACTERS = 32_767
# Excel reads a CSV file as UTF-8 only if it begins with this mark.
BOM = "\ufeff"
# Where a spreadsheet sees the beginning of a formula: at the beginning of a cell, and after a semicolon or line break,
# because many locales split at semicolons. Spaces, invisible characters and full-width forms do not prevent it.
_FORMULA = re.compile(r"(?:^|(?<=[;\n]))(?=[\s\u200b\u2060\ufeff]*[=+\-@＝＋－＠])")
_PHONE_NUMBER = re.compile(r"[+-]?[\d\s().-]+")
_JSON_CONTROL = re.compile(r"[\x7f-\x9f]")
_NOT_IN_EXCEL = re.compile(r"[\ufffe\uffff]")
# The widths of columns are measured in these first rows, in characters.
_MEASURED_ROWS = 200
_WIDTHS = (10, 50)


def to_csv(rows: Rows) -> bytes:
    """Return leads as CSV."""
    return b"".join(csv_chunks(rows, LEAD_COLUMNS))


def csv_chunks(rows: Rows, columns: Sequence[str]) -> Iterator[bytes]:
    """
    Yield UTF-8 CSV with a byte order mark and a header line, a batch of rows at a time.

    Lists are joined by '; ', times are ISO 8601.
    """
    import pandas as pd  # noqa: PLC0415 - takes half a second, and only CSV needs it

    values = ([_csv_value(row[name]) for name in columns] for row in rows)
    batch, is_first = list(islice(values, BATCH_ROWS)), True
    while batch or is_first:
        # dtype=object, because pandas would turn a column of integers and None into floats
        frame = pd.DataFrame(batch, columns=list(columns), dtype=object)
        text = frame.to_csv(index=False, header=is_first, lineterminator="\r\n")
        yield (BOM + text if is_first else text).encode()
        batch, is_first = list(islice(values, BATCH_ROWS)), False


def to_xlsx(rows: Rows, columns: Sequence[str] = LEAD_COLUMNS, *, sheet: str = "leads_ready") -> bytes:
    """
    Return an Excel workbook with one sheet, a frozen header row and a filter; times are dates in UTC.

    openpyxl's write-only mode streams the rows; pandas' `to_excel` needs 8 kB of memory a row and takes twice as long.
    """
    workbook = Workbook(write_only=True)
    worksheet = workbook.create_sheet(sheet)
    worksheet.freeze_panes = "A2"
    rows = iter(rows)
    first_rows = list(islice(rows, _MEASURED_ROWS))
    letters = [get_column_letter(number) for number in range(1, len(columns) + 1)]
    for letter, name in zip(letters, columns, strict=True):
        longest = max(len(str(_flatten(row[name]) or "")) for row in ({name: name}, *first_rows))
        worksheet.column_dimensions[letter].width = min(max(longest + 2, _WIDTHS[0]), _WIDTHS[1])
    worksheet.append(list(columns))
    count = 1
    for count, row in enumerate(chain(first_rows, rows), start=2):  # noqa: B007 - the number of the last row
        worksheet.append([_excel_cell(worksheet, row[name]) for name in columns])
    worksheet.auto_filter.ref = f"A1:{letters[-1]}{count}"
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def to_json(rows: Rows) -> bytes:
    """Return leads as a JSON list of objects; money is a number, times are ISO 8601."""
    plain = [{name: _json_value(row[name]) for name in LEAD_COLUMNS} for row in rows]
    text = json.dumps(plain, ensure_ascii=False, indent=1)
    # JSON escapes the other control characters by itself
    return (_JSON_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n").encode()


def file_name(name: str, form: str, day: date) -> str:
    """Return the name under which a browser saves an export: 'leads_ready-2026-12-03.csv'."""
    return f"{name}-{day:%Y-%m-%d}.{form}"


# The formats of `hunter leads` that are files.
LEAD_WRITERS: dict[str, Callable[[Rows], bytes]] = {"csv": to_csv, "xlsx": to_xlsx, "json": to_json}


def _flatten(value: Any) -> Any:
    """Return a value as one cell shows it."""
    if isinstance(value, list):
        return "; ".join(str(item) for item in value)
    return value.isoformat() if isinstance(value, datetime) else value


def _csv_value(value: Any) -> Any:
    flat = _flatten(value)
    if not isinstance(flat, str) or _PHONE_NUMBER.fullmatch(flat):
        return flat
    lines = flat.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _FORMULA.sub("'", replace_control_characters(lines))


def _excel_cell(worksheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)  # Excel's dates have no time zone
    flat = _flatten(value)
    if not isinstance(flat, str):
        return flat
    text = _NOT_IN_EXCEL.sub("\ufffd", replace_control_characters(flat))[:MAX_CELL_CHARACTERS]
    if not text.startswith("=") and text not in ERROR_CODES:
        return text
    cell = WriteOnlyCell(worksheet, value=text)
    cell.data_type = "s"  # text, not a formula or an error such as #N/A
    return cell


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | list):
        return value
    return models.to_json_number(value)
