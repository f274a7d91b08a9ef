"""
How the sync stands, as the page's status region tells it: what Dagster says of the run that the page follows, and
what `sync_runs` says of all others.

What belongs here: which of the states it is, its reason and its next step. What does not: launching (`launches.py`),
and words (`wording/`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import DagsterUnavailable, HunterError
from hunter_pipeline.warehouse import listing, sync_lease, sync_runs
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline.web.dagster_client import Followed, Launches
from hunter_pipeline.web.words import Words

Phase = Literal["never", "off", "queued", "running", "success", "failed", "skipped", "canceled"]
UNDER_WAY = ("queued", "running")
STEPS = 5
"""Assets that a sync makes: the steps of the bar."""
_LOOKED_AT = 20
_PHASES: dict[str, Phase] = {"failure": "failed", "canceled": "canceled", "queued": "queued", "running": "running"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """
    One state of the region.

    run:     its row of `sync_runs`, None where there is none (yet).
    task:    the run that the page follows, None where it follows whatever comes.
    done:    names of the assets that the run has made so far, None where Dagster was not asked.
    trouble: why no run could be started.
    """

    phase: Phase
    run: dict[str, Any] | None = None
    last_success: datetime | None = None
    latest: str = ""
    task: str | None = None
    done: tuple[str, ...] | None = None
    trouble: HunterError | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a run waits or works."""
        return self.phase in UNDER_WAY

    @property
    def total(self) -> int:
        """Steps of the bar, 0 where it is not known how many are done."""
        return 0 if self.done is None else STEPS

    def reason(self, words: Words) -> str:
        """Why it failed or was skipped: one sentence; the original one is English."""
        kind, sentence, _hint = self._cause()
        return sentence if sentence and words.language == "en" else words(f"sync_reason.{_known(kind, words)}")

    def hint(self, words: Words) -> str:
        """What to do about it: one sentence."""
        kind, _sentence, hint = self._cause()
        return hint.replace("`", "") if hint and words.language == "en" else words(f"sync_hint.{_known(kind, words)}")

    def _cause(self) -> tuple[str, str | None, str | None]:
        if self.trouble is not None:
            return type(self.trouble).__name__, self.trouble.message, self.trouble.hint
        if self.phase == "off":
            return "feature_flag_disabled", None, None
        run = self.run or {}
        if error := run.get("error"):
            return str(error["type"]), str(error["message"]), None
        return str(run.get("reason") or "unknown"), None, None


def look(settings: Settings, launches: Launches, connection: Connection, task: str | None = None) -> Sync:
    """
    The state now; with `task`, that of this run for as long as it says more than the record of the syncs.

    Raises: DatabaseError.
    """
    rows = listing.syncs(connection, _LOOKED_AT)
    success = sync_runs.last_success(connection)
    latest = next((row["run_id"] for row in rows if row["status"] in ("success", "failed")), "")
    facts: dict[str, Any] = {"latest": latest, "last_success": success["finished_at"] if success else None}
    if task is not None and (followed := _follow(launches, task)) is not None:
        run = next((row for row in rows if row["run_id"] == task), None)
        run = run or (None if followed.summary is None else {**followed.summary, "finished_at": None})
        return Sync(phase=_phase(followed, run), run=run, task=task, done=followed.steps, **facts)
    if sync_lease.holder(connection) is not None:
        return Sync(phase="running", run=next((row for row in rows if row["status"] == "running"), None), **facts)
    if not settings.partner_center_enabled:
        return Sync(phase="off", **facts)
    return _recorded(rows, facts)


def unable(trouble: HunterError, sync: Sync) -> Sync:
    """The state after a run could not be started."""
    return Sync(phase="failed", trouble=trouble, latest=sync.latest, last_success=sync.last_success)


def _follow(launches: Launches, task: str) -> Followed | None:
    try:
        return launches.follow(task)
    except DagsterUnavailable:
        return None


def _phase(followed: Followed, run: dict[str, Any] | None) -> Phase:
    if followed.status != "success":
        return _PHASES[followed.status]
    return "skipped" if run is not None and run["status"] == "skipped" else "success" if run is not None else "failed"


def _recorded(rows: list[dict[str, Any]], facts: dict[str, Any]) -> Sync:
    """The newest sync that says something: not one that stood back for another, nor one whose process has died."""
    for row in rows:
        if row["status"] == "running":
            return Sync(phase="failed", run={**row, "reason": "interrupted"}, **facts)
        if row["reason"] not in ("sync_in_progress", "feature_flag_disabled"):
            return Sync(phase=row["status"], run=row, **facts)
    return Sync(phase="never", **facts)


def _known(kind: str, words: Words) -> str:
    return kind if f"sync_reason.{kind}" in words.texts else "unknown"
