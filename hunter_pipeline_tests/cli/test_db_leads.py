"""Test `hunter db`, `hunter leads`, `hunter doctor`, `hunter sandbox`, and the progress on a terminal."""

import csv
import io
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import requests

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.referrals.canonical_domain import canonical_domain
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.web import exports
from hunter_pipeline_tests.cli.conftest import HUNTER, is_one_sentence_and_a_hint
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow


def test_auth_commands_sign_in_and_out(hunter, settings: Settings):
    """Sign in with a code, show the account, sign out; the status without an account has exit code 3."""
    signed_out = hunter("auth", "status", "--json")
    assert signed_out.code == 3
    assert json.loads(signed_out.out)["problem"] == "No account is signed in."
    assert hunter("auth", "status").out == "No account is signed in. Run: hunter auth login.\n"

    login = hunter("auth", "login")
    assert login.code == 0
    assert "/devicelogin and enter the code " in login.err
    assert login.out.startswith("Signed in as ada.brook@fourthcoffee.com (tenant ")

    status = hunter("auth", "status", "--json")
    known = json.loads(status.out)
    assert (status.code, known["signed_in"], known["username"]) == (0, True, "ada.brook@fourthcoffee.com")
    assert "eyJ" not in status.out
    assert settings.token_cache.stat().st_mode & 0o777 == 0o600

    assert [hunter("auth", "logout").out for _ in range(2)] == ["Signed out.\n", "No account was signed in.\n"]
    assert hunter("auth", "status").code == 3


@pytest.mark.parametrize("command", ["login", "status", "logout"])
def test_login_fails_when_no_app_registration_is_configured(command: str, hunter):
    """The error names the empty variable before a request is sent."""
    code, out, err = hunter("auth", command)
    assert (code, out) == (2, "")
    assert "HUNTER_PARTNER_CENTER_CLIENT_ID is empty" in err
    assert is_one_sentence_and_a_hint(err)


def test_auth_status_prints_json_when_it_fails(hunter):
    """The output is JSON although nothing is configured."""
    answer = hunter("auth", "status", "--json")
    assert answer.code == 2
    assert json.loads(answer.out)["signed_in"] is False


def test_db_upgrade_brings_the_schema_to_the_newest_revision(hunter, database_url: str) -> None:
    """A second upgrade changes nothing."""
    newest = max(path.name for path in project_file("sql/migrations/versions").glob("[0-9]*.py"))[:4]
    assert (
        f"The schema is at revision none, the newest is {newest}. Run: hunter db upgrade" in hunter("db", "status").out
    )
    assert [hunter("db", "upgrade").out for _ in range(2)] == [f"The schema is at revision {newest}.\n"] * 2
    assert hunter("db", "status").out == f"The schema is at revision {newest}, the newest.\n"
    assert hunter("db", "url").out == f"{database_url}\n"
    assert hunter("db", "stop").out == "HUNTER_DATABASE_URL is set: hunter stops only the embedded server.\n"


