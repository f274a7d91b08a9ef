"""Start a sync for a user, and serve the status region, which shows on the desk how the sync is going."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import DagsterUnavailable, HunterError
from hunter_pipeline.pipeline.sync_run import FLAG_DISABLED, IN_PROGRESS, INTERRUPTED
from hunter_pipeline.warehouse import sync_lease, sync_runs
from hunter_pipeline.warehouse.connection import Connection
from hunter_pipeline.web import pages
from hunter_pipeline.web.dagster_client import DagsterClient, SyncProgress, SyncTask
from hunter_pipeline.web.errors import ApiError
from hunter_pipeline.web.localization import Localizer
from hunter_pipeline.web.security import cookie_path, root_path

Phase = Literal["never", "off", "queued", "running", "success", "failed", "skipped", "canceled"]
UNFINISHED = ("queued", "running")
# Assets that a sync materializes: the steps of the progress bar.
STEPS = 5
# The cookie with the run that this browser started, so that a reload of the page still follows it.
FOLLOWED_COOKIE = "followed_sync"
FOLLOWED_SECONDS = 3600
_NO_DIGEST = "0" * 16
_RECENT_SYNCS = 20
_PHASES: dict[str, Phase] = {"failure": "failed", "canceled": "canceled", "queued": "queued", "running": "running"}

router = APIRouter(route_class=pages.PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


class Toast(NamedTuple):
    """
    A short message; a bad one stays until it is dismissed.

    kind: 'ok', 'info' or 'bad'.
    undo: the numbers of the answers that its button takes back.
    """

    kind: str
    text: str
    undo: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSyncStatus:
    """
    The state that the status region shows.

    run:         the sync's row of `sync_runs`, None if it has none (yet).
    latest:      run id of the newest sync that succeeded or failed, '' if there is none.
    task_id:     the run that the page follows, None if it shows the newest sync.
    done:        names of the assets that the run has materialized, None if Dagster was not asked.
    not_started: the error because of which no run was started.
    """

    phase: Phase
    run: dict[str, Any] | None = None
    last_success: datetime | None = None
    latest: str = ""
    task_id: str | None = None
    done: tuple[str, ...] | None = None
    not_started: HunterError | None = None

    @property
    def is_unfinished(self) -> bool:
        """Return whether the sync is queued or running."""
        return self.phase in UNFINISHED

    @property
    def total_steps(self) -> int:
        """Return the length of the progress bar, 0 if the progress is unknown."""
        return 0 if self.done is None else STEPS

    def reason(self, t: Localizer) -> str:
        """Return one sentence on why the sync failed or was skipped; in English it is the error's own message."""
        kind, message, _hint = self._cause()
        return message if message and t.language == "en" else t(f"sync_reason.{_known(kind, t)}")

    def hint(self, t: Localizer) -> str:
        """Return one sentence on what the user can do about it."""
        kind, _message, hint = self._cause()
        return hint.replace("`", "") if hint and t.language == "en" else t(f"sync_hint.{_known(kind, t)}")

    def toast(self, t: Localizer) -> Toast | None:
        """Return the message for a sync that has just ended, None for one that has not."""
        if self.phase == "success" and self.run is not None:
            return Toast("ok", t("toast.finished", new=self.run["new"], updated=self.run["updated"]))
        if self.phase in ("failed", "skipped", "off"):
            return Toast("bad", t("toast.failed", reason=self.reason(t)))
        return Toast("bad", t("sync.canceled")) if self.phase == "canceled" else None

    def _cause(self) -> tuple[str, str | None, str | None]:
        if self.not_started is not None:
            return type(self.not_started).__name__, self.not_started.message, self.not_started.hint
        if self.phase == "off":
            return FLAG_DISABLED, None, None
        run = self.run or {}
        if error := run.get("error"):
            return str(error["type"]), str(error["message"]), None
        return str(run.get("reason") or "unknown"), None, None


def start_sync(settings: Settings, dagster: DagsterClient, *, full: bool = False) -> SyncTask:
    """
    Launch a sync, or return the one that is queued or running already.

    Raises: ApiError if the feature flag is off; DagsterUnavailable, DatabaseError.
    """
    if settings.partner_center_enabled:
        return dagster.launch_sync(full=full)
    log.info("partner_center_sync_skipped", reason=FLAG_DISABLED, started_by="api")
    hint = "Set HUNTER_PARTNER_CENTER_ENABLED=true and restart the service."
    raise ApiError(400, FLAG_DISABLED, "The Partner Center sync is disabled.", hint)


