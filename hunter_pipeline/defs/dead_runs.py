"""
Reports runs that Dagster still counts as started although their process was killed.

Dagster itself notices only after `max_runtime_seconds`. Call it only when no sync can be running in such a run.
"""

import contextlib
import os
import socket
from collections.abc import Callable, Mapping, Sequence

import dagster as dg
import psutil

PROCESS = "hunter/process"
_MESSAGE = "The process of this run died before the run ended; the next sync continues from there."
_UNFINISHED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def process_tag() -> dict[str, str]:
    """Return the run tag that names this machine and process; with its start time, because process ids are reused."""
    return {PROCESS: f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.2f}"}


def report(instance: dg.DagsterInstance, interrupted: Sequence[str], *, own: str) -> int:
    """
    Fail the runs of interrupted syncs, and those whose process on this machine is gone; return how many.

    own: the run that calls, which is left alone.
    """
    return _fail_runs(instance, lambda run: run.run_id != own and (run.run_id in interrupted or _is_dead(run.tags)))


def report_all(instance: dg.DagsterInstance) -> int:
    """Fail every unfinished run, for a time when no process of this Dagster is running; return how many."""
    return _fail_runs(instance, lambda _run: True)


def _fail_runs(instance: dg.DagsterInstance, is_dead: Callable[[dg.DagsterRun], bool]) -> int:
    dead = [run for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)) if is_dead(run)]
    for run in dead:
        instance.report_run_failed(run, _MESSAGE)
    return len(dead)


def _is_dead(tags: Mapping[str, str]) -> bool:
    """Return whether the run names a process of this machine that is gone; False for a run that names none."""
    machine, pid, started = [*tags.get(PROCESS, "").rsplit("/", 2), "", ""][:3]
    if machine != socket.gethostname():
        return False
    with contextlib.suppress(psutil.Error, ValueError):
        process = psutil.Process(int(pid))
        return process.status() == psutil.STATUS_ZOMBIE or f"{process.create_time():.2f}" != started
    return True
