"""
Provide an installation for tests: a sandbox and a migrated database with a signed-in account.

The tests of a module share one and reset it before each test. Run as a module, this file makes one sync in a process
of its own, with the environment of that process.
"""

import copy
import json
import shutil
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import psycopg

from hunter_pipeline.config.environment import PREFIX
from hunter_pipeline.config.logs import configure_logs
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import HunterError
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import Http, RetryPolicy
from hunter_pipeline.partner_center.pagination import Page
from hunter_pipeline.partner_center.tenants import TenantDirectory
from hunter_pipeline.pipeline.companies import update_companies
from hunter_pipeline.pipeline.extract import extract
from hunter_pipeline.pipeline.extract_state import Stream
from hunter_pipeline.pipeline.merge import merge
from hunter_pipeline.pipeline.normalize import normalize
from hunter_pipeline.pipeline.sign_in import open_client, own_domains
from hunter_pipeline.pipeline.sync_run import SyncRun
from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

LIST = "/v1.0/engagements/referrals"
IMPATIENT = RetryPolicy(backoff=0.01, backoff_cap=0.05)
TABLES = (
    *("raw_referrals", "quarantined_referrals", "sync_cursors", "sync_runs"),
    *("domain_tenants", "companies", "normalized_referrals", "partner_center_referrals"),
    *("newest_versions", "sightings", "gone_referrals", "stale_companies", "normalization_rules"),
    *("table_counts", "sync_lease", "stale_inheritors", "base_currency"),
    *("forgotten_people", "forgotten_traces", "forgotten_in", "referral_updates"),
)


class Installation:
    """A sandbox and a database, with the methods that tests need to work on both."""

    def __init__(self, sandbox: Sandbox, url: str, folder: Path) -> None:
        self.sandbox = sandbox
        self.url = url
        self.folder = folder
        self.warehouse = Warehouse(url, folder)
        self._world = copy.deepcopy(sandbox.world.referrals)
        self._options = sandbox.options

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables of a process that uses this installation."""
        return {
            **self.sandbox.environment(),
            f"{PREFIX}DATABASE_URL": self.url,
            f"{PREFIX}HOME": str(self.folder),
            f"{PREFIX}LOG_FORMAT": "json",
            f"{PREFIX}TENANT_LOOKUP": "false",  # most tests are about other things
        }

    def reset(self) -> None:
        """Restore the sandbox's data and options, and empty the tables."""
        site = self.sandbox
        with site.world.lock:
            site.world.referrals.clear()
            site.world.referrals.update(copy.deepcopy(self._world))
            site.world.removed.clear()
            site.world.version += 1
        site.options = self._options
        site.requests.clear()
        site.updates.applied.clear()
        self.sandbox.clear_faults()
        self.execute("; ".join(f"delete from {table}" for table in TABLES))  # ten times as fast as truncating
        self.execute("select setval(pg_get_serial_sequence('referral_updates', 'id'), 1, false)")

    def refuse(self, **options: bool) -> None:
        """Make Partner Center refuse filters: `refuse_updated_filter=True` or `refuse_all_filters=True`."""
        self.sandbox.options = replace(self._options, **cast("dict[str, Any]", options))

    def execute(self, statement: str, *values: Any) -> None:
        """Run a statement in a transaction of its own."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(cast("Any", statement), values or None)

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        with self.warehouse.connection() as connection:
            return connection.execute(cast("Any", statement), values or None).fetchall()

    def value(self, statement: str, *values: Any) -> Any:
        """Return the only value of a query."""
        [row] = self.rows(statement, *values)
        [value] = row.values()
        return value

    def table(self, name: str, *, without: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return the rows of a table in a stable order, without the columns in `without`."""
        found = self.rows(f"select * from {name}")
        kept = [{column: row[column] for column in row if column not in without} for row in found]
        return sorted(kept, key=lambda row: json.dumps(row, default=str, sort_keys=True))

    def state(self) -> dict[str, Any]:
        """Return the content that depends on the upstream state only, not on when and how often it was read."""
        times = ("id", "fetched_at", "run_id", "normalized_at", "created_at", "updated_at", "synced_at")
        kept = ("raw_referrals", "normalized_referrals", "partner_center_referrals", "companies", "leads_ready")
        return {name: self.table(name, without=(*times, "company_id")) for name in kept}

    @property
    def pages_asked(self) -> list[dict[str, str]]:
        """Return the query of each request for a page of referrals so far; that of a later page holds a token only."""
        return [request.query for request in self.sandbox.requests if request.path == LIST]

    def sync(
        self,
        mode: Literal["incremental", "full"] = "incremental",
        *,
        page_size: int | None = 10,
        run_id: str | None = None,
        client: Any = None,
    ) -> dict[str, Any]:
        """Run a sync with the steps, order and connections of the Dagster assets; return its row of `sync_runs`."""
        settings = load_settings()
        run_id = run_id or str(uuid.uuid4())
        run = SyncRun(self.warehouse, settings, run_id)
        with suppress(HunterError):
            if run.begin(mode) is None:
                try:
                    with (
                        run.step("raw_referrals"),
                        client or self.client() as source,
                        self.warehouse.connection() as connection,
                    ):
                        stream = Stream.from_settings(settings)
                        extract(source, connection, stream, mode=mode, run_id=run_id, page_size=page_size)
                    with run.step("later steps"):
                        self.later_steps(run_id)
                finally:
                    run.finish()
        [summary] = self.rows("select * from sync_runs where run_id = %s", run_id)
        return summary

    def later_steps(self, run_id: str | None = None) -> None:
        """Run the steps after the extraction, each on its own connection; without a run id they process all rows."""
        settings = load_settings()
        everything = run_id is None
        with self.warehouse.connection() as connection:
            normalize(connection, own_domains=own_domains(settings), everything=everything)
        with self.warehouse.connection() as connection:
            merge(connection, run_id, everything=everything)
        with self.warehouse.connection() as connection, Http() as http:
            may_ask = settings.partner_center_enabled and settings.tenant_lookup
            directory = TenantDirectory(http, settings.partner_center_authority) if may_ask else None
            update_companies(connection, directory, everything=everything)

    def client(self) -> PartnerCenterClient:
        """Return a signed-in client with short retry waits."""
        return open_client(load_settings(), IMPATIENT)

    def pausing_client(self, *, page: int) -> "PausingClient":
        """Return a client that holds a page back until the test sets `go_on`."""
        return PausingClient(self.client(), page=page)


