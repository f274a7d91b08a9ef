"""
Write leads and referrals as CSV or JSON; `workbook.py` writes Excel.

Names and notes come from strangers, and spreadsheets execute a cell that begins like a formula (CSV injection). Such
text gets a leading apostrophe in CSV. Control characters are replaced.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from hunter_pipeline.referrals.text import replace_control_characters
from hunter_pipeline.web import models

Rows = Iterable[Mapping[str, Any]]

LEAD_COLUMNS = tuple(models.Lead.model_fields)
REFERRAL_COLUMNS = tuple(models.Referral.model_fields)
# Rows that CSV holds in memory at a time.
BATCH_ROWS = 1_000
# Excel reads a CSV file as UTF-8 only if it begins with this mark.
BOM = "\ufeff"
# Where a spreadsheet sees the beginning of a formula: at the beginning of a cell, and after a semicolon or line break,
# because many locales split at semicolons. Spaces, invisible characters and full-width forms do not prevent it.
_FORMULA = re.compile(r"(?:^|(?<=[;\n]))(?=[\s\u200b\u2060\ufeff]*[=+\-@＝＋－＠])")
_PHONE_NUMBER = re.compile(r"[+-]?[\d\s().-]+")
_JSON_CONTROL = re.compile(r"[\x7f-\x9f]")


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


def to_json(rows: Rows) -> bytes:
    """Return leads as a JSON list of objects; money is a number, times are ISO 8601."""
    plain = [{name: _json_value(row[name]) for name in LEAD_COLUMNS} for row in rows]
    text = json.dumps(plain, ensure_ascii=False, indent=1)
    # JSON escapes the other control characters by itself
    return (_JSON_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n").encode()


def file_name(name: str, form: str, day: date) -> str:
    """Return the name under which a browser saves an export: 'leads_ready-2026-12-03.csv'."""
    return f"{name}-{day:%Y-%m-%d}.{form}"


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


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | list):
        return value
    return models.to_json_number(value)
