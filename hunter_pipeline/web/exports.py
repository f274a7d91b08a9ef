"""
Write leads and referrals as CSV, JSON or Parquet; `workbook.py` writes Excel.

Names and notes come from strangers, and spreadsheets execute a cell that begins like a formula (CSV injection). Such
text gets a leading apostrophe in CSV. Control characters are replaced.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from types import UnionType
from typing import Any, get_args, get_origin

from hunter_pipeline.errors import ConfigurationError
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


def to_parquet(rows: Rows) -> bytes:
    """
    Return leads as Parquet: times with their zone, money as decimals, lists as lists.

    Raises: ConfigurationError if pyarrow is not installed.
    """
    import pandas as pd  # noqa: PLC0415 - as above

    try:
        import pyarrow as pa  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "Parquet needs the package pyarrow, which the container image leaves out because of its size.",
            hint="Install pyarrow, or use another format: csv, json or xlsx.",
        ) from None

    frame = pd.DataFrame(
        [[row[name] for name in LEAD_COLUMNS] for row in rows], columns=list(LEAD_COLUMNS), dtype=object
    )
    schema = pa.schema([(name, _arrow_type(field.annotation)) for name, field in models.Lead.model_fields.items()])
    buffer = io.BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", index=False, schema=schema)
    return buffer.getvalue()


def file_name(name: str, form: str, day: date) -> str:
    """Return the name under which a browser saves an export: 'leads_ready-2026-12-03.csv'."""
    return f"{name}-{day:%Y-%m-%d}.{form}"


def _arrow_type(annotation: Any) -> Any:
    """Return the Arrow type of a lead's field; None is possible in every column."""
    import pyarrow as pa  # noqa: PLC0415

    kind = get_args(annotation)[0] if isinstance(annotation, UnionType) else annotation
    if get_origin(kind) is list:
        return pa.list_(_arrow_type(get_args(kind)[0]))
    types = {int: pa.int64(), str: pa.string(), bool: pa.bool_(), datetime: pa.timestamp("us", tz="UTC")}
    return types.get(kind, pa.decimal128(38, 6))  # what is left is money


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
