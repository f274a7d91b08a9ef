"""A log line that is not what the contract says is found."""

import json

import pytest

from hunter_pipeline.uat import log_lines

GOOD = {
    "event": "partner_center_page", "source": "partner_center_sync", "level": "info", "env": "production",
    "timestamp": "2026-11-22T07:38:56.222180Z", "feature_flag_state": "enabled", "run_id": "7c2d8d99", "page": 1,
}  # fmt: skip


def test_a_good_line_has_no_trouble():
    """An event of a run, and one before there is a run."""
    assert log_lines.troubles([json.dumps(GOOD), json.dumps(GOOD | {"run_id": None})]) == []


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ("07:38 [info] partner_center_page", "is not a JSON object"),
        ("[1]", "is not a JSON object"),
        ("", "is not a JSON object"),
        *((json.dumps({k: v for k, v in GOOD.items() if k != name}), f"lacks {name}") for name in log_lines.FIELDS),
        (json.dumps(GOOD | {"timestamp": "2026-11-22T07:38:56"}), "holds something odd as timestamp"),
        (json.dumps(GOOD | {"timestamp": "yesterday"}), "holds something odd as timestamp"),
        (json.dumps(GOOD | {"source": "uvicorn"}), "holds something odd as source"),
        (json.dumps(GOOD | {"level": 20}), "holds something odd as level"),
        (json.dumps(GOOD | {"env": "prod", "event": ""}), "holds something odd as event, env"),
        (json.dumps(GOOD | {"feature_flag_state": True}), "holds something odd as feature_flag_state"),
        (json.dumps(GOOD | {"contact": "sue@fabrikam.com"}), "holds an e-mail address or a token"),
        (json.dumps(GOOD | {"header": "Bearer abc.def"}), "holds an e-mail address or a token"),
    ],
)
def test_each_fault_of_a_line_is_named(line: str, trouble: str):
    """The line's number and what is wrong with it, never what stands in it."""
    assert log_lines.troubles([json.dumps(GOOD), line]) == [f"line 2 {trouble}"]
