"""Test the embedded PostgreSQL: start on demand, sharing, and recovery after crashes."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.errors import DatabaseError
from hunter_pipeline.warehouse import embedded, migrate
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

ONE_COMMAND = (
    "from hunter_pipeline.config.settings import load_settings\n"
    "from hunter_pipeline.warehouse import migrate\n"
    "from hunter_pipeline.warehouse.connection import Warehouse\n"
    "print(migrate.upgrade(Warehouse.from_settings(load_settings())))"
)


@pytest.fixture(scope="session")
def server(embedded_server: Server) -> Server:
    return embedded_server


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Return a short path, because a socket's path has a limit."""
    home = Path(tempfile.mkdtemp(prefix="hunter-home-"))
    yield home
    embedded.stop(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    return Warehouse(None, home)


def test_concurrent_commands_share_one_server(
    home: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three commands on a fresh home use one server, which runs after they have ended."""
    monkeypatch.setenv("HUNTER_HOME", str(home))
    assert embedded.address(home) is None
    assert not embedded.stop(home)
    processes = [
        subprocess.Popen([sys.executable, "-c", ONE_COMMAND], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = [process.communicate(timeout=DEADLINE_SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    pid = embedded.running_pid(home)
    assert pid is not None
    with warehouse.connection() as connection:
        connection.execute("insert into companies (domain) values ('contoso.com')")
    assert embedded.running_pid(home) == pid
    assert warehouse.dagster_database == "dagster"


def _companies(warehouse: Warehouse) -> int:
    migrate.upgrade(warehouse)
    with warehouse.connection() as connection:
        row = connection.execute("select count(*) as companies from companies").fetchone()
    assert row is not None
    return int(row["companies"])


def test_server_listens_on_no_port(home: Path, warehouse: Warehouse) -> None:
    """Only accounts with access to its socket's folder can connect."""
    warehouse.address()
    with warehouse.connection() as connection:
        assert connection.execute("show listen_addresses").fetchone() == {"listen_addresses": ""}


def test_stopped_server_starts_again_with_its_data(home: Path, warehouse: Warehouse) -> None:
    """After `hunter db stop` no process runs, and the next command finds the data."""
    before = _companies(warehouse)
    pid = embedded.running_pid(home)
    assert pid is not None
    assert embedded.stop(home)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert embedded.address(home) is None
    assert not embedded.stop(home)
    assert _companies(warehouse) == before


def test_killed_server_starts_again_with_its_data(home: Path, warehouse: Warehouse) -> None:
    """After kill -9 of the postmaster the next command recovers committed data."""
    with warehouse.connection() as connection:
        connection.execute("insert into companies (domain) values ('killed.com') on conflict do nothing")
    before = _companies(warehouse)
    pid = embedded.running_pid(home)
    assert pid is not None
    server = psutil.Process(pid)
    server.send_signal(signal.SIGKILL)
    psutil.wait_procs([server], timeout=DEADLINE_SECONDS)
    assert embedded.address(home) is None
    assert _companies(warehouse) == before


@pytest.mark.parametrize("whose", ["ours", "another PostgreSQL's"])
def test_process_of_another_program_is_not_taken_for_the_server(
    home: Path, warehouse: Warehouse, server: Server, whose: str
) -> None:
    """A postmaster.pid with a reused process id, as after a reboot, does not prevent a start."""
    foreign = os.getpid() if whose == "ours" else embedded.running_pid(server.home)
    before = _companies(warehouse)
    pid_file = home / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    embedded.stop(home)
    pid_file.write_text("\n".join([str(foreign), *lines[1:]]) + "\n")
    assert embedded.running_pid(home) is None
    assert embedded.address(home) is None
    assert not embedded.stop(home), "a foreign process must not be stopped"
    assert _companies(warehouse) == before


@pytest.mark.parametrize("text", ["", "999999999\n/x\n1\n5432\n/tmp\n\n0 0\nready\n"])
def test_server_starts_when_the_pid_file_is_broken(home: Path, warehouse: Warehouse, text: str) -> None:
    """The file is incomplete, empty, or of a process that has ended."""
    before = _companies(warehouse)
    embedded.stop(home)
    (home / "postgres" / "postmaster.pid").write_text(text)
    assert embedded.running_pid(home) is None
    assert _companies(warehouse) == before


def test_start_creates_a_missing_database(home: Path, warehouse: Warehouse) -> None:
    """A command may be killed between the start of the server and the creation of the database."""
    warehouse.address()
    admin = embedded.address(home, "postgres")
    assert admin is not None
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("drop database if exists hunter with (force)")
    (home / "postgres" / "hunter.created").unlink()
    assert _companies(warehouse) == 0


def test_concurrent_threads_start_one_server(home: Path, warehouse: Warehouse) -> None:
    """Four threads get the same address."""
    embedded.stop(home)
    with ThreadPoolExecutor(4) as pool:
        addresses = set(pool.map(lambda _: warehouse.address(), range(4)))
    assert len(addresses) == 1


def server_works(home: Path) -> bool:
    """Return whether a server starts in that home and folds letters beyond ASCII; it is stopped again."""
    try:
        with Warehouse(None, home).connection() as connection:
            return connection.execute("select lower('ÇAĞ ÖRNEK') as folded").fetchone() == {"folded": "çağ örnek"}
    finally:
        embedded.stop(home)


@pytest.mark.parametrize("name", ["a space", "an apostrophe's", 'a "quote"', "ğüş", "$HOME `id`", "x" * 120])
def test_server_starts_whatever_the_path_is(home: Path, name: str) -> None:
    """No part of the path is taken for an option or a command; a socket with a long path gets another folder."""
    assert server_works(home / name)


def test_socket_of_a_long_path_is_in_a_private_folder(home: Path) -> None:
    """The folder belongs to the server's user and is closed to others."""
    long = home / ("y" * 120)
    try:
        embedded.start(long)
        folder = Path(str(conninfo_to_dict(embedded.address(long) or "")["host"]))
        assert not folder.is_relative_to(long)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == psutil.Process(embedded.running_pid(long)).uids().real
    finally:
        embedded.stop(long)


def test_socket_folder_of_another_user_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that others may write to is not used for the socket."""
    long = home / ("z" * 120)
    try:
        embedded.start(long)
        folder = Path(str(conninfo_to_dict(embedded.address(long) or "")["host"]))
        embedded.stop(long)
        folder.chmod(0o777)
        with pytest.raises(DatabaseError, match="belongs to another user or is open to others"):
            embedded.start(long)
        folder.chmod(0o700)
    finally:
        embedded.stop(long)


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "xx_YY"},
        {"PGHOST": "/nowhere", "PGPORT": "1", "PGSSLMODE": "verify-full", "PGOPTIONS": "-c search_path=nowhere"},
        {"PGSERVICE": "nowhere", "PGTZ": "Mars", "PGDATABASE": "other", "PGUSER": "other", "PGDATA": "/nowhere"},
    ],
    ids=["a locale that is not there", "another server", "a service"],
)
def test_server_starts_whatever_the_environment_is(
    home: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing locale and the variables of another server have no effect."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    load_settings()
    folder = home / str(abs(hash(tuple(variables))))
    assert server_works(folder)


def test_interrupted_initdb_leaves_nothing_behind(home: Path) -> None:
    """The next start replaces the files of a killed initdb."""
    folder = home / "interrupted"
    (folder / "postgres.new").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n")
    assert server_works(folder)


AS_USER = "import os, sys; os.setgroups([]); os.setgid(54321); os.setuid(54321); os.execv(sys.argv[1], sys.argv[1:])"


def as_nameless_user(code: str, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run Python code as a user id without a name; skip the test if that is not possible."""
    if os.geteuid() != 0:
        pytest.skip("only root can run a program as another user")
    words = [sys.executable, "-c", AS_USER, sys.executable, "-c", code]
    environment = os.environ | {"HUNTER_HOME": str(home), "HOME": "/nowhere"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment, cwd="/")
    if "Permission" in done.stderr or "No module named" in done.stderr:
        pytest.skip(f"another user may not run this Python: {done.stderr[-200:]}")
    return done


def test_start_fails_with_the_reason_when_the_user_has_no_name(home: Path) -> None:
    """PostgreSQL cannot run then; the error says so and what to do."""
    home.chmod(0o777)
    folder = home / "nameless"
    code = "from hunter_pipeline.cli import run\nimport sys; sys.exit(run(['db', 'url']))"
    done = as_nameless_user(code, folder)
    assert done.returncode == 6
    assert "did not start: initdb: could not look up effective user ID 54321: user does not exist." in done.stderr
    assert "useradd --uid" in done.stderr


def test_another_user_of_the_machine_cannot_connect(home: Path, warehouse: Warehouse) -> None:
    """The server authenticates accounts by the operating system, also if the socket's folder is open."""
    warehouse.address()
    data = home / "postgres"
    mode = data.stat().st_mode
    address = embedded.address(home)
    code = (
        "import psycopg, hunter_pipeline\n"
        f"try: psycopg.connect({address!r})\n"
        "except psycopg.OperationalError as error: print(error)"
    )
    try:
        for folder in (home, data):
            folder.chmod(0o777)
        (data / ".s.PGSQL.5432").chmod(0o777)
        done = as_nameless_user(code, home)
    finally:
        data.chmod(mode)
    assert "peer" in done.stdout.lower() or "could not look up local user ID" in done.stdout, done


def test_home_that_is_not_writable_is_a_database_error(tmp_path: Path) -> None:
    """A file in place of the folder gives one sentence and a hint."""
    (tmp_path / "home").write_text("")
    with pytest.raises(DatabaseError, match="did not start") as raised:
        Warehouse(None, tmp_path / "home").address()
    assert raised.value.hint
