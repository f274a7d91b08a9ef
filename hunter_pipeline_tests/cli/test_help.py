"""`--help` and the contract's table of commands say the same."""

import re
import subprocess
import sys

import pytest

from hunter_pipeline_tests.cli.conftest import is_one_sentence_and_a_hint
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

COMMANDS = {
    "demo": {"--once"},
    "up": set(),
    "serve": set(),
    "sync": {"--full", "--json"},
    "auth login": {"--interactive"},
    "auth status": {"--json"},
    "auth logout": set(),
    "auth rotate": set(),
    "db upgrade": set(),
    "db status": set(),
    "db url": set(),
    "db stop": set(),
    "forget": set(),
    "domain": {"--json"},
    "leads": {"--format", "--output"},
    "sandbox": {"--port", "--referrals", "--seed", "--change-every", "--fault"},
    "uat": {"--json"},
    "doctor": set(),
}


def listed(text: str) -> list[str]:
    """The commands of a help page."""
    return re.findall(r"^  (\w+)  ", text.partition("Commands:")[2], re.MULTILINE)


@pytest.mark.parametrize(("command", "options"), COMMANDS.items())
def test_each_command_has_the_options_of_the_contract(command: str, options: set[str], hunter):
    """Every command explains itself, in lines of at most 80 columns, and has no other options than those."""
    answer = hunter(*command.split(), "--help")
    assert (answer.code, answer.err) == (0, "")
    assert set(re.findall(r"^  (--[\w-]+)", answer.out, re.MULTILINE)) == options | {"--help"}
    assert max(len(line) for line in answer.out.splitlines()) <= 80


@pytest.mark.parametrize("group", ["", "auth", "db"])
def test_the_list_of_commands_is_whole_and_not_cut_off(group: str, hunter):
    """`hunter --help` lists what there is, and says of each in a whole sentence what it does."""
    out = hunter(*group.split(), "--help").out
    prefix = f"{group} " if group else ""
    expected = {name.removeprefix(prefix).split()[0] for name in COMMANDS if name.startswith(prefix)}
    assert set(listed(out)) == expected
    assert "..." not in out.partition("Commands:")[2]


@pytest.mark.parametrize("line", ["", "auth", "db"])
def test_without_a_command_the_help_is_shown(line: str, hunter):
    """`hunter` alone shows its help, as a usage error."""
    code, out, err = hunter(*line.split())
    assert (code, out) == (2, "")
    assert err.startswith("Usage: hunter")
    assert "error:" not in err


@pytest.mark.parametrize(
    ("line", "sentence", "hint"),
    [
        ("nope", "No such command 'nope'.", "hunter --help"),
        ("auth nope", "No such command 'nope'.", "hunter auth --help"),
        ("sync --nope", "No such option: --nope.", "hunter sync --help"),
        ("sync extra", "Got unexpected extra argument(s) (extra).", "hunter sync --help"),
        ("leads --format pdf", "'pdf' is not one of 'table', 'csv', 'json', 'xlsx'.", "hunter leads --help"),
        ("sandbox --port many", "Invalid value for '--port'", "hunter sandbox --help"),
        ("sandbox --port 70000", "Invalid value for '--port'", "hunter sandbox --help"),
    ],
)
def test_wrong_usage_is_a_sentence_and_where_to_look(line: str, sentence: str, hint: str, hunter):
    """A wrong line ends with exit code 2 and the help that belongs to it."""
    code, out, err = hunter(*line.split())
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.endswith(f"hint:  Try: {hint}\n")
    assert is_one_sentence_and_a_hint(err)


def test_help_loads_nothing_that_takes_its_time():
    """`hunter --help` loads neither Dagster nor what the lead desk and the exports stand on."""
    slow = "{'dagster', 'fastapi', 'pandas'}"
    code = f"import sys; from hunter_pipeline import cli; cli.run(['--help']); print(sorted({slow} & set(sys.modules)))"
    line = [sys.executable, "-c", code]
    shown = subprocess.run(line, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_debug_shows_the_traceback_wherever_it_stands(program):
    """`--debug` in front of the command or behind it shows where an error was raised."""
    for line in (["--debug", "db", "status"], ["db", "status", "--debug"]):
        shown = program(*line, env={"HUNTER_ENV": "prod"})
        assert shown.returncode == 1
        assert "ConfigurationError: HUNTER_ENV holds 'prod'" in shown.stderr
        assert "Traceback" in shown.stderr
