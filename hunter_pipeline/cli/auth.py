"""`hunter auth`: sign in, see who is signed in, forget the sign-in."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import HunterError
from hunter_pipeline.partner_center.accounts import SignInStatus
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.pipeline.sign_in import open_sign_in
from hunter_pipeline.pipeline.sign_in import rotate as encrypt_anew

app = typer.Typer(help="Sign in to Partner Center, once; it is refreshed by itself.", no_args_is_help=True)

NOT_SIGNED_IN = 3


@app.command()
def login(
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Sign in in this machine's browser instead of by device code.")
    ] = False,
) -> None:
    """Sign in, by device code or in the browser."""
    with _sign_in() as sign_in:
        account = sign_in.login_interactive(_show_address) if interactive else sign_in.login_device_code(show_code)
    print(f"Signed in as {account.username} (tenant {account.tenant_id}).")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one line of JSON.")] = False,
) -> int:
    """Say who is signed in, and for how long."""
    try:
        with _sign_in() as sign_in:
            now = sign_in.status()
    except HunterError as error:
        if as_json:
            _print_json(SignInStatus(signed_in=False, problem=error.message))
        raise
    if as_json:
        _print_json(now)
    elif now.signed_in:
        until = f"{now.refresh_token_expires_at:%Y-%m-%d}" if now.refresh_token_expires_at else "unknown"
        print(f"Signed in as {now.username} (tenant {now.tenant_id}); without any sync it would last until {until}.")
        print(f"Kept in {now.kept_in}.")
        if soon := now.ends_soon():
            print(f"warning: {soon} Run: hunter auth login", file=sys.stderr)
    else:
        print(f"{now.problem} Run: hunter auth login.")
    return 0 if now.signed_in else NOT_SIGNED_IN


@app.command()
def logout() -> None:
    """Forget the sign-in; where nodes share it, for all of them."""
    with _sign_in() as sign_in:
        forgotten = sign_in.logout()
    print("Signed out." if forgotten else "Nobody was signed in.")


@app.command()
def rotate() -> None:
    """
    Encrypt the sign-in in the database with a new key.

    With the first of HUNTER_TOKEN_KEYS, so that the others can go.
    """
    settings = load_settings()
    configure_logs(settings)
    encrypt_anew(settings)
    print("The sign-in is encrypted with the first key of HUNTER_TOKEN_KEYS.")


def _print_json(status: SignInStatus) -> None:
    print(json.dumps(dataclasses.asdict(status), default=lambda moment: moment.isoformat()))


def show_code(address: str, code: str, message: str) -> None:
    """Tell a person where to enter which code."""
    print(message or f"Open {address} and enter the code {code}.", file=sys.stderr, flush=True)


def _show_address(address: str) -> None:
    print(f"Open this address in a browser on this machine: {address}", file=sys.stderr, flush=True)


@contextmanager
def _sign_in() -> Iterator[SignIn]:
    settings = load_settings()
    configure_logs(settings)
    with Http() as http:
        yield open_sign_in(settings, http)
