"""Test that logs, events, errors and files of a run contain no address, number, name or token."""

import json
import os
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from hunter_pipeline import cli
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.sandbox import Fault, Sandbox
from hunter_pipeline.warehouse.connection import Warehouse

pytestmark = pytest.mark.slow

_ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
ENOUGH = 100

Command = Callable[..., int]


@pytest.fixture
def hunter(settings: Settings) -> Iterator[Command]:
    """Run a command in this process, also with `--debug`; return its exit code, 1 for an exception."""
    before = dict(os.environ)

    def run(*arguments: str, debug: bool = False) -> int:
        try:
            return cli.run(list(arguments), debug=debug)
        except Exception:  # noqa: BLE001 - as Python itself prints it
            traceback.print_exc()
            return 1

    yield run
    os.environ.clear()
    os.environ.update(before)


def secrets_of(sandbox: Sandbox, settings: Settings) -> set[str]:
    """Return all personal data and tokens: the people of the sandbox, the signed-in user and their tokens."""
    people = {"Ada Brook"}
    numbers: set[str] = set()
    with sandbox.world.lock:
        world = json.dumps(sandbox.world.referrals, ensure_ascii=False)
        todo: list[Any] = [sandbox.world.referrals]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if isinstance(node.get("firstName"), str) and isinstance(node.get("lastName"), str):
                people.add(f"{node['firstName']} {node['lastName']}")
                numbers.add(str(node.get("phoneNumber")))
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
    addresses = set(_ADDRESS.findall(world)) | {"ada.brook@fourthcoffee.com"}
    found = addresses | people | {number for number in numbers if len(number) > 6} | tokens_of(settings)
    assert len(addresses) > ENOUGH / 2
    return found


def tokens_of(settings: Settings) -> set[str]:
    if not settings.token_cache.exists():
        return set()
    sections = json.loads(settings.token_cache.read_text())
    return {
        str(entry["secret"])
        for section in ("AccessToken", "RefreshToken", "IdToken")
        for entry in sections.get(section, {}).values()
    }


def find_words(text: str, words: set[str]) -> list[str]:
    """Return the words that a text contains in any case, also in JSON's escapes."""
    folded = text.casefold()
    return [word for word in words if word.casefold() in folded or json.dumps(word)[1:-1].casefold() in folded]


def dagster_storage(settings: Settings) -> str:
    """Return every row of every table in Dagster's database: runs, tags, events, metadata, schedules."""
    warehouse = Warehouse.from_settings(settings)
    rows: list[str] = []
    with psycopg.connect(warehouse.address(warehouse.dagster_database)) as connection:
        tables = connection.execute("select relname from pg_class where relkind = 'r' and relnamespace = 2200")
        for (name,) in tables.fetchall():
            found = connection.execute(sql.SQL("select row::text from {} as row").format(sql.Identifier(name)))
            rows += [row for (row,) in found.fetchall()]
    return "\n".join(rows)


def files_of(home: Path, *, without: Path) -> str:
    """Return names and contents of every file under HUNTER_HOME except the token cache, which is private."""
    files = [path for path in home.rglob("*") if path.is_file() and path != without]
    return "\n".join(f"{path}\n{path.read_bytes().decode('utf-8', 'replace')}" for path in files)


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("unauthorized", {"kind": "401"}),
    ("forbidden", {"kind": "403"}),
    ("refused", {"kind": "404"}),
    ("html", {"kind": "html"}),
    ("malformed", {"kind": "malformed"}),
    ("junk_items", {"kind": "junk_items"}),
    ("redirect", {"kind": "redirect"}),
    ("throttled once", {"kind": "429", "times": 1, "retry_after": "0"}),
    ("cut once", {"kind": "cut", "times": 1}),
]


def test_personal_data_is_in_no_output(
    hunter: Command, sandbox: Sandbox, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """A whole run by the command line, with failures of every kind and `--debug`, prints no personal data."""
    secrets = secrets_of(sandbox, settings)
    hunter("auth", "login")
    capfd.readouterr()  # `auth` shows the signed-in user's own name
    secrets |= tokens_of(settings)
    codes = {"sync": hunter("sync"), "again": hunter("sync", "--full", "--json", debug=True)}
    hunter("doctor")
    person = next(word for word in secrets if "@" in word)
    codes["forget"] = hunter("forget", person, debug=True)
    assert set(codes.values()) == {0}
    for name, fault in BROKEN:
        sandbox.fail(Fault(where="list", **{"times": 9, **fault}))
        codes[name] = hunter("sync", "--full", "--json", debug=True)
        sandbox.clear_faults()
    sandbox.expire_access_tokens()
    hunter("sync", debug=True)
    secrets |= tokens_of(settings)
    codes["row refused"] = _with_a_row_refused(hunter, settings)
    sandbox.revoke_tokens()
    sandbox.expire_access_tokens()
    codes["revoked"] = hunter("sync", "--full", debug=True)
    hunter("doctor", debug=True)
    settings.token_cache.write_text('{"RefreshToken": "ada.brook@fourthcoffee.com"}')
    codes["corrupt"] = hunter("sync", debug=True)
    printed = "".join(capfd.readouterr())
    places = {
        "output": printed,
        "Dagster": dagster_storage(settings),
        "files": files_of(settings.home, without=settings.token_cache),
        "record": _sync_runs(settings),
    }
    assert {name: find_words(text, secrets) for name, text in places.items()} == {name: [] for name in places}
    assert len(secrets) > ENOUGH
    assert codes["row refused"] == 6
    assert (codes["forbidden"], codes["revoked"], codes["corrupt"]) == (3, 3, 3)
    assert codes["malformed"] == codes["redirect"] == 5
    assert "partner_center_sync_failed" in printed
    assert "ASSET_MATERIALIZATION" in places["Dagster"]


def _with_a_row_refused(hunter: Command, settings: Settings) -> int:
    """PostgreSQL's own error quotes the row that it refuses."""
    url = Warehouse.from_settings(settings).address()
    rule = "alter table normalized_referrals add constraint no_contacts check (contacts = '[]') not valid"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(rule)
        connection.execute("update normalized_referrals set contacts = '[]'")
        connection.execute("update newest_versions set pending = 'normalize'")
    code = hunter("sync", "--full", debug=True)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("alter table normalized_referrals drop constraint no_contacts")
    return code


def _sync_runs(settings: Settings) -> str:
    with Warehouse.from_settings(settings).connection() as connection:
        return json.dumps(connection.execute("select * from sync_runs").fetchall(), default=str)


def test_search_finds_personal_data_when_it_is_there(sandbox: Sandbox, settings: Settings) -> None:
    """The search finds an address, a name, a number and their JSON escapes."""
    secrets = secrets_of(sandbox, settings)
    address = next(word for word in secrets if "@" in word)
    assert find_words(f"x {address.upper()} y", secrets)
    assert find_words("by Ada Brook", secrets)
    assert find_words(json.dumps({"name": "Zoë"}), {"Zoë"})
    assert not find_words(f"{urlsplit(load_settings().partner_center_api_url).hostname} 739", secrets)
