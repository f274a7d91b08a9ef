"""Test `hunter sync`: its summary, its exit codes and its output."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import psycopg
import pytest

from hunter_pipeline.cli.jobs import hide_statements
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.defs import maintenance
from hunter_pipeline.sandbox import Fault, Sandbox, SandboxOptions
from hunter_pipeline.warehouse import sync_lease
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.cli.conftest import HUNTER, is_one_sentence_and_a_hint
from hunter_pipeline_tests.conftest import REFERRALS
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.slow

SUMMARY = {
    *("status", "reason", "run_id", "mode", "fetched", "new", "updated", "unchanged", "quarantined"),
    *("without_domain", "missing", "pages", "requests", "retries", "duration_seconds", "watermark", "error"),
}


def only_line(out: str) -> dict:
    """Return the summary, the only line of standard output, after a check of its names."""
    (line,) = out.splitlines()
    summary = json.loads(line)
    assert set(summary) == SUMMARY
    return summary


@contextmanager
def another_database(url: str, suffix: str) -> Iterator[str]:
    """Create an empty database on the same server for the block."""
    name = f"{urlsplit(url).path.strip('/')}_{suffix}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')  # pyright: ignore[reportArgumentType, reportCallIssue]
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            for each in (name, f"{name}_dagster"):
                drop = f'drop database if exists "{each}" with (force)'
                connection.execute(drop)  # pyright: ignore[reportArgumentType, reportCallIssue]


def storage_connections(url: str) -> int:
    """Return how many connections to Dagster's database were opened so far."""
    name = f"{urlsplit(url).path.strip('/')}_dagster"
    with psycopg.connect(url) as connection:
        query = "select sessions from pg_stat_database where datname = %s"
        return (connection.execute(query, (name,)).fetchone() or (0,))[0]


def test_statements_of_a_sync_share_connections_to_dagsters_storage(
    hunter, signed_in: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync has more than 200 statements."""
    monkeypatch.setattr(maintenance, "SHARED_SECONDS", int(DEADLINE_SECONDS))
    assert hunter("sync").code == 0
    before = storage_connections(database_url)
    assert hunter("sync").code == 0
    opened = wait_until(lambda: storage_connections(database_url) - before)  # PostgreSQL counts with a delay
    assert opened <= 30


def test_second_sync_finds_nothing_new(hunter, signed_in: Settings, sandbox: Sandbox) -> None:
    """The first one finds everything new, a full one counts everything as unchanged."""
    first = hunter("sync", "--json")
    assert first.code == 0
    assert only_line(first.out) | {"run_id": "", "watermark": "", "duration_seconds": 0} == {
        **dict.fromkeys(SUMMARY, 0),
        "status": "success",
        "reason": None,
        "run_id": "",
        "mode": "incremental",
        "watermark": "",
        "error": None,
        "fetched": REFERRALS,
        "new": REFERRALS,
        "pages": 1,
        "requests": 2,  # the second proves that nothing follows the page of a round number
        "without_domain": only_line(first.out)["without_domain"],
    }
    people = sandbox.world.incoming().values()
    names = [member.get("email") for item in people for member in (item.get("customerProfile") or {}).get("team") or []]
    assert not [name for name in names if name and name in first.err]

    words = hunter("sync", "--full")
    assert words.code == 0
    assert f"Synced (full): fetched {REFERRALS}, new 0, updated 0, unchanged {REFERRALS}," in words.out
    assert "; 1 page, 0 retries, " in words.out
    assert "partner_center_sync_summary" in words.err


def test_sync_is_skipped_when_the_flag_is_off(
    hunter, settings: Settings, monkeypatch: pytest.MonkeyPatch, sandbox
) -> None:
    """Exit code 0, the reason, and no request."""
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
    answer = hunter("sync", "--json")
    summary = only_line(answer.out)
    assert (answer.code, summary["status"], summary["reason"]) == (0, "skipped", "feature_flag_disabled")
    assert not sandbox.requests
    assert "Blocking asset check" not in answer.err
    assert hunter("sync").out == "Skipped: feature_flag_disabled (HUNTER_PARTNER_CENTER_ENABLED=true turns it on).\n"


def test_sync_is_skipped_when_another_one_is_running(hunter, signed_in: Settings, warehouse: Warehouse) -> None:
    with sync_lease.held(warehouse, "another sync", seconds=DEADLINE_SECONDS):
        answer = hunter("sync", "--json")
    assert (answer.code, only_line(answer.out)["reason"]) == (0, "sync_in_progress")


def test_sync_exits_with_3_when_no_account_is_signed_in(hunter, settings: Settings) -> None:
    """The hint names the command to sign in."""
    answer = hunter("sync", "--json")
    assert (answer.code, only_line(answer.out)["error"]["type"]) == (3, "PartnerCenterAuthError")
    assert is_one_sentence_and_a_hint(answer.err)
    assert answer.err.splitlines()[-1] == "hint:  Sign in: hunter auth login."


def test_sync_exits_with_2_when_the_client_id_is_missing(hunter, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--json` prints a summary nevertheless."""
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "true")
    answer = hunter("sync", "--json")
    summary = only_line(answer.out)
    assert (answer.code, summary["status"], summary["error"]["type"]) == (2, "failed", "ConfigurationError")
    assert is_one_sentence_and_a_hint(answer.err)
    assert "HUNTER_PARTNER_CENTER_CLIENT_ID is empty" in answer.err


