"""Exports: what goes in comes out, and no spreadsheet runs what a stranger wrote."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from hunter_pipeline.web import exports

FORMULAS = ["=1+1", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1"]
PHONES = ["+49 (89) 555-0123", "-", "+1 555 0162"]


def lead(**changes: Any) -> dict[str, Any]:
    """A row of `leads_ready`."""
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
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def sheet_rows(content: bytes) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content))["leads_ready"]
    header, *rows = sheet.iter_rows()
    names = [cell.value for cell in header]
    assert all(cell.data_type != "f" for row in rows for cell in row)
    return [{str(name): cell.value for name, cell in zip(names, row, strict=True)} for row in rows]


def test_csv_keeps_every_column_and_script():
    """CSV has the contract's columns in their order, lists joined, times in ISO 8601, nothing for None."""
    row = csv_rows(exports.to_csv([lead()]))[0]
    assert tuple(row) == exports.LEAD_COLUMNS
    assert row["canonical_name"] == "Çağrı Müller 株式会社"
    assert row["referral_types"] == "co-sell; marketplace"
    assert row["deal_value"] == "103000.50"
    assert row["expires_at"] == "2026-12-03T08:08:53+00:00"
    assert (row["company_id"], row["score"], row["provider"], row["score_reasons"]) == ("7", "100", "", "")


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_disarms_formulas(text: str):
    """What begins like a formula gets an apostrophe in front, whichever column it stands in."""
    row = csv_rows(exports.to_csv([lead(canonical_name=text, contact_name=text)]))[0]
    assert row["canonical_name"] == row["contact_name"] == f"'{text}"


@pytest.mark.parametrize("write", [lambda r: csv_rows(exports.to_csv(r)), lambda r: sheet_rows(exports.to_xlsx(r))])
@pytest.mark.parametrize("phone", PHONES)
def test_phone_numbers_are_kept(write: Any, phone: str):
    """A phone number begins with a plus and is no formula."""
    assert write([lead(contact_phone=phone)])[0]["contact_phone"] == phone


@pytest.mark.parametrize("text", ['a "quoted" name', "two\nlines", "semi; colon, comma"])
def test_csv_survives_quotes_and_line_breaks(text: str):
    """A reader of CSV gets back what was written."""
    assert csv_rows(exports.to_csv([lead(canonical_name=text)]))[0]["canonical_name"] == text


@pytest.mark.parametrize("text", [*FORMULAS[:5], "株式会社 & Söhne", "#N/A"])
def test_excel_holds_text_as_text(text: str):
    """No cell of the workbook is a formula, and the text is as it was."""
    assert sheet_rows(exports.to_xlsx([lead(canonical_name=text)]))[0]["canonical_name"] == text


def test_excel_takes_what_it_cannot_hold():
    """Control characters become a mark and very long text is cut, instead of a file that does not open."""
    row = sheet_rows(exports.to_xlsx([lead(canonical_name="a\x00b\x1bc", contact_name="x" * 40_000)]))[0]
    assert row["canonical_name"] == "a\ufffdb\ufffdc"
    assert len(row["contact_name"]) == 32_767


def test_excel_numbers_are_numbers():
    """A score can be sorted and a deal value summed."""
    row = sheet_rows(exports.to_xlsx([lead()]))[0]
    assert (row["score"], row["deal_value"]) == (100, 103000.5)


def test_json_round_trip():
    """JSON keeps lists, numbers, nulls and every script."""
    row = json.loads(exports.to_json([lead()]))[0]
    assert tuple(row) == exports.LEAD_COLUMNS
    assert row["referral_types"] == ["co-sell", "marketplace"]
    assert (row["deal_value"], row["score"], row["provider"]) == (103000.5, 100, None)
    assert row["canonical_name"] == "Çağrı Müller 株式会社"
    assert json.loads(exports.to_json([lead(deal_value=Decimal("5000.00"))]))[0]["deal_value"] == 5000


@pytest.mark.parametrize("write", [exports.to_csv, exports.to_xlsx, exports.to_json])
def test_no_leads_make_a_file_nonetheless(write: Any):
    """Nothing to call is a file with its header, not an error."""
    assert write([])
