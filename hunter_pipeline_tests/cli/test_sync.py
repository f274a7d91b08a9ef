"""`hunter sync`: its summary, its exit codes, and what it must not say."""

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

from hunter_pipeline.cli.sync import hide_statements
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.sandbox import Fault, Sandbox, SandboxOptions
from hunter_pipeline.warehouse import sync_runs
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline_tests.cli.conftest import HUNTER, is_one_sentence_and_a_hint
from hunter_pipeline_tests.conftest import REFERRALS
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

SUMMARY = {
    *("status", "reason", "run_id", "mode", "fetched", "new", "updated", "unchanged", "quarantined"),
    *("without_domain", "missing", "pages", "requests", "retries", "duration_seconds", "watermark", "error"),
}


def only_line(out: str) -> dict:
    """Standard output, which has to be one line of JSON with the contract's names."""
    (line,) = out.splitlines()
    summary = json.loads(line)
    assert set(summary) == SUMMARY
    return summary


@contextmanager
def database_beside(url: str, suffix: str) -> Iterator[str]:
    """Another empty database on the same server, for as long as the block lasts."""
    name = f"{urlsplit(url).path.strip('/')}_{suffix}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')  # pyright: ignore[reportArgumentType, reportCallIssue]
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            for each in (name, f"{name}_dagster"):
                drop = f'drop database if exists "{each}" with (force)'
                connection.execute(drop)  # pyright: ignore[reportArgumentType, reportCallIssue]


@pytest.mark.slow
def test_a_sync_and_another_one(hunter, signed_in: Settings, sandbox: Sandbox):
    """The first sync finds all new, the second nothing; a full one counts all as unchanged."""
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
        "requests": 1,
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


def test_flag_off_is_a_success_that_says_so(hunter, settings: Settings, monkeypatch: pytest.MonkeyPatch, sandbox):
    """With the flag off nothing is called; exit code 0 and the reason."""
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "false")
    answer = hunter("sync", "--json")
    summary = only_line(answer.out)
    assert (answer.code, summary["status"], summary["reason"]) == (0, "skipped", "feature_flag_disabled")
    assert not sandbox.requests
    assert "Blocking asset check" not in answer.err
    assert hunter("sync").out == "Skipped: feature_flag_disabled (HUNTER_PARTNER_CENTER_ENABLED=true turns it on).\n"


def test_a_second_sync_at_the_same_time_is_skipped(hunter, signed_in: Settings, connection: Connection):
    """While any process holds the lock of a sync, another one is skipped with the reason."""
    assert sync_runs.try_sync_lock(connection)
    connection.commit()
    answer = hunter("sync", "--json")
    assert (answer.code, only_line(answer.out)["reason"]) == (0, "sync_in_progress")


def test_nobody_signed_in_is_exit_code_3(hunter, settings: Settings):
    """Without a sign-in the sync fails with the command that mends it."""
    answer = hunter("sync", "--json")
    assert (answer.code, only_line(answer.out)["error"]["type"]) == (3, "PartnerCenterAuthError")
    assert is_one_sentence_and_a_hint(answer.err)
    assert answer.err.splitlines()[-1] == "hint:  Sign in: hunter auth login."


def test_flag_on_without_client_id_is_exit_code_2(hunter, monkeypatch: pytest.MonkeyPatch):
    """Nothing is started before the settings are whole; `--json` has its summary nonetheless."""
    monkeypatch.setenv("HUNTER_PARTNER_CENTER_ENABLED", "true")
    answer = hunter("sync", "--json")
    summary = only_line(answer.out)
    assert (answer.code, summary["status"], summary["error"]["type"]) == (2, "failed", "ConfigurationError")
    assert is_one_sentence_and_a_hint(answer.err)
    assert "HUNTER_PARTNER_CENTER_CLIENT_ID is empty" in answer.err


@pytest.mark.parametrize("line", ["sync --json", "sync", "leads", "db status", "db upgrade", "doctor"])
def test_a_database_out_of_reach_is_exit_code_6(line: str, hunter, monkeypatch: pytest.MonkeyPatch):
    """A dead database is one sentence, without the password."""
    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://sue:geheim@127.0.0.1:1/x")
    answer = hunter(*line.split())
    assert answer.code == 6
    assert "geheim" not in answer.out + answer.err
    if line == "sync --json":
        assert only_line(answer.out)["error"]["type"] == "DatabaseError"
    if line != "doctor":
        assert is_one_sentence_and_a_hint(answer.err)


@pytest.mark.parametrize("line", ["sync --json", "up", "demo", "demo --once"])
def test_a_home_that_cannot_be_written_is_a_sentence(line: str, hunter, tmp_path, monkeypatch: pytest.MonkeyPatch):
    """A HUNTER_HOME below a file is told, whatever needs it first."""
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
def test_what_is_not_tried_again(kind: str, expected: tuple[int, str], hunter, signed_in: Settings, sandbox: Sandbox):
    """A lasting refusal ends the sync at once, with the exit code of its kind, a sentence and a hint."""
    sandbox.fail(Fault(where="list", kind=kind))
    answer = hunter("sync", "--json")
    assert (answer.code, only_line(answer.out)["error"]["type"]) == expected
    assert is_one_sentence_and_a_hint(answer.err)
    assert "eyJ" not in answer.err
    with psycopg.connect(os.environ["HUNTER_DATABASE_URL"]) as connection:
        (stored,) = connection.execute("select status from sync_runs").fetchall()
    assert stored == ("failed",)


@pytest.mark.slow
def test_what_outlasts_the_retries(database_url: str, tmp_path: Path):
    """429 is exit code 4; a server that fails and a connection that is dropped are 5: each after five tries."""
    codes = {"429": 4, "503": 5, "drop": 5}

    def run(kind: str) -> "subprocess.CompletedProcess[str]":
        with Sandbox(SandboxOptions(referrals=1)) as own, database_beside(database_url, kind) as url:
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
def loses_its_storage(context: dg.OpExecutionContext) -> None:
    """From here on no event can be stored."""

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("insert into event_logs values ('sue@fabrikam.com')")

    context.instance.handle_new_event = refuse  # pyright: ignore[reportAttributeAccessIssue]
    context.log.info("hello")


@dg.job(executor_def=dg.in_process_executor, logger_defs={})
def lost() -> None:
    """A run whose storage goes away."""
    loses_its_storage()


def test_what_dagster_says_of_its_lost_storage_quotes_no_statement(capsys: pytest.CaptureFixture[str]):
    """Dagster writes the statement that was refused to standard error, with its values; `hunter sync` leaves it out."""
    for discreet in (False, True):
        quiet = hide_statements() if discreet else nullcontext()
        with dg.DagsterInstance.ephemeral() as instance, pytest.raises(RuntimeError), quiet:
            sys.stderr.write("before\n")
            lost.execute_in_process(
                instance=instance, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
            )
        said = capsys.readouterr().err
        assert "before" in said
        assert ("fabrikam" in said) is not discreet
