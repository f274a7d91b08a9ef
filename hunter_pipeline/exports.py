"""
Leads as files: CSV, JSON, Excel and plain text.

Names and notes come from strangers, and a spreadsheet runs what begins like a formula: such text gets an
apostrophe in front in CSV and is plain text in Excel.
"""

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

Rows = Sequence[Mapping[str, Any]]
COLUMNS = (
    *("company_id", "canonical_name", "domain", "provider", "country", "referral_type", "referral_types"),
    *("referral_count", "open_referral_count", "primary_referral_id", "referral_ids", "status", "substatus"),
    *("deal_value", "currency", "contact_name", "contact_email", "contact_phone", "expires_at", "score"),
    *("score_reasons", "updated_at"),
)
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[\d\s().-]+")
_NOT_IN_EXCEL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def csv(rows: Rows) -> bytes:
    """UTF-8, a header line, lists joined by '; '."""
    frame = _frame(rows).map(_disarmed)
    return frame.to_csv(index=False, lineterminator="\r\n").encode()


def xlsx(rows: Rows) -> bytes:
    """A workbook with one sheet, its first row frozen."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="openpyxl") as writer:
        _frame(rows).map(_excel).to_excel(writer, sheet_name="leads_ready", index=False, freeze_panes=(1, 0))
        for line in writer.sheets["leads_ready"].iter_rows(min_row=2):
            for cell in line:
                if cell.data_type == "f":
                    cell.data_type = "s"
    return buffer.getvalue()


def as_json(rows: Rows) -> bytes:
    """A JSON list of objects, one a lead; money as a number, times in ISO 8601."""
    plain = [{name: _json(row[name]) for name in COLUMNS} for row in rows]
    return (json.dumps(plain, ensure_ascii=False, indent=1) + "\n").encode()


def table(rows: Rows) -> bytes:
    """Columns of plain text."""
    return (_frame(rows).to_string(index=False) + "\n").encode()


WRITERS: dict[str, Callable[[Rows], bytes]] = {"csv": csv, "xlsx": xlsx, "json": as_json}


def _frame(rows: Rows) -> pd.DataFrame:
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


def _excel(value: Any) -> Any:
    return _NOT_IN_EXCEL.sub("\ufffd", value)[:32_767] if isinstance(value, str) else value


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | list):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
