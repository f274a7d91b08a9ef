"""
Define the resources: the warehouse, Partner Center, and the sync of a run.

A resource makes no connection or request when it is created. Its values come from the HUNTER_* variables when it is
used, so that no secret is part of Dagster's configuration, which the web UI shows.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import dagster as dg
import structlog
from pydantic import PrivateAttr

from hunter_pipeline.config.logs import configure_logs, log
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.defs.maintenance import report_dead_runs, share_connections
from hunter_pipeline.errors import CheckFailed, HunterError
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.sign_in_status import SignInStatus
from hunter_pipeline.partner_center.tenants import TenantDirectory
from hunter_pipeline.pipeline.sign_in import open_client, open_sign_in
from hunter_pipeline.pipeline.sync_run import SyncRun
from hunter_pipeline.warehouse import schema
from hunter_pipeline.warehouse.connection import Connection, Warehouse


@contextmanager
def errors_as_failures() -> Iterator[None]:
    """Raise a HunterError of the block as a Dagster failure; only a transient one may be retried."""
    try:
        yield
    except HunterError as error:
        facts = {name: value for name, value in error.summary().items() if value is not None and name != "message"}
        raise dg.Failure(
            description=f"{error.message} {error.hint or ''}".strip(),
            metadata={**facts, **({"what_to_do": error.hint} if error.hint else {})},
            allow_retries=error.is_transient,
        ) from error


class WarehouseResource(dg.ConfigurableResource):
    """The PostgreSQL database of HUNTER_DATABASE_URL, or the embedded one under HUNTER_HOME."""

    def connection(self) -> AbstractContextManager[Connection]:
        """
        Open a connection that is committed at its end; create or upgrade the schema if needed.

        Raises: DatabaseError.
        """
        warehouse = Warehouse.from_settings(load_settings())
        schema.ensure_current(warehouse)
        return warehouse.connection()


class PartnerCenterResource(dg.ConfigurableResource):
    """
    Microsoft Partner Center, read as the account of `hunter auth login`.

    The OAuth credentials are the app registration (a public client without a secret) and the stored sign-in. They come
    from the environment only: a field could be replaced by the configuration of a run.
    """

    def client(self) -> PartnerCenterClient:
        """Open a client. Raises: ConfigurationError if no app registration is configured."""
        return open_client(load_settings())

    def sign_in_status(self) -> SignInStatus | None:
        """Return the status of the stored sign-in, or None if the feature flag is off. Sends no request."""
        settings = load_settings()
        if not settings.partner_center_enabled:
            return None
        with Http() as http:
            return open_sign_in(settings, http).status()

    @contextmanager
    def tenants(self) -> Iterator[TenantDirectory | None]:
        """Open Entra's directory of domains, or None if the feature flag or HUNTER_TENANT_LOOKUP is off."""
        settings = load_settings()
        if not (settings.partner_center_enabled and settings.tenant_lookup):
            yield None
            return
        with Http() as http:
            yield TenantDirectory(http, settings.partner_center_authority)


class SyncRunResource(dg.ConfigurableResource):
    """
    The sync of a Dagster run: its lease, its row in `sync_runs`, its summary.

    It exists as long as the run, because runs execute in one process (see `definitions.py`). A run that does not
    materialize `raw_referrals` is no sync and is not recorded.
    """

    _run: SyncRun | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Configure the log at the start of the run, and let its events share connections to Dagster's storage."""
        configure_logs(load_settings())
        if context.instance:
            share_connections(context.instance)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Close the sync at the end of the run, also after an error."""
        run, self._run = self._run, None
        if run is None:
            return
        try:
            summary = run.finish()
            if summary and context.instance:
                # what the list of runs shows of the outcome
                counts = f"{summary['fetched']} read, {summary['new']} new, {summary['updated']} updated"
                tags = {"hunter/status": summary["status"], f"hunter/{summary['mode']}": counts}
                context.instance.add_run_tags(run.run_id, tags)
        except HunterError as error:
            log.error("partner_center_sync_not_recorded", error=error.message, hint=error.hint)

    def begin(self, context: dg.AssetExecutionContext, mode: str) -> str | None:
        """Start the sync; return None, or the reason if it is skipped, which becomes a tag of the run."""
        settings = load_settings()
        warehouse = Warehouse.from_settings(settings)
        with errors_as_failures():
            schema.ensure_current(warehouse)
            run = SyncRun(warehouse, settings, context.run.run_id)
            reason = run.begin(mode)
        if reason is None:
            self._run = run
            report_dead_runs(context.instance, run.interrupted, own=context.run.run_id)
        else:
            structlog.contextvars.unbind_contextvars("run_id")
            context.log.warning(f"SKIPPED, nothing was read or written: {reason}")
            tags = {"hunter/status": "skipped", "hunter/reason": reason, "SKIPPED": reason.replace("_", " ")}
            context.instance.add_run_tags(context.run.run_id, tags)
        return reason

    def is_sync(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> bool:
        """Return whether the run is a sync, in which steps process changes only; other runs process everything."""
        return self._run is not None and self._run.run_id == context.run.run_id

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Record a HunterError of the block as the end of the sync, and raise it as a Dagster failure."""
        with errors_as_failures():
            if self._run is None:
                yield
            else:
                with self._run.step(name):
                    yield

    def check_failed(self, name: str, message: str) -> None:
        """Record that a blocking check failed, which ends the sync."""
        if self._run is not None:
            self._run.fail(CheckFailed(message, hint="Look at the check's report in Dagster."), step=name)
