"""
Write leads and referrals as CSV, Excel or JSON.

Names and notes come from strangers, and spreadsheets execute a cell that begins like a formula (CSV injection). Such
text gets a leading apostrophe in CSV and is stored as plain text in Excel.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from hunter_pipeline.web import models

Rows = Iterable[Mapping[str, Any]]

LEAD_COLUMNS = tuple(models.Lead.model_fields)
REFERRAL_COLUMNS = tuple(models.Referral.model_fields)
# Rows that CSV holds in memory at a time.
BATCH_ROWS = 1_000
# Excel's limit.
MAX_CELL_CHARACTERS = 32_767
_FORMULA = re.compile(r"[=+\-@\t\r]")
_PHONE_NUMBER = re.compile(r"[+-]?[\d\s().-]+")
_NOT_IN_EXCEL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def to_csv(rows: Rows) -> bytes:
    """Return leads as CSV."""
    return b"".join(csv_chunks(rows, LEAD_COLUMNS))


def csv_chunks(rows: Rows, columns: Sequence[str]) -> Iterator[bytes]:
    """Yield UTF-8 CSV with a header line, a batch of rows at a time; lists are joined by '; ', times are ISO 8601."""
    import pandas as pd  # noqa: PLC0415 - takes half a second, and only CSV needs it

    values = ([_csv_value(row[name]) for name in columns] for row in rows)
    batch, is_first = list(islice(values, BATCH_ROWS)), True
    while batch or is_first:
        # dtype=object, because pandas would turn a column of integers and None into floats
        frame = pd.DataFrame(batch, columns=list(columns), dtype=object)
        yield frame.to_csv(index=False, header=is_first, lineterminator="\r\n").encode()
        batch, is_first = list(islice(values, BATCH_ROWS)), False


def to_xlsx(rows: Rows, columns: Sequence[str] = LEAD_COLUMNS, *, sheet: str = "leads_ready") -> bytes:
    """
    Return an Excel workbook with one sheet and a frozen header row.

    openpyxl's write-only mode streams the rows; pandas' `to_excel` needs 8 kB of memory a row and takes twice as long.
    """
    workbook = Workbook(write_only=True)
    worksheet = workbook.create_sheet(sheet)
    worksheet.freeze_panes = "A2"
    worksheet.append(list(columns))
    for row in rows:
        worksheet.append([_excel_cell(worksheet, row[name]) for name in columns])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def to_json(rows: Rows) -> bytes:
    """Return leads as a JSON list of objects; money is a number, times are ISO 8601."""
    plain = [{name: _json_value(row[name]) for name in LEAD_COLUMNS} for row in rows]
    return (json.dumps(plain, ensure_ascii=False, indent=1) + "\n").encode()


# The formats of `hunter leads` that are files.
LEAD_WRITERS: dict[str, Callable[[Rows], bytes]] = {"csv": to_csv, "xlsx": to_xlsx, "json": to_json}


def _flatten(value: Any) -> Any:
    """Return a value as one cell shows it."""
    if isinstance(value, list):
        return "; ".join(str(item) for item in value)
    return value.isoformat() if isinstance(value, datetime) else value


def _csv_value(value: Any) -> Any:
    flat = _flatten(value)
    is_formula = isinstance(flat, str) and _FORMULA.match(flat) and not _PHONE_NUMBER.fullmatch(flat)
    return f"'{flat}" if is_formula else flat


def _excel_cell(worksheet: Any, value: Any) -> Any:
    flat = _flatten(value)
    if not isinstance(flat, str):
        return flat
    text = _NOT_IN_EXCEL.sub("\ufffd", flat)[:MAX_CELL_CHARACTERS]
    if not text.startswith("="):
        return text
    cell = WriteOnlyCell(worksheet, value=text)
    cell.data_type = "s"  # text, not a formula
    return cell


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | list):
        return value
    return models.to_json_number(value)
