"""
What monitoring asks: is the service alive, is it ready, what works, and the numbers.

Each part is asked at the same time as the others and has two seconds, the numbers have five; nothing here starts
anything, and nothing says more than a word about a part.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client.core import Metric

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import HunterError
from hunter_pipeline.warehouse import embedded, migrate, sync_runs
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline.web import models
from hunter_pipeline.web.dagster_client import Launches
from hunter_pipeline.web.metrics import Metrics, stored

SECONDS = 2.0
SCRAPE_SECONDS = 5.0
"""How long /metrics waits for the database: Prometheus gives up after ten, and then knows of no number at all."""
ASKED_AT_ONCE = 8
"""Threads for questions whose answer nobody waits for any more."""

T = TypeVar("T")
router = APIRouter()


@router.get("/healthz", response_model=models.Health, responses={503: {"model": models.Health}}, tags=["health"])
async def health(request: Request, response: Response) -> dict[str, Any]:
    """What works; 503 only where the database is down."""
    state = request.app.state
    found: dict[str, Any] = {}

    async def ask(name: str, question: Callable[[], Any]) -> None:
        found[name] = await _asked(state.limiter, name, question)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, "database", partial(_database, state.warehouse))
        tasks.start_soon(ask, "dagster", partial(_dagster, state.launches))
    database, dagster = found["database"], found["dagster"]
    if database is None:
        response.status_code = 503
    return {
        "status": "down" if database is None else "degraded" if dagster is None else "ok",
        "partner_center_enabled": state.settings.partner_center_enabled,
        "database": "down" if database is None else "ok",
        "dagster": "down" if dagster is None else "ok",
        "last_sync": database["last_sync"] if database else None,
    }


@router.get("/healthz/live", tags=["health"])
async def live() -> models.Alive:
    """The process answers; nothing else is looked at."""
    return models.Alive()


@router.get("/healthz/ready", responses={503: {"model": models.Ready}}, tags=["health"])
async def ready(request: Request, response: Response) -> models.Ready:
    """Whether requests can be answered: the database is there, and its schema is this version's."""
    state = request.app.state
    is_ready = await _asked(state.limiter, "schema", partial(_schema, state.warehouse))
    if is_ready:
        return models.Ready(status="ok")
    response.status_code = 503
    return models.Ready(status="down")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}}, tags=["health"])
async def metrics(request: Request) -> Response:
    """Numbers for Prometheus."""
    state = request.app.state
    counted: Metrics = state.metrics
    found = await _asked(state.limiter, "metrics", partial(_numbers, state.warehouse), seconds=SCRAPE_SECONDS)
    return Response(counted.text(found), media_type="text/plain; version=0.0.4; charset=utf-8")


def new_limiter() -> CapacityLimiter:
    """The threads that health questions may take."""
    return CapacityLimiter(ASKED_AT_ONCE)


async def _asked(
    limiter: CapacityLimiter, name: str, question: Callable[[], T], *, seconds: float = SECONDS
) -> T | None:
    """The answer, None where none came in time or the part is down."""
    with anyio.move_on_after(seconds):
        try:
            return await to_thread.run_sync(question, abandon_on_cancel=True, limiter=limiter)
        except HunterError as error:
            log.warning("health_part_down", part=name, error=error.message)
            return None
    log.warning("health_part_down", part=name, error=f"No answer came within {seconds:.0f} seconds.")
    return None


def _database(warehouse: Warehouse) -> dict[str, Any] | None:
    if _is_stopped(warehouse):
        return None
    with warehouse.connection() as connection:
        return {"last_sync": sync_runs.last_run(connection)}


def _schema(warehouse: Warehouse) -> bool:
    if _is_stopped(warehouse):
        return False
    stands, newest = migrate.status(warehouse)
    return stands == newest


def _numbers(warehouse: Warehouse) -> list[Metric] | None:
    if _is_stopped(warehouse):
        return None
    with warehouse.connection() as connection:
        return list(stored(connection))


def _is_stopped(warehouse: Warehouse) -> bool:
    """An embedded server that does not run: to ask it would start it, and who asks for health starts nothing."""
    return warehouse.url is None and embedded.running_pid(warehouse.home) is None


def _dagster(launches: Launches) -> bool:
    launches.place(seconds=SECONDS)
    return True
