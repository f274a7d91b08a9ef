"""Test help texts, usage errors and `--debug`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hunter_pipeline.cli import COMMANDS as LISTED
from hunter_pipeline.cli import load_command
from hunter_pipeline_tests.cli.conftest import is_one_sentence_and_a_hint
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

# The import of each takes from half a second to three seconds.
SLOW_PACKAGES = {"dagster", "pandas", "alembic", "apprise", "sqlalchemy", "msal", "requests", "psycopg", "structlog"}
VALUES = {"--name", "--value", "--currency", "--close", "--notes", "--crm-id", "--by", "--json"}
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
    "leads": {"--format", "--output", "--limit", "--status", "--type"},
    "referrals list": {"--status", "--type", "--limit", "--json"},
    "referrals show": {"--json"},
    "referrals accept": VALUES,
    "referrals decline": {"--reason", "--by", "--json"},
    "referrals won": VALUES,
    "referrals lost": {"--reason", "--by", "--json"},
    "referrals update": VALUES,
    "referrals updates": {"--retry", "--limit", "--json"},
    "referrals cancel": {"--json"},
    "referrals send": {"--json"},
    "sandbox": {"--port", "--referrals", "--seed", "--change-every", "--fault"},
    "uat": {"--json"},
    "doctor": set(),
}


def listed(text: str) -> list[str]:
    """Return the commands that a help page lists."""
    return re.findall(r"^  (\w+)  ", text.partition("Commands:")[2], re.MULTILINE)


@pytest.mark.parametrize(("command", "options"), COMMANDS.items())
def test_command_has_exactly_the_documented_options(command: str, options: set[str], hunter) -> None:
    """The lines of its help have at most 80 columns."""
    result = hunter(*command.split(), "--help")
    assert (result.code, result.err) == (0, "")
    assert set(re.findall(r"^  (--[\w-]+)", result.out, re.MULTILINE)) == options | {"--help"}
    assert max(len(line) for line in result.out.splitlines()) <= 80


@pytest.mark.parametrize("group", ["", "auth", "db", "referrals"])
def test_help_lists_every_command_with_a_whole_sentence(group: str, hunter) -> None:
    out = hunter(*group.split(), "--help").out
    prefix = f"{group} " if group else ""
    expected = {name.removeprefix(prefix).split()[0] for name in COMMANDS if name.startswith(prefix)}
    assert set(listed(out)) == expected
    assert "..." not in out.partition("Commands:")[2]


@pytest.mark.parametrize("line", ["", "auth", "db", "referrals"])
def test_help_is_shown_as_a_usage_error_when_the_command_is_missing(line: str, hunter) -> None:
    code, out, err = hunter(*line.split())
    assert (code, out) == (2, "")
    assert err.startswith("Usage: hunter")
    assert "error:" not in err


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("nope", "No such command 'nope'.", "hunter --help"),
        ("auth nope", "No such command 'nope'.", "hunter auth --help"),
        ("sync --nope", "No such option: --nope.", "hunter sync --help"),
        ("sync extra", "Got unexpected extra argument(s) (extra).", "hunter sync --help"),
        ("leads --format pdf", "'pdf' is not one of 'table', 'csv', 'json', 'xlsx', 'parquet'.", "hunter leads --help"),
        ("sandbox --port many", "Invalid value for '--port'", "hunter sandbox --help"),
        ("sandbox --port 70000", "Invalid value for '--port'", "hunter sandbox --help"),
    ],
)
def test_usage_error_names_the_help_of_its_command(line: str, message: str, hint: str, hunter) -> None:
    code, out, err = hunter(*line.split())
    assert (code, out) == (2, "")
    assert message in err
    assert err.endswith(f"hint:  Try: {hint}\n")
    assert is_one_sentence_and_a_hint(err)


def test_help_imports_no_slow_library() -> None:
    slow = "{'alembic', 'apprise', 'dagster', 'fastapi', 'pandas', 'sqlalchemy'}"
    code = f"import sys; from hunter_pipeline import cli; cli.run(['--help']); print(sorted({slow} & set(sys.modules)))"
    line = [sys.executable, "-c", code]
    shown = subprocess.run(line, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_debug_shows_the_traceback_before_and_after_the_command(program) -> None:
    for line in (["--debug", "db", "status"], ["db", "status", "--debug"]):
        shown = program(*line, env={"HUNTER_ENV": "prod"})
        assert shown.returncode == 1
        assert "ConfigurationError: HUNTER_ENV holds 'prod'" in shown.stderr
        assert "Traceback" in shown.stderr


@pytest.mark.parametrize(
    ("line", "most_modules"), [("--help", 450), ("--version", 450), ("domain contoso.com", 700), ("domain --help", 700)]
)
def test_command_without_a_database_imports_little(line: str, most_modules: int, tmp_path: Path) -> None:
    code = f"""
import sys
from hunter_pipeline.cli import run
assert run({line.split()}) == 0
print(len(sys.modules), *sorted(set(sys.modules) & {SLOW_PACKAGES}), file=sys.stderr)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS
    )
    count, *slow = result.stderr.split()
    assert slow == []
    assert int(count) <= most_modules


@pytest.mark.parametrize("name", LISTED)
def test_listed_summary_is_the_one_of_the_command(name: str) -> None:
    assert load_command(name).get_short_help_str(limit=100) == LISTED[name]
