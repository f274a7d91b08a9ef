"""Define the sandbox: its state, its start and stop, and the methods with which a test controls it."""

import contextlib
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from hunter_pipeline.sandbox.app import RecordedRequest, build_app
from hunter_pipeline.sandbox.faults import Fault, FaultQueue
from hunter_pipeline.sandbox.http_server import HttpsServer, issue_certificate, listen
from hunter_pipeline.sandbox.oauth import ACCESS, MFA, REFRESH, AuthorizationServer
from hunter_pipeline.sandbox.options import CLIENT_ID, TENANT_ID, SandboxOptions
from hunter_pipeline.sandbox.updates import UpdateLog
from hunter_pipeline.sandbox.world import ChangeThread, World


class Sandbox:
    """
    A Partner Center and an Entra at `https://localhost:PORT`, for the duration of a `with`.

    Attributes:
        options: the settings; replacing them while it runs changes those of the responses.
        faults: the faults that are set.
        requests: every request so far, oldest first, except those to the control endpoints.
        updates: the updates that were applied to referrals, oldest first.
        ca_file: the certificate authority that clients have to trust.

    Raises:
        OSError: on entering, if the port is taken.
    """

    tenant_id = TENANT_ID
    client_id = CLIENT_ID

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self.faults = FaultQueue(self.options.faults)
        self.requests: list[RecordedRequest] = []
        self.updates = UpdateLog()
        self.ca_file = Path()
        self._port = self.options.port
        self._server: HttpsServer | None = None
        self._changes: ChangeThread | None = None
        self._temporary_dir: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start to answer requests; after a `stop`, with the same referrals at the same address."""
        listener = listen(self._port)
        self._port = listener.getsockname()[1]
        self.ca_file, context = issue_certificate(self._certificate_dir())
        self._server = HttpsServer(build_app(self), listener, context)
        self._server.start()
        if self.options.change_every_seconds is not None:
            self.start_changes(self.options.change_every_seconds)

    def stop(self) -> None:
        """Abort all connections and stop answering, as in an outage, until `start`."""
        self.stop_changes()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def close(self) -> None:
        """Stop, and release every file. The recorded requests stay."""
        self.stop()
        self.world.close()
        if self._temporary_dir is not None:
            shutil.rmtree(self._temporary_dir, ignore_errors=True)
            self._temporary_dir = None

    def start_changes(self, every_seconds: float) -> None:
        """Change or add a referral at this interval in seconds."""
        self._changes = ChangeThread(self.world, every_seconds)

    def stop_changes(self) -> None:
        """Stop the changes of `start_changes`."""
        if self._changes is not None:
            self._changes.stop()
            self._changes = None

    @property
    def url(self) -> str:
        """Return the address, `https://localhost:PORT`."""
        return f"https://localhost:{self._port}"

    @cached_property
    def world(self) -> World:
        """Return the referrals, which can be changed."""
        return World(self.options)

    @cached_property
    def oauth(self) -> AuthorizationServer:
        """Return the authorization server of Entra."""
        return AuthorizationServer(self.options, self.world, self.url)

    @property
    def tenants(self) -> dict[str, str]:
        """Return the tenant's GUID by domain (in ASCII)."""
        return self.world.tenants

    def environment(self) -> dict[str, str]:
        """Return the settings that point the pipeline here."""
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
        """Set faults."""
        self.faults.add(*faults)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.faults.clear()

    def access_token(self) -> str:
        """Return an access token without a sign-in, for tests of the API alone."""
        return self.oauth.access_token()

    def revoke_tokens(self) -> None:
        """Revoke every refresh token (AADSTS50173). Access tokens stay valid until they expire, as in Entra."""
        self.world.increment(REFRESH)

    def expire_access_tokens(self) -> None:
        """Refuse every issued access token with 401, until it is refreshed."""
        self.world.increment(ACCESS)

    def require_mfa(self) -> None:
        """Refuse every access token with 401 and 900421, until a person signs in again."""
        self.world.increment(MFA)

    def _certificate_dir(self) -> Path:
        if self.options.certificate_dir is not None:
            return self.options.certificate_dir
        if self._temporary_dir is None:
            self._temporary_dir = Path(tempfile.mkdtemp(prefix="hunter-sandbox-"))
        return self._temporary_dir


def serve_forever(options: SandboxOptions, on_start: Callable[[Sandbox], None]) -> None:
    """
    Run a sandbox until SIGINT or SIGTERM, in the main thread; call `on_start` when it accepts requests.

    Raises:
        OSError: if the port is taken.
    """
    stopped = threading.Event()
    previous = signal.signal(signal.SIGTERM, lambda _number, _frame: stopped.set())
    try:
        with Sandbox(options) as sandbox:
            on_start(sandbox)
            with contextlib.suppress(KeyboardInterrupt):
                stopped.wait()
    finally:
        signal.signal(signal.SIGTERM, previous)
