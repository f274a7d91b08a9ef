"""Step 6: tables, leads and domains are what others rely on."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hunter_pipeline.referrals.canonical_domain import canonical_domain, resolve
from hunter_pipeline.uat.promised import DOMAINS, OWN, TABLES
from hunter_pipeline.uat.report import Finding
from hunter_pipeline.uat.systems import System
from hunter_pipeline.uat.trial import Trial
from hunter_pipeline.warehouse import acceptance, sync_lease, tables
from hunter_pipeline.warehouse.connection import Connection, fetch_all

SETTLE_SECONDS = 60
SHOWN = 5


def data(trial: Trial) -> Iterator[Finding]:
    """The promised columns exist, what arrived is everywhere, a lead is one row, a domain is canonical."""
    system = trial.system
    trial.tell("Looking at the tables")
    with system.warehouse.connection() as connection:
        yield _columns(connection)
        counts = acceptance.counts(connection)
    numbers = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
    yield Finding(counts["raw_referrals"] > 0, f"rows: {numbers}")
    yield _none(
        "referrals that are not in all three tables",
        _settled(system, lambda connection: fetch_all(connection, "unaccounted_referrals")),
    )
    yield _none(
        "companies that stand more than once",
        _settled(system, lambda connection: fetch_all(connection, "duplicate_company_domains")),
    )
    yield _none(
        "domains that leads_ready has more than once",
        _settled(system, lambda connection: fetch_all(connection, "duplicate_lead_domains")),
    )
    yield _none(
        "domains where leads_ready and the open referrals disagree", _settled(system, acceptance.misplaced_leads)
    )
    with system.warehouse.connection() as connection:
        stored = [row["domain"] for row in fetch_all(connection, "stored_domains", since=None)]
    odd = [domain for domain in stored if canonical_domain(domain, own=system.own_domains) != domain]
    yield _none(f"of {len(stored)} stored domains those that are not canonical", odd)
    wrong = [text for text, expected in DOMAINS.items() if tuple(resolve(text, own=OWN)[:2]) != expected]
    yield _none(f"of {len(DOMAINS)} examples of domains those that come out wrong", wrong)


def _columns(connection: Connection) -> Finding:
    missing: list[str] = []
    for table, promised in TABLES.items():
        there = {column["name"]: column["type"] for column in tables.columns(connection, table)}
        missing += [
            f"{table}.{name}" + (f" as {kind}" if kind else "")
            for name, kind in promised.items()
            if name not in there or kind not in (None, there[name])
        ]
    return _none(f"columns that the {len(TABLES)} tables and views lack", missing)


def _settled(system: System, question: Callable[[Connection], Sequence[Any]]) -> Sequence[Any]:
    """The offenders while no sync is under way: in the middle of one, what has landed is not everywhere yet."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        with system.warehouse.connection() as connection:
            offenders = question(connection)
            is_busy = sync_lease.holder(connection) is not None
        if not offenders or (not is_busy and time.monotonic() > until - SETTLE_SECONDS + 1) or time.monotonic() > until:
            return offenders
        time.sleep(1)


def _none(what: str, offenders: Sequence[Any]) -> Finding:
    shown = ", ".join(_name(each) for each in offenders[:SHOWN])
    return Finding(not offenders, f"{what}: {f'{len(offenders)} ({shown})' if offenders else 'none'}")


def _name(offender: Any) -> str:
    return str(next(iter(offender.values()))) if isinstance(offender, dict) else repr(offender)
