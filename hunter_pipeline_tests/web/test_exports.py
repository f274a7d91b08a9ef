"""Exported files contain every value unchanged, and no spreadsheet executes a stranger's text."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from hunter_pipeline.web import exports

FORMULAS = {
    "=1+1": "'=1+1",
    "+SUM(A1)": "'+SUM(A1)",
    "-2+3+cmd|' /C calc'!A0": "'-2+3+cmd|' /C calc'!A0",
    "@SUM(1)": "'@SUM(1)",
    "\t=1": "' =1",
    "\r=1": "'\n'=1",
    " =1+1": "' =1+1",
    "\u00a0\u200b=1": "'\u00a0\u200b=1",
    "＝1+1": "'＝1+1",
    "＋1": "'＋1",
    "x;=1+1": "x;'=1+1",
    "x; ＠SUM(1)": "x;' ＠SUM(1)",
    "x\n=1": "x\n'=1",
}
PHONE_NUMBERS = ["+49 (89) 555-0123", "-", "+1 555 0162"]


def lead(**changes: Any) -> dict[str, Any]:
    """Return a row of `leads_ready`."""
    row: dict[str, Any] = dict.fromkeys(exports.LEAD_COLUMNS)
    row |= {
        "company_id": 7,
        "canonical_name": "Çağrı Müller 株式会社",
        "domain": "xn--mller-kva.de",
        "referral_types": ["co-sell", "marketplace"],
        "referral_ids": ["b", "a"],
        "deal_value": Decimal("103000.50"),
        "expires_at": datetime(2026, 12, 3, 8, 8, 53, tzinfo=UTC),
        "score": 100,
        "score_reasons": [],
    }
    return row | changes


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def excel_rows(content: bytes) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content))["leads_ready"]
    header, *rows = sheet.iter_rows()
    names = [cell.value for cell in header]
    assert all(cell.data_type != "f" for row in rows for cell in row)
    return [{str(name): cell.value for name, cell in zip(names, row, strict=True)} for row in rows]


def test_csv_has_all_columns_and_values():
    """The columns have the contract's order; lists are joined, times are ISO 8601, None is empty."""
    row = csv_rows(exports.to_csv([lead()]))[0]
    assert tuple(row) == exports.LEAD_COLUMNS
    assert row["canonical_name"] == "Çağrı Müller 株式会社"
    assert row["referral_types"] == "co-sell; marketplace"
    assert row["deal_value"] == "103000.50"
    assert row["expires_at"] == "2026-12-03T08:08:53+00:00"
    assert (row["company_id"], row["score"], row["provider"], row["score_reasons"]) == ("7", "100", "", "")


def test_csv_integers_stay_integers_when_another_row_has_none():
    rows = csv_rows(exports.to_csv([lead(company_id=2**60 + 1), lead(company_id=None)]))
    assert [row["company_id"] for row in rows] == [str(2**60 + 1), ""]


def test_csv_has_one_header_when_there_are_several_batches():
    domains = [f"company{number}.com" for number in range(2 * exports.BATCH_ROWS + 1)]
    chunks = list(exports.csv_chunks((lead(domain=domain) for domain in domains), exports.LEAD_COLUMNS))
    assert len(chunks) == 3
    assert [row["domain"] for row in csv_rows(b"".join(chunks))] == domains


@pytest.mark.parametrize(("text", "escaped"), FORMULAS.items())
def test_csv_escapes_formulas(text: str, escaped: str):
    row = csv_rows(exports.to_csv([lead(canonical_name=text, contact_name=text)]))[0]
    assert row["canonical_name"] == row["contact_name"] == escaped


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\x00b", "a\x9b31mb", "a\x7fb", "a\x07b"])
def test_exports_have_no_control_characters(text: str):
    rows = [lead(canonical_name=text)]
    assert "\ufffd" in csv_rows(exports.to_csv(rows))[0]["canonical_name"]
    assert "\ufffd" in excel_rows(exports.to_xlsx(rows))[0]["canonical_name"]
    for content in (exports.to_csv(rows), exports.to_json(rows)):
        assert not set(content.decode()) & {chr(code) for code in (*range(9), 0x1B, *range(0x7F, 0xA0))}
    assert json.loads(exports.to_json(rows))[0]["canonical_name"] == text


