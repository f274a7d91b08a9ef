"""The report: when it says PASS, and what it looks like."""

from datetime import UTC, datetime

import pytest

from hunter_pipeline.uat.report import WIDTH, Finding, Report, StepReport

BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WELL = StepReport(1, "Something works", [Finding(True, "it was seen to work")], 1.25)
ILL = StepReport(2, "Something else works", [Finding(True, "it began"), Finding(False, "it never " + "ended " * 30)], 3)
IDLE = StepReport(3, "Nobody looked", [], 0)


@pytest.mark.parametrize(
    ("steps", "left_behind", "verdict"),
    [
        ([WELL], [], "PASS"),
        ([WELL, ILL], [], "FAIL"),
        ([WELL, IDLE], [], "FAIL"),
        ([], [], "FAIL"),
        ([WELL], ["folder /tmp/x"], "FAIL"),
    ],
)
def test_only_what_was_seen_to_be_well_passes(steps: list[StepReport], left_behind: list[str], verdict: str):
    """One bad finding, a step without any, no step at all, or something left behind: each is a FAIL."""
    report = Report(BEGAN, {}, steps, 4.5, left_behind)
    assert report.passed == (verdict == "PASS")
    assert report.as_json()["verdict"] == verdict
    assert f"Verdict      {verdict} (" in report.as_text()
    assert ("NOT RESTORED" in report.as_text()) == bool(left_behind)


def test_the_report_is_a_form_to_sign():
    """The text has the head, each step with its evidence, the verdict and the lines of whoever signs it."""
    text = Report(BEGAN, {"System": "one of ours"}, [WELL, ILL], 4.5).as_text()
    assert max(map(len, text.splitlines())) <= WIDTH
    for line in (
        "Date         2026-11-22 08:00 UTC",
        "System       one of ours",
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


def test_the_json_says_the_same():
    """Programs find verdict, steps and evidence under fixed names."""
    found = Report(BEGAN, {"System": "one of ours"}, [WELL], 4.52).as_json()
    assert found == {
        "verdict": "PASS",
        "date": "2026-11-22T08:00:00Z",
        "duration_seconds": 4.5,
        "system": {"System": "one of ours"},
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
