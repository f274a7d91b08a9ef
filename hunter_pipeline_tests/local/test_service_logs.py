"""Test the logs of `hunter up`: rotated files in development, JSON lines on standard error in production."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hunter_pipeline.local import service_logs
from hunter_pipeline.local.service_logs import ServiceLogs, to_json_line
from hunter_pipeline_tests.waiting import wait_until

RUN_LINE = "2026-11-26 21:46:51 +0000 - dagster - INFO - sync_partner_center_referrals - cea70ee0 - raw_referrals - "


def test_log_file_rotates_while_a_process_writes_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is renamed under the process; three older files are kept."""
    monkeypatch.setattr(service_logs, "MAX_BYTES", 10)
    logs = ServiceLogs(tmp_path)
    code = "import sys; [print(line.strip(), flush=True) for line in sys.stdin]"
    with logs.open("x.log") as output:
        child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=output, text=True)
    assert child.stdin is not None
    for number in range(6):
        child.stdin.write(f"line number {number}\n")
        child.stdin.flush()
        wait_until(lambda number=number: (tmp_path / "x.log").read_text() == f"line number {number}\n")
        logs.rotate()
        assert (tmp_path / "x.log").read_text() == ""
    child.stdin.close()
    assert child.wait() == 0
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {"x.log": "", **{f"x.log.{n}": f"line number {6 - n}\n" for n in (1, 2, 3)}}


def test_short_log_file_is_not_rotated(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("a line\n")
    ServiceLogs(tmp_path).rotate()
    assert [path.name for path in tmp_path.iterdir()] == ["x.log"]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ('{"event": "partner_center_page", "page": 3}', {"event": "partner_center_page", "page": 3}),
        (RUN_LINE + '{"event": "partner_center_page", "page": 3}', {"event": "partner_center_page", "page": 3}),
        (RUN_LINE + "Skipped: feature_flag_disabled", {"event": RUN_LINE + "Skipped: feature_flag_disabled"}),
        ("Traceback (most recent call last):", {"event": "Traceback (most recent call last):", "level": "info"}),
        ("a {broken", {"event": "a {broken", "process": "dagster"}),
        ("of kim@fabrikam.com", {"event": "of [address]"}),
        ("x - ERROR - y", {"level": "error"}),
        ("", {"event": ""}),
    ],
)
def test_every_line_becomes_one_json_object(line: str, event: dict[str, object]) -> None:
    found = json.loads(to_json_line(line, "dagster"))
    assert found | event == found


def test_process_in_production_writes_json_lines_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    with ServiceLogs(None).open("dagster.log") as output:
        subprocess.run([sys.executable, "-c", "print('plain')"], stdout=output, stderr=output, check=True)
    lines: list[str] = []
    wait_until(lambda: lines.extend(capfd.readouterr().err.splitlines()) or lines)
    assert json.loads(lines[0])["event"] == "plain"
