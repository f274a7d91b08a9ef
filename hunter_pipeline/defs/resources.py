"""
Resources: the warehouse, Partner Center, and the sync that a run is.

A resource makes no connection or request when it is created. Its values come from the HUNTER_* variables when it is
used, so that no secret is part of Dagster's configuration, which the web UI shows.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import dagster as dg
import structlog
from pydantic import PrivateAttr

from hunter_pipeline.config.logs import configure_logs, log
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.defs.maintenance import report_dead_runs
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
    """Return the error as Dagster's web UI shows it; only a transient one may be retried."""
    facts = {name: value for name, value in error.summary().items() if value is not None and name != "message"}
    return dg.Failure(
        description=f"{error.message} {error.hint or ''}".strip(),
        metadata={**facts, **({"what_to_do": error.hint} if error.hint else {})},
        allow_retries=error.is_transient,
    )


@contextmanager
def errors_as_failures() -> Iterator[None]:
    """Turn an error of ours into Dagster's failure."""
    try:
        yield
    except HunterError as error:
        raise _failure(error) from error


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
    Microsoft Partner Center, read as the user who signed in with `hunter auth login`.

    The OAuth credentials are the app registration (a public client without a secret) and the stored sign-in. They come
    from the environment only: a field could be replaced by the configuration of a run.
    """

    def settings(self) -> Settings:
        """Return the settings of the process."""
        return load_settings()

    def client(self) -> PartnerCenterClient:
        """Open a client. Raises: ConfigurationError where no app registration is configured."""
        return open_client(self.settings())

    def sign_in_status(self) -> SignInStatus | None:
        """Return what is stored of the sign-in, None where the flag is off. Entra is not asked."""
        settings = self.settings()
        if not settings.partner_center_enabled:
            return None
        with Http() as http:
            return open_sign_in(settings, http).status()

    @contextmanager
    def tenants(self) -> Iterator[TenantDirectory | None]:
        """Open Entra's directory of domains; None where the flag or HUNTER_TENANT_LOOKUP is off."""
        settings = self.settings()
        if not (settings.partner_center_enabled and settings.tenant_lookup):
            yield None
            return
        with Http() as http:
            yield TenantDirectory(http, settings.partner_center_authority)


class SyncRunResource(dg.ConfigurableResource):
    """
    The sync that a Dagster run is: its lease, its row in `sync_runs`, its summary.

    It lives as long as the run, because runs execute in one process (see `definitions.py`). A run that does not
    materialize `raw_referrals` is no sync: nothing is recorded for it.
    """

    _run: SyncRun | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Configure the log as the run begins."""
        del context
        configure_logs(load_settings())

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Close the sync as the run ends, however it ends."""
        run, self._run = self._run, None
        if run is None:
            return
        try:
            summary = run.finish()
            if summary and context.instance:
                context.instance.add_run_tags(run.run_id, _summary_tags(summary))
        except HunterError as error:
            log.error("partner_center_sync_not_recorded", error=error.message, hint=error.hint)

    def begin(self, context: dg.AssetExecutionContext, mode: str) -> str | None:
        """Start the sync; return None, or the reason why there is nothing to do, which the run is tagged with."""
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
        """Return whether the run is a sync, whose steps handle what has changed; other runs handle everything."""
        return self._run is not None and self._run.run_id == context.run.run_id

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note an error of ours as the end of the sync, and turn it into Dagster's failure."""
        with errors_as_failures():
            if self._run is None:
                yield
            else:
                with self._run.step(name):
                    yield

    def check_failed(self, name: str, message: str) -> None:
        """Note that a blocking check failed, which ends the sync."""
        if self._run is not None:
            self._run.fail(CheckFailed(message, hint="Look at the check's report in Dagster."), step=name)


def _summary_tags(summary: dict[str, Any]) -> dict[str, str]:
    """Return the tags by which the list of runs shows the outcome of a sync."""
    counts = f"{summary['fetched']} read, {summary['new']} new, {summary['updated']} updated"
    return {"hunter/status": summary["status"], f"hunter/{summary['mode']}": counts}