def test_leads_export_has_the_same_rows_in_every_format(
    hunter, signed_in: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table, CSV, JSON and a workbook; to standard output and to a file."""
    empty = hunter("leads")
    assert empty.code == 6
    assert "The database is empty." in empty.err
    assert is_one_sentence_and_a_hint(empty.err)
    assert hunter("sync").code == 0

    leads = json.loads(hunter("leads", "--format", "json").out)
    assert leads
    assert all(tuple(lead) == exports.LEAD_COLUMNS for lead in leads)
    assert [lead["score"] for lead in leads] == sorted((lead["score"] for lead in leads), reverse=True)

    domains = [lead["domain"] or "" for lead in leads]
    rows = list(csv.DictReader(io.StringIO(hunter("leads", "--format", "csv").out)))
    assert [row["domain"] for row in rows] == domains

    file = tmp_path / "leads.xlsx"
    written = hunter("leads", "--format", "xlsx", "--output", str(file))
    assert (written.code, written.out) == (0, "")
    assert written.err == f"Wrote {len(leads)} leads to {file}.\n"
    headings, *rows = openpyxl.load_workbook(file)["leads_ready"].iter_rows(values_only=True)
    place = headings.index("Domain")
    assert [canonical_domain(str(row[place] or "")) or "" for row in rows] == domains

    table = hunter("leads")
    header, _rule, *lines = table.out.splitlines()
    assert header.split()[:3] == ["score", "canonical_name", "domain"]
    assert all(domain in line for domain, line in zip(domains, lines, strict=True))
    assert table.err == f"{len(leads)} leads\n"

    assert all(lead["contact_email"] in line for lead, line in zip(leads, lines, strict=True) if lead["contact_email"])

    for width in (80, 100, 160):
        monkeypatch.setenv("COLUMNS", str(width))
        text = re.sub(r"\x1b\[[0-9;]*m", "", run_on_terminal("leads"))
        assert max(map(len, text.splitlines())) <= width
        found = [lead[name] for lead in leads for name in ("contact_email", "contact_phone") if lead[name]]
        assert found
        assert [value for value in found if value not in text] == []

    assert hunter("leads", "--output", str(tmp_path / "table.txt")).code == 0
    assert (tmp_path / "table.txt").read_text(encoding="utf-8") == table.out
    refused = hunter("leads", "--format", "csv", "--output", str(tmp_path / "no" / "leads.csv"))
    assert refused.code == 2
    assert is_one_sentence_and_a_hint(refused.err)

    line = f"{shlex.quote(str(HUNTER))} leads --format csv | head -1"
    first = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        check=False,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert (first.stdout.strip(), first.stderr, first.returncode) == (",".join(exports.LEAD_COLUMNS), "", 0)


def test_leads_are_limited_and_filtered(hunter, signed_in: Settings) -> None:
    """The order is kept; the error for an impossible value names the possible ones."""
    assert hunter("sync").code == 0
    leads = json.loads(hunter("leads", "--format", "json").out)
    first = hunter("leads", "--limit", "2", "--format", "json")
    assert json.loads(first.out) == leads[:2]
    assert hunter("leads", "--limit", "2").err == f"2 of {len(leads)} leads\n"
    for option, column, value in (("--status", "status", "new"), ("--type", "referral_type", "CO-SELL")):
        expected = [lead for lead in leads if lead[column].lower() == value.lower()]
        assert 0 < len(expected) < len(leads)
        assert json.loads(hunter("leads", option, value, "--format", "json").out) == expected
    refused = hunter("leads", "--status", "open")
    assert (refused.code, refused.out) == (2, "")
    assert "error: --status holds 'open'.\nhint:  It may hold New, Active" in refused.err


def test_doctor_reports_a_shared_problem_once(
    hunter, settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    """Its line has host and port of the unreachable service."""
    monkeypatch.setenv("HUNTER_DATABASE_URL", f"postgresql://hunter@127.0.0.1:{free_port}/hunter")
    sandbox.stop()
    lines = {line[5:20].strip(): line for line in hunter("doctor").out.splitlines()}
    assert f'"127.0.0.1", port {free_port} failed: Connection refused' in lines["database"]
    assert [lines[name][21:] for name in ("disk", "last sync", "own domains")] == ["not checked: see database"] * 3
    address = settings.partner_center_api_url.removeprefix("https://")
    assert f"{address} gave no response for the clock after 2 tries: the connection was refused." in lines["clock"]
    assert lines["sign-in"].startswith("BAD  sign-in         No account is signed in.")
    assert lines["Partner Center"] == "-    Partner Center  not checked: see sign-in"


def test_doctor_shows_each_problem_with_its_fix(hunter, settings: Settings, sandbox: Sandbox) -> None:
    """The exit code is that of the cause; after sign-in and a sync every line is ok."""
    before = hunter("doctor")
    assert before.code == 3
    assert "BAD  sign-in         No account is signed in. Run: hunter auth login" in before.out
    assert hunter("auth", "login").code == 0
    assert hunter("sync").code == 0
    after = hunter("doctor")
    assert (after.code, after.err) == (0, "")
    assert [line.split("  ")[1].strip() for line in after.out.splitlines()] == [
        *("variables", "home", "database", "disk", "feature flag", "clock", "last sync", "sign-in"),
        *("Partner Center", "own domains", "Dagster", "lead desk"),
    ]
    assert "succeeded 0 minutes ago; the last one ended as success" in after.out
    assert "BAD" not in after.out
    assert "ada.brook" not in before.out + after.out


def test_doctor_reports_unknown_variables_and_probable_own_domains(
    hunter, signed_in: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The domain of the signed-in user is an own domain without configuration."""
    monkeypatch.setenv("HUNTER_OWN_DOMAIN", "contoso.com")
    assert hunter("sync").code == 0
    assert "ok   own domains     fourthcoffee.com\n" in hunter("doctor").out
    for referral_id in list(sandbox.world.incoming())[:2]:
        sandbox.world.update(referral_id, team=[{"email": "kim@adatum.com"}, None, "x"])
    assert hunter("sync").code == 0
    report = hunter("doctor").out
    assert (
        "WARN variables       These variables do not exist and are ignored: HUNTER_OWN_DOMAIN (did you mean" in report
    )
    assert "WARN own domains     Your own teams in the referrals also have addresses at adatum.com." in report
    monkeypatch.setenv("HUNTER_OWN_DOMAINS", "com.tr")
    answer = hunter("doctor")
    assert "BAD  own domains     HUNTER_OWN_DOMAINS names com.tr, which is not the domain of a company." in answer.out
    assert answer.code == 2


@pytest.mark.parametrize(("days", "words"), [(77, "ends in about 1"), (95, "has probably expired")])
def test_doctor_warns_when_the_sign_in_ends_soon(days: int, words: str, hunter, signed_in: Settings):
    """From 14 days before the estimated end `auth status` and `doctor` warn with exit code 0."""
    assert hunter("auth", "status").err == ""
    sections = json.loads(signed_in.token_cache.read_text())
    for entry in sections["RefreshToken"].values():
        entry["last_modification_time"] = str(int(time.time()) - days * 86_400)
    signed_in.token_cache.write_text(json.dumps(sections))
    status = hunter("auth", "status")
    assert status.code == 0
    assert status.err.startswith(f"warning: The sign-in {words}")
    assert status.err.endswith("Run: hunter auth login\n")
    answer = hunter("doctor")
    assert answer.code == 0
    assert f"\nWARN sign-in         The sign-in {words}" in answer.out
    assert len(hunter("auth", "status", "--json").out.splitlines()) == 1


def test_doctor_prints_only_its_report_on_standard_output(hunter, signed_in: Settings, sandbox: Sandbox) -> None:
    """The log of a token refresh goes to standard error."""
    sandbox.expire_access_tokens()
    answer = hunter("doctor")
    assert "partner_center_token_refreshed" in answer.err
    assert all(line.startswith(("ok ", "BAD")) for line in answer.out.splitlines())


def test_sandbox_prints_its_variables_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """It has the faults of the command line."""
    fault = '{"where": "list", "kind": "429", "times": 1, "retry_after": "7"}'
    line = [HUNTER, "sandbox", "--port", "0", "--referrals", "3", "--seed", "7", "--fault", fault, "--fault", fault]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        exported: dict[str, str] = {}
        for text in process.stdout:
            if text.startswith("export "):
                name, _, value = text.removeprefix("export ").strip().partition("=")
                exported[name] = value
            elif "Ctrl-C" in text:
                break
        url, ca = exported["HUNTER_PARTNER_CENTER_API_URL"], exported["REQUESTS_CA_BUNDLE"]
        faults = requests.get(f"{url}/sandbox/faults", verify=ca, timeout=DEADLINE_SECONDS).json()
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_SECONDS) == 0
    assert [(found["kind"], found["times"], found["retry_after"]) for found in faults] == [("429", 1, "7")] * 2
    assert not Path(ca).exists()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("x", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"where": "list"}', "kind: Field required"),
        ('{"where": "lst", "kind": "429"}', "one of any, authorize"),
        ('{"where": "list", "kind": "nope"}', "kind='nope' is not known"),
        ('{"where": "list", "kind": 429}', "kind: Input should be a valid string"),
        ('{"where": "list", "kind": "429", "times": "many"}', "times: Input should be a valid integer"),
        ('{"where": "list", "kind": "429", "tmies": 1}', "a fault has no tmies"),
    ],
)
def test_sandbox_refuses_an_invalid_fault(fault: str, reason: str, hunter) -> None:
    code, out, err = hunter("sandbox", "--port", "0", "--fault", fault)
    assert (code, out) == (2, "")
    assert reason in err
    assert is_one_sentence_and_a_hint(err)


def test_sandbox_names_its_port_when_that_is_in_use(hunter, sandbox: Sandbox) -> None:
    port = sandbox.url.rpartition(":")[2]
    code, _out, err = hunter("sandbox", "--port", port)
    assert code == 2
    assert f"port {port} (Address already in use)" in err
    assert is_one_sentence_and_a_hint(err)


def run_on_terminal(*arguments: str) -> str:
    """Run a command on a pseudo-terminal; return its output."""
    controller, terminal = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color"}
    ends: Any = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    with subprocess.Popen([HUNTER, *arguments], env=environment, **ends) as process:
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # how Linux signals the end
            while part := os.read(controller, 65_536):
                shown += part
        os.close(controller)
    assert process.returncode == 0, shown
    return shown.decode(errors="replace")


def test_progress_is_shown_on_a_terminal(signed_in: Settings) -> None:
    """The progress is not mixed with log lines."""
    shown = run_on_terminal("sync")
    assert "Syncing with Partner Center" in shown
    assert "partner_center_sync_summary" in shown
    assert not [part for part in shown.split("\r") if "Partner Center" in part and "partner_center_" in part]
    assert "\nSynced (incremental): " in shown.replace("\x1b[2K", "").replace("\x1b[1A", "").replace("\r", "\n")
