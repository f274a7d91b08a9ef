"""
The `hunter` command: its subcommands, and the boundary where errors become messages and exit codes.

A subcommand imports Dagster, Alembic or pandas when it runs, so that `hunter --help` responds at once.
"""

import io
import os
import sys
from typing import Annotated

import typer

from hunter_pipeline import __version__
from hunter_pipeline.cli import auth, db, demo, doctor, domain, forget, leads, referrals, sandbox, serve, sync, uat, up
from hunter_pipeline.errors import HunterError
from hunter_pipeline.referrals.text import replace_control_characters

INTERRUPTED = 130
USAGE = 2
UNEXPECTED = 1

app = typer.Typer(
    name="hunter",
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


app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("sync")(sync.sync)
app.add_typer(auth.app, name="auth")
app.add_typer(db.app, name="db")
app.command("forget")(forget.forget)
app.command("domain")(domain.domain)
app.command("leads")(leads.leads)
app.add_typer(referrals.app, name="referrals")
app.command("sandbox")(sandbox.sandbox)
app.command("serve")(serve.serve)
app.command("uat")(uat.uat)
app.command("doctor")(doctor.doctor)


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