@pytest.mark.parametrize("line", ["sync --json", "sync", "leads", "db status", "db upgrade", "doctor"])
def test_command_exits_with_6_when_the_database_is_unreachable(
    line: str, hunter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message does not contain the password."""
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://sue:geheim@127.0.0.1:1/x")
    answer = hunter(*line.split())
    assert answer.code == 6
    assert "geheim" not in answer.out + answer.err
    if line == "sync --json":
        assert only_line(answer.out)["error"]["type"] == "DatabaseError"
    if line != "doctor":
        assert is_one_sentence_and_a_hint(answer.err)


@pytest.mark.parametrize("line", ["sync --json", "up", "demo", "demo --once"])
def test_command_names_a_home_that_is_not_writable(
    line: str, hunter, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HUNTER_HOME", str(tmp_path / "file" / "home"))
    answer = hunter(*line.split())
    assert answer.code in (2, 6)
    assert is_one_sentence_and_a_hint(answer.err)
    assert str(tmp_path / "file" / "home") in answer.err


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("403", (3, "PartnerCenterAuthError")),
        ("404", (5, "PartnerCenterClientError")),
        ("html", (5, "PartnerCenterResponseError")),
    ],
)
def test_permanent_refusal_ends_the_sync_with_its_exit_code(
    kind: str, expected: tuple[int, str], hunter, signed_in: Settings, sandbox: Sandbox
) -> None:
    sandbox.fail(Fault(where="list", kind=kind))
    answer = hunter("sync", "--json")
    assert (answer.code, only_line(answer.out)["error"]["type"]) == expected
    assert is_one_sentence_and_a_hint(answer.err)
    assert "eyJ" not in answer.err
    with psycopg.connect(os.environ["HUNTER_DATABASE_URL"]) as connection:
        (stored,) = connection.execute("select status from sync_runs").fetchall()
    assert stored == ("failed",)


def test_sync_fails_after_five_tries_when_a_fault_persists(database_url: str, tmp_path: Path) -> None:
    """429 has exit code 4, a failing server and a dropped connection have 5."""
    codes = {"429": 4, "503": 5, "drop": 5}

    def run(kind: str) -> "subprocess.CompletedProcess[str]":
        with Sandbox(SandboxOptions(referrals=1)) as own, another_database(database_url, kind) as url:
            environment = os.environ | own.environment()
            environment |= {"HUNTER_HOME": str(tmp_path / kind), "HUNTER_DATABASE_URL": url}
            subprocess.run(
                [HUNTER, "auth", "login"], env=environment, capture_output=True, check=True, timeout=DEADLINE_SECONDS
            )
            own.fail(Fault(where="list", kind=kind, retry_after="1"))
            line = [HUNTER, "sync", "--json"]
            options: Any = {"env": environment, "capture_output": True, "text": True, "timeout": DEADLINE_SECONDS}
            return subprocess.run(line, check=False, **options)

    with ThreadPoolExecutor(len(codes)) as pool:
        answers = dict(zip(codes, pool.map(run, codes), strict=True))
    assert {kind: answer.returncode for kind, answer in answers.items()} == codes
    for answer in answers.values():
        assert only_line(answer.stdout)["requests"] == 5
        assert is_one_sentence_and_a_hint(answer.stderr)


@dg.op
def lose_storage(context: dg.OpExecutionContext) -> None:
    """Make the storage of all further events fail."""

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("insert into event_logs values ('sue@fabrikam.com')")

    context.instance.handle_new_event = refuse  # pyright: ignore[reportAttributeAccessIssue]
    context.log.info("hello")


@dg.job(executor_def=dg.in_process_executor, logger_defs={})
def lost() -> None:
    """Run an op whose storage fails."""
    lose_storage()


def test_error_hides_statements_when_dagsters_storage_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    """Dagster prints the rejected statement with its values to standard error; `hunter sync` drops it."""
    for is_hidden in (False, True):
        output = hide_statements() if is_hidden else nullcontext()
        with dg.DagsterInstance.ephemeral() as instance, pytest.raises(RuntimeError), output:
            sys.stderr.write("before\n")
            lost.execute_in_process(
                instance=instance, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
            )
        printed = capsys.readouterr().err
        assert "before" in printed
        assert ("fabrikam" in printed) is not is_hidden
