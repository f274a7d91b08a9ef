"""Test the parsing of a response's headers and error codes."""

import pytest

from hunter_pipeline.partner_center.responses import ApiResponse, short_code


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("99999999", 6 * 3600), ("Wed, 21 Oct 2015 07:28:00 GMT", None), ("0", None)]
)
def test_retry_after_is_bounded_and_never_past(value: str, seconds: float | None) -> None:
    assert ApiResponse(429, {"Retry-After": value}, b"", 1).retry_after == seconds


def test_short_code_returns_short_identifiers_only() -> None:
    assert [short_code(value) for value in ("accessDenied", 900421, "900421")] == ["accessDenied", "900421", "900421"]
    assert {short_code(value) for value in ("a b", "sue@x.com", "x" * 65, True, None, {}, -1, 10**20)} == {None}
