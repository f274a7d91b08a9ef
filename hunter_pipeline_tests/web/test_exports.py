"""Exported files contain every value unchanged, and no spreadsheet executes a stranger's text."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow.parquet
import pytest
from openpyxl.utils import get_column_letter

from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.web import exports
from hunter_pipeline.web.localization import localizer
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

ISTANBUL = ZoneInfo("Europe/Istanbul")
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
    """Return the rows of a workbook by the names of the fields."""
    _header, *rows = openpyxl.load_workbook(io.BytesIO(content))["leads_ready"].iter_rows()
    assert all(cell.data_type != "f" for row in rows for cell in row)
    return [{name: cell.value for name, cell in zip(exports.LEAD_WIDTHS, row, strict=True)} for row in rows]


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


def test_workbook_is_ready_to_read_and_to_print():
    """The header is frozen and repeated, the filter is set, and a landscape page is as wide as all columns."""
    rows = [lead(contact_name="Kim " * 30), lead()]
    sheet = openpyxl.load_workbook(io.BytesIO(exports.to_xlsx(rows)))["leads_ready"]
    last = get_column_letter(len(exports.LEAD_WIDTHS))
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ("C2", f"A1:{last}3", "$1:$1")
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", 1)
    fit = sheet.sheet_properties.pageSetUpPr
    assert fit is not None
    assert (sheet.page_setup.fitToHeight, fit.fitToPage) == (0, True)
    widths = [sheet.column_dimensions[get_column_letter(n + 1)].width for n in range(len(exports.LEAD_WIDTHS))]
    assert widths == list(exports.LEAD_WIDTHS.values())
    long, short = (sheet.row_dimensions[number].height for number in (2, 3))
    assert long > 5 * short


def test_workbook_has_readable_headings_in_the_readers_language():
    english, turkish = (
        [cell.value for cell in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0][1]]
        for content in (
            exports.to_xlsx([], currency="EUR"),
            exports.to_xlsx([], t=localizer("tr", ZoneInfo("Europe/Istanbul"))),
        )
    )
    wanted = {"Referral", "Qualification", "Created", "Asked to be called", "Expected close", "Title", "All contacts"}
    assert wanted | {"Value in EUR", "Expires (UTC)", "Phone", "E-mail"} <= set(english)
    assert {"Şirket", "Nitelik", "Son tarih (Europe/Istanbul)", "USD olarak değer"} <= set(turkish)
    assert "_" not in "".join(map(str, english + [heading for heading in turkish if "/" not in str(heading)]))


def test_workbook_values_are_dates_amounts_and_names():
    berlin = datetime(2026, 12, 3, 9, 8, 53, tzinfo=timezone(timedelta(hours=1)))
    row = lead(
        expires_at=berlin,
        expected_close_at=datetime(2026, 12, 24, tzinfo=UTC),
        currency="EUR",
        country="TR",
        contact_requested=True,
        all_contacts=["Kim, +1 555", "Sue, sue@x-corp.com"],
        score_reasons=["expires soon", "size of the deal", "not answered yet", "open referral"],
    )
    content = exports.to_xlsx([row, lead(deal_value=Decimal(0), contact_requested=False)], t=localizer("en", ISTANBUL))
    first, second = excel_rows(content)
    assert first["expires_at"] == datetime(2026, 12, 3, 11, 8, 53)
    assert first["expected_close_at"] == datetime(2026, 12, 24)
    assert (first["country"], first["contact_requested"], first["domain"]) == ("Türkiye", "yes", "müller.de")
    assert first["all_contacts"] == "Kim, +1 555\nSue, sue@x-corp.com"
    assert first["score_reasons"] == "expires soon, size of the deal, not answered yet"
    assert (second["deal_value"], second["contact_requested"]) == (None, None)
    sheet = openpyxl.load_workbook(io.BytesIO(content))["leads_ready"]
    formats = {name: cell.number_format for name, cell in zip(exports.LEAD_WIDTHS, sheet[2], strict=True)}
    assert (formats["expires_at"], formats["expected_close_at"]) == ("yyyy-mm-dd hh:mm", "yyyy-mm-dd")
    assert formats["deal_value"] == '#,##0 "EUR"'


@pytest.mark.slow
def test_workbook_prints_all_columns_on_the_width_of_a_page(tmp_path: Path):
    """As LibreOffice Calc lays it out: 100 leads need no more pages than their rows do."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("This test needs LibreOffice Calc, and there is no soffice on the PATH.")
    (tmp_path / "leads.xlsx").write_bytes(exports.to_xlsx(lead(canonical_name=f"Company {n}") for n in range(100)))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    convert = [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, tmp_path / "leads.xlsx"]
    subprocess.run(convert, check=True, capture_output=True, timeout=DEADLINE_SECONDS)
    pdf = (tmp_path / "leads.pdf").read_bytes()
    pages = re.findall(rb"/Type\s*/Page\b", pdf)
    width, height = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)[0]
    assert float(width) > float(height)
    assert 1 <= len(pages) <= 5, "a page that is too narrow would need one more for each fragment"


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


def test_parquet_keeps_types_and_nulls():
    table = pyarrow.parquet.read_table(io.BytesIO(exports.to_parquet([lead(), lead(company_id=None, expires_at=None)])))
    assert tuple(table.column_names) == exports.LEAD_COLUMNS
    first, second = table.to_pylist()
    assert (first["deal_value"], first["expires_at"]) == (Decimal("103000.50"), lead()["expires_at"])
    assert (first["company_id"], first["referral_types"], first["provider"]) == (7, ["co-sell", "marketplace"], None)
    assert (second["company_id"], second["expires_at"]) == (None, None)


def test_parquet_names_the_missing_package(monkeypatch: pytest.MonkeyPatch):
    """The container image has no pyarrow."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match="needs the package pyarrow") as caught:
        exports.to_parquet([lead()])
    assert "csv, json or xlsx" in str(caught.value.hint)


def test_files_without_leads_are_valid():
    assert exports.to_csv([]).decode("utf-8-sig") == ",".join(exports.LEAD_COLUMNS) + "\r\n"
    assert excel_rows(exports.to_xlsx([])) == []
    assert json.loads(exports.to_json([])) == []
    assert pyarrow.parquet.read_table(io.BytesIO(exports.to_parquet([]))).num_rows == 0
