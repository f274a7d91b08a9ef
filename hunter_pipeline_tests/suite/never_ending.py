"""A session that is interrupted by `test_interrupted.py`; its file name keeps it out of the suite."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hunter_pipeline.warehouse import embedded
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.watchdog import SESSION_VARIABLE

LEFT_BEHIND = [sys.executable, "-c", "import time; time.sleep(3600)"]


def report(**pids: int) -> None:
    """Write the current processes for the observing test atomically."""
    report_content = {"session": os.environ[SESSION_VARIABLE], "folder": tempfile.gettempdir(), "pids": pids}
    file = Path(os.environ["REPORT"])
    half = file.with_suffix(".half")
    half.write_text(json.dumps(report_content))
    half.rename(file)


def test_never_ends(server: Server) -> None:
    """Start a PostgreSQL and a process, and run for ever."""
    orphan = subprocess.Popen(LEFT_BEHIND, start_new_session=True)
    report(pytest=os.getpid(), server=embedded.running_pid(server.home) or 0, orphan=orphan.pid)
    time.sleep(3600)


def test_leaves_a_process_behind() -> None:
    """Start a process and end without it."""
    orphan = subprocess.Popen(LEFT_BEHIND, start_new_session=True)
    orphan.returncode = 0  # subprocess would warn
    report(orphan=orphan.pid)
