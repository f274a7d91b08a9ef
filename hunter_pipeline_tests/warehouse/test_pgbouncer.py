"""Test PgBouncer in transaction mode, where each transaction can have another server connection."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest
from cryptography.fernet import Fernet

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.warehouse import migrate, sync_lease
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.warehouse.sign_in import TokenRow
from hunter_pipeline_tests.free_ports import free_port
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.slow
NAME = "hunter test"
CONFIGURATION = """
[databases]
* = host={host} port={port} user={owner}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = {folder}/log
pidfile = {folder}/pid
"""


@pytest.fixture(scope="module")
def pooler(own_server: Server) -> Iterator[str]:
    """Start PgBouncer in front of a server, with defaults except for the pool mode; return its address."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed on this machine (Debian: apt-get install pgbouncer)")
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
    listen = free_port()
    options = parse_qs(urlsplit(own_server.admin).query)
    values = {"host": options["host"][0], "port": options["port"][0], "owner": own_server.owner}
    (folder / "ini").write_text(CONFIGURATION.format(**values, listen=listen, folder=folder))
    account = None
    if os.geteuid() == 0:  # PgBouncer refuses to run as root
        account = pwd.getpwnam("postgres").pw_name
        shutil.chown(folder, account)
        folder.parent.chmod(0o711)
    process = subprocess.Popen([program, "-q", str(folder / "ini")], user=account, cwd="/")
    address = f"postgresql://{own_server.owner}@127.0.0.1:{listen}"
    try:
        with own_server.database(NAME):
            wait_until(lambda: process.poll() is not None or is_up(f"{address}/{quote(NAME)}"))
            assert process.poll() is None, (folder / "log").read_text()
            yield address
            process.terminate()
            process.wait(DEADLINE_SECONDS)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def is_up(address: str) -> bool:
    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def warehouse(pooler: str, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """Create a database with a space in its name and the newest schema."""
    monkeypatch.setenv("HUNTER_DATABASE_URL", f"{pooler}/{quote(NAME)}")
    warehouse = Warehouse.from_settings(load_settings())
    migrate.upgrade(warehouse)
    return warehouse


def test_sessions_have_their_time_zone_and_prepare_no_statement(warehouse: Warehouse) -> None:
    for _ in range(3):
        with warehouse.connection() as connection:
            for number in range(20):
                connection.execute("select %s::int", (number,))
                connection.commit()
            [row] = connection.execute("select current_setting('timezone') as zone, now() as now").fetchall()
            assert (row["zone"], row["now"].utcoffset().total_seconds()) == ("UTC", 0)
            assert connection.execute("select count(*) as n from pg_prepared_statements").fetchall() == [{"n": 0}]


def test_lease_and_sign_in_lock_are_released(warehouse: Warehouse) -> None:
    """Locks of a session would stay on a server connection that no process uses."""
    tokens = TokenRow(warehouse, [Fernet.generate_key().decode()])
    for number in range(4):
        with sync_lease.held(warehouse, f"sync {number}", seconds=1), ExitStack() as stack:
            store = stack.enter_context(tokens.locked(timeout=60))
            store.save(f"sign-in {number}")
        assert tokens.read() == f"sign-in {number}"
    with warehouse.connection() as connection:
        assert sync_lease.holder(connection) is None
        [row] = connection.execute("select count(*) as n from pg_locks where locktype = 'advisory'").fetchall()
        assert row["n"] == 0


def test_name_with_a_space_is_the_decoded_name(warehouse: Warehouse) -> None:
    assert warehouse.dagster_database == f"{NAME}_dagster"
    assert urlsplit(warehouse.address(warehouse.dagster_database)).path == "/hunter%20test_dagster"


def test_reason_of_the_pooler_is_shown(pooler: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter: options"):
        psycopg.connect(f"{pooler}/{quote(NAME)}?options=-csearch_path%3Dx")
