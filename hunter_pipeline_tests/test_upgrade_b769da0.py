"""Test that a home and a database of release b769da0 work with this version without losses."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.sandbox import Sandbox, SandboxOptions
from hunter_pipeline.warehouse import embedded, migrate
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.conftest import Hunter
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

RELEASE = Path(__file__).parent / "data" / "release_b769da0"
ERASED = "siobhan.odell@kortivafoods-us.com"
# Stored in capitals, and in both cases; the upstream API writes both in small letters.
IN_CAPITALS, IN_BOTH = "abf5bc9c-7904-4395-a3d3-54c145624dbf", "07a76954-4814-4e03-87ac-59deccda1ef9"
THREE_STATUSES, GONE = "cc10beea-8d96-43bf-b731-cbaaf590750d", "26ffeb37-4a85-4550-8f49-5acdf7f29283"
REFERRALS = 25
Sync = Callable[..., dict[str, Any]]
NORMALIZED = "select referral_id from normalized_referrals"
# The columns of each table that an upgrade has to keep.
KEPT = {
    "raw_referrals": "lower(referral_id) as referral_id, payload, content_hash, source_updated_at, fetched_at, run_id",
    "quarantined_referrals": "payload, reason, run_id, quarantined_at",
    "sync_runs": "run_id, status, mode, fetched, new, updated, missing, started_at, finished_at",
    "sync_cursors": "stream, watermark",
    "companies": "id, domain, canonical_name, created_at",
    "forgetting_key": "key",
    "forgotten_people": "address_hash, forgotten_at",
    "forgotten_traces": "address_hash, trace_hash",
    "forgotten_in": "referral_hash, address_hash",
    "sign_in": "sealed",
}


@pytest.fixture
def database(database_url: str) -> str:
    """Create a database from the dump and return its address."""
    psql = embedded.binaries() / "psql"
    command = [psql, "--no-psqlrc", "--quiet", "--output", os.devnull, "--set", "ON_ERROR_STOP=1", database_url]
    subprocess.run([*command, "--file", RELEASE / "hunter.sql"], check=True, timeout=DEADLINE_SECONDS)
    return database_url


@pytest.fixture
def upstream(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Start the upstream API in the state of the release's last read, with the release's .env and home."""
    home = tmp_path / "home"
    (home / "dagster").mkdir(parents=True)
    for name, place in {
        "env.txt": tmp_path / ".env",
        "token_cache.json": home / ".token_cache",
        "dagster.yaml": home / "dagster" / "dagster.yaml",
        "world.jsonl": tmp_path / "world.jsonl",
    }.items():
        shutil.copy(RELEASE / name, place)
    options = SandboxOptions(referrals=24, outgoing=0, state_file=tmp_path / "world.jsonl")
    with Sandbox(options) as sandbox:
        assert len(sandbox.world.referrals) == REFERRALS
        # The release's .env names its own sandbox's port, which may be taken here.
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        yield sandbox


@pytest.fixture
def sync(hunter: Hunter) -> Sync:
    """Return a function that runs a sync and returns its summary."""
    return lambda *words: json.loads(hunter("sync", "--json", *words).out)