class PausingClient:
    """A signed-in client that holds one page back until the test sets `go_on`."""

    def __init__(self, client: PartnerCenterClient, *, page: int) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self._client = client
        self._page = page

    def __enter__(self) -> "PausingClient":
        self._client.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._client.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute of the wrapped client."""
        return getattr(self._client, name)

    def pages(self, **options: Any) -> Iterator[Page]:
        """Yield each page; wait for `go_on` before the page that is held back."""
        for page in self._client.pages(**options):
            if page.number == self._page:
                self.reached.set()
                assert self.go_on.wait(DEADLINE_SECONDS)
            yield page


class FakePartnerCenter:
    """A replacement for the client that returns given pages and makes no requests."""

    retries = 0

    def __init__(self, *pages: Sequence[object]) -> None:
        self.requests = 0
        self._pages = pages

    def __enter__(self) -> "FakePartnerCenter":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def signed_in_as(self) -> None:
        """Return None: no account is signed in."""

    def has_referral(self, referral_id: str) -> bool:
        """Return whether one of the pages has the referral."""
        return any(isinstance(item, dict) and item.get("id") == referral_id for page in self._pages for item in page)

    def pages(self, **_: Any) -> Iterator[Page]:
        """Yield each of the pages once."""
        for number, items in enumerate(self._pages, 1):
            self.requests += 1
            yield Page(number, list(items))


@contextmanager
def database_on(server: Server, name: str) -> Iterator[str]:
    """Create a database with the newest schema on the test session's server; yield its URL."""
    with server.database(name, template=server.newest_schema) as url:
        yield url


@contextmanager
def open_installation(server: Server, options: SandboxOptions) -> Iterator[Installation]:
    """Open an installation with its own sandbox, database and home; `sign_in` signs an account in."""
    folder = Path(tempfile.mkdtemp(prefix="hunter-installation-"))
    try:
        with Sandbox(options) as sandbox, database_on(server, f"installation_{uuid.uuid4().hex[:12]}") as url:
            yield Installation(sandbox, url, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sign_in(installation: Installation) -> None:
    """Sign an account in, unless the token cache in the installation's folder exists already."""
    if not load_settings().token_cache.exists():
        with installation.client() as client:
            client.sign_in.login_device_code(lambda *_: None)


def payload(number: int, stamp: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the payload of a small referral; its ids and names are derived from `number`."""
    made: Mapping[str, Any] = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "engagementId": f"10000000-0000-4000-8000-{number:012d}",
        "name": f"Deal {number}",
        "createdDateTime": "2025-01-01T08:00:00.1234567Z",
        "updatedDateTime": stamp or f"2025-01-02T08:{number:02d}:00.0000001Z",
        "expirationDateTime": None,
        "status": "Active",
        "substatus": "Accepted",
        "type": "Independent",
        "qualification": "Direct",
        "direction": "Incoming",
        "customerProfile": {
            "name": f"Company {number}",
            "address": {"country": "DE"},
            "team": [{"firstName": "Kim", "lastName": "Abercrombie", "email": f"kim@company{number}.de"}],
        },
        "details": {"dealValue": 1000 + number, "currency": "EUR"},
    }
    return copy.deepcopy({**made, **changes})


def identity(number: int) -> str:
    """Return the id of `payload(number)`."""
    return str(payload(number)["id"])


if __name__ == "__main__":
    configure_logs(load_settings())
    found = load_settings()
    here = Installation.__new__(Installation)
    here.warehouse = Warehouse.from_settings(found)
    print(json.dumps(here.sync(page_size=int(sys.argv[1])), default=str))  # noqa: T201 - what the parent reads
