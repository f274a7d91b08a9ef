"""
A sandbox that runs: start, handles for tests, stop.

Belongs here: putting world, application, certificate and thread together. Does not belong here: how
any of them works. The web framework is imported when a sandbox starts, not before.
"""

import contextlib
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from hunter_pipeline.sandbox.faults import Fault
from hunter_pipeline.sandbox.options import CLIENT_ID, TENANT_ID, SandboxOptions

if TYPE_CHECKING:
    from hunter_pipeline.sandbox.site import RecordedRequest, Site
    from hunter_pipeline.sandbox.wire import ServerThread
    from hunter_pipeline.sandbox.world import Mover, World

SCOPE = "https://api.partner.microsoft.com/.default"


class Sandbox:
    """
    A Partner Center and an Entra on `https://localhost:PORT`, for as long as the `with` lasts.

    Raises: OSError on entering, where the port is taken.
    """

    tenant_id = TENANT_ID
    client_id = CLIENT_ID

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self._site: Site | None = None
        self._thread: ServerThread | None = None
        self._mover: Mover | None = None
        self._temporary: Path | None = None
        self.ca_file = Path()

    def __enter__(self) -> Self:
        """Serve."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop at once, free the port, let go of every file."""
        self.close()

    def start(self) -> None:
        """Make the world, listen and serve; returns when requests are answered. After `stop`: the same again."""
        from hunter_pipeline.sandbox import app, certificate, wire  # noqa: PLC0415 - slow, and not needed before

        listener = wire.listen(self.options.port if self._site is None else urlsplit(self.url).port or 0)
        try:
            self.ca_file, context = certificate.issue(self._certificate_dir())
            if self._site is None:
                self._site = self._new_site(listener.getsockname()[1])
        except BaseException:
            listener.close()
            raise
        self._thread = wire.ServerThread(app.build(self._site), listener, context)
        self._thread.start()
        if self.options.change_every_seconds is not None:
            self.start_moving(self.options.change_every_seconds)

    def stop(self) -> None:
        """Be unreachable, as in an outage, until `start`; harmless when it does not run."""
        if self._mover is not None:
            self._mover.stop()
            self._mover = None
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

    def close(self) -> None:
        """Stop for good. What was recorded stays."""
        self.stop()
        if self._site is not None:
            self._site.world.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def _new_site(self, port: int) -> "Site":
        from hunter_pipeline.sandbox.site import Site  # noqa: PLC0415
        from hunter_pipeline.sandbox.world import World  # noqa: PLC0415

        site = Site(self.options, World(self.options), f"https://localhost:{port}")
        for fault in self.options.faults:
            site.faults.add(fault)
        return site

    def start_moving(self, every_seconds: float) -> None:
        """Let a referral change or arrive every so many seconds from now on."""
        from hunter_pipeline.sandbox.world import Mover  # noqa: PLC0415

        self._mover = Mover(self.world, every_seconds)
        self._mover.start()

    @property
    def site(self) -> "Site":
        """What the running parts share; raises RuntimeError before the start."""
        if self._site is None:
            raise RuntimeError("the sandbox was not started")
        return self._site

    @property
    def url(self) -> str:
        """`https://localhost:PORT`."""
        return self.site.url

    @property
    def world(self) -> "World":
        """The mutable world of referrals."""
        return self.site.world

    @property
    def requests(self) -> "list[RecordedRequest]":
        """Every request so far, oldest first, except those to the control endpoints."""
        return self.site.requests

    @property
    def tenants(self) -> dict[str, str]:
        """Domains (ASCII) that have a Microsoft 365 tenant, with its GUID."""
        return self.world.tenants

    def environment(self) -> dict[str, str]:
        """The settings that point a client here."""
        return {
            "HUNTER_PARTNER_CENTER_ENABLED": "true",
            "HUNTER_PARTNER_CENTER_CLIENT_ID": CLIENT_ID,
            "HUNTER_PARTNER_CENTER_TENANT_ID": TENANT_ID,
            "HUNTER_PARTNER_CENTER_API_URL": self.url,
            "HUNTER_PARTNER_CENTER_AUTHORITY": self.url,
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
        }

    def fail(self, *faults: Fault) -> None:
        """Let things go wrong from now on."""
        for fault in faults:
            self.site.faults.add(fault)

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self.site.faults.clear()

    def access_token(self) -> str:
        """A bearer token without the way through sign-in, for tests of the API alone."""
        return self.site.tokens.access_token(SCOPE)

    def revoke_tokens(self) -> None:
        """Every refresh token is void (AADSTS50173); access tokens live on until they expire, as in Entra."""
        self.site.tokens.void("refresh_generation")

    def expire_access_tokens(self) -> None:
        """Every access token is answered 401; refreshing helps."""
        self.site.tokens.void("access_generation")

    def require_mfa(self) -> None:
        """The API answers 401 with 900421 until somebody signs in anew; refreshing does not help."""
        self.site.tokens.void("mfa_generation")

    def pending_codes(self) -> list[str]:
        """Device codes that wait for a person."""
        return [grant.user_code for grant in self.site.device_grants.values() if grant.state == "pending"]

    def approve(self, user_code: str) -> bool:
        """Type a device code in, as a person would; false where none like it waits."""
        from hunter_pipeline.sandbox.grants import settle  # noqa: PLC0415

        return settle(self.site, user_code, "approved")

    def _certificate_dir(self) -> Path:
        if self.options.certificate_dir is not None:
            return self.options.certificate_dir
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="hunter-sandbox-"))
        return self._temporary


def serve_forever(options: SandboxOptions, on_start: Callable[[Sandbox], None] | None = None) -> None:
    """
    Run a sandbox until SIGINT or SIGTERM; prints nothing. `on_start` is called once it answers.

    Raises: OSError where the port is taken.
    """
    stopped = threading.Event()
    with Sandbox(options) as sandbox, _on_signal(stopped.set):
        if on_start is not None:
            on_start(sandbox)
        with contextlib.suppress(KeyboardInterrupt):
            stopped.wait()


@contextlib.contextmanager
def _on_signal(act: Callable[[], None]) -> Iterator[None]:
    """Act on SIGTERM as well; only the main thread can listen for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: act())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