def rows(database: str, query: Any) -> list[dict[str, Any]]:
    with psycopg.connect(database) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def kept_rows(database: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that an upgrade has to keep, and the history of statuses."""
    found = {table: rows(database, f"select {columns} from {table}") for table, columns in KEPT.items()}
    history = "select lower(referral_id) as id, status, substatus, valid_from from referral_status_history"
    found["history"] = rows(database, f"{history} where lower(referral_id) <> '{IN_BOTH}'")
    return {table: sorted(kept, key=repr) for table, kept in found.items()}


def tables_with(database: str, text: str) -> list[str]:
    """Return the tables and views with a row that contains a text in any case."""
    names = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')"
    query = "select 1 from {0} as stored where strpos(lower(stored::text), {1}) > 0 limit 1"
    return [
        found["relname"]
        for found in rows(database, names)
        if rows(database, sql.SQL(query).format(sql.Identifier(found["relname"]), text.lower()))
    ]


def newest() -> str:
    return migrate.status(Warehouse.from_settings(load_settings()))[1]


def test_upgrade_command_keeps_everything(database: str, upstream: Sandbox, hunter: Hunter) -> None:
    before = kept_rows(database)
    assert [len(before[table]) for table in ("raw_referrals", "quarantined_referrals", "sync_runs")] == [29, 1, 5]
    assert hunter("db", "upgrade").out == f"The schema is at revision {newest()}.\n"
    after = kept_rows(database)
    assert after == before
    statuses = [row["status"] for row in after["history"] if row["id"] == THREE_STATUSES]
    assert statuses == ["Active", "Closed"]


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_sync_upgrades_by_itself_and_loses_nothing(database: str, upstream: Sandbox, sync: Sync, mode: str) -> None:
    """No version, status, company or sign-in is lost; ids in capitals give neither a duplicate nor a missing mark."""
    before = kept_rows(database)
    summary = sync(*(["--full"] if mode == "full" else []))
    assert (summary["status"], summary["new"]) == ("success", 0)
    assert migrate.status(Warehouse.from_settings(load_settings()))[0] == newest()
    after = kept_rows(database)
    assert len(after["sign_in"]) == len(before["sign_in"]) == 1
    for table in before.keys() - {"sign_in"}:  # the sync refreshes its expired access token and stores it again
        assert [row for row in before[table] if row not in after[table]] == [], table
    again = sync("--full")
    assert (again["status"], again["fetched"], again["quarantined"], again["missing"]) == ("success", REFERRALS, 1, 1)
    # The referral in capitals arrives in small letters, which is another payload, at the first full read.
    assert again["updated"] == (1 if mode == "incremental" else 0)
    stored = {row["referral_id"]: row for row in rows(database, "select * from partner_center_referrals")}
    assert [referral_id for referral_id, row in stored.items() if row["missing_since"]] == [GONE]
    assert len(stored) == REFERRALS  # the world's referrals without the quarantined one, and the one that is gone
    assert {IN_CAPITALS, IN_BOTH} <= stored.keys() == {row["referral_id"] for row in rows(database, NORMALIZED)}


def test_referral_stays_the_same_when_its_id_turns_to_capitals(database: str, upstream: Sandbox, sync: Sync) -> None:
    for payload in upstream.world.referrals.values():
        payload["id"] = str(payload["id"]).upper() if isinstance(payload["id"], str) else payload["id"]
    for _ in range(2):
        summary = sync("--full")
        assert (summary["status"], summary["new"], summary["missing"]) == ("success", 0, 1)
    stored = rows(database, "select referral_id from partner_center_referrals")
    assert sorted(row["referral_id"] for row in stored) == sorted({row["referral_id"].lower() for row in stored})
    assert len(stored) == REFERRALS


def test_erased_person_stays_erased(database: str, upstream: Sandbox, sync: Sync) -> None:
    """The upstream API still names the person, and a change of the referral is a new version."""
    [referral_id] = [key for key, payload in upstream.world.referrals.items() if ERASED in json.dumps(payload)]
    upstream.world.update(referral_id, name=f"Ask {ERASED}")
    summary = sync("--full")
    assert (summary["status"], summary["new"], summary["updated"] > 0) == ("success", 0, True)
    assert tables_with(database, ERASED) == []
    versions = rows(database, "select erased from raw_referrals where erased")
    assert len(versions) == 2  # the release's and the new one


@pytest.mark.parametrize("kept_in", ["database", "file"])
def test_sign_in_is_still_valid(
    upstream: Sandbox, kept_in: str, hunter: Hunter, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sign-in in the database is decrypted with the release's key; without a key the file is used."""
    if kept_in == "file":
        monkeypatch.setenv("HUNTER_TOKEN_KEYS", "")
        dotenv = Path(".env")
        lines = dotenv.read_text(encoding="utf-8").splitlines(keepends=True)
        dotenv.write_text("".join(line for line in lines if "HUNTER_TOKEN_KEYS=" not in line), encoding="utf-8")
    hunter("db", "upgrade")
    status = json.loads(hunter("auth", "status", "--json").out)
    assert (status["signed_in"], status["username"]) == (True, "ada.brook@fourthcoffee.com")
    assert kept_in in status["kept_in"]
    assert sync()["status"] == "success"
    # The stored access token has expired or is refused: the refresh token works as well.
    upstream.expire_access_tokens()
    assert sync()["status"] == "success"
