"""Logs: one event a line, with the contract's fields, and nothing personal."""

import io
import json
import sys
from collections.abc import Iterator

import pytest
import structlog

from hunter_pipeline.config.logs import configure_logs, log, mask, redirect_lines
from hunter_pipeline.config.settings import load_settings

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOi.eyJhdWQiOiJodHRwczovL2FwaS5w.c2lnbmF0dXJl"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The lines that are logged, as in production."""
    monkeypatch.setenv("HUNTER_ENV", "production")
    configure_logs(load_settings())
    lines: list[str] = []
    with redirect_lines(lines.append):
        yield lines


def test_every_event_has_the_standing_fields(written: list[str]):
    """A line of JSON has event, source, level, timestamp, env, feature_flag_state and run_id."""
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


def test_the_run_is_named_in_every_event_of_it(written: list[str]):
    """Within a run its id stands in each line, without each place having to say so."""
    with structlog.contextvars.bound_contextvars(run_id="r-1"):
        log.warning("partner_center_retry")
    log.info("partner_center_page")
    assert [json.loads(line)["run_id"] for line in written] == ["r-1", None]


def test_the_flag_is_told(written: list[str], monkeypatch: pytest.MonkeyPatch):
    """`feature_flag_state` says whether Partner Center may be called."""
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "true")
    configure_logs(load_settings())
    log.info("x")
    assert json.loads(written[0])["feature_flag_state"] == "enabled"


def test_configuring_again_doubles_no_line(written: list[str]):
    """Each part of the program may configure the logs; a line is still written once."""
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
def test_addresses_and_tokens_are_masked(text: str, shown: str):
    """What looks like an e-mail address or a token does not get through."""
    assert mask(text) == shown


@pytest.mark.parametrize("wrap", [str, lambda t: [t], lambda t: {"k": {"l": t}}, lambda t: (1, t), ValueError])
def test_values_are_masked_however_deep_they_lie(wrap, written: list[str]):
    """Lists, objects and errors in an event are masked like text."""
    log.info("x", value=wrap(f"sue@fabrikam.com {TOKEN}"), number=1.5, flag=True, nothing=None)
    line = written[0]
    assert "fabrikam" not in line
    assert TOKEN not in line
    event = json.loads(line)
    assert (event["number"], event["flag"], event["nothing"]) == (1.5, True, None)


def test_development_writes_for_eyes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """On the console an event is a short line without what is the same in all of them."""
    configure_logs(load_settings())
    log.info("partner_center_page", page=3, request_id=None)
    line = capsys.readouterr().err
    assert "partner_center_page" in line
    assert "page=3" in line
    assert not any(name in line for name in ("source=", "env=", "request_id", "feature_flag_state", "\x1b"))


def test_a_progress_bar_may_write_the_lines(written: list[str]):
    """Inside the block somebody else writes, after it whoever did before."""
    lines: list[str] = []
    with redirect_lines(lines.append):
        log.info("inside")
    log.info("outside")
    assert [json.loads(line)["event"] for line in lines] == ["inside"]
    assert json.loads(written[0])["event"] == "outside"


def test_a_closed_standard_error_ends_no_work(monkeypatch: pytest.MonkeyPatch):
    """Where nobody reads the log any more, the work goes on."""
    configure_logs(load_settings())
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    sys.stderr.close()
    log.info("x")
    assert sys.stderr.closed
