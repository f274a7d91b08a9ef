"""
Leads and referrals as files: CSV, JSON, Excel and plain text.

Names and notes come from strangers, and a spreadsheet runs what begins like a formula: such text gets an
apostrophe in front in CSV and is plain text in Excel.
"""

import csv as csv_format
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

if TYPE_CHECKING:
    import pandas as pd

Rows = Iterable[Mapping[str, Any]]
COLUMNS = (
    *("company_id", "canonical_name", "domain", "provider", "country", "referral_type", "referral_types"),
    *("referral_count", "open_referral_count", "primary_referral_id", "referral_ids", "status", "substatus"),
    *("deal_value", "currency", "contact_name", "contact_email", "contact_phone", "expires_at", "score"),
    *("score_reasons", "updated_at"),
)
REFERRAL_COLUMNS = (
    *("referral_id", "engagement_id", "name", "referral_type", "type", "qualification", "direction", "status"),
    *("substatus", "company_name", "country", "domain", "domain_source", "azure_tenant_id", "deal_value", "currency"),
    *("source_created_at", "source_updated_at", "expires_at", "missing_since", "synced_at", "created_at", "updated_at"),
)
LINES = 500
"""Lines of CSV that are sent at a time."""
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[\d\s().-]+")
_NOT_IN_EXCEL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def csv(rows: Rows) -> bytes:
    """UTF-8, a header line, lists joined by '; '."""
    return b"".join(csv_parts(rows))


def csv_parts(rows: Rows, columns: Sequence[str] = COLUMNS) -> Iterator[bytes]:
    """The same in parts of some hundred lines, as the rows come: no more of them is held in memory."""
    buffer = io.StringIO(newline="")
    writer = csv_format.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow([_disarmed(_flat(row[name])) for name in columns])
        if number % LINES == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx(rows: Rows, columns: Sequence[str] = COLUMNS, *, sheet: str = "leads_ready") -> bytes:
    """A workbook with one sheet, its first row frozen."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.freeze_panes = "A2"
    page.append(list(columns))
    for row in rows:
        page.append([_cell(page, row[name]) for name in columns])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_json(rows: Rows) -> bytes:
    """A JSON list of objects, one a lead; money as a number, times in ISO 8601."""
    plain = [{name: _json(row[name]) for name in COLUMNS} for row in rows]
    return (json.dumps(plain, ensure_ascii=False, indent=1) + "\n").encode()


def table(rows: Rows) -> bytes:
    """Columns of plain text."""
    return (_frame(rows).to_string(index=False) + "\n").encode()


WRITERS: dict[str, Callable[[Rows], bytes]] = {"csv": csv, "xlsx": xlsx, "json": as_json}


def _frame(rows: Rows) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - takes most of a second, and only plain text needs it

    plain = [{name: _flat(row[name]) for name in COLUMNS} for row in rows]
    return pd.DataFrame(plain, columns=list(COLUMNS), dtype=object)


def _flat(value: Any) -> Any:
    if isinstance(value, list):
        return "; ".join(str(part) for part in value)
    return value.isoformat() if isinstance(value, datetime) else value


def _disarmed(value: Any) -> Any:
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _cell(page: Any, value: Any) -> Any:
    """A cell's value; text that looks like a formula is said to be text, and what Excel cannot hold is a mark."""
    flat = _flat(value)
    if not isinstance(flat, str):
        return flat
    text = _NOT_IN_EXCEL.sub("\ufffd", flat)[:32_767]
    if not text.startswith("="):
        return text
    cell = WriteOnlyCell(page, value=text)
    cell.data_type = "s"
    return cell


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | list):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
