"""
The programs that the benchmark compares, each run in a process of its own.

    python -m bench.subjects NAME      hunter, floor or orm; `bench/dlt_merge.py` runs in its own environment

Each reads BENCH_URL (the upstream), REQUESTS_CA_BUNDLE and BENCH_DATABASE, works once, and prints its figures as JSON:
seconds inside (without start and imports), peak memory in MB, and what it counts.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import requests

from bench.upstream import LIST


def pages() -> Iterator[dict[str, Any]]:
    """Yield every page, decoded."""
    with requests.Session() as session:
        url: str | None = os.environ["BENCH_URL"] + LIST
        while url:
            page = session.get(url, timeout=300).json()
            yield page
            link = page.get("@odata.nextLink")
            url = os.environ["BENCH_URL"] + LIST + "?" + link.partition("?")[2] if link else None


def floor() -> dict[str, Any]:
    """Download every page and COPY each referral as it is: what no merge can be faster than."""
    import psycopg  # noqa: PLC0415

    rows = 0
    with psycopg.connect(os.environ["BENCH_DATABASE"]) as connection, connection.cursor() as cursor:
        cursor.execute("create table if not exists floor (id text, payload jsonb)")
        cursor.execute("truncate floor")
        with cursor.copy("copy floor (id, payload) from stdin") as copy:
            for page in pages():
                for item in page["value"]:
                    copy.write_row((item["id"], json.dumps(item)))
                    rows += 1
    return {"rows": rows}


def orm() -> dict[str, Any]:
    """Merge one object at a time, as a script with an object-relational mapper does."""
    import sqlalchemy as sa  # noqa: PLC0415
    from sqlalchemy.dialects.postgresql import JSONB  # noqa: PLC0415
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column  # noqa: PLC0415

    class Base(DeclarativeBase):
        pass

    class Referral(Base):
        __tablename__ = "orm_referrals"
        id: Mapped[str] = mapped_column(primary_key=True)
        name: Mapped[str | None]
        status: Mapped[str | None]
        company: Mapped[str | None]
        payload: Mapped[dict[str, Any]] = mapped_column(JSONB)

    engine = sa.create_engine(os.environ["BENCH_DATABASE"].replace("postgresql://", "postgresql+psycopg://", 1))
    Base.metadata.create_all(engine)
    rows = 0
    with Session(engine) as session:
        for page in pages():
            for item in page["value"]:
                company = (item.get("customerProfile") or {}).get("name")
                session.merge(
                    Referral(
                        id=item["id"], name=item.get("name"), status=item.get("status"), company=company, payload=item
                    )
                )
                session.commit()
                rows += 1
    return {"rows": rows}


def hunter() -> dict[str, Any]:
    """Run one sync without Dagster: raw, normalized, merged, companies, and leads_ready read once."""
    from hunter_pipeline.config.logs import configure_logs  # noqa: PLC0415
    from hunter_pipeline.config.settings import load_settings  # noqa: PLC0415
    from hunter_pipeline.pipeline.companies import update_companies  # noqa: PLC0415
    from hunter_pipeline.pipeline.extract import extract  # noqa: PLC0415
    from hunter_pipeline.pipeline.extract_state import Stream  # noqa: PLC0415
    from hunter_pipeline.pipeline.merge import merge  # noqa: PLC0415
    from hunter_pipeline.pipeline.normalize import normalize  # noqa: PLC0415
    from hunter_pipeline.pipeline.sign_in import open_client  # noqa: PLC0415
    from hunter_pipeline.pipeline.sync_run import SyncRun  # noqa: PLC0415
    from hunter_pipeline.warehouse.connection import Warehouse  # noqa: PLC0415

    settings = load_settings()
    configure_logs(settings)
    warehouse = Warehouse.from_settings(settings)
    mode = os.environ.get("BENCH_MODE", "incremental")
    run_id = f"bench-{time.time_ns()}"
    steps: dict[str, float] = {}
    start = time.perf_counter()

    def done(name: str) -> None:
        steps[name] = round(time.perf_counter() - start - sum(steps.values()), 3)

    run = SyncRun(warehouse, settings, run_id)
    assert run.begin(mode) is None
    with open_client(settings) as client, warehouse.connection() as connection:
        extract(client, connection, Stream.from_settings(settings), mode=mode, run_id=run_id, page_size=200)
    done("extract")
    with warehouse.connection() as connection:
        normalize(connection, own_domains=settings.own_domains)
    done("normalize")
    with warehouse.connection() as connection:
        merge(connection, run_id)
    done("merge")
    with warehouse.connection() as connection:
        update_companies(connection, None)
    done("companies")
    summary = run.finish() or {}
    done("record")
    if os.environ.get("BENCH_READ_LEADS", "1") == "1":
        with warehouse.connection() as connection, connection.cursor(name="leads") as cursor:
            cursor.execute("select * from leads_ready order by score desc")
            while cursor.fetchmany(2_000):
                pass
        done("leads")
    counts = {name: summary[name] for name in ("fetched", "new", "updated", "unchanged", "requests")}
    return {"steps": steps, **counts}


def main() -> None:
    subject = {"hunter": hunter, "floor": floor, "orm": orm}[sys.argv[1]]
    start = time.perf_counter()
    found = subject()
    inside = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"inside": round(inside, 3), "memory_mb": round(memory, 1), **found}))


if __name__ == "__main__":
    main()
