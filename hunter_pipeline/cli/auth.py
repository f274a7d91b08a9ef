"""`hunter auth`: sign in, show who is signed in, sign out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer

from hunter_pipeline.cli.output import to_json
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import HunterError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.sign_in_status import SignInStatus
from hunter_pipeline.pipeline.sign_in import open_sign_in, rotate_key

app = typer.Typer(help="Sign in to Partner Center once; syncs refresh the sign-in.", no_args_is_help=True)

NOT_SIGNED_IN = 3


@app.command()
def login(
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Sign in in this machine's browser instead of by device code.")
    ] = False,
) -> None:
    """Sign in, by device code or in the browser."""
    with _open_sign_in() as sign_in:
        found = sign_in.login_interactive(_show_address) if interactive else sign_in.login_device_code(show_code)
    print(f"Signed in as {found.account} (tenant {found.tenant_id}).")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one line of JSON.")] = False,
) -> int:
    """Show who is signed in, and for how long."""
    try:
        with _open_sign_in() as sign_in:
            found = sign_in.status()
    except HunterError as error:
        if as_json:
            print(to_json(asdict(SignInStatus(signed_in=False, problem=error.message))))
        raise
    if as_json:
        print(to_json(asdict(found)))
    elif found.signed_in:
        _print_sign_in(found)
    else:
        print(f"{found.problem} Run: hunter auth login.")
    return 0 if found.signed_in else NOT_SIGNED_IN


@app.command()
def logout() -> None:
    """Delete the sign-in, for every node that shares it."""
    with _open_sign_in() as sign_in:
        is_deleted = sign_in.logout()
    print("Signed out." if is_deleted else "No account was signed in.")


@app.command()
def rotate() -> None:
    """
    Encrypt the sign-in in the database with a new key.

    Uses the first of HUNTER_TOKEN_KEYS; the others can be removed afterwards.
    """
    settings = load_settings()
    configure_logs(settings)
    rotate_key(settings)
    print("The sign-in is encrypted with the first key of HUNTER_TOKEN_KEYS.")


def _print_sign_in(status: SignInStatus) -> None:
    until = f"{status.refresh_token_expires_at:%Y-%m-%d}" if status.refresh_token_expires_at else "unknown"
    print(f"Signed in as {status.account} (tenant {status.tenant_id}); without any sync it would last until {until}.")
    print(f"Kept in {status.kept_in}.")
    if warning := status.expiry_warning():
        print(f"warning: {warning} Run: hunter auth login", file=sys.stderr)


def show_code(address: str, code: str, message: str) -> None:
    """Print where to enter the device code."""
    print(message or f"Open {address} and enter the code {code}.", file=sys.stderr, flush=True)


def _show_address(address: str) -> None:
    print(f"Open this address in a browser on this machine: {address}", file=sys.stderr, flush=True)


@contextmanager
def _open_sign_in() -> Iterator[SignIn]:
    settings = load_settings()
    configure_logs(settings)
    with Http() as http:
        yield open_sign_in(settings, http)
