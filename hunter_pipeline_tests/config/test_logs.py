"""Test log lines: one event per line, with the standard fields, without personal data."""

import io
import json
import re
import sys
from collections.abc import Iterator

import pytest
import structlog

from hunter_pipeline.config.logs import configure_logs, log, mask, redirect_lines
from hunter_pipeline.config.settings import load_settings

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOi.eyJhdWQiOiJodHRwczovL2FwaS5w.c2lnbmF0dXJl"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return the list of lines that are logged in production."""
    monkeypatch.setenv("HUNTER_ENV", "production")
    configure_logs(load_settings())
    lines: list[str] = []
    with redirect_lines(lines.append):
        yield lines


def test_event_has_the_standard_fields(written: list[str]) -> None:
    log.info("partner_center_page", page=3)
    event = json.loads(written[0])
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "partner_center_page",
        "source": "partner_center_sync",
        "level": "info",
        "env": "production",
        "feature_flag_state": "disabled",
        "run_id": None,
        "page": 3,
    }


def test_event_has_the_id_of_the_bound_run(written: list[str]) -> None:
    with structlog.contextvars.bound_contextvars(run_id="r-1"):
        log.warning("partner_center_retry")
    log.info("partner_center_page")
    assert [json.loads(line)["run_id"] for line in written] == ["r-1", None]


def test_event_has_the_state_of_the_feature_flag(written: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "true")
    configure_logs(load_settings())
    log.info("x")
    assert json.loads(written[0])["feature_flag_state"] == "enabled"


def test_unknown_variable_is_reported_once(written: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUNTER_SYNC_INTERVAL", "geheim")
    configure_logs(load_settings())
    configure_logs(load_settings())
    [event] = [json.loads(line) for line in written]
    assert (event["event"], event["level"], event["variable"]) == ("unknown_setting", "warning", "HUNTER_SYNC_INTERVAL")
    assert event["did_you_mean"] == "HUNTER_SYNC_INTERVAL_SECONDS"
    assert "geheim" not in written[0]


def test_line_is_written_once_when_logs_are_configured_twice(written: list[str]) -> None:
    configure_logs(load_settings())
    configure_logs(load_settings())
    log.info("x")
    assert len(written) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("from sue@fabrikam.com", "from [address]"),
        ("Sue <sue.o'neil@sub.fabrikam.co.uk>", "Sue <sue.o'[address]>"),
        ("Authorization: Bearer abc.def", "Authorization: [token]"),
        (f"got {TOKEN}!", "got [token]!"),
        ("grant=x&refresh_token=0.AXo-secret&y=1", "grant=x&[token]&y=1"),
        ('{"refresh_token": "0.AXo-secret"}', '{"[token]"}'),
        ("postgresql://u:geheim@host/db", "postgresql://u:[address]"),
        ("page 3 of the referrals", "page 3 of the referrals"),
    ],
)
def test_mask_hides_addresses_and_tokens(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize("wrap", [str, lambda t: [t], lambda t: {"k": {"l": t}}, lambda t: (1, t), ValueError])
def test_nested_values_are_masked(wrap, written: list[str]) -> None:
    """Lists, objects and errors in an event are masked like text."""
    log.info("x", value=wrap(f"sue@fabrikam.com {TOKEN}"), number=1.5, flag=True, nothing=None)
    line = written[0]
    assert "fabrikam" not in line
    assert TOKEN not in line
    event = json.loads(line)
    assert (event["number"], event["flag"], event["nothing"]) == (1.5, True, None)


def test_console_line_omits_empty_fields_and_those_of_every_event(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(load_settings())
    log.info("partner_center_page", page=3, request_id=None)
    line = capsys.readouterr().err
    assert "partner_center_page" in line
    assert "page=3" in line
    assert not any(name in line for name in ("source=", "env=", "request_id", "feature_flag_state", "\x1b"))


def test_lines_are_redirected_inside_the_block(written: list[str]) -> None:
    lines: list[str] = []
    with redirect_lines(lines.append):
        log.info("inside")
    log.info("outside")
    assert [json.loads(line)["event"] for line in lines] == ["inside"]
    assert json.loads(written[0])["event"] == "outside"


def test_logging_to_a_closed_standard_error_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    configure_logs(load_settings())
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    sys.stderr.close()
    log.info("x")
    assert sys.stderr.closed


@pytest.mark.parametrize("environment", ["development", "production"])
def test_log_line_has_no_control_characters(monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    """A stranger's text could move the cursor of a terminal, or begin a line of its own."""
    monkeypatch.setenv("HUNTER_ENV", environment)
    configure_logs(load_settings())
    lines: list[str] = []
    with redirect_lines(lines.append):
        log.info("partner_center_page", name="a\x1b[31mb\x9b2Jc\r\nd", names=["\x07"])
    assert len(lines) == 1
    plain = re.sub(r"\x1b\[\d+m", "", lines[0]) if environment == "development" else lines[0]
    assert plain.isprintable()
    assert "a\ufffd[31mb" in json.loads(f'"{plain}"') if environment == "development" else json.loads(plain)["name"]
