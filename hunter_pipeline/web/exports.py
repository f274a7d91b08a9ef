"""
Write leads and referrals as CSV, JSON, Parquet or an Excel workbook that a person can read and print as it is.

Names and notes come from strangers, and spreadsheets execute a cell that begins like a formula (CSV injection). Such
text gets a leading apostrophe in CSV, and is marked as text in Excel. Control characters are replaced.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from math import ceil
from types import UnionType
from typing import Any, get_args, get_origin

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties

from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.referrals.text import replace_control_characters
from hunter_pipeline.web import models
from hunter_pipeline.web.localization import Localizer, localizer, readable_domain

Rows = Iterable[Mapping[str, Any]]

LEAD_COLUMNS = tuple(models.Lead.model_fields)
REFERRAL_COLUMNS = tuple(models.Referral.model_fields)
# Rows that CSV holds in memory at a time.
BATCH_ROWS = 200
# Excel reads a CSV file as UTF-8 only if it begins with this mark.
BOM = "\ufeff"
# Where a spreadsheet sees the beginning of a formula: at the beginning of a cell, and after a semicolon or line break,
# because many locales split at semicolons. Spaces, invisible characters and full-width forms do not prevent it.
_FORMULA = re.compile(r"(?:^|(?<=[;\n]))(?=[\s\u200b\u2060\ufeff]*[=+\-@＝＋－＠])")
_PHONE_NUMBER = re.compile(r"[+-]?[\d\s().-]+")
_JSON_CONTROL = re.compile(r"[\x7f-\x9f]")

# Excel's limit.
MAX_CELL_CHARACTERS = 32_767
_NOT_IN_EXCEL = re.compile(r"[\ufffe\uffff]")
_A4 = 9
_FONT = "Calibri"
# Height of a line of text in points, and how many lines a row shows at most.
_LINE_HEIGHT = 13.0
_MAX_LINES = 12
_CURRENCY = re.compile(r"[A-Z]{3}")
_LINE = Border(bottom=Side("thin", color="DDE3E9"))
_GENERAL, _TIME = "General", "yyyy-mm-dd hh:mm"
# Excel's formats of the columns that are not text.
_FORMATS = {
    "score": "0",
    **dict.fromkeys(("deal_value", "deal_value_base"), "#,##0"),
    **dict.fromkeys(("expires_at", "source_updated_at"), _TIME),
    **dict.fromkeys(("source_created_at", "expected_close_at"), "yyyy-mm-dd"),
}
_LABELED = ("referral_type", "status", "substatus", "qualification", "direction")
# How the values of other columns are worded.
_WORDINGS: dict[str, Callable[[Any, Localizer], str | None]] = {
    "contact_requested": lambda value, t: t("export.yes") if value else None,
    "country": lambda value, t: t.country(value),
    "domain": lambda value, _t: readable_domain(value),
    "score_reasons": lambda value, t: ", ".join(t.label("reasons", reason) for reason in value[:3]),
}

# The columns of workbooks and their widths in characters: what a seller needs, in the order of a call.
LEAD_WIDTHS = {
    "score": 6, "canonical_name": 20, "referral_name": 22, "solutions": 16, "score_reasons": 22, "expires_at": 15,
    "contact_requested": 8, "contact_name": 15, "contact_title": 12, "contact_phone": 15, "contact_email": 24,
    "all_contacts": 32, "deal_value": 12, "deal_value_base": 10, "qualification": 11, "referral_type": 11,
    "status": 8, "source_created_at": 10, "expected_close_at": 10, "country": 11, "domain": 18,
}  # fmt: skip
REFERRAL_WIDTHS = {
    "name": 26, "company_name": 22, "solutions": 18, "referral_type": 12, "status": 9, "substatus": 11,
    "qualification": 13, "deal_value": 13, "deal_value_base": 11, "expires_at": 16, "source_created_at": 11,
    "source_updated_at": 16, "country": 12, "domain": 20, "direction": 10, "referral_id": 20, "engagement_id": 20,
}  # fmt: skip


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


def to_xlsx(
    rows: Rows,
    columns: Mapping[str, int] = LEAD_WIDTHS,
    *,
    sheet: str = "leads_ready",
    currency: str = "USD",
    t: Localizer | None = None,
) -> bytes:
    """
    Return a workbook with one sheet: a frozen header, a filter, dates and amounts as such; landscape, one page wide.

    currency: that of deal_value_base.
    t:        the language of headings and values, and the time zone of times; English and UTC if None.
    """
    t = t or localizer("en")
    workbook = Workbook(write_only=True)
    worksheet = workbook.create_sheet(sheet)
    _set_up_page(worksheet)
    for number, width in enumerate(columns.values(), 1):
        worksheet.column_dimensions[get_column_letter(number)].width = width
    workbook.add_named_style(
        NamedStyle(
            "heading",
            Font(name=_FONT, size=10, bold=True),
            PatternFill("solid", fgColor="E8F0FB"),
            _LINE,
            Alignment("left", "top", wrap_text=True),
        )
    )
    worksheet.row_dimensions[1].height = 3 * _LINE_HEIGHT
    worksheet.append([_header_cell(worksheet, name, currency, t) for name in columns])
    count = 1
    for count, row in enumerate(rows, start=2):
        cells = [_cell(worksheet, name, row, t) for name in columns]
        # LibreOffice does not fit the height of a row to its text when it opens a file
        worksheet.row_dimensions[count].height = _LINE_HEIGHT * _lines(cells, columns.values())
        worksheet.append(cells)
    worksheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


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


def _set_up_page(worksheet: Any) -> None:
    worksheet.freeze_panes = "C2"
    worksheet.print_title_rows = "1:1"
    worksheet.page_setup.orientation = "landscape"
    worksheet.page_setup.paperSize = _A4
    worksheet.page_setup.fitToWidth = 1
    worksheet.page_setup.fitToHeight = 0
    worksheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    worksheet.page_margins = PageMargins(left=0.3, right=0.3, top=0.4, bottom=0.5, header=0.2, footer=0.2)
    worksheet.oddFooter.right.text = "&P / &N"


def _header_cell(worksheet: Any, name: str, currency: str, t: Localizer) -> Any:
    heading = t(f"export.{name}", currency=currency)
    cell = WriteOnlyCell(worksheet, value=f"{heading} ({t.zone})" if _FORMATS.get(name) == _TIME else heading)
    cell.style = "heading"
    return cell


def _cell(worksheet: Any, name: str, row: Mapping[str, Any], t: Localizer) -> Any:
    value = _value(name, row, t)
    if isinstance(value, str):
        value = _NOT_IN_EXCEL.sub("\ufffd", replace_control_characters(value))[:MAX_CELL_CHARACTERS]
    cell = WriteOnlyCell(worksheet, value=value)
    if isinstance(value, str) and (value.startswith("=") or value in ERROR_CODES):
        cell.data_type = "s"  # text, not a formula or an error such as #N/A
    number_format = _FORMATS.get(name, _GENERAL)
    if name == "deal_value" and _CURRENCY.fullmatch(row["currency"] or ""):
        number_format = f'#,##0 "{row["currency"]}"'
    cell.style = _style(worksheet.parent, number_format)
    return cell


def _style(workbook: Workbook, number_format: str) -> str:
    """Return the name of the style of cells with a number format, which is made at its first use."""
    if number_format not in workbook.named_styles:
        font = Font(name=_FONT, size=10)
        side = {} if number_format == _GENERAL else {"horizontal": "right", "indent": 1}
        alignment = Alignment(vertical="top", wrap_text=True, **side)
        style = NamedStyle(number_format, font, border=_LINE, alignment=alignment)
        style.number_format = number_format
        workbook.add_named_style(style)
    return number_format


def _lines(cells: Iterable[Any], widths: Iterable[int]) -> int:
    """Return how many lines the row needs at the columns' widths."""
    texts = ((str(cell.value), width) for cell, width in zip(cells, widths, strict=True) if cell.data_type == "s")
    needed = (sum(ceil((len(line) or 1) / (width - 2)) for line in text.split("\n")) for text, width in texts)
    return min(max(needed, default=1), _MAX_LINES)


def _value(name: str, row: Mapping[str, Any], t: Localizer) -> Any:
    """Return a value as Excel takes it: text, a number, or a time without a zone; nothing for 0, which says nothing."""
    value = row.get(name)
    if isinstance(value, datetime):
        # an expected close is a day, stored as its beginning in UTC
        zone = UTC if name == "expected_close_at" else t.zone
        return value.astimezone(zone).replace(tzinfo=None)
    if name in _LABELED:
        return t.label(name, value) or None
    if name in _WORDINGS and value is not None:
        return _WORDINGS[name](value, t)
    return "\n".join(map(str, value)) if isinstance(value, list) else value or None
