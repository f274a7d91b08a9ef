"""`hunter domain`: from arguments and from standard input, for eyes and for programs."""

import json
import shlex
import subprocess

import pytest

from hunter_pipeline_tests.cli.conftest import HUNTER
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS


def test_arguments_become_columns(hunter):
    """Each TEXT is a line: what was asked, its domain or a dash, and the reason."""
    code, out, err = hunter("domain", "https://www.Contoso.com:443/a?b#c", "sue@gmail.com", "müller.de", "")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "https://www.Contoso.com:443/a?b#c\tcontoso.com",
        "sue@gmail.com\t-\tconsumer",
        "müller.de\txn--mller-kva.de",
        "\t-\tinvalid",
    ]


def test_json_has_the_three_names_of_the_contract(hunter, monkeypatch: pytest.MonkeyPatch):
    """`--json` prints one object a line; the own domains are those of the settings."""
    monkeypatch.setenv("HUNTER_OWN_DOMAINS", "fourthcoffee.com")
    out = hunter("domain", "--json", "sue@firma.com.tr", "sue@fourthcoffee.com").out
    assert [json.loads(line) for line in out.splitlines()] == [
        {"input": "sue@firma.com.tr", "domain": "firma.com.tr", "reason": None},
        {"input": "sue@fourthcoffee.com", "domain": None, "reason": "own"},
    ]


@pytest.mark.slow
def test_lines_of_standard_input_are_read_whatever_their_bytes(program):
    """Windows line ends, empty lines, a missing last line end and broken bytes: one answer a line."""
    given = b"contoso.com\r\n\xff\xfe\n\nfirma.com.tr\x00\nx\x85y\nb.org"
    answer = program("domain", "--json", input=given, text=False)
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert (answer.returncode, answer.stderr) == (0, b"")
    assert [line["domain"] for line in lines] == ["contoso.com", None, None, None, None, "b.org"]
    assert lines[1]["input"] == "\ufffd\ufffd"


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_broken_bytes_in_an_argument_are_readable(locale: str, program, monkeypatch: pytest.MonkeyPatch):
    """An argument that is not UTF-8 is answered like such a line, in any locale."""
    monkeypatch.setenv("LC_ALL", locale)
    answer = program("domain", "--json", b"\xff.com")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["input"] == "\ufffd.com"


@pytest.mark.slow
def test_a_terminal_that_knows_ascii_only_is_no_error(program, monkeypatch: pytest.MonkeyPatch):
    """Where standard output cannot show a letter, its escape is shown."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    answer = program("domain", "müller.de")
    assert (answer.returncode, answer.stdout) == (0, "m\\xfcller.de\txn--mller-kva.de\n")


def test_a_tab_in_the_text_makes_no_further_column(hunter):
    """A line has three columns, whatever was asked."""
    assert hunter("domain", "a\tb").out == "a b\t-\tinvalid\n"


@pytest.mark.slow
def test_whoever_reads_may_go():
    """`hunter domain | head -1` ends quietly."""
    line = f"yes contoso.com | head -100000 | {shlex.quote(str(HUNTER))} domain | head -1"
    answer = subprocess.run(["bash", "-c", line], check=False, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert answer.stdout == "contoso.com\tcontoso.com\n"
    assert answer.stderr == ""
