"""
The `hunter` command: its subcommands, and the boundary where errors become messages and exit codes.

The module of a subcommand is imported when that subcommand runs, so that `hunter --help` responds at once.
"""

import importlib
import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from hunter_pipeline import __version__
from hunter_pipeline.errors import HunterError
from hunter_pipeline.referrals.text import replace_control_characters

INTERRUPTED = 130
USAGE = 2
UNEXPECTED = 1

# Each subcommand with its summary. hunter_pipeline/cli/NAME.py has its function NAME, or `app` for a group.
COMMANDS = {
    "demo": "Run everything on a sandbox, with nothing configured.",
    "up": "Run Dagster and the lead desk for your Partner Center.",
    "sync": "Run one sync now, in this process.",
    "auth": "Sign in to Partner Center once; syncs refresh the sign-in.",
    "db": "Manage the database: its schema, its URL, the embedded server.",
    "leads": "Print the leads that are ready to call, the most urgent first.",
    "referrals": "Read referrals, and answer them in Partner Center.",
    "domain": "Print the canonical domain of each TEXT, or line of input.",
    "forget": "Erase a person everywhere, and keep them erased.",
    "serve": "Serve the API and the lead desk until Ctrl-C.",
    "sandbox": "Run the simulator of Partner Center and Entra alone.",
    "uat": "Run the seven acceptance tests and print a report.",
    "doctor": "Check the installation, and say how to fix what does not work.",
}


class _Commands(TyperGroup):
    """The subcommands: until one runs, only its name and summary are known."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {name: TyperCommand(name, help=summary) for name, summary in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _summary, rest = super().resolve_command(ctx, args)
        return name, load_command(str(name)), rest


def load_command(name: str) -> Any:
    """Return the Typer command or group of a subcommand."""
    module = importlib.import_module(f"{__name__}.{name}")
    parent = typer.Typer(add_completion=False, rich_markup_mode=None)
    if hasattr(module, "app"):
        parent.add_typer(module.app, name=name)
    else:
        parent.command(name)(getattr(module, name))
        parent.callback()(lambda: None)
    return typer.main.get_group(parent).commands[name]


app = typer.Typer(
    name="hunter",
    cls=_Commands,
    help="Never lose a Microsoft lead: Partner Center referrals, synced into PostgreSQL, ready to call.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        print(f"hunter {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (anywhere on the line).")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Never lose a Microsoft lead: Partner Center referrals, synced into PostgreSQL, ready to call."""
    del debug, version  # `main` handles --debug, a callback --version; they are declared for the help text


def main() -> None:
    """Run the command line and exit with its code."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    # everything under HUNTER_HOME is for its user only, also what Dagster and PostgreSQL create there
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names in any script, in any locale
    sys.exit(run(arguments, debug=debug))


def run(arguments: list[str], *, debug: bool = False) -> int:
    """Run one command line; return its exit code, or raise its error if `debug` is set."""
    try:
        result = app(arguments, prog_name="hunter", standalone_mode=False, obj=debug)
        sys.stdout.flush()
    except HunterError as error:
        if debug:
            raise
        _print_error(error.message, error.hint)
        return error.exit_code
    except typer.TyperException as error:
        if debug:
            raise
        _print_usage_error(error)
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has exited: `| head`
        return 0
    except Exception:
        if debug:
            raise
        _print_error(
            "an unexpected error occurred.",
            "This is a bug: run the command again with --debug and report what it prints.",
        )
        return UNEXPECTED
    return result if isinstance(result, int) else 0


def _print_usage_error(error: typer.TyperException) -> None:
    """Print what is wrong with the command line; for `hunter` or `hunter auth` alone, their help."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if message.startswith("Usage:"):
        print(message, file=sys.stderr)
        return
    message = message.replace("Value error, ", "").rstrip(".")
    _print_error(f"{message}.", f"Try: {context.command_path if context else 'hunter'} --help")


def _print_error(message: str, hint: str | None) -> None:
    print(replace_control_characters(f"error: {message}"), file=sys.stderr)
    if hint:
        print(replace_control_characters(f"hint:  {hint}"), file=sys.stderr)
