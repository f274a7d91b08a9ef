"""Step 4: the cadence is scheduled and fires by itself."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from hunter_pipeline.defs.schedules import MINUTE, cron_of
from hunter_pipeline.errors import HunterError
from hunter_pipeline.uat.clients import Cadence, Keeper, Tick
from hunter_pipeline.uat.report import Finding
from hunter_pipeline.uat.sync_steps import follow
from hunter_pipeline.uat.systems import System
from hunter_pipeline.uat.trial import Trial, outcome

GRACE_SECONDS = 60
PAUSE_SECONDS = 1.0
_SCHEDULE, _SENSOR = "sync_partner_center_referrals_schedule", "partner_center_changes_sensor"


def cadence(trial: Trial) -> Iterator[Finding]:
    """What keeps the interval runs, its daemon is alive, and it has fired within the last interval or does so now."""
    system = trial.system
    began = time.time()
    by_schedule = system.interval_seconds >= MINUTE
    name, tag = (_SCHEDULE, "dagster/schedule_name") if by_schedule else (_SENSOR, "dagster/sensor_name")
    known = system.dagster.cadence()
    keeper = known.keepers.get(name)
    if keeper is None:
        yield Finding(False, f"Dagster has no {'schedule' if by_schedule else 'sensor'} {name}")
        return
    yield _scheduled(system, keeper)
    yield _daemon(known, "SCHEDULER" if by_schedule else "SENSOR")
    if keeper.status != "RUNNING":
        return
    if system.own:
        system.own.home.sandbox.world.arrive(1)
    tick = _fired(trial, name, since=began if system.own else began - system.interval_seconds - GRACE_SECONDS)
    yield _told(name, tick, system.interval_seconds)
    if tick is not None and tick.run_ids:
        yield _ended(trial, tick.run_ids[0])
    elif newest := system.dagster.newest_run(tag, name):
        yield Finding(True, f"the newest run that it has started: {newest[0]}, {newest[1]}")


def _scheduled(system: System, keeper: Keeper) -> Finding:
    by_schedule = keeper.name == _SCHEDULE
    wanted = cron_of(system.interval_seconds) if by_schedule else str(system.interval_seconds)
    words = f"{keeper.name} is {keeper.status}, {f'cron {keeper.beat}' if by_schedule else f'every {keeper.beat} s'}"
    if keeper.beat != wanted:
        return Finding(False, f"{words}; {system.interval_seconds} seconds in the settings ask for {wanted}")
    return Finding(keeper.status == "RUNNING", words)


def _daemon(known: Cadence, kind: str) -> Finding:
    is_healthy = known.daemons.get(kind, False)
    return Finding(is_healthy, f"Dagster's {kind.lower()} daemon is {'healthy' if is_healthy else 'not healthy'}")


def _fired(trial: Trial, name: str, *, since: float) -> Tick | None:
    """
    The newest tick that has ended and began after `since`, waited for; None where none came.

    Where upstream is ours something has just happened there, so that the tick has to start a run.
    """
    system = trial.system
    until = time.time() + system.interval_seconds + GRACE_SECONDS
    newest: Tick | None = None
    while time.time() < until:
        trial.tell(f"Waiting for {name} to fire, at most {until - time.time():.0f} s")
        keeper = system.dagster.cadence().keepers.get(name)
        if keeper is None:
            raise HunterError(f"Dagster has lost {name}.")
        ended = [tick for tick in keeper.ticks if tick.at > since and tick.status != "STARTED"]
        newest = max(ended, default=newest)
        launched = [tick for tick in ended if tick.run_ids]
        if launched or (newest and not system.own):
            return max(launched, default=newest)
        time.sleep(PAUSE_SECONDS)
    return None if system.own else newest


def _ended(trial: Trial, run_id: str) -> Finding:
    """How its run ended; where upstream is ours, with the referral that had just arrived there."""
    system = trial.system
    statuses, summary = follow(system.api, run_id, trial.tell)
    arrived = not system.own or summary.get("new") == 1
    return Finding(statuses[-1] == "success" and arrived, f"that run ended as {statuses[-1]}: {outcome(summary)}")


def _told(name: str, tick: Tick | None, interval_seconds: int) -> Finding:
    if tick is None:
        return Finding(False, f"{name} did not fire within {interval_seconds + GRACE_SECONDS} seconds")
    at = f"{datetime.fromtimestamp(tick.at, UTC):%H:%M:%S} UTC"
    if tick.run_ids:
        return Finding(tick.status == "SUCCESS", f"it fired by itself at {at} and started the run {tick.run_ids[0]}")
    if tick.status == "SKIPPED" and tick.skip_reason:
        return Finding(True, f"it fired by itself at {at}; there was nothing to start: {tick.skip_reason}")
    return Finding(False, f"it fired at {at} and ended as {tick.status} without a reason")
