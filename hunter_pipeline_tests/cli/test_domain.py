"""Test `hunter domain`: arguments and standard input, text and JSON."""

import json
import shlex
import subprocess

import pytest

from hunter_pipeline_tests.cli.conftest import HUNTER
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS


def test_output_has_a_line_per_argument_with_text_domain_and_reason(hunter) -> None:
    code, out, err = hunter("domain", "https://www.Contoso.com:443/a?b#c", "sue@gmail.com", "müller.de", "")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "https://www.Contoso.com:443/a?b#c\tcontoso.com",
        "sue@gmail.com\t-\tconsumer",
        "müller.de\txn--mller-kva.de",
        "\t-\tinvalid",
    ]


def test_output_and_errors_have_no_control_characters(hunter) -> None:
    """Control characters could be sequences that a terminal executes."""
    assert hunter("domain", "a\x1b[2Jb.com\x9b").out == "a\ufffd[2Jb.com\ufffd\t-\tinvalid\n"
    assert "\x1b" not in hunter("leads", "--output", "/no\x1b[2J/x", "--format", "\x1b[2J").err


def test_json_output_has_an_object_per_line(hunter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The partner's own domains are those of the settings."""
    monkeypatch.setenv("HUNTER_OWN_DOMAINS", "fourthcoffee.com")
    out = hunter("domain", "--json", "sue@firma.com.tr", "sue@fourthcoffee.com").out
    assert [json.loads(line) for line in out.splitlines()] == [
        {"input": "sue@firma.com.tr", "domain": "firma.com.tr", "reason": None},
        {"input": "sue@fourthcoffee.com", "domain": None, "reason": "own"},
    ]


@pytest.mark.slow
def test_standard_input_with_any_bytes_gives_an_object_per_line(program) -> None:
    """Windows line ends, empty lines, a missing last line end, invalid UTF-8."""
    given = b"contoso.com\r\n\xff\xfe\n\nfirma.com.tr\x00\nx\x85y\nb.org"
    result = program("domain", "--json", input=given, text=False)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.returncode, result.stderr) == (0, b"")
    assert [line["domain"] for line in lines] == ["contoso.com", None, None, None, None, "b.org"]
    assert lines[1]["input"] == "\ufffd\ufffd"


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_invalid_bytes_of_an_argument_are_replaced_in_any_locale(
    locale: str, program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    result = program("domain", "--json", b"\xff.com")
    assert result.returncode == 0
    assert json.loads(result.stdout)["input"] == "\ufffd.com"


@pytest.mark.slow
def test_letters_are_escaped_when_standard_output_is_ascii(program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    result = program("domain", "müller.de")
    assert (result.returncode, result.stdout) == (0, "m\\xfcller.de\txn--mller-kva.de\n")


def test_tab_in_the_text_adds_no_column(hunter) -> None:
    assert hunter("domain", "a\tb").out == "a b\t-\tinvalid\n"


@pytest.mark.slow
def test_closed_pipe_is_not_an_error() -> None:
    """`hunter domain | head -1` ends without a message."""
    line = f"yes contoso.com | head -100000 | {shlex.quote(str(HUNTER))} domain | head -1"
    result = subprocess.run(["bash", "-c", line], check=False, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert result.stdout == "contoso.com\tcontoso.com\n"
    assert result.stderr == ""
