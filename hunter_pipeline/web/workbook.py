"""Write leads and referrals as an Excel workbook that a person can read and print without changing anything."""

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any, Literal, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties

from hunter_pipeline.referrals.text import replace_control_characters
from hunter_pipeline.web.localization import Localizer, localizer, readable_domain

# Excel's limit.
MAX_CELL_CHARACTERS = 32_767
_NOT_IN_EXCEL = re.compile(r"[\ufffe\uffff]")
_A4 = 9
_FONT = "Calibri"
# Height of a line of text in points, and how many lines a row shows at most.
_LINE_HEIGHT = 13.0
_MAX_LINES = 12
_FORMATS = {"text": "General", "number": "0", "time": "yyyy-mm-dd hh:mm", "date": "yyyy-mm-dd", "money": "#,##0"}
_CURRENCY = re.compile(r"[A-Z]{3}")


Kind = Literal["text", "number", "time", "date", "money", "yes", "label", "country", "reasons", "domain"]
# How the values of a field are shown; every other field is text.
_KINDS: dict[str, Kind] = {
    "score": "number",
    "score_reasons": "reasons",
    "contact_requested": "yes",
    "country": "country",
    "domain": "domain",
    **dict.fromkeys(("deal_value", "deal_value_base"), "money"),
    **dict.fromkeys(("expires_at", "source_updated_at"), "time"),
    **dict.fromkeys(("source_created_at", "expected_close_at"), "date"),
    **dict.fromkeys(("referral_type", "status", "substatus", "qualification", "direction"), "label"),
}


class Column(NamedTuple):
    """A column: the field of the row, and its width in characters."""

    name: str
    width: int

    @property
    def kind(self) -> Kind:
        """Return how its values are shown."""
        return _KINDS.get(self.name, "text")


# What a seller needs, in the order of a call.
LEADS = (
    *(Column("score", 6), Column("canonical_name", 20), Column("referral_name", 22), Column("solutions", 16)),
    *(Column("score_reasons", 22), Column("expires_at", 15), Column("contact_requested", 8)),
    *(Column("contact_name", 15), Column("contact_title", 12), Column("contact_phone", 15)),
    *(Column("contact_email", 24), Column("all_contacts", 32), Column("deal_value", 12), Column("deal_value_base", 10)),
    *(Column("qualification", 11), Column("referral_type", 11), Column("status", 8), Column("source_created_at", 10)),
    *(Column("expected_close_at", 10), Column("country", 11), Column("domain", 18)),
)
REFERRALS = (
    *(Column("name", 26), Column("company_name", 22), Column("solutions", 18), Column("referral_type", 12)),
    *(Column("status", 9), Column("substatus", 11), Column("qualification", 13), Column("deal_value", 13)),
    *(Column("deal_value_base", 11), Column("expires_at", 16), Column("source_created_at", 11)),
    *(Column("source_updated_at", 16), Column("country", 12), Column("domain", 20), Column("direction", 10)),
    *(Column("referral_id", 20), Column("engagement_id", 20)),
)


def to_xlsx(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[Column] = LEADS,
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
    letters = [get_column_letter(number) for number in range(1, len(columns) + 1)]
    for letter, column in zip(letters, columns, strict=True):
        worksheet.column_dimensions[letter].width = column.width
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
    worksheet.append([_header_cell(worksheet, column, currency, t) for column in columns])
    count = 1
    for count, row in enumerate(rows, start=2):
        cells = [_cell(worksheet, column, row, t) for column in columns]
        # LibreOffice does not fit the height of a row to its text when it opens a file
        worksheet.row_dimensions[count].height = _LINE_HEIGHT * _lines(cells, columns)
        worksheet.append(cells)
    worksheet.auto_filter.ref = f"A1:{letters[-1]}{count}"
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


_LINE = Border(bottom=Side("thin", color="DDE3E9"))


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


def _header_cell(worksheet: Any, column: Column, currency: str, t: Localizer) -> Any:
    heading = t(f"export.{column.name}", currency=currency)
    cell = WriteOnlyCell(worksheet, value=f"{heading} ({t.zone})" if column.kind == "time" else heading)
    cell.style = "heading"
    return cell


def _cell(worksheet: Any, column: Column, row: Mapping[str, Any], t: Localizer) -> Any:
    value = _value(column, row, t)
    if isinstance(value, str):
        value = _NOT_IN_EXCEL.sub("\ufffd", replace_control_characters(value))[:MAX_CELL_CHARACTERS]
    cell = WriteOnlyCell(worksheet, value=value)
    if isinstance(value, str) and (value.startswith("=") or value in ERROR_CODES):
        cell.data_type = "s"  # text, not a formula or an error such as #N/A
    number_format = _FORMATS.get(column.kind, "General")
    if column.name == "deal_value" and _CURRENCY.fullmatch(row["currency"] or ""):
        number_format = f'#,##0 "{row["currency"]}"'
    cell.style = _style(worksheet.parent, number_format)
    return cell


def _style(workbook: Workbook, number_format: str) -> str:
    """Return the name of the style of cells with a number format, which is made at its first use."""
    if number_format not in workbook.named_styles:
        font = Font(name=_FONT, size=10)
        side = {} if number_format == "General" else {"horizontal": "right", "indent": 1}
        alignment = Alignment(vertical="top", wrap_text=True, **side)
        style = NamedStyle(number_format, font, border=_LINE, alignment=alignment)
        style.number_format = number_format
        workbook.add_named_style(style)
    return number_format


def _lines(cells: Sequence[Any], columns: Sequence[Column]) -> int:
    """Return how many lines the row needs at the columns' widths."""
    texts = (
        (str(cell.value), column.width) for cell, column in zip(cells, columns, strict=True) if cell.data_type == "s"
    )
    needed = (sum(ceil((len(line) or 1) / (width - 2)) for line in text.split("\n")) for text, width in texts)
    return min(max(needed, default=1), _MAX_LINES)


def _value(column: Column, row: Mapping[str, Any], t: Localizer) -> Any:
    """Return a value as Excel takes it: text, a number, or a time without a zone; nothing for 0, which says nothing."""
    value = row.get(column.name)
    if isinstance(value, datetime):
        # an expected close is a day, stored as its beginning in UTC
        zone = UTC if column.name == "expected_close_at" else t.zone
        return value.astimezone(zone).replace(tzinfo=None)
    if column.kind in _TEXTS and value is not None:
        return _TEXTS[column.kind](column, value, t)
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return value or None


_TEXTS: dict[str, Callable[[Column, Any, Localizer], str | None]] = {
    "yes": lambda _column, value, t: t("export.yes") if value else None,
    "label": lambda column, value, t: t.label(column.name, value),
    "country": lambda _column, value, t: t.country(value),
    "domain": lambda _column, value, _t: readable_domain(value),
    "reasons": lambda _column, value, t: ", ".join(t.label("reasons", reason) for reason in value[:3]),
}