def test_csv_begins_with_a_byte_order_mark():
    """Excel reads UTF-8 only then."""
    assert exports.to_csv([lead()]).startswith(b"\xef\xbb\xbf" + exports.LEAD_COLUMNS[0].encode())


def test_excel_has_widths_a_filter_and_a_frozen_header():
    rows = [lead(canonical_name="x" * 30), lead(canonical_name="y" * 1000)]
    sheet = openpyxl.load_workbook(io.BytesIO(exports.to_xlsx(rows[:1])))["leads_ready"]
    letter = get_column_letter(exports.LEAD_COLUMNS.index("canonical_name") + 1)
    assert (sheet.freeze_panes, sheet.column_dimensions[letter].width) == ("A2", 32)
    assert sheet.auto_filter.ref == f"A1:{get_column_letter(len(exports.LEAD_COLUMNS))}2"
    wide = openpyxl.load_workbook(io.BytesIO(exports.to_xlsx(rows)))["leads_ready"]
    assert wide.column_dimensions[letter].width == 50


def test_excel_dates_are_dates_in_utc():
    berlin = datetime(2026, 12, 3, 9, 8, 53, tzinfo=timezone(timedelta(hours=1)))
    row = excel_rows(exports.to_xlsx([lead(expires_at=berlin)]))[0]
    assert row["expires_at"] == datetime(2026, 12, 3, 8, 8, 53)


def test_file_name_has_the_date():
    assert exports.file_name("leads_ready", "csv", date(2026, 12, 3)) == "leads_ready-2026-12-03.csv"


@pytest.mark.parametrize("write", [lambda r: csv_rows(exports.to_csv(r)), lambda r: excel_rows(exports.to_xlsx(r))])
@pytest.mark.parametrize("number", PHONE_NUMBERS)
def test_phone_numbers_are_not_escaped(write: Any, number: str):
    assert write([lead(contact_phone=number)])[0]["contact_phone"] == number


@pytest.mark.parametrize("text", ['a "quoted" name', "two\nlines", "semi; colon, comma"])
def test_csv_keeps_quotes_and_line_breaks(text: str):
    assert csv_rows(exports.to_csv([lead(canonical_name=text)]))[0]["canonical_name"] == text


@pytest.mark.parametrize("text", [*list(FORMULAS)[:4], " =1", "＝1", "株式会社 & Söhne", "#N/A", "#DIV/0!"])
def test_excel_stores_formulas_as_text(text: str):
    assert excel_rows(exports.to_xlsx([lead(canonical_name=text)]))[0]["canonical_name"] == text


def test_excel_replaces_control_characters_and_cuts_long_text():
    """Excel could not open the file otherwise."""
    row = excel_rows(exports.to_xlsx([lead(canonical_name="a\x00b\x1bc", contact_name="x" * 40_000)]))[0]
    assert row["canonical_name"] == "a\ufffdb\ufffdc"
    assert len(row["contact_name"]) == 32_767


def test_excel_numbers_are_numbers():
    row = excel_rows(exports.to_xlsx([lead()]))[0]
    assert (row["score"], row["deal_value"]) == (100, 103000.5)


def test_json_keeps_lists_numbers_and_nulls():
    row = json.loads(exports.to_json([lead()]))[0]
    assert tuple(row) == exports.LEAD_COLUMNS
    assert row["referral_types"] == ["co-sell", "marketplace"]
    assert (row["deal_value"], row["score"], row["provider"]) == (103000.5, 100, None)
    assert row["canonical_name"] == "Çağrı Müller 株式会社"
    assert json.loads(exports.to_json([lead(deal_value=Decimal("5000.00"))]))[0]["deal_value"] == 5000


def test_files_without_leads_are_valid():
    assert exports.to_csv([]).decode("utf-8-sig") == ",".join(exports.LEAD_COLUMNS) + "\r\n"
    assert excel_rows(exports.to_xlsx([])) == []
    assert json.loads(exports.to_json([])) == []
