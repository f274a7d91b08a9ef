"""
Runs that still say "started" although their process was killed: the next sync tells Dagster.

Dagster itself notices only after `max_runtime_seconds`. Called with the lock of a sync held, so nothing here can
be about a sync that works.
"""

import contextlib
import os
import socket
from collections.abc import Mapping, Sequence

import dagster as dg
import psutil

PROCESS = "hunter/process"
_WHY = "Its process died before the run could end; this sync goes on from there."
_STARTED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def process_tag() -> dict[str, str]:
    """The tag that names this machine and process; numbers are given out again, so its start is told as well."""
    return {PROCESS: f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.2f}"}


def report(instance: dg.DagsterInstance, interrupted: Sequence[str], *, own: str) -> int:
    """
    Tell Dagster of the runs behind syncs that were interrupted, and of those whose process here is no more.

    own: the run that asks. Returns how many were reported.
    """
    found = instance.get_runs(dg.RunsFilter(statuses=_STARTED))
    dead = [run for run in found if run.run_id != own and (run.run_id in interrupted or _has_died(run.tags))]
    for run in dead:
        instance.report_run_failed(run, _WHY)
    return len(dead)


def _has_died(tags: Mapping[str, str]) -> bool:
    """Whether a run names a process of this machine that lives no more; False for one that names none."""
    machine, pid, started = [*tags.get(PROCESS, "").rsplit("/", 2), "", ""][:3]
    if machine != socket.gethostname():
        return False
    with contextlib.suppress(psutil.Error, ValueError):
        process = psutil.Process(int(pid))
        return process.status() == psutil.STATUS_ZOMBIE or f"{process.create_time():.2f}" != started
    return True
