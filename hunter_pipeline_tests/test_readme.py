"""Test that commands, settings, links and targets in README and CONTRIBUTING exist."""

import re
import subprocess
from pathlib import Path

import pytest

from hunter_pipeline.cli import COMMANDS, load_command
from hunter_pipeline.config.settings import Settings
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_COMMAND = re.compile(r"`hunter ([^`]+)`|^(?:\$ )?hunter ([^#\n]+)", re.MULTILINE)


def _named_commands() -> list[str]:
    return sorted({(inline or line).strip() for inline, line in _COMMAND.findall(README)})


def _settings_table() -> str:
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        value = str(field.default).lower() if isinstance(field.default, bool) else field.default
        shown = "" if value in (None, ()) else f"`{value}`"
        lines.append(f"| `HUNTER_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines)


def test_readme_lists_every_setting_with_its_default() -> None:
    """The table of settings agrees with the code."""
    assert _settings_table() in README


@pytest.mark.parametrize("words", _named_commands())
def test_every_command_in_the_readme_exists(words: str) -> None:
    """Each `hunter ...` in the README is a command with these options."""
    name, *rest = words.split()
    command = load_command(name)
    while rest and (inner := getattr(command, "commands", {}).get(rest[0])) is not None:
        command, rest = inner, rest[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    assert not hasattr(command, "commands"), f"`hunter {words}` stops at a group"
    assert set(re.findall(r"--[a-z-]+", words)) <= options


def test_every_command_is_in_the_readme() -> None:
    """The README mentions every command."""
    names = {words.split()[0] for words in _named_commands()}
    assert set(COMMANDS) <= names


def test_every_make_target_in_the_documents_exists() -> None:
    """Each `make ...` in a document is a target that `make help` lists."""
    named = {
        target
        for path in DOCUMENTS
        for target in re.findall(r"`make ([a-z-]+)|^(?:\$ )?make ([a-z-]+)", path.read_text(), re.M)
    }
    helped = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS
    ).stdout
    assert {first or second for first, second in named} <= set(re.findall(r"make ([\w-]+)", helped))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_has_a_target(path: Path) -> None:
    """A relative link or picture names an existing file."""
    targets = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_test_file_named_in_the_resilience_guide_exists() -> None:
    """The test files named in docs/resilience.md exist under `hunter_pipeline_tests`."""
    named = re.findall(r"`([\w/]+\.py)`", (ROOT / "docs" / "resilience.md").read_text(encoding="utf-8"))
    tests = ROOT / "hunter_pipeline_tests"
    inside = {path.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")}
    names = inside | {path.rpartition("/")[2] for path in inside}
    assert len(named) > 20
    assert set(named) <= names
