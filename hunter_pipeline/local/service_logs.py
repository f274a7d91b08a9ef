"""Write the output of the processes of `hunter up` to rotated files, in production to standard error."""

import contextlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hunter_pipeline.config.logs import mask

# The size in bytes at which a log file is rotated, and the number of older files that are kept.
MAX_BYTES = 10 * 1024 * 1024
KEPT_FILES = 3


class ServiceLogs:
    """The log files of a home; if `folder` is None, standard error."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    @contextmanager
    def open(self, name: str) -> Iterator[int]:
        """Yield the output of a child process for `subprocess.Popen`."""
        if self.folder is None:
            reader, writer = os.pipe()
            threading.Thread(target=_forward, args=(reader, name.removesuffix(".log")), daemon=True).start()
            try:
                yield writer
            finally:
                os.close(writer)
            return
        # in append mode, a process that is still running writes at the new end after a rotation
        with (self.folder / name).open("ab") as file:
            yield file.fileno()

    def describe(self, name: str) -> str:
        """Return the place of the logs, for hints."""
        return "See the log lines above." if self.folder is None else f"See {self.folder / name}."

    def rotate(self) -> None:
        """
        Copy each log file that is too long to NAME.1 and empty it; NAME.1 becomes NAME.2.

        The processes keep their file open, so it is emptied and not renamed. Does nothing while the disk is full.
        """
        for path in self.folder.glob("*.log") if self.folder else ():
            with contextlib.suppress(OSError):
                if path.stat().st_size >= MAX_BYTES:
                    _rotate(path)


def _forward(reader: int, process: str) -> None:
    """Write the output of a process to standard error as JSON lines, until it and its children have ended."""
    with os.fdopen(reader, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with contextlib.suppress(OSError, ValueError):  # standard error is closed: the processes go on
                sys.stderr.write(f"{to_json_line(line.rstrip(), process)}\n")
                sys.stderr.flush()


def to_json_line(line: str, process: str) -> str:
    """
    Return a line of a process as one JSON object.

    Dagster writes the lines of its runs as text, whatever its log format, and puts our JSON events at their end.
    """
    event = line[line.find("{") :] if "{" in line else ""
    with contextlib.suppress(ValueError):
        if isinstance(json.loads(event), dict):
            return event
    level = "error" if " - ERROR - " in line or " - CRITICAL - " in line else "info"
    timestamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"event": mask(line), "process": process, "level": level, "timestamp": timestamp})


def _rotate(path: Path) -> None:
    for number in range(KEPT_FILES - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copy2(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)
