"""`hunter demo`: the whole pipeline on a Partner Center sandbox, with nothing configured."""

import os
import shutil
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer

from hunter_pipeline.cli import sync, up
from hunter_pipeline.cli.auth import show_code
from hunter_pipeline.config.environment import DEMO_FILE, dotenv_text, enter_demo
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.local import dagster_instance, processes, supervisor
from hunter_pipeline.local.processes import Urls
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.pipeline.sign_in import open_sign_in
from hunter_pipeline.sandbox import Sandbox, SandboxOptions

CHANGE_SECONDS = 5.0
_SUGGESTIONS = """
The sandbox changes a referral every {seconds:.0f} seconds, and a sync reads the change. Three things to try:

  1. {desk}: click the first lead to see why it is first and whom to call.
  2. In another terminal: {hunter} leads --limit 5
  3. {dagster}/assets/lead_metrics: press Materialize, then look at the plots."""


def demo(
    once: Annotated[bool, typer.Option("--once", help="Run one sync, print its summary, and exit.")] = False,
) -> int:
    """
    Run everything on a sandbox, with nothing configured.

    Syncs the referrals of a Partner Center sandbox, then runs Dagster's web UI and the lead desk until Ctrl-C.
    """
    settings = load_settings().model_copy(update={"database_url": None})  # a demo uses the embedded database
    settings.require_api_key()
    if once:
        with processes.lock_home(settings), _sandbox(settings):
            return _first_sync(load_settings())
    code = 0
    # `demo --once` may have left the demo's database running
    database = supervisor.stop_database_after(settings, even_if_running=True)
    with supervisor.until_stopped(as_events=settings.log_style == "json"), processes.lock_home(settings), database:
        urls = _free_urls(settings)
        with _sandbox(settings) as start_changes:
            demo_settings = load_settings()
            code = _first_sync(demo_settings)
            if code == 0:
                start_changes()
                _run_services(demo_settings, urls)
    return code


def _free_urls(settings: Settings) -> Urls:
    """Return where the services can listen, and report those that do not get their configured port."""
    urls = up.service_urls(settings, or_next=True)
    for name, configured, url in (
        ("Dagster's web UI", settings.dagster_url, urls.dagster),
        ("the lead desk", settings.api_url, urls.desk),
    ):
        if url != configured:
            print(f"{configured} is in use by another program; {name} uses {url}.", flush=True)
    return urls


def _run_services(settings: Settings, urls: Urls) -> None:
    print("\nStarting Dagster and the lead desk.", flush=True)
    with supervisor.running(settings, urls) as services:
        print(up.describe_services(settings, urls), flush=True)
        # after `make demo` the command is not on the path
        hunter = "hunter" if shutil.which("hunter") else os.path.relpath(sys.argv[0])
        print(
            _SUGGESTIONS.format(desk=urls.desk, dagster=urls.dagster, hunter=hunter, seconds=CHANGE_SECONDS), flush=True
        )
        _open_browser(urls.desk)
        supervisor.watch(services)


def _open_browser(url: str) -> None:
    """Open a page if the demo runs on a terminal of a desktop; do nothing if that fails."""
    has_desktop = sys.platform in ("darwin", "win32") or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    is_remote = {"CI", "SSH_CONNECTION"} & os.environ.keys()
    if sys.stdout.isatty() and has_desktop and not is_remote:
        with suppress(webbrowser.Error, OSError):
            webbrowser.open(url)


def _first_sync(settings: Settings) -> int:
    """Sign in if no account is signed in, then sync; return the exit code."""
    configure_logs(settings)
    print(f"Sandbox of Partner Center and Entra: {settings.partner_center_api_url}", flush=True)
    dagster_instance.prepare(settings)
    supervisor.refuse_mixing(settings)
    with Http() as http:
        sign_in = open_sign_in(settings, http)
        if not sign_in.status().signed_in:
            print("Signing in with a device code, which the sandbox approves by itself.", flush=True)
            sign_in.login_device_code(show_code)
    return sync.print_result(sync.run_sync(settings, full=False), as_json=False)


@contextmanager
def _sandbox(settings: Settings) -> Iterator[Callable[[], None]]:
    """
    Run a sandbox that keeps its referrals in HUNTER_HOME; yield the function that makes them change.

    Other terminals find it by a file in HUNTER_HOME.
    """
    home = settings.folder("sandbox")
    options = SandboxOptions(state_file=home / "world.jsonl", certificate_dir=home)
    with Sandbox(options) as sandbox:
        values = enter_demo(sandbox.environment(), settings.home)
        demo_file = settings.home / DEMO_FILE
        demo_file.write_text(dotenv_text(values), encoding="utf-8")
        try:
            yield lambda: sandbox.start_changes(CHANGE_SECONDS)
        finally:
            demo_file.unlink(missing_ok=True)