@router.get("/desk/status")
def status_fragment(request: Request, task: str = "", latest: str = "", phase: str = "", seen: str = "") -> Response:
    """
    Return the status region, or 204 if it has not changed; the page polls it every second or every 15 seconds.

    task:   the run that the page follows, if any; its end is told by a toast.
    latest: the newest ended run that the page shows; a newer one refreshes the lists and the charts.
    phase:  the state that the page shows.
    seen:   the digest of the region that the page shows.
    """
    with request.app.state.warehouse.connection() as connection:
        status = read_status(request, connection, task or None)
    has_ended = bool(task) and phase in UNFINISHED and not status.is_unfinished
    toast = status.toast(pages.localizer_for(request)) if has_ended else None
    response = _status_response(request, status, toast=toast, seen=seen)
    if has_ended or status.latest != latest:
        response.headers["HX-Trigger"] = "desk-refresh"
    if has_ended:
        response.delete_cookie(FOLLOWED_COOKIE, path=cookie_path(request))
    return response


@router.post("/desk/sync")
def sync_now(request: Request) -> Response:
    """Start a sync, or follow the one that is queued or running; without htmx the page is loaded again."""
    t, state = pages.localizer_for(request), request.app.state
    task, error = None, None
    try:
        task = start_sync(state.settings, state.dagster)
    except HunterError as refused:
        error = refused
    with state.warehouse.connection() as connection:
        status = read_status(request, connection, task.task_id if task else None)
    if error is not None and status.phase != "off":
        status = replace(status, phase="failed", not_started=error, run=None)
    if task is None:
        toast = Toast("bad", t("toast.failed", reason=f"{status.reason(t)} {status.hint(t)}"))
    else:
        toast = Toast("info", t("toast.queued" if task.enqueued else "toast.joined"))
    response = RedirectResponse(f"{root_path(request)}/", 303)
    if "hx-request" in request.headers:
        response = _status_response(request, status, toast=toast)
    if task is not None:
        pages.set_preference(request, response, FOLLOWED_COOKIE, task.task_id, seconds=FOLLOWED_SECONDS)
    return response


def read_status(request: Request, connection: Connection, task_id: str | None) -> DeskSyncStatus:
    """
    Return the state of the run that the page follows, else of the newest sync. Raises DatabaseError.

    While Dagster is unavailable, the state comes from `sync_runs` alone.
    """
    rows = sync_runs.recent(connection, _RECENT_SYNCS)
    success = sync_runs.last_success(connection)
    latest = next((row["run_id"] for row in rows if row["status"] in ("success", "failed")), "")
    common: dict[str, Any] = {"latest": latest, "last_success": success["finished_at"] if success else None}
    progress = None
    if task_id is not None:
        with suppress(DagsterUnavailable):
            progress = request.app.state.dagster.sync_progress(task_id)
    if progress is not None:
        run = next((row for row in rows if row["run_id"] == task_id), None)
        run = run or (None if progress.summary is None else {**progress.summary, "finished_at": None})
        return DeskSyncStatus(phase=_phase(progress, run), run=run, task_id=task_id, done=progress.steps, **common)
    if sync_lease.holder(connection) is not None:
        run = next((row for row in rows if row["status"] == "running"), None)
        return DeskSyncStatus(phase="running", run=run, **common)
    if not request.app.state.settings.partner_center_enabled:
        return DeskSyncStatus(phase="off", **common)
    return _recorded_status(rows, common)


def template_context(status: DeskSyncStatus, digest: str = _NO_DIGEST) -> dict[str, Any]:
    """Return the context of `status.html`. A run that has ended and is recorded needs no more requests to Dagster."""
    followed = status.task_id if status.is_unfinished or status.run is None else None
    query = {"task": followed or "", "latest": status.latest, "phase": status.phase, "seen": digest}
    return {"sync": status, "poll_query": urlencode(query)}


def _status_response(request: Request, status: DeskSyncStatus, *, toast: Toast | None, seen: str = "") -> Response:
    html = pages.render_text(request, "status.html", **template_context(status))
    digest = hashlib.sha256(html.encode()).hexdigest()[:16]
    if digest == seen and toast is None:
        return Response(status_code=204)
    return pages.render(request, "status.html", toast=toast, **template_context(status, digest))


def _phase(progress: SyncProgress, run: dict[str, Any] | None) -> Phase:
    if progress.status != "success":
        return _PHASES[progress.status]
    if run is None:
        return "failed"
    return "skipped" if run["status"] == "skipped" else "success"


def _recorded_status(rows: list[dict[str, Any]], common: dict[str, Any]) -> DeskSyncStatus:
    """Return the state of the newest sync that did something; no process holds the lock, so a running one has died."""
    for row in rows:
        if row["status"] == "running":
            return DeskSyncStatus(phase="failed", run={**row, "reason": INTERRUPTED}, **common)
        if row["reason"] not in (IN_PROGRESS, FLAG_DISABLED):
            return DeskSyncStatus(phase=row["status"], run=row, **common)
    return DeskSyncStatus(phase="never", **common)


def _known(kind: str, t: Localizer) -> str:
    return kind if f"sync_reason.{kind}" in t.texts else "unknown"
