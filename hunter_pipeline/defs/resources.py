"""
What assets are given: the warehouse, Partner Center, and the sync that a run is.

A resource hands out plain objects and makes no request before that. Its values come from the HUNTER_*
variables when it is used, so that no secret stands in Dagster's configuration, where the web UI shows it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import dagster as dg
import structlog
from pydantic import Field, PrivateAttr

from hunter_pipeline.config.logs import configure_logs, log
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.defs import dead_runs
from hunter_pipeline.errors import CheckFailed, HunterError
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.sign_in_status import SignInStatus
from hunter_pipeline.partner_center.tenants import TenantDirectory
from hunter_pipeline.pipeline.sign_in import open_client, open_sign_in
from hunter_pipeline.pipeline.sync_run import SyncRun
from hunter_pipeline.warehouse import schema
from hunter_pipeline.warehouse.connection import Connection, Warehouse


def _failure(error: HunterError) -> dg.Failure:
    """The error as Dagster's web UI shows it; what is lasting is not tried again."""
    facts = {name: value for name, value in error.summary().items() if value is not None and name != "message"}
    return dg.Failure(
        description=f"{error.message} {error.hint or ''}".strip(),
        metadata={**facts, **({"what_to_do": error.hint} if error.hint else {})},
        allow_retries=error.is_transient,
    )


class WarehouseResource(dg.ConfigurableResource):
    """The PostgreSQL database of HUNTER_DATABASE_URL, or the embedded one under HUNTER_HOME."""

    def connection(self) -> AbstractContextManager[Connection]:
        """
        Open a connection that is committed at its end; the schema is created or upgraded where it has to be.

        Raises: DatabaseError.
        """
        warehouse = Warehouse.from_settings(load_settings())
        schema.ensure_current(warehouse)
        return warehouse.connection()


class PartnerCenterResource(dg.ConfigurableResource):
    """
    Microsoft Partner Center, read as the person who signed in with `hunter auth login`.

    The OAuth credentials are the app registration (public: it has no secret) and the stored sign-in.
    """

    client_id: str = Field(default="", description="the app registration; empty: HUNTER_PARTNER_CENTER_CLIENT_ID")
    tenant_id: str = Field(default="", description="the Entra tenant; empty: HUNTER_PARTNER_CENTER_TENANT_ID")

    def settings(self) -> Settings:
        """The process's settings, with the app registration of this resource."""
        own = {"partner_center_client_id": self.client_id, "partner_center_tenant_id": self.tenant_id}
        return load_settings().model_copy(update={name: value for name, value in own.items() if value})

    def client(self) -> PartnerCenterClient:
        """A client, to be closed. Raises: ConfigurationError where nobody is configured."""
        return open_client(self.settings())

    def sign_in_status(self) -> SignInStatus | None:
        """What is stored of the sign-in, None where the flag is off. Entra is not asked."""
        settings = self.settings()
        if not settings.partner_center_enabled:
            return None
        with Http() as http:
            return open_sign_in(settings, http).status()

    @contextmanager
    def tenants(self) -> Iterator[TenantDirectory | None]:
        """Entra's directory of domains, None where the flag or HUNTER_TENANT_LOOKUP is off."""
        settings = self.settings()
        if not (settings.partner_center_enabled and settings.tenant_lookup):
            yield None
            return
        with Http() as http:
            yield TenantDirectory(http, settings.partner_center_authority)


class SyncRunResource(dg.ConfigurableResource):
    """
    The sync that a Dagster run is: its lock, its row in `sync_runs`, its summary.

    Lives as long as the run, because runs execute in one process (see `definitions.py`). A run that does not
    materialize `raw_referrals` is no sync: nothing is recorded then, and the steps just take their turn.
    """

    _run: SyncRun | None = PrivateAttr(default=None)
    _run_id: str = PrivateAttr(default="")
    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Dagster calls it as the run begins."""
        configure_logs(load_settings())
        self._run_id = context.run.run_id if context.run else ""

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Dagster calls it as the run ends, however it ends."""
        try:
            summary = self._run.finish() if self._run else None
            if summary and context.instance and self._run_id:
                _tag(context.instance, self._run_id, summary)
        except HunterError as error:
            log.error("partner_center_sync_not_recorded", error=error.message, hint=error.hint)
        finally:
            self._run = None
            self._stack.close()

    def begin(self, context: dg.AssetExecutionContext, mode: str) -> str | None:
        """Start the sync: None, or the reason why there is nothing to do, which the run is tagged with."""
        settings = load_settings()
        with self._worded():
            connection = self._stack.enter_context(WarehouseResource().connection())
            run = SyncRun(connection, settings, self._run_id)
            reason = run.begin(mode)
        if reason is None:
            self._run = run
            dead_runs.report(context.instance, run.interrupted, own=self._run_id)
        else:
            structlog.contextvars.unbind_contextvars("run_id")
            context.log.info(f"Skipped: {reason}")
            context.instance.add_run_tags(self._run_id, {"hunter/status": "skipped", "hunter/reason": reason})
        return reason

    @property
    def current(self) -> SyncRun | None:
        """The sync under way, None in a run that is none."""
        return self._run

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """The edge between our errors and Dagster: an error is noted, worded, and ends the run."""
        with self._worded():
            if self._run is None:
                yield
            else:
                with self._run.step(name):
                    yield

    def check_failed(self, name: str, message: str) -> None:
        """Note that a blocking check failed: it is how the sync ends."""
        if self._run is not None:
            self._run.fail(CheckFailed(message, hint="Look at the check's report in Dagster."), step=name)

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except HunterError as error:
            raise _failure(error) from error


def _tag(instance: dg.DagsterInstance, run_id: str, summary: dict[str, Any]) -> None:
    """What the list of runs shows at a glance."""
    counts = f"{summary['fetched']} read, {summary['new']} new, {summary['updated']} updated"
    instance.add_run_tags(run_id, {"hunter/status": summary["status"], f"hunter/{summary['mode']}": counts})
