"""Test the report: its verdict, its text and its JSON."""

from datetime import UTC, datetime

import pytest

from hunter_pipeline.uat.acceptance import WIDTH, Report, StepResult
from hunter_pipeline.uat.system import Evidence

BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PASSED = StepResult(1, "Something works", [Evidence(True, "it was seen to work")], 1.25)
FAILED = StepResult(
    2, "Something else works", [Evidence(True, "it began"), Evidence(False, "it never " + "ended " * 30)], 3
)
EMPTY = StepResult(3, "Nothing was tested", [], 0)


@pytest.mark.parametrize(
    ("steps", "left_behind", "verdict"),
    [
        ([PASSED], [], "PASS"),
        ([PASSED, FAILED], [], "FAIL"),
        ([PASSED, EMPTY], [], "FAIL"),
        ([], [], "FAIL"),
        ([PASSED], ["folder /tmp/x"], "FAIL"),
    ],
)
def test_report_passes_only_with_evidence_that_is_ok(
    steps: list[StepResult], left_behind: list[str], verdict: str
) -> None:
    """Bad evidence, a step without evidence, no step, or something left behind fails it."""
    report = Report(BEGAN, {}, steps, 4.5, left_behind)
    assert report.passed == (verdict == "PASS")
    assert report.as_json()["verdict"] == verdict
    assert f"Verdict      {verdict} (" in report.as_text()
    assert ("NOT RESTORED" in report.as_text()) == bool(left_behind)


def test_report_as_text_is_a_form_to_sign() -> None:
    text = Report(BEGAN, {"System": "a system"}, [PASSED, FAILED], 4.5).as_text()
    assert max(map(len, text.splitlines())) <= WIDTH
    for line in (
        "Date         2026-11-22 08:00 UTC",
        "System       a system",
        "     ok   it was seen to work",
        "Verdict      FAIL (1 of 2 steps passed, in 4 s)",
    ):
        assert line in text.splitlines()
    for start in (
        "1  Something works ...",
        "2  Something else works ...",
        "     BAD  it never ended",
        "Signature  ____",
    ):
        assert any(line.startswith(start) for line in text.splitlines())


def test_report_as_json_has_the_documented_names() -> None:
    assert Report(BEGAN, {"System": "a system"}, [PASSED], 4.52).as_json() == {
        "verdict": "PASS",
        "date": "2026-11-22T08:00:00Z",
        "duration_seconds": 4.5,
        "system": {"System": "a system"},
        "steps": [
            {
                "number": 1,
                "title": "Something works",
                "verdict": "PASS",
                "duration_seconds": 1.2,
                "evidence": [{"ok": True, "text": "it was seen to work"}],
            }
        ],
        "left_behind": [],
    }
