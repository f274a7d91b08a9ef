"""`hunter demo`: the whole pipeline on a sandbox, with nothing configured."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from hunter_pipeline.cli import sync, up
from hunter_pipeline.cli.auth import show_code
from hunter_pipeline.config.environment import DEMO_FILE, dotenv_text, environment_of_demo
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.local import home_lock
from hunter_pipeline.local.home_lock import Urls

CHANGE_SECONDS = 5.0


def demo(
    once: Annotated[bool, typer.Option("--once", help="Run one sync, print its summary, and end.")] = False,
) -> int:
    """
    Run everything on a sandbox, with nothing configured.

    One sync against made-up referrals, then Dagster's web UI and the lead desk until Ctrl-C.
    """
    from hunter_pipeline.local import supervisor  # noqa: PLC0415 - Dagster takes a second to import

    settings = load_settings().model_copy(update={"database_url": None})  # a demo has a database of its own
    settings.require_api_key()
    if once:
        with home_lock.only_one(settings), _sandbox_world(settings):
            return _first_sync(load_settings())
    code = 0
    # the database is the demo's own, also where `demo --once` has left it running
    whole = supervisor.database_until_done(settings, whoever_started_it=True)
    with supervisor.until_stopped(), home_lock.only_one(settings), whole:
        urls = up.addresses(settings, or_next=True)
        for wanted, taken, name in (
            (settings.dagster_url, urls.dagster, "Dagster's web UI"),
            (settings.api_url, urls.desk, "the lead desk"),
        ):
            if taken != wanted:
                print(f"{wanted} is taken by another program; {name} takes {taken}.", flush=True)
        with _sandbox_world(settings) as moving:
            demo_settings = load_settings()
            code = _first_sync(demo_settings)
            if code == 0:
                moving()
                _run_services(demo_settings, urls)
    return code


def _run_services(settings: Settings, urls: Urls) -> None:
    from hunter_pipeline.local import supervisor  # noqa: PLC0415

    print("\nStarting Dagster and the lead desk.", flush=True)
    with supervisor.running(settings, urls) as running:
        print(up.in_words(settings, urls), flush=True)
        others = ", ".join(f"{_command()} {rest}" for rest in ("sync", "leads", "db url"))
        print(
            f"\nThe sandbox changes a referral every {CHANGE_SECONDS:.0f} seconds. In another terminal: {others}",
            flush=True,
        )
        supervisor.watch(running)


def _command() -> str:
    """How this command is called in another terminal here: after `make demo` it is not on the path."""
    return "hunter" if shutil.which("hunter") else os.path.relpath(sys.argv[0])


def _first_sync(settings: Settings) -> int:
    """Sign in where nobody is, then sync; returns the exit code."""
    from hunter_pipeline.local import dagster_instance, supervisor  # noqa: PLC0415
    from hunter_pipeline.partner_center.http import Http  # noqa: PLC0415
    from hunter_pipeline.pipeline.sign_in import open_sign_in  # noqa: PLC0415

    configure_logs(settings)
    print(f"Sandbox of Partner Center and Entra: {settings.partner_center_api_url}", flush=True)
    dagster_instance.prepare(settings)
    supervisor.refuse_mixing(settings)
    with Http() as http:
        sign_in = open_sign_in(settings, http)
        if not sign_in.status().signed_in:
            print("Signing in with a device code, which the sandbox approves by itself.", flush=True)
            sign_in.login_device_code(show_code)
    return sync.report(sync.run_sync(settings, full=False), as_json=False)


@contextmanager
def _sandbox_world(settings: Settings) -> Iterator[Callable[[], None]]:
    """
    A sandbox whose world survives the demo, announced to other terminals; yields what sets it moving.

    Its certificate's directory and its world lie under HUNTER_HOME.
    """
    from hunter_pipeline.sandbox import Sandbox, SandboxOptions  # noqa: PLC0415

    home = settings.folder("sandbox")
    options = SandboxOptions(state_file=home / "world.jsonl", certificate_dir=home)
    with Sandbox(options) as sandbox:
        values = environment_of_demo(sandbox.environment(), settings.home)
        announcement = settings.home / DEMO_FILE
        announcement.write_text(dotenv_text(values), encoding="utf-8")
        try:
            yield lambda: sandbox.start_changes(CHANGE_SECONDS)
        finally:
            announcement.unlink(missing_ok=True)
